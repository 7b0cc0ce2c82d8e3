"""`catalog aks`, and the columns of `catalog vm-sizes` that tell what a pool needs."""

import json
import re

import pytest
import yaml

from aksrdma import catalog
from aksrdma.cli import run
from aksrdma.cli.aks import tables


def shown(capsys, *arguments: str) -> str:
    assert run(["catalog", *arguments]) == 0
    return capsys.readouterr().out


def row_of(text: str, name: str) -> list[str]:
    """Return the cells of the row of a table, by its first cell."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return line.split()


@pytest.mark.parametrize(
    ("minor", "cells"),
    [
        ("1.31", "ended 2024-11 2025-11-01 2026-11-30 ubuntu22.04 ubuntu22.04 -"),
        ("1.34", "lts 2025-11 2026-11-30 2027-11-30 ubuntu22.04 ubuntu22.04 ubuntu24.04"),
        ("1.35", "community 2026-03 2027-03-31 2028-03-31 ubuntu24.04 ubuntu22.04 ubuntu24.04"),
        ("1.37", "community 2026-10 2027-10-31 2028-10-31 ubuntu24.04 - ubuntu24.04"),
    ],
)
def test_a_version_stands_with_its_ends_and_systems(minor, cells, capsys):
    assert row_of(shown(capsys, "aks"), minor)[1:8] == cells.split()


@pytest.mark.parametrize("minor", [row.minor for row in catalog.aks().kubernetes])
def test_a_version_stands_with_the_releases_whose_documentation_names_it(minor, capsys):
    number = int(minor.removeprefix("1."))
    named = [
        name
        for name in catalog.releases()
        if int(catalog.release(name).kubernetes.min.split(".")[1]) <= number
        and number <= int(catalog.release(name).kubernetes.max.split(".")[1])
    ]

    cells = " ".join(row_of(shown(capsys, "aks"), minor)[8:])
    assert cells == (", ".join(named) or "-")


@pytest.mark.parametrize(
    "words",
    [
        "SUPPORT is that of 2026-12-01. lts: with --tier premium --k8s-support-plan AKSLongTermSupport alone",
        "A new cluster whose version is not named gets 1.36.",
        "Ubuntu ubuntu26.04 1.38 - -",
        "Ubuntu2404 ubuntu24.04 1.32 1.38 no FIPS",
        "ND H200 v5 aks 580.159.04 yes aks-gpu-cuda-lts",
        "NDv2 aks 580.159.04 no aks-gpu-cuda-lts",
        "ND MI300X v5 nobody - no -",
        "managed GPU preview --enable-managed-gpu=true 2.85.0 19.0.0b29 ManagedGPUExperiencePreview",
        "managed DRANET preview --enable-managed-dranet 2.91.0 - -",
        "Limits: no cluster autoscaler;",
        "The better way on ND GB300 v6: recipes",
        "Managed DRANET is unsure: the roadmap",
        "is one scale set and one fabric 100",
        "after a support request 300",
        "Feature AKSInfinibandSupport, of a subscription: the nodes",
        "az aks nodepool add --gpu-driver 2.72.2 - None, Install",
        "--gpu-driver is unsure: AKS's pages ask for 2.72.2",
    ],
)
def test_all_that_aks_offers_is_shown(words, capsys):
    assert words in " ".join(shown(capsys, "aks").split())


def test_each_part_has_its_title_and_names_its_columns(capsys):
    lines = shown(capsys, "aks").splitlines()

    for title, columns in [
        (
            "Kubernetes versions, and the system that each OS SKU is",
            [
                "KUBERNETES",
                "SUPPORT",
                "GA",
                "COMMUNITY UNTIL",
                "LTS UNTIL",
                "Ubuntu",
                "Ubuntu2204",
                "Ubuntu2404",
                "NETWORK OPERATOR",
            ],
        ),
        ("Values of --os-sku", ["OS SKU", "SYSTEM", "KUBERNETES FROM", "TO", "NOTE"]),
        (
            "GPU drivers, where --gpu-driver none is not given",
            ["SERIES", "INSTALLED BY", "VERSION", "FABRIC MANAGER", "IMAGE", "NOTE"],
        ),
        (
            "What AKS manages itself",
            ["WHAT", "STATE", "FLAG OF az aks nodepool add", "AZURE-CLI", "AKS-PREVIEW", "FEATURE FLAG"],
        ),
        ("Limits and feature flags", ["LIMIT", "NODES"]),
        ("Flags that not every version of az has", ["COMMAND", "FLAG", "AZURE-CLI", "AKS-PREVIEW", "VALUES", "NOTE"]),
    ]:
        assert re.split(" {2,}", lines[lines.index(title) + 2]) == columns


def test_notes_are_wrapped_and_no_part_is_empty(capsys):
    text = shown(capsys, "aks")

    for part in tables():
        assert part.rows
        assert {len(row) for row in part.rows} == {len(part.head)}
        assert f"{part.title}\n\n{part.head[0]} " in text
    notes = [line for line in text.splitlines() if line.startswith("  ")]
    assert notes
    assert max(map(len, notes)) <= 100


@pytest.mark.parametrize(("output", "parse"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_data_has_every_field_with_its_sources_and_the_limits_of_a_pool(output, parse, capsys):
    data = parse(shown(capsys, "aks", "-o", output))

    assert data.pop("limits") == {"fabric_nodes": 100, "fabric_nodes_on_request": 300}
    assert data == catalog.to_data(catalog.aks())
    assert data["sources"]["kubernetes"][0].startswith("https://")


@pytest.mark.parametrize(
    ("size", "cells"),
    [
        ("Standard_HB60rs", "retired 2024-08-31 - -"),
        ("Standard_HC44rs", "retires 2027-05-31 register any"),
        ("Standard_HB176rs_v4", "available register any"),
        ("Standard_ND128isr_GB300_v6", "available unregister Ubuntu2404"),
    ],
)
def test_a_vm_size_stands_with_its_state_the_feature_flag_and_its_os_sku(size, cells, capsys):
    row = row_of(shown(capsys, "vm-sizes"), size)
    count = len(cells.split())

    assert " ".join(row[-1 - count : -1]) == cells
    assert row[-1] == str(len(catalog.vm_size(size).unsure))


def test_data_of_vm_sizes_has_every_field(capsys):
    rows = json.loads(shown(capsys, "vm-sizes", "-o", "json"))

    assert rows == [catalog.to_data(catalog.vm_size(name)) for name in catalog.vm_sizes()]
    assert {"infiniband_feature", "os_sku", "disk_controller", "node_image", "followed_by"} <= rows[0].keys()
