"""`explain SIZE`: the node drawn, and what a node pool of it needs."""

import re
from dataclasses import replace

import pytest

from aksrdma import catalog
from aksrdma.cli import run
from aksrdma.cli.node import drawing, node

SIZES = [catalog.vm_size(name) for name in catalog.vm_sizes()]
EACH = pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)


def told(name: str) -> str:
    """Return what is said of a size, in one line."""
    return " ".join(node(catalog.vm_size(name)).split())


def test_a_gpu_is_joined_to_the_nic_beside_it_in_the_box_of_its_numa_node():
    assert drawing(catalog.vm_size("ND96asr_v4"))[:13] == [
        "+- NUMA node 0 ----------------------------------------------------------------+",
        "|  GPU 2 0003:00:00.0    ---- mlx5_2 0103:00:00.0                              |",
        "|  GPU 3 0004:00:00.0    ---- mlx5_3 0104:00:00.0                              |",
        "+- NUMA node 1 ----------------------------------------------------------------+",
        "|  GPU 0 0001:00:00.0    ---- mlx5_0 0101:00:00.0                              |",
        "|  GPU 1 0002:00:00.0    ---- mlx5_1 0102:00:00.0                              |",
        "+- NUMA node 2 ----------------------------------------------------------------+",
        "|  GPU 6 000d:00:00.0    ---- mlx5_6 0107:00:00.0                              |",
        "|  GPU 7 000e:00:00.0    ---- mlx5_7 0108:00:00.0                              |",
        "+- NUMA node 3 ----------------------------------------------------------------+",
        "|  GPU 4 000b:00:00.0    ---- mlx5_4 0105:00:00.0                              |",
        "|  GPU 5 000c:00:00.0    ---- mlx5_5 0106:00:00.0                              |",
        "+------------------------------------------------------------------------------+",
    ]
    assert "GPU ---- NIC: the NIC that is nearest to the GPU." in drawing(catalog.vm_size("ND96asr_v4"))


def test_gpus_and_nics_that_share_a_numa_node_and_no_more_stand_side_by_side():
    lines = drawing(catalog.vm_size("ND128isr_GB300_v6"))

    assert lines[:7] == [
        "+- NUMA node 0 ----------------------------------------------------------------+",
        "|  GPU 0 0008:06:00.0         mlx5_0 0101:00:00.0                              |",
        "|  GPU 1 0009:06:00.0         mlx5_1 0102:00:00.0                              |",
        "+- NUMA node 1 ----------------------------------------------------------------+",
        "|  GPU 2 0018:06:00.0         mlx5_2 0103:00:00.0                              |",
        "|  GPU 3 0019:06:00.0         mlx5_3 0104:00:00.0                              |",
        "+------------------------------------------------------------------------------+",
    ]
    assert "The NICs that are near to a GPU are those of its NUMA node." in lines
    assert not any("----  " in line or "---- mlx" in line for line in lines)


def test_what_has_no_known_place_stands_in_a_box_that_says_so():
    assert drawing(catalog.vm_size("ND40rs_v2"))[10:13] == [
        "+- on which of 2 NUMA nodes is not known --------------------------------------+",
        "|                             mlx5_0 PCI address not known                     |",
        "+------------------------------------------------------------------------------+",
    ]
    assert drawing(catalog.vm_size("HB176rs_v4"))[:3] == [
        "+- on which of 4 NUMA nodes is not known --------------------------------------+",
        "|                             mlx5_0 PCI address not known                     |",
        "+------------------------------------------------------------------------------+",
    ]
    assert drawing(catalog.vm_size("ND128isr_NDR_GB200_v6"))[:4] == [
        "+- how many NUMA nodes is not known -------------------------------------------+",
        "|  4 GPUs, PCI addresses not known                                             |",
        "|                             mlx5_0 PCI address not known                     |",
        "|                             mlx5_1 PCI address not known                     |",
    ]


