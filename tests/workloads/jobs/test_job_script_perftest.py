"""perftest.sh against recorded output of ib_read_lat and ib_write_bw."""

import pytest

HEAD = """\
---------------------------------------------------------------------------------------
                    RDMA_{what} Test
 Dual-port       : OFF\t\tDevice         : mlx5_1
 Number of qps   : 1\t\tTransport type : IB
 Connection type : RC\t\tUsing SRQ      : OFF
 Mtu             : 4096[B]
 Link type       : IB
 Max inline data : 0[B]
 rdma_cm QPs\t : OFF
 Data ex. method : Ethernet
---------------------------------------------------------------------------------------
 local address: LID 0x43a QPN 0x012d PSN 0x3db11e RKey 0x04ad6e VAddr 0x007f8389beb000
 remote address: LID 0x439 QPN 0x012e PSN 0xb9aea2 RKey 0x047c3b VAddr 0x007fd6f366c000
---------------------------------------------------------------------------------------
"""
LATENCY = HEAD.format(what="Read Latency") + (
    " #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]    t_stdev[usec]   "
    "99% percentile[usec]   99.9% percentile[usec]\n"
    " 2       1000          3.35           11.78        3.49               3.50           0.18            5.74"
    "                   11.78\n"
)
BANDWIDTH = HEAD.format(what="Write BW") + (
    " #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]\n"
    " 4194304    117760           0.00               395.05             0.011773\n"
)
PERFTEST = {
    "JOB_NAME": "perftest",
    "SERVICE": "perftest",
    "PORT": "18515",
    "DURATION_SECONDS": "10",
    "QUEUE_PAIRS": "4",
    "MAX_LATENCY_US": "6",
    "FLOOR_GBIT_PER_S": "380",
    "MEMORY": "host",
}
NOTED = 'echo "$*" >> "$CALLS/{name}.calls"\n'


@pytest.fixture
def node(healthy):
    """A node whose two NICs are as fast as they should be."""
    healthy.prints("ib_read_lat", LATENCY)
    healthy.prints("ib_write_bw", BANDWIDTH)
    for name in ("ib_read_lat", "ib_write_bw"):
        file = healthy.bin / name
        file.write_text(file.read_text().replace("#!/bin/bash\n", "#!/bin/bash\n" + NOTED.format(name=name)))
    return healthy


def perftest(pod, index="1", **variables):
    return pod.run("perftest.sh", JOB_COMPLETION_INDEX=index, **(PERFTEST | variables))


def test_a_fast_fabric_passes(node):
    code, output = perftest(node)

    assert code == 0
    assert "mlx5_1: read latency 3.50 us" in output
    assert "mlx5_2: 395.05 Gb/s from host memory, at least 380 Gb/s" in output
    assert "PASS: 2 devices" in output


@pytest.mark.parametrize(
    ("index", "last"),
    [
        pytest.param("0", "-D 10", id="an-even-index-serves"),
        pytest.param("1", "perftest-0.perftest", id="an-odd-one-measures-with-the-one-before-it"),
        pytest.param("3", "perftest-2.perftest", id="so-does-the-next-pair"),
    ],
)
def test_nodes_go_two_by_two(node, index, last):
    assert perftest(node, index)[0] == 0
    assert all(call.endswith(last) for call in node.calls("ib_write_bw"))


def test_each_test_has_a_port_of_its_own(node):
    perftest(node)

    assert [call.split(" -n ")[0] for call in node.calls("ib_read_lat")] == [
        "-F -d mlx5_1 -p 18516",
        "-F -d mlx5_2 -p 18518",
    ]
    assert node.calls("ib_write_bw")[0].split()[:6] == ["-F", "-d", "mlx5_1", "-p", "18517", "--report_gbits"]


@pytest.mark.parametrize(
    ("tool", "output", "sentence"),
    [
        pytest.param(
            "ib_write_bw",
            BANDWIDTH.replace("395.05", "97.20"),
            "mlx5_1 writes 97.20 Gb/s from host memory, below the floor of 380 Gb/s of Standard_Test; look at the NUMA",
            id="too-slow",
        ),
        pytest.param("ib_write_bw", BANDWIDTH.replace("395.05", "-nan"), "mlx5_1 writes -nan Gb/s", id="no-number"),
        pytest.param(
            "ib_write_bw",
            BANDWIDTH.replace("[Gb/sec]", "[MB/sec]").replace("395.05", "49000.00"),
            "ib_write_bw of mlx5_1 (host memory) printed no result in Gb/s",
            id="another-unit",
        ),
        pytest.param(
            "ib_write_bw",
            HEAD.format(what="Write BW"),
            "ib_write_bw of mlx5_1 (host memory) printed no result",
            id="no-row",
        ),
        pytest.param(
            "ib_write_bw",
            BANDWIDTH.replace("Link type       : IB", "Link type       : Ethernet"),
            "ib_write_bw of mlx5_1 went over Ethernet; look at the link layer",
            id="ethernet",
        ),
        pytest.param(
            "ib_read_lat",
            LATENCY.replace("3.50 ", "9.50 "),
            "the read latency of mlx5_1 is 9.50 us, not below 6 us",
            id="too-late",
        ),
        pytest.param("ib_read_lat", LATENCY.replace("3.50 ", "nan "), "the read latency of mlx5_1 is nan us", id="nan"),
        pytest.param(
            "ib_read_lat", HEAD.format(what="Read"), "ib_read_lat of mlx5_1 printed no result", id="no-latency"
        ),
    ],
)
def test_a_bad_fabric_fails(node, tool, output, sentence):
    node.prints(tool, output)

    code, printed = perftest(node)

    assert code == 1
    assert f"FAIL: {sentence}" in printed
    assert "FAIL: not every device passed; look at the FAIL lines above" in printed
    assert "PASS" not in printed


