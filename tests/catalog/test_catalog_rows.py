import dataclasses
import json
import subprocess
import sys
import types
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from aksrdma import catalog
from aksrdma.catalog import Chart, Release, load
from aksrdma.paths import CATALOG


def all_rows():
    yield from (catalog.release(name) for name in catalog.releases())
    yield from (catalog.vm_size(name) for name in catalog.vm_sizes())
    yield from (catalog.profile(name) for name in catalog.profiles())
    yield from (catalog.topology(name) for name in catalog.topologies())
    yield from catalog.networks()
    yield from catalog.cni_plugins().values()
    yield from catalog.capabilities().values()
    yield from catalog.driver_combinations()
    yield from catalog.gpu_operators().values()
    yield catalog.defaults()
    yield catalog.aks()
    yield from excluded()
    yield catalog.kubelet()
    for family in ("ndv2", "ndv4", "ndv5", "gb", "mi300x"):
        yield from (load.build(catalog.Preset, data, family) for data in load.read(f"presets/{family}.yaml"))


def excluded():
    return [load.build(catalog.NotInfiniband, data, "") for data in load.read("not_infiniband.yaml")]


ROWS = list(all_rows())
CHARTS = ("network-operator", "gpu-operator", "gpu-operator-charts", "cert-manager")
OF_CODE = [
    *catalog.environment_variables().values(),
    *catalog.data_carriers().values(),
    *map(catalog.operator_chart, CHARTS),
    *catalog.pod_images().values(),
    *catalog.jobs().values(),
]
"""Rows whose sources are places in code, as those of rules are."""


def name_of(row):
    return f"{type(row).__name__}-{row.name}"


def misfits(value: Any, hint: Any, where: str):
    """Yield where a value is not what its annotation says."""
    origin = get_origin(hint)
    if hint is Any:
        return
    if origin in (Union, types.UnionType):
        if all(list(misfits(value, option, where)) for option in get_args(hint)):
            yield f"{where}: {value!r} is not {hint}"
    elif origin is Literal:
        if value not in get_args(hint):
            yield f"{where}: {value!r} is not one of {get_args(hint)}"
    elif origin is tuple:
        if not isinstance(value, tuple):
            yield f"{where}: {value!r} is no tuple"
        else:
            yield from (x for i, item in enumerate(value) for x in misfits(item, get_args(hint)[0], f"{where}[{i}]"))
    elif origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            yield f"{where}: {value!r} is no mapping"
        else:
            yield from (x for key, item in value.items() for x in misfits(item, get_args(hint)[1], f"{where}.{key}"))
    elif dataclasses.is_dataclass(hint):
        if type(value) is not hint:
            yield f"{where}: {value!r} is no {hint.__name__}"
        else:
            yield from fields_misfit(value, where)
    elif hint is float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield f"{where}: {value!r} is no number"
    elif type(value) is not (type(None) if hint is None else hint):
        yield f"{where}: {value!r} is no {hint}"


def fields_misfit(row: Any, where: str):
    hints = get_type_hints(type(row))
    for field in dataclasses.fields(row):
        yield from misfits(getattr(row, field.name), hints[field.name], f"{where}.{field.name}")


def source_keys(value: Any, inside: bool = False):
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from source_keys(getattr(value, field.name), field.name == "sources")
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from source_keys(item, inside)
    elif isinstance(value, tuple):
        for item in value:
            yield from source_keys(item, inside)
    elif inside:
        yield value


@pytest.mark.parametrize("row", ROWS + OF_CODE, ids=name_of)
def test_every_field_of_every_row_is_what_its_type_says(row):
    assert list(fields_misfit(row, row.name)) == []


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_every_row_becomes_plain_data_with_its_sources_and_its_day(row):
    data = catalog.to_data(row)

    assert json.loads(json.dumps(data)) == data
    assert date(2026, 11, 23) <= date.fromisoformat(data["checked"])
    assert set(source_keys(row)).isdisjoint(json.dumps(data).split('"')), "a source stayed a key"


@pytest.mark.parametrize("row", [row for row in ROWS if hasattr(row, "sources")], ids=name_of)
def test_sources_and_doubts_name_fields_that_the_row_has(row):
    fields = {
        step
        for mapping in (row.sources, getattr(row, "unsure", None))
        if isinstance(mapping, Mapping)
        for step in mapping
    }

    for field in fields:
        owner = row
        for step in field.split("."):
            owner = owner[step] if isinstance(owner, Mapping) else getattr(owner, step)


