import re

import pytest

from aksrdma import catalog
from aksrdma.errors import UnknownNameError

SIZES = [catalog.vm_size(name) for name in catalog.vm_sizes()]
EACH = pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)


def test_names_are_in_natural_order():
    names = catalog.vm_sizes()

    assert len(names) == 50
    assert names.index("Standard_HB60-15rs") < names.index("Standard_HB120rs_v2") < names.index("Standard_HX176rs")
    assert names.index("Standard_HB368-48rs_v5") < names.index("Standard_HB368-144rs_v5")


@pytest.mark.parametrize(
    "spelt",
    [
        "Standard_ND96isr_H100_v5",
        "standard_nd96isr_h100_v5",
        "ND96isr_H100_v5",
        "nd96ISR_h100_V5",
        " ND96isr_H100_v5\n",
    ],
)
def test_a_size_is_found_in_any_case_with_or_without_its_prefix(spelt):
    assert catalog.vm_size(spelt).name == "Standard_ND96isr_H100_v5"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("ND96is_H100_v5", "has no InfiniBand: .* is Standard_ND96isr_H100_v5$", id="no-r-with-a-twin"),
        pytest.param(
            "standard_nc80adis_h100_v5", "Standard_NC80adis_H100_v5 has no .*Ethernet only", id="ethernet-only"
        ),
        pytest.param("HX176-96s", "is Standard_HX176-96rs$", id="constrained-cores-without-r"),
        pytest.param(
            "Standard_D4s_v5", "^VM size Standard_D4s_v5 has no InfiniBand: its name has no `r`", id="the-rule"
        ),
        pytest.param(
            "ND96isrf_H200_v5", "not documented, so .*AgentBaker.* is Standard_ND96isr_H200_v5$", id="undocumented"
        ),
        pytest.param("ND96asr_MI200_v4", "not documented, so .*no page ever named it", id="undocumented-amd"),
        pytest.param("ND96isr_H10_v5", "did you mean Standard_ND96isr_H100_v5 or", id="a-slip-of-the-finger"),
        pytest.param("ND96isr H100 v5", "did you mean Standard_ND96isr_H100_v5 or", id="blanks"),
        pytest.param("H100", "did you mean Standard_ND96isr_H100_v5\\?", id="a-gpu"),
        pytest.param("MI300X", "did you mean Standard_ND96isr_MI300X_v5\\?", id="a-gpu-like-a-size"),
        pytest.param("tiny", "named 'tiny' \\(`aksrdma catalog vm-sizes` lists all\\)", id="nothing-near"),
        pytest.param("", "no VM size with InfiniBand is named ''", id="nothing"),
        pytest.param("*", "no VM size with InfiniBand is named '\\*'", id="the-name-of-the-rule"),
        pytest.param("../releases/v25.1.0", "no VM size with InfiniBand is named", id="a-path"),
    ],
)
def test_a_wrong_size_is_answered_with_the_reason_or_the_right_one(name, why):
    with pytest.raises(UnknownNameError) as caught:
        catalog.vm_size(name)

    assert re.search(why, str(caught.value))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("ND96is_MI300X_v5", "Standard_ND96isr_MI300X_v5", id="the-twin-with-r"),
        pytest.param("nc48ads_a100_v4", "Standard_ND96amsr_A100_v4", id="the-size-with-the-same-gpus"),
        pytest.param("Standard_HB176-24s_v4", "Standard_HB176-24rs_v4", id="the-same-cores"),
    ],
)
def test_the_nearest_size_with_infiniband(name, expected):
    assert catalog.not_infiniband(name).nearest == expected


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        pytest.param("Standard_E64ds_v5", True, id="no-r"),
        pytest.param("standard_b12ms", True, id="no-r-in-lower-case"),
        pytest.param("Standard_ND96isr_H100_v5", False, id="a-size-of-the-catalog"),
        pytest.param("Standard_ND96isrf_H200_v5", False, id="an-undocumented-size-with-r"),
        pytest.param("Standard_ND300isr_X1_v9", False, id="an-unheard-of-size-with-r"),
        pytest.param("gpu-node", False, id="no-size-at-all"),
    ],
)
def test_sizes_without_r_have_no_infiniband(name, plain):
    assert (catalog.not_infiniband(name) is not None) is plain


@pytest.mark.parametrize("name", catalog.vm_sizes())
def test_the_rule_of_the_r_holds_for_every_size_of_the_catalog(name):
    features = re.match(r"Standard_[A-Z]+\d+(?:-\d+)?([a-zA-Z0-9]*)", name)[1]

    assert "r" in features
    assert catalog.not_infiniband(name) is None
    assert catalog.undocumented(name) is None


