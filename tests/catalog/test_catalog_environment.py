"""The variables that decide whether RDMA is used, as rows."""

import pytest

from aksrdma import catalog
from aksrdma.catalog import load

ROWS = list(catalog.environment_variables().values())


def test_variables_are_sorted_by_library_and_name_and_none_is_there_twice():
    named = [(row["library"].casefold(), row["name"]) for row in load.read("environment.yaml")]

    assert named == sorted(set(named))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_variable_breaks_rules_of_the_catalog_says_why_and_where_that_is_to_be_seen(row):
    theme = {rule.id for rule in catalog.rules_of("environment")}
    told = {
        *("no device", "fewer devices", "no interface", "missing interface", "not brought", "other topology"),
        "wrong addresses",
    }

    assert row.effects or row.note
    assert {effect.rule for effect in row.effects} <= theme
    assert all(bool(effect.does) is (effect.test not in told) for effect in row.effects)
    assert row.source
    assert all(":" in one for one in row.source)


def test_every_rule_of_the_theme_is_that_of_a_variable():
    assert {effect.rule for row in ROWS for effect in row.effects} == {
        row.id for row in catalog.rules_of("environment")
    }


def test_an_alias_of_ucx_stands_for_transports():
    assert catalog.transport_aliases()["rc"] == ("rc_mlx5", "rc_verbs")
    assert set(catalog.transport_aliases()["rc_x"]) <= set(catalog.transport_aliases()["ib"])


def test_data_is_carried_by_nccl_or_by_ucx():
    assert set(catalog.data_carriers()) == {"NCCL", "UCX"}
    assert all(word == word.lower() for row in catalog.data_carriers().values() for word in row.words)
