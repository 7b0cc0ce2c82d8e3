import re

import pytest

from aksrdma import catalog
from aksrdma.errors import UnknownNameError

WITH_GPUS = [name for name in catalog.vm_sizes() if catalog.vm_size(name).preset_family]
PRESETS = {preset.name: preset for name in WITH_GPUS for preset in catalog.presets(name)}
EACH = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)


@pytest.mark.parametrize(
    ("size", "names"),
    [
        pytest.param("ND40rs_v2", {"ndv2-nccl"}, id="v100"),
        pytest.param("ND96asr_v4", {"ndv4-nccl", "ndv4-sharp", "ndv4-mpi", "ndv4-vllm"}, id="a100"),
        pytest.param(
            "ND96isr_H200_v5",
            {"ndv5-nccl", "ndv5-sharp", "ndv5-mpi", "ndv5-nixl", "ndv5-nvshmem", "ndv5-vllm"},
            id="h200-as-h100",
        ),
        pytest.param("ND128isr_NDR_GB200_v6", {"gb-nccl", "gb-nccl-infiniband", "gb-ucx"}, id="gb200-as-gb300"),
        pytest.param("ND96isr_MI300X_v5", {"mi300x-rccl"}, id="mi300x"),
        pytest.param("HB120rs_v3", set(), id="no-gpu"),
    ],
)
def test_the_presets_of_a_size(size, names):
    assert {preset.name for preset in catalog.presets(size)} == names


def test_presets_of_a_wrong_size_are_refused():
    with pytest.raises(UnknownNameError):
        catalog.presets("ND96is_H100_v5")


@EACH
def test_a_preset_is_found_by_its_name(preset):
    assert catalog.preset(preset.name) is preset
    assert preset.name.startswith(f"{preset.family}-")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        pytest.param("ndv5-ncl", "did you mean ndv5-nccl?", id="a-letter-missing"),
        pytest.param("h100-nccl", "known: gb-nccl,", id="an-unknown-family"),
    ],
)
def test_a_wrong_preset_is_answered_with_the_right_one(name, advice):
    with pytest.raises(UnknownNameError) as caught:
        catalog.preset(name)

    assert advice in str(caught.value)


@EACH
def test_variables_are_named_once_and_written_as_variables_are(preset):
    names = [variable.name for variable in preset.variables]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9_]*", name) for name in names)


@EACH
def test_a_value_that_sources_dispute_shows_them_all_and_is_one_of_them(preset):
    for variable in preset.variables:
        if variable.confidence == "chosen":
            assert len(variable.alternatives) >= 1, variable.name
            said = {alternative.value for alternative in variable.alternatives}
            assert variable.value in said, variable.name
        if variable.confidence == "agreed":
            assert not variable.alternatives, variable.name
            assert len(variable.sources) > 1, variable.name
        assert variable.reason


@EACH
def test_the_sources_of_a_disputed_value_are_those_that_say_it(preset):
    for variable in preset.variables:
        says = {key for row in variable.alternatives if row.value == variable.value for key in row.sources}
        assert not variable.alternatives or set(variable.sources) <= says, variable.name


@EACH
def test_the_environment_is_what_is_set_by_default(preset):
    expected = {variable.name: variable.value for variable in preset.variables if variable.default and variable.value}

    assert preset.environment == expected


@EACH
def test_no_preset_sets_names_of_the_hpc_image_or_roce(preset):
    values = " ".join(preset.environment.values())

    assert "mlx5_ib" not in values
    assert preset.environment.get("UCX_IB_GID_INDEX") != "3"


@pytest.mark.parametrize(
    ("preset", "variable", "value"),
    [
        pytest.param("ndv5-nccl", "NCCL_TOPO_FILE", "/opt/nvidia-topology/topo.xml", id="a-file-where-there-is-one"),
        pytest.param("ndv5-nccl", "NCCL_P2P_NET_CHUNKSIZE", "524288", id="what-aks-charts-set"),
        pytest.param("ndv5-nixl", "UCX_TLS", None, id="left-unset-for-inference"),
        pytest.param("gb-nccl", "NCCL_IB_SL", "1", id="grace-service-level"),
        pytest.param("gb-nccl-infiniband", "NCCL_MNNVL_ENABLE", "0", id="infiniband-alone"),
        pytest.param("mi300x-rccl", "RCCL_MSCCL_ENABLE", "0", id="rccl"),
        pytest.param("gb-nccl", "NCCL_TOPO_FILE", None, id="no-file-for-grace"),
        pytest.param("mi300x-rccl", "NCCL_TOPO_FILE", None, id="no-file-for-amd"),
        pytest.param("ndv5-nccl", "NCCL_IB_HCA", None, id="no-prefix-that-takes-ethernet-too"),
    ],
)
def test_what_a_preset_sets(preset, variable, value):
    assert catalog.preset(preset).environment.get(variable) == value


@pytest.mark.parametrize("family", ["ndv4", "ndv5"])
def test_the_vllm_map_is_that_of_the_topology(family):
    mapping = catalog.preset(f"{family}-vllm").environment["VLLM_GPU_NIC_PCIE_MAPPING"]

    assert mapping == ",".join(f"{pair.gpu}={pair.nic}" for pair in catalog.topology(family).pairs)


def test_a_value_that_the_pod_gives_is_a_field_reference():
    (variable,) = (v for v in catalog.preset("ndv5-vllm").variables if v.name == "VLLM_NIXL_SIDE_CHANNEL_HOST")

    assert (variable.value, variable.field_ref) == (None, "status.podIP")


@pytest.mark.parametrize("name", catalog.topologies())
def test_a_topology_and_its_sizes_name_each_other(name):
    row = catalog.topology(name)

    assert set(row.vm_sizes) == {size for size in catalog.vm_sizes() if catalog.vm_size(size).topology == name}
    assert {catalog.vm_size(size).nccl_topology_file for size in row.vm_sizes} == {row.file}


@pytest.mark.parametrize("name", catalog.topologies())
def test_a_published_file_has_its_hash_and_size(name):
    row = catalog.topology(name)

    assert (row.file is None) == (row.sha256 is None) == (row.bytes is None)
    assert row.sha256 is None or re.fullmatch("[0-9a-f]{64}", row.sha256)


@pytest.mark.parametrize("name", ["ndv4", "ndv5"])
def test_pairs_cover_every_gpu_and_every_nic_of_the_size(name):
    row = catalog.topology(name)

    for size in map(catalog.vm_size, row.vm_sizes):
        assert sorted(pair.nic for pair in row.pairs) == list(size.infiniband.pci_addresses)
        assert len({pair.gpu for pair in row.pairs}) == size.gpu.count
    assert {pair.numa_node for pair in row.pairs} == set(range(row.numa_nodes))


@pytest.mark.parametrize("name", catalog.topologies())
def test_pci_domains_have_four_digits(name):
    row = catalog.topology(name)

    addresses = [x for pair in row.pairs or () for x in (pair.gpu, pair.nic)] + [
        *(row.gpu_numa or {}),
        *(row.nic_numa or {}),
    ]
    assert all(re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{2}:00\.0", address) for address in addresses)


def test_a_wrong_topology_is_answered_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"no topology named 'ndv6'; did you mean ndv\d\?.*known: gb200, gb300"):
        catalog.topology("ndv6")
