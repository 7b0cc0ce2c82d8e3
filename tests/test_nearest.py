"""The nearest known names, and that they are found in bounded time."""

from __future__ import annotations

from aksrdma.nearest import advice, hint, nearest

MANY = [f"rail{number:05}" for number in range(20_000)]


def test_the_name_that_is_spelt_most_alike_is_meant_whatever_its_case() -> None:
    assert nearest("Rail-1", ["other", "rail1", "rail22"]) == ["rail1"]
    assert advice("ral1", ["rail1"]) == "did you mean rail1?"
    assert hint("ral1", ["rail1"]) == "; did you mean rail1?"


def test_nothing_is_near_a_name_that_resembles_none() -> None:
    assert nearest("zzz", ["rail1"]) == []
    assert advice("zzz", ["rail1"]) is None
    assert hint("zzz", ["rail1"]) == ""


def test_of_very_many_names_only_the_first_are_compared_unless_all_are_wanted() -> None:
    last = MANY[-1]

    assert nearest(last, [*MANY[:99], last, "x"]) == [last]
    assert last not in nearest(last, MANY)
    assert nearest(last, [*MANY[:300], last], most=None) == [last]
    assert nearest(last, [*MANY[:300], last], most=301) == [last]