def test_what_is_known_of_an_undocumented_size():
    row = catalog.undocumented("standard_nd96asr_mi200_v4")

    assert (row.gpu_count, row.nic_count, row.gbps_per_nic) == (16, 8, 200)
    assert row.unsure


@pytest.mark.parametrize(
    ("name", "nics", "gbps", "gpus"),
    [
        pytest.param("HC44rs", 1, 100, 0, id="hc"),
        pytest.param("HB120rs_v3", 1, 200, 0, id="hbv3"),
        pytest.param("HB176rs_v4", 1, 400, 0, id="hbv4"),
        pytest.param("HX176-24rs", 1, 400, 0, id="hx"),
        pytest.param("HB368rs_v5", 4, 200, 0, id="hbv5-has-four-nics"),
        pytest.param("ND40rs_v2", 1, 100, 8, id="one-nic-for-eight-gpus"),
        pytest.param("ND96asr_v4", 8, 200, 8, id="a100-40"),
        pytest.param("ND96amsr_A100_v4", 8, 200, 8, id="a100-80"),
        pytest.param("ND96isr_H100_v5", 8, 400, 8, id="h100"),
        pytest.param("ND96isr_H200_v5", 8, 400, 8, id="h200"),
        pytest.param("ND96isr_MI300X_v5", 8, 400, 8, id="mi300x"),
        pytest.param("ND128isr_NDR_GB200_v6", 4, 400, 4, id="gb200"),
        pytest.param("ND128isr_GB300_v6", 4, 800, 4, id="gb300"),
    ],
)
def test_nics_rates_and_gpus(name, nics, gbps, gpus):
    size = catalog.vm_size(name)

    assert (size.infiniband.nic_count, size.infiniband.gbps_per_nic, size.gpu.count if size.gpu else 0) == (
        nics,
        gbps,
        gpus,
    )


@EACH
def test_the_lists_of_a_size_are_as_long_as_it_has_nics(size):
    ib = size.infiniband

    for names in (
        ib.pci_addresses,
        ib.ipoib_altnames,
        ib.rdma_devices,
        ib.hpc_image_rdma_devices,
        ib.hpc_image_netdevs,
    ):
        assert names is None or len(set(names)) == len(names) == ib.nic_count


@EACH
def test_ipoib_names_carry_the_pci_domain_in_decimal(size):
    addresses, names = size.infiniband.pci_addresses, size.infiniband.ipoib_altnames

    if addresses and names:
        assert names == tuple(f"ibP{int(address[:4], 16)}p0s0" for address in addresses)


@EACH
def test_the_generation_fits_the_rate(size):
    rates = {"FDR": {56, None}, "EDR": {100}, "HDR": {200}, "NDR": {200, 400}, "XDR": {800}}

    assert size.infiniband.gbps_per_nic in rates[size.infiniband.generation]


@EACH
def test_the_pci_id_and_the_upstream_device_list_agree(size):
    ib = size.infiniband

    assert size.upstream_nfd_match == (ib.device_id in ("101c", "101e"))
    assert (ib.vendor_id is None) == (ib.device_id is None) == (ib.confidence is None) == (not ib.sriov)
    assert ib.confidence != "inferred" or catalog.unsure_of(size, "infiniband.device_id")


@EACH
def test_a_usable_size_can_be_selected_by_vendor_and_class(size):
    assert not size.usable or (size.infiniband.vendor_id, size.infiniband.pci_class) == ("15b3", "0207")


def test_the_usable_sizes_are_those_still_to_be_had_with_mlx5():
    unusable = "H16mr H16r HB60-15rs HB60-30rs HB60-45rs HB60rs NC24r NC24rs_v2 NC24rs_v3 ND24rs"

    assert {size.name for size in SIZES if not size.usable} == {f"Standard_{name}" for name in unusable.split()}


@EACH
def test_a_constrained_size_differs_from_its_parent_in_cores_alone(size):
    if size.constrained_from:
        parent = catalog.vm_size(size.constrained_from)
        assert size.vcpus < parent.vcpus
        assert f"-{size.vcpus}rs" in size.name
        for field in ("series", "quota_family", "arch", "state", "retirement_date", "memory_gib"):
            assert getattr(size, field) == getattr(parent, field)
        assert size.infiniband.nic_count == parent.infiniband.nic_count
        assert size.infiniband.gbps_per_nic == parent.infiniband.gbps_per_nic


@EACH
def test_a_retired_size_says_when_and_one_that_is_sold_has_no_date(size):
    assert (size.retirement_date is None) == (size.state == "available")
    if size.retirement_date:
        assert (size.retirement_date < catalog.aks().checked) == (size.state == "retired")