def test_gpus_whose_count_on_a_numa_node_is_all_that_is_known_stand_there():
    assert drawing(catalog.vm_size("ND96isr_MI300X_v5"))[:8] == [
        "+- NUMA node 0 ----------------------------------------------------------------+",
        "|  4 GPUs, PCI addresses not known                                             |",
        "|                             mlx5_0 0101:00:00.0                              |",
        "|                             mlx5_1 0102:00:00.0                              |",
        "|                             mlx5_2 0103:00:00.0                              |",
        "|                             mlx5_3 0104:00:00.0                              |",
        "+- NUMA node 1 ----------------------------------------------------------------+",
        "|  4 GPUs, PCI addresses not known                                             |",
    ]


def test_numa_nodes_without_a_device_are_counted():
    lines = drawing(catalog.vm_size("HB368rs_v5"))

    assert [line[3:15].strip() for line in lines if line.startswith("+- NUMA")] == [
        f"NUMA node {n}" for n in (0, 4, 8, 12)
    ]
    assert "16 NUMA nodes in all; the others have neither." in lines
    assert not any("NUMA nodes in all" in line for line in drawing(catalog.vm_size("ND96asr_v4")))


def test_a_nic_that_is_no_pci_device_is_drawn_as_one():
    assert "|                             NIC 0 no PCI device                              |" in drawing(
        catalog.vm_size("H16r")
    )


def test_a_size_of_ones_own_catalog_is_drawn_as_those_that_ship():
    size = catalog.vm_size("ND96isr_H100_v5")
    own = replace(size, topology=None, infiniband=replace(size.infiniband, nic_count=2, rdma_devices=None))

    assert drawing(own)[:4] == [
        "+- how many NUMA nodes is not known -------------------------------------------+",
        "|  8 GPUs, PCI addresses not known                                             |",
        "|                             NIC 0 0101:00:00.0                               |",
        "|                             NIC 1 0102:00:00.0                               |",
    ]


@EACH
def test_a_drawing_has_each_nic_and_gpu_once_and_fits_80_columns(size):
    lines = drawing(size)
    boxes = "\n".join(line for line in lines if line[0] in "+|")

    assert all(len(line) == 80 for line in boxes.splitlines())
    for name in size.infiniband.rdma_devices or ():
        assert boxes.count(f"{name} ") == 1
    numbers = re.findall(r"GPU (\d+) [0-9a-f]{4}:", boxes)
    assert (
        size.gpu is None
        or sorted(map(int, numbers)) == list(range(size.gpu.count))
        or sum(map(int, re.findall(r"(\d+) GPUs,", boxes))) == size.gpu.count
    )
    assert boxes.isascii()


@EACH
def test_explain_keeps_to_80_columns(size, capsys):
    assert run(["explain", size.name.lower()]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"{size.name} ({size.series}): ")
    assert f"aksrdma catalog vm-sizes {size.name} -o yaml" in " ".join(lines[-2:])


