from datetime import date

import pytest

from aksrdma import catalog
from aksrdma.catalog import load
from aksrdma.documents import fast

AKS = catalog.aks()
VERSIONS = pytest.mark.parametrize("row", AKS.kubernetes, ids=lambda row: row.minor)


@VERSIONS
def test_a_version_lives_a_year_in_community_support_and_a_further_one_in_long_term_support(row):
    ga, ends, lts = (date.fromisoformat(f"{row.ga}-01"), *map(date.fromisoformat, (row.end_of_life, row.end_of_lts)))

    assert 330 <= (ends - ga).days <= 480
    assert 330 <= (lts - ends).days <= 400


@VERSIONS
def test_the_state_of_a_version_is_that_of_the_day_on_which_it_was_looked_up(row):
    day = date.fromisoformat(AKS.checked)
    past = [date.fromisoformat(end) < day for end in (row.end_of_life, row.end_of_lts)]

    assert row.support == {(False, False): "community", (True, False): "lts", (True, True): "ended"}[tuple(past)]


def test_versions_stand_oldest_first_without_a_gap():
    minors = [int(row.minor.removeprefix("1.")) for row in AKS.kubernetes]

    assert minors == list(range(minors[0], minors[0] + len(minors)))


@pytest.mark.parametrize(
    ("asked", "minor"),
    [
        ("1.35", "1.35"),
        ("v1.35", "1.35"),
        ("1.35.6", "1.35"),
        ("1.3", None),
        ("1.355", None),
        ("1.29", None),
        ("1.99", None),
        ("", None),
        ("latest", None),
        ("1.1350", None),
    ],
)
def test_a_version_is_found_by_its_minor_with_or_without_a_patch(asked, minor):
    row = AKS.version(asked)

    assert (row and row.minor) == minor


@pytest.mark.parametrize(
    ("oldest", "newest", "minors"),
    [
        ("1.27", "1.31.4", []),
        ("1.30", "1.34", ["1.32", "1.33", "1.34"]),
        ("1.33", "1.33", ["1.33"]),
        ("1.31", "1.35", ["1.32", "1.33", "1.34", "1.35"]),
        ("1.36", "1.99", ["1.36", "1.37"]),
        ("", "", []),
    ],
)
def test_a_range_gives_the_versions_that_a_cluster_can_be_made_with_today(oldest, newest, minors):
    assert [row.minor for row in AKS.offered(oldest, newest)] == minors


@pytest.mark.parametrize(
    ("sku", "kubernetes", "os"),
    [
        ("Ubuntu", "1.34.9", "ubuntu22.04"),
        ("Ubuntu", "1.35.0", "ubuntu24.04"),
        ("ubuntu", "v1.37.1", "ubuntu24.04"),
        ("Ubuntu", "1.38", "ubuntu26.04"),
        ("Ubuntu2404", "1.38", "ubuntu24.04"),
        ("Ubuntu", "1.24", None),
        ("Ubuntu", "newest", None),
        ("Ubuntu2204", "1.36", "ubuntu22.04"),
        ("Ubuntu2204", "1.37", None),
        ("Ubuntu2404", "1.31", None),
        ("Ubuntu2404", "1.32", "ubuntu24.04"),
        ("Ubuntu2404", "1.39", None),
        ("AzureLinux", "1.31", "azurelinux2.0"),
        ("AzureLinux", "1.32", "azurelinux3.0"),
    ],
)
def test_what_an_os_sku_is_follows_from_the_version_of_kubernetes(sku, kubernetes, os):
    assert AKS.os_sku(sku).os(kubernetes) == os


def test_a_version_that_can_be_made_has_an_image_for_ubuntu():
    for row in AKS.offered("1.0", "1.99"):
        assert AKS.os_sku("Ubuntu").os(row.minor), row.minor


@pytest.mark.parametrize(
    ("sku", "systems"),
    [
        ("Ubuntu", ("ubuntu22.04", "ubuntu24.04")),
        ("Ubuntu2404", ("ubuntu24.04",)),
        ("AzureLinux", ("azurelinux3.0",)),
        ("Debian", ()),
    ],
)
def test_what_nodes_may_run_are_the_systems_of_versions_that_can_be_made_today(sku, systems):
    assert AKS.systems(sku) == systems


def test_the_default_version_is_one_in_community_support():
    assert AKS.version(AKS.default_kubernetes).support == "community"


def test_what_aks_does_not_have_is_none():
    assert AKS.os_sku("Debian") is None
    assert AKS.gpu_driver("HBv4") is None
    assert AKS.az_flag("--driver") is None


def test_each_size_with_gpus_that_is_sold_has_one_driver_row():
    for size in map(catalog.vm_size, catalog.vm_sizes()):
        rows = [row for row in AKS.gpu_drivers if size.series in row.series]
        assert len(rows) == (1 if size.gpu and size.state != "retired" else 0), size.name
        assert AKS.gpu_driver(size.series) is (rows[0] if rows else None)


def test_the_fabric_manager_comes_where_gpus_are_joined_by_nvswitch():
    joined = {row.series[0] for row in AKS.gpu_drivers if row.fabric_manager}

    assert joined == {"ND A100 v4"}
    assert set(AKS.gpu_driver("ND A100 v4").series) == {"ND A100 v4", "NDm A100 v4", "ND H100 v5", "ND H200 v5"}


def test_a_driver_that_nobody_installs_has_no_version_and_one_of_an_image_has_both():
    for row in AKS.gpu_drivers:
        assert (row.version is None) == (row.installed_by == "nobody")
        assert (row.image is None) == (row.installed_by != "aks")


def test_flags_of_managed_parts_stand_among_the_flags_of_az_with_the_same_least_versions():
    for part in (AKS.managed_gpu, AKS.managed_dranet):
        flag = AKS.az_flag(part.flags[0].partition("=")[0])
        assert (flag.command, flag.azure_cli) == ("az aks nodepool add", part.azure_cli)
    assert AKS.az_flag("--enable-managed-gpu").aks_preview == AKS.managed_gpu.aks_preview
    assert AKS.managed_gpu.feature in {row.name for row in AKS.feature_flags}


def test_values_of_os_sku_are_those_that_az_takes():
    assert {row.name for row in AKS.os_skus} <= set(AKS.az_flag("--os-sku").values)


def test_the_file_is_read_without_the_yaml_library():
    assert fast.parse(load.text("aks.yaml").decode(), 16) is not fast.UNUSUAL