@EACH
def test_what_follows_a_size_that_goes_can_be_had_for_longer(size):
    assert bool(size.followed_by) == (size.state != "available")
    for name in size.followed_by:
        assert catalog.vm_size(name).name == name
        assert catalog.vm_size(name).state == "available"
        assert catalog.vm_size(name).gpu is None or size.gpu is not None


@EACH
def test_an_interface_name_that_was_seen_is_in_the_row(size):
    assert size.infiniband.ipoib_altnames or not size.infiniband.ipoib_altname_seen
    if size.state != "retired" and not size.infiniband.ipoib_altname_seen:
        assert catalog.unsure_of(size, "infiniband.ipoib_altnames")


@EACH
def test_only_the_grace_series_brings_its_drivers_and_is_arm64(size):
    grace = "GB" in size.series

    assert (size.arch == "arm64") is grace
    assert (size.node_image is not None) is grace
    assert size.driver_on_node_image is grace
    if grace:
        assert size.node_image.nic_driver.startswith("doca-ofed ")
        assert size.node_image.gpu_driver == catalog.aks().gpu_driver(size.series).version
        assert size.node_image.peermem
        assert catalog.unsure_of(size, "node_image")


@EACH
def test_the_infiniband_feature_is_registered_but_for_the_grace_series(size):
    wanted = "unregister" if "GB" in size.series else "not-needed" if size.state == "retired" else "register"

    assert size.infiniband_feature == wanted
    assert wanted == "not-needed" or catalog.unsure_of(size, "infiniband_feature")


@EACH
def test_pools_of_whole_racks_are_those_of_gb300(size):
    assert size.node_count_step == (18 if size.series == "ND GB300 v6" else None)


@EACH
def test_a_size_with_nvme_disks_alone_wants_an_os_sku_that_aks_has(size):
    assert (size.disk_controller == "NVMe") == (size.os_sku is not None)
    assert size.os_sku is None or catalog.aks().os_sku(size.os_sku).os("1.35") == "ubuntu24.04"


@pytest.mark.parametrize(
    ("name", "gbit", "gbyte", "message"),
    [
        pytest.param("HC44rs", 95, None, None, id="hc"),
        pytest.param("HB120-16rs_v3", 190, None, None, id="hbv3"),
        pytest.param("HX176rs", 390, None, None, id="hx"),
        pytest.param("ND40rs_v2", 78, 110, "8G", id="v100"),
        pytest.param("ND96asr_v4", 180, 228, "8G", id="a100-40"),
        pytest.param("ND96amsr_A100_v4", 180, 228, "16G", id="a100-80"),
        pytest.param("ND96isr_H100_v5", 380, 460, "16G", id="h100"),
        pytest.param("ND96isr_H200_v5", 360, 431, "16G", id="h200"),
        pytest.param("ND96isr_MI300X_v5", 390, None, None, id="mi300x"),
    ],
)
def test_floors_of_one_node(name, gbit, gbyte, message):
    floors = catalog.vm_size(name).floors

    assert (floors.perftest_gbit_per_s, floors.nccl_busbw_gbyte_per_s, floors.nccl_message_size) == (
        gbit,
        gbyte,
        message,
    )


@EACH
def test_floors_are_below_what_the_hardware_can_do(size):
    if size.floors:
        rate = size.infiniband.gbps_per_nic
        assert size.floors.perftest_gbit_per_s is None or size.floors.perftest_gbit_per_s < rate
        for floor in size.floors.multi_node:
            marks = [mark for mark in (floor.fail, floor.warn, floor.expected) if mark is not None]
            assert marks == sorted(marks)
            assert floor.sources


@pytest.mark.parametrize(
    ("name", "scope", "marks"),
    [
        pytest.param("ND96isr_H100_v5", "infiniband", (450, 400, 300), id="h100-with-sharp"),
        pytest.param("ND128isr_GB300_v6", "nvlink", (937, 800, 600), id="gb300-inside-a-rack"),
        pytest.param("ND128isr_GB300_v6", "infiniband", (200, 180, 150), id="gb300-between-racks"),
    ],
)
def test_floors_of_several_nodes(name, scope, marks):
    floor = next(floor for floor in catalog.vm_size(name).floors.multi_node if floor.scope == scope)

    assert (floor.expected, floor.warn, floor.fail) == marks


def test_three_letters_of_a_name_are_enough_to_name_two_sizes_that_hold_them():
    with pytest.raises(UnknownNameError) as caught:
        catalog.vm_size("_v5")

    first, second = [name for name in catalog.vm_sizes() if "_v5" in name][:2]
    assert f"did you mean {first} or {second}?" in str(caught.value)