@pytest.mark.parametrize("index", [pytest.param("0", id="serving"), pytest.param("1", id="measuring")])
@pytest.mark.parametrize(
    "output",
    [
        pytest.param("Completion with error at client\nFailed status 12: wr_id 0 syndrom 0x81\n", id="status-12"),
        pytest.param("Couldn't allocate MR\n", id="no-memory-locked"),
    ],
)
def test_a_test_that_breaks_off_fails(node, index, output):
    node.prints("ib_write_bw", output, code=1)

    code, printed = perftest(node, index)

    assert code == 1
    assert "FAIL: ib_write_bw of mlx5_1 (host memory) did not finish; look at the lines above, at IPC_LOCK" in printed
    assert output in printed


def test_every_device_is_measured_after_one_has_failed(node):
    node.stub("ib_write_bw", f'case $* in *mlx5_1*) exit 1 ;; esac; cat "{node.folder}/ib_write_bw.txt"')

    code, printed = perftest(node)

    assert code == 1
    assert "mlx5_2: 395.05 Gb/s" in printed


def test_the_side_that_measures_waits_for_the_other(node):
    node.stub(
        "ib_read_lat",
        f"""if [ ! -e "$CALLS/tried" ]; then touch "$CALLS/tried"; echo "Couldn't connect to perftest-0:18516"; exit 1; fi
cat "{node.folder}/ib_read_lat.txt" """,
    )

    assert perftest(node, READY_SECONDS="5")[0] == 0


def test_it_does_not_wait_for_ever(node):
    node.prints("ib_read_lat", "Couldn't connect to perftest-0.perftest:18516\n", code=1)

    code, printed = perftest(node)

    assert code == 1
    assert "FAIL: ib_read_lat of mlx5_1 (host memory) did not finish" in printed


def test_without_a_floor_the_bandwidth_is_shown(node):
    node.prints("ib_write_bw", BANDWIDTH.replace("395.05", "12.00"))

    code, printed = perftest(node, FLOOR_GBIT_PER_S="")

    assert code == 0
    assert "mlx5_1: 12.00 Gb/s from host memory\n" in printed


def test_a_node_without_devices_measures_nothing(node):
    node.prints("ibv_devinfo", "No IB devices found\n", code=255)

    code, printed = perftest(node)

    assert code == 1
    assert "FAIL: no InfiniBand device is open in this container" in printed
    assert node.calls("ib_write_bw") == []


def test_an_image_without_perftest_fails(healthy):
    code, printed = perftest(healthy)

    assert code == 1
    assert "FAIL: ib_read_lat is not in this image; choose an image that has it (--image)" in printed


GPU = {"MEMORY": "host gpu", "GPU_VENDOR": "nvidia", "GPU_COUNT": "8"}


def knows(pod, option):
    pod.stub(
        "ib_write_bw",
        f'echo "$*" >> "$CALLS/ib_write_bw.calls"; case $* in --help) echo "  {option}=<id>"; exit 1 ;; esac\n'
        f'cat "{pod.folder}/ib_write_bw.txt"',
    )


@pytest.mark.parametrize(
    ("vendor", "option"),
    [pytest.param("nvidia", "--use_cuda", id="cuda"), pytest.param("amd", "--use_rocm", id="rocm")],
)
def test_gpu_memory_is_measured_after_host_memory(node, vendor, option):
    knows(node, option)

    code, printed = perftest(node, **(GPU | {"GPU_VENDOR": vendor}))

    assert code == 0
    assert "mlx5_2: 395.05 Gb/s from gpu memory" in printed
    assert [
        f"{option}={number}" in call for number, call in zip("0011", node.calls("ib_write_bw")[1:], strict=True)
    ] == [
        False,
        True,
        False,
        True,
    ]


def test_each_nic_writes_from_the_gpu_that_is_near(node):
    knows(node, "--use_cuda")
    for device, address in {"mlx5_1": "0101:00:00.0", "mlx5_2": "0102:00:00.0"}.items():
        (node.sysfs / "devices" / address).mkdir(parents=True)
        (node.sysfs / "class/infiniband" / device).mkdir(parents=True)
        (node.sysfs / "class/infiniband" / device / "device").symlink_to(node.sysfs / "devices" / address)

    perftest(node, GPU_OF_NIC="0101:00:00.0=2 0102:00:00.0=3", **GPU)

    assert [call.split("--use_cuda=")[1].split()[0] for call in node.calls("ib_write_bw") if "use_cuda" in call] == [
        "2",
        "3",
    ]


def test_an_image_without_gpu_memory_fails(node):
    code, printed = perftest(node, **GPU)

    assert code == 1
    assert "FAIL: ib_write_bw of this image knows no --use_cuda; choose an image whose perftest is built" in printed


def test_a_test_is_pinned_to_the_numa_node_of_its_nic(node):
    node.file("sys/class/infiniband/mlx5_1/device/local_cpulist", "0\n")
    node.stub("taskset", 'echo "$*" >> "$CALLS/taskset.calls"; shift 2; exec "$@"')

    code, printed = perftest(node)

    assert code == 0
    assert any(call.startswith("-c 0 ib_write_bw -F -d mlx5_1") for call in node.calls("taskset"))
    assert "note: mlx5_2 is measured without pinning to its NUMA node" in printed
