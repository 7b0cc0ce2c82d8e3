"""check-node.sh: devices, links, topology file."""

import pytest


def test_a_healthy_node_passes(healthy):
    code, output = healthy.run("check-node.sh")

    assert code == 0
    assert "2 InfiniBand devices, all Active: mlx5_1 mlx5_2" in output


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [
        pytest.param([], "no InfiniBand device is open in this container; look at the RDMA resource", id="no-device"),
        pytest.param(
            ["mlx5_0:ACTIVE:Ethernet"], "no InfiniBand device is open in this container", id="ethernet-does-not-count"
        ),
        pytest.param(
            ["mlx5_0:ACTIVE:Ethernet", "mlx5_1"],
            "only mlx5_1 of 2 InfiniBand devices of Standard_Test are open in this container; look at how many NICs",
            id="a-device-is-missing",
        ),
        pytest.param(
            ["mlx5_0", "mlx5_1:DOWN:InfiniBand"],
            "a link is not Active: mlx5_1 is PORT_DOWN; look at 'ibstat' on the node",
            id="a-link-is-down",
        ),
        pytest.param(
            ["mlx5_0:INIT:InfiniBand", "mlx5_1:DOWN:InfiniBand"],
            "a link is not Active: mlx5_0 is PORT_INIT, mlx5_1 is PORT_DOWN",
            id="every-link-that-is-down-is-named",
        ),
    ],
)
def test_a_node_fails(pod, devinfo, devices, sentence):
    pod.prints("ibv_devinfo", devinfo(*devices) or "No IB devices found\n", code=0 if devices else 255)

    code, output = pod.run("check-node.sh")

    assert code == 1
    assert f"FAIL: {sentence}" in output


def test_a_node_without_the_topology_file_fails(healthy):
    code, output = healthy.run("check-node.sh", NCCL_TOPO_FILE="/opt/nvidia-topology/topo.xml")

    assert code == 1
    assert "FAIL: the topology file /opt/nvidia-topology/topo.xml is missing or empty; look at the ConfigMap" in output


def test_an_empty_topology_file_is_none(healthy):
    empty = healthy.file("topo.xml", "")

    assert healthy.run("check-node.sh", NCCL_TOPO_FILE=str(empty))[0] == 1


def test_a_node_with_the_topology_file_passes(healthy):
    file = healthy.file("topo.xml", "<system/>\n")

    assert healthy.run("check-node.sh", NCCL_TOPO_FILE=str(file))[0] == 0


def sysfs(pod, device, verbs, *, state="4: ACTIVE", link="InfiniBand", is_open=True):
    pod.file(f"sys/class/infiniband/{device}/ports/1/state", f"{state}\n")
    pod.file(f"sys/class/infiniband/{device}/ports/1/link_layer", f"{link}\n")
    pod.file(f"sys/class/infiniband_verbs/{verbs}/ibdev", f"{device}\n")
    if is_open:
        pod.file(f"dev/infiniband/{verbs}", "")


def test_an_image_without_ibv_devinfo_is_judged_by_sysfs(pod):
    sysfs(pod, "mlx5_0", "uverbs0")
    sysfs(pod, "mlx5_1", "uverbs1")

    assert pod.run("check-node.sh")[0] == 0


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        pytest.param({"is_open": False}, "only mlx5_0 of 2 InfiniBand devices", id="a-device-of-another-pod"),
        pytest.param({"state": "1: DOWN"}, "a link is not Active: mlx5_1 is PORT_DOWN", id="a-link-that-is-down"),
        pytest.param({"link": "Ethernet"}, "only mlx5_0 of 2 InfiniBand devices", id="an-ethernet-function"),
    ],
)
def test_sysfs_shows_what_is_wrong(pod, second, sentence):
    sysfs(pod, "mlx5_0", "uverbs0")
    sysfs(pod, "mlx5_1", "uverbs1", **second)

    code, output = pod.run("check-node.sh")

    assert code == 1
    assert f"FAIL: {sentence}" in output


def test_a_rank_gets_the_infiniband_devices_of_its_node_alone(healthy):
    healthy.stub("show", 'echo "$NCCL_IB_HCA"')

    code, output = healthy.run("rank.sh", "show", NCCL_IB_HCA="mlx5")

    assert (code, output) == (0, "=mlx5_1,mlx5_2\n")


def test_a_rank_without_devices_does_not_start(pod):
    pod.prints("ibv_devinfo", "No IB devices found\n", code=255)
    pod.stub("show", "echo started")

    code, output = pod.run("rank.sh", "show")

    assert code == 1
    assert "FAIL: no InfiniBand device with an Active link" in output
    assert "started" not in output
