"""Texts that a template puts into YAML or JSON as they are."""

import json

import pytest
import yaml

from aksrdma.documents.placed import json_problem, plain_problem, quoted_problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("network-operator-v26.4.1", None),
        ("registry.example.com:5000/a/b", None),
        ("2026-01-01", None),
        ("1.2.3", None),
        ("a b", None),
        ("a\n", None),
        ("123", "is read as 123"),
        ("1.10", "is read as 1.1"),
        ("0x1f", "is read as 31"),
        ("on", "is read as true"),
        ("null", "is read as none"),
        ("a #b", "is read as 'a'"),
        ("'a'", "is read as 'a'"),
        ("[a]", "is read as ['a']"),
        ("a: b", "is no YAML"),
        ("a:", "is no YAML"),
        ("a\nb: c", "is no YAML"),
        ("- a", "is no YAML"),
        ("@a", "is no YAML"),
    ],
)
def test_behind_a_key_without_quotes(value: str, problem: str | None) -> None:
    assert plain_problem(value) == problem


@pytest.mark.parametrize("value", ["a", "it''s", "", 'a "b" \\'])
def test_between_apostrophes(value: str) -> None:
    assert quoted_problem(value) is None
    assert yaml.safe_load(f"'{value}'") == value.replace("''", "'")


@pytest.mark.parametrize("value", ["it's", "'''", "a'", "''a'''"])
def test_a_lone_apostrophe_ends_the_text(value: str) -> None:
    assert quoted_problem(value) == "has an apostrophe, which ends the YAML string around it"


@pytest.mark.parametrize("value", ['a"', "a\\", "a\tb", "a\x01"])
def test_inside_a_json_string_some_letters_end_or_break_it(value: str) -> None:
    assert json_problem(value) == f"has {value.strip('ab')!r}, which ends or breaks the JSON string around it"
    with pytest.raises(json.JSONDecodeError):
        json.loads(f'"{value}"')


def test_inside_a_json_string_a_name_is_itself() -> None:
    assert json_problem("ibP257p0s0") is None
    assert json_problem("it's") == quoted_problem("it's")