def test_sources_are_those_that_rows_name_no_more_and_no_less():
    # Rows that a user imports name the chart.
    named = {key for row in ROWS for key in source_keys(row)} | {"catalog-import"}
    assert named == set(load.read("sources.yaml"))


def test_rows_without_a_source_say_why():
    assert [row.name for row in ROWS if hasattr(row, "sources") and not row.sources and not row.unsure] == []


@pytest.mark.parametrize("file", sorted(CATALOG.rglob("*.yaml")), ids=lambda file: str(file.relative_to(CATALOG)))
def test_data_files_hold_no_trailing_blanks_and_end_with_one_newline(file):
    text = file.read_text(encoding="utf-8")

    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(line == line.rstrip() for line in text.splitlines())


CHART = {"name": "n", "version": "1", "app_version": "v1", "kube_version": ">=1", "repository": "https://x"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(CHART | {"colour": "red"}, "unknown or missing colour", id="an-unknown-key"),
        pytest.param({"name": "n"}, "unknown or missing app_version, kube_version", id="missing-keys"),
        pytest.param(["n"], "expects a mapping", id="a-list"),
    ],
)
def test_data_that_does_not_fit_is_refused_with_its_place(data, message):
    with pytest.raises(load.CatalogDataError, match=message) as caught:
        load.build(Chart, data, "releases/v1.yaml.chart")

    assert str(caught.value).startswith("releases/v1.yaml.chart: ")


def test_a_fault_deep_in_a_release_names_its_place():
    data = load.read("releases/v25.1.0.yaml")
    del data["components"]["multus"]["image"]

    with pytest.raises(load.CatalogDataError, match=r"^here\.components\.multus: Image does not fit"):
        load.build(Release, data, "here")


def test_rows_cannot_be_changed():
    row = catalog.release("v25.1.0")

    with pytest.raises(dataclasses.FrozenInstanceError):
        row.name = "v1"
    with pytest.raises(TypeError):
        row.helm_defaults["upgradeCRDs"] = False


def test_rows_are_read_once():
    assert catalog.vm_size("nd96isr_h100_v5") is catalog.vm_size("Standard_ND96isr_H100_v5")


@pytest.mark.parametrize(
    ("call", "absent"),
    [
        pytest.param("catalog.vm_sizes(), catalog.releases()", "yaml", id="listing-names-reads-no-file"),
        pytest.param("catalog", "dataclasses", id="the-package-alone-loads-no-rows"),
        pytest.param(
            "catalog.release('v25.1.0'), catalog.vm_size('hb120rs_v3')", "pydantic", id="rows-need-no-pydantic"
        ),
        pytest.param(
            "catalog.release('v25.1.0')", "aksrdma.catalog._vm_sizes", id="a-release-loads-no-rows-of-vm-sizes"
        ),
    ],
)
def test_a_cold_start_pays_only_for_what_is_used(call, absent):
    code = f"from aksrdma import catalog; {call}; import sys; sys.exit({absent!r} in sys.modules)"

    root = str(Path(CATALOG).parents[1])
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(
    ("field", "key"),
    [
        pytest.param("infiniband.device_id", "pciids", id="its-own-sources"),
        pytest.param("infiniband.nic_count", "doc-ndh100", id="those-of-the-parent"),
        pytest.param("", "nhc-repo", id="all-of-the-row"),
    ],
)
def test_the_sources_of_a_field(field, key):
    assert catalog.source(key) in catalog.sources_of(catalog.vm_size("ND96isr_H100_v5"), field)


def test_a_field_without_a_source_of_its_own_or_a_parent_has_none():
    assert catalog.sources_of(catalog.vm_size("ND96isr_H100_v5"), "arch") == ()


@pytest.mark.parametrize(
    ("row", "field", "doubtful"),
    [
        pytest.param("HB120rs_v2", "infiniband.pci_addresses", True, id="a-field-in-doubt"),
        pytest.param("HB120rs_v2", "infiniband.nic_count", False, id="a-certain-field-of-the-same-row"),
        pytest.param("ND96amsr_A100_v4", "memory_gib", True, id="figures-that-disagree"),
    ],
)
def test_doubt_belongs_to_a_field(row, field, doubtful):
    assert (catalog.unsure_of(catalog.vm_size(row), field) is not None) is doubtful


def test_a_row_that_is_unsure_as_a_whole_is_unsure_of_each_field():
    row = catalog.undocumented("ND96isrf_H200_v5")

    assert catalog.unsure_of(row, "nic_count") == row.unsure
