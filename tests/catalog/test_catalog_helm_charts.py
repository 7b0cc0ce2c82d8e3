"""The keys of the charts' values: one truth with the releases' own rows, and with the values that are rendered."""

from collections.abc import Mapping

import pytest

import aksrdma
from aksrdma import catalog
from aksrdma.catalog import ChartValue

CHARTS = {chart.name: chart for chart in catalog.helm_charts()}
OPERATOR = CHARTS["network-operator"]


def row_of(chart, path):
    """The row of a value, or of what holds it where that takes any key."""
    found = chart.keys.keys
    for key in path.split("."):
        if not isinstance(found, Mapping):
            break
        found = found[key]
    return None if isinstance(found, Mapping) else ChartValue.of(found)


@pytest.mark.parametrize("release", catalog.releases())
def test_every_default_and_image_of_a_release_is_a_value_of_its_chart(release):
    row = catalog.release(release)
    paths = [*row.helm_defaults, *(image.path for image in row.helm_images.values()), row.nfd.image.path]

    for path in paths:
        found = row_of(OPERATOR, path)
        assert found is None or found.is_in(release), path


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda chart: chart.name)
def test_what_a_chart_is_known_by_are_values_that_it_has_or_had(chart):
    for path in (*chart.marks, *chart.words, *chart.policy, *chart.moved):
        if path.partition(".")[0] not in chart.keys.gone and path not in chart.keys.gone:
            row_of(chart, path)  # a KeyError where there is no such value


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda chart: chart.name)
def test_what_moved_is_read_no_more_in_the_newest_release(chart):
    def is_gone(path):
        if path in chart.keys.gone:
            return True
        found = chart.keys.keys
        for key in path.split("."):
            found = found[key]
        return isinstance(found, Mapping) or ChartValue.of(found).until is not None

    assert [path for path in chart.moved if not is_gone(path)] == []


def test_a_chart_is_known_by_nothing_that_the_other_has():
    words = [word for chart in CHARTS.values() for word in {*chart.marks, *chart.words}]

    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize("release", catalog.releases())
def test_the_defaults_of_switches_are_those_of_each_release(release):
    row = catalog.release(release).helm_defaults
    both = row.keys() & OPERATOR.defaults.keys()

    assert {"nfd.enabled", "operator.admissionController.enabled"} <= both
    assert {key: row[key] for key in both} == {key: OPERATOR.defaults[key] for key in both}


def test_a_chart_of_every_minor_of_the_catalog_was_read():
    def minors(names):
        return {".".join(name.split(".")[:2]) for name in names}

    assert minors(catalog.releases()) <= minors(OPERATOR.keys.releases)


def test_bounds_of_a_value_are_read_as_written():
    assert ChartValue.of("bool") == ("bool", None, None)
    assert ChartValue.of("list since v25.7 until v26.4") == ("list", "v25.7", "v26.4")
    assert [
        ChartValue.of("any since v25.7 until v26.1").is_in(release) for release in ("v25.4.0", "v25.7.0", "v26.1.2")
    ] == [
        False,
        True,
        False,
    ]
    assert ChartValue.of("any until v25.7").is_in(None)


@pytest.mark.parametrize("release", catalog.releases())
@pytest.mark.parametrize("profile", catalog.profiles())
def test_the_values_that_are_rendered_are_values_of_the_chart(release, profile):
    pool = aksrdma.NodePool(name="ib", vm_size="Standard_ND96isr_H100_v5", count=2, taints=["sku=gpu:NoSchedule"])
    tree = aksrdma.render(aksrdma.Cluster(release=release, profile=profile, node_pools=[pool]))
    values = {path: text for path, text in tree.items() if path.startswith("values/")}

    assert len(values) == 2
    for text in values.values():
        report = aksrdma.validate(text, release=release, strict=True)
        assert report.findings == ()
        assert report.summary.documents == 1