@EACH
def test_explain_says_what_a_pool_of_a_size_that_is_sold_needs(size):
    text = told(size.name)

    if size.state == "retired":
        assert f"Retired {size.retirement_date}; take " in text
        assert "Feature flag" not in text
        return
    assert ("AKSInfinibandSupport, to be UNregistered before" in text) == (size.infiniband_feature == "unregister")
    assert ("AKSInfinibandSupport, to be registered before" in text) == (size.infiniband_feature == "register")
    assert ("Disk controller NVMe alone" in text) == (size.disk_controller == "NVMe")
    assert ("so no ofedDriver" in text) is size.driver_on_node_image
    assert ("Nodes of a pool" in text) == (size.node_count_step is not None)
    assert ("GPU driver" in text) == (size.gpu is not None)
    assert ("the better way here" in text) == size.series.startswith("ND GB")
    assert "--enable-managed-dranet" in text
    assert f"Retires {size.retirement_date}; take" in text or size.state == "available"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(
            "ND96isr_H100_v5",
            "GPU driver 580.159.04 by AKS, with the fabric manager; none with --gpu-driver none",
            id="aks",
        ),
        pytest.param(
            "ND40rs_v2", "GPU driver 580.159.04 by AKS; none with --gpu-driver none", id="aks-without-a-fabric-manager"
        ),
        pytest.param("ND128isr_GB300_v6", "GPU driver 580.159.04, on the node image; with IMEX", id="node-image"),
        pytest.param(
            "ND96isr_MI300X_v5", "GPU driver none by AKS; AKS takes the size with --gpu-driver none only", id="nobody"
        ),
        pytest.param(
            "ND96isr_H100_v5",
            "Ubuntu, which is ubuntu22.04 up to Kubernetes 1.34, ubuntu24.04 up to Kubernetes 1.37, then ubuntu26.04",
            id="ubuntu",
        ),
        pytest.param("ND128isr_GB300_v6", "OS SKU Ubuntu2404 unsure: the same guide", id="os-sku"),
        pytest.param(
            "ND128isr_GB300_v6",
            "NIC driver doca-ofed 3.1.0-091513 on the node image (AKS's arm64",
            id="nic-driver-of-the-image",
        ),
        pytest.param(
            "HB176rs_v4", "NIC driver mlx5_core of the kernel on the node image; ofedDriver brings", id="nic-driver"
        ),
        pytest.param("HB176rs_v4", "before the pool is made unsure: documented, yet since 2022", id="a-flag-in-doubt"),
        pytest.param("HB120rs_v3", "IPoIB interface ibP257p0s0, while ib_ipoib is loaded", id="interface-seen"),
        pytest.param(
            "ND96isr_H100_v5", "IPoIB interface perhaps ibP257p0s0, which nobody has published", id="interface-derived"
        ),
        pytest.param("HB176rs_v4", "IPoIB interface not known; `ip link`", id="interface-unknown"),
        pytest.param("ND96isr_H100_v5", "NCCL topology ndv5-topo.xml", id="topology-file"),
        pytest.param("ND96isr_H100_v5", "Presets ndv5-nccl,", id="presets"),
        pytest.param(
            "ND40rs_v2",
            "Notes One NIC serves all eight GPUs. The file puts the NIC on NUMA node 0. One NIC for",
            id="notes",
        ),
        pytest.param(
            "HB120rs_v2", "Retires 2027-05-31; take Standard_HB368-144rs_v5, Standard_HB176-144rs_v4, ", id="retires"
        ),
    ],
)
def test_explain_says_who_brings_what(name, words):
    assert words in told(name)


def test_a_size_of_ones_own_that_needs_no_feature_says_so():
    size = replace(catalog.vm_size("HB176rs_v4"), infiniband_feature="not-needed", unsure={})

    assert "Feature flag none OS SKU" in " ".join(node(size).split())


def test_the_ethernet_function_that_shifts_names_is_told_where_there_may_be_one():
    size = catalog.vm_size("HB176rs_v4")
    words = "mlx5_N counts from the InfiniBand NICs; an Ethernet function that comes first shifts it by 1."

    assert words in " ".join(drawing(size))
    assert words not in " ".join(drawing(replace(size, accelerated_networking=False)))
    assert words not in " ".join(drawing(replace(size, infiniband=replace(size.infiniband, rdma_devices=None))))


@pytest.mark.parametrize(
    ("name", "numbered"), [("ND40rs_v2", True), ("ND96isr_MI300X_v5", False), ("HB120rs_v3", False)]
)
def test_how_gpus_are_numbered_is_told_where_numbers_are(name, numbered):
    words = "GPUs are numbered by their PCI addresses, as nvidia-smi does."

    assert (words in drawing(catalog.vm_size(name))) is numbered


def test_the_drawing_stands_apart_from_the_words():
    lines = node(catalog.vm_size("HB176rs_v4")).splitlines()
    blank = [at for at, line in enumerate(lines) if not line]

    assert lines[blank[0] + 1].startswith("+-")
    assert lines[blank[1] + 1].startswith("Feature flag    AKS")
    assert lines[blank[2] + 1].startswith("Every fact")
    assert len(blank) == 3


def test_a_driver_of_a_series_that_nobody_looked_up_is_not_known():
    size = replace(catalog.vm_size("ND96isr_H100_v5"), series="ND of my own")

    assert "GPU driver not known" in " ".join(node(size).split())
