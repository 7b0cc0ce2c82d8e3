"""all-reduce.sh, judge-all-reduce.sh and the ways to start them, against recorded output."""

import pytest

GOOD = """\
# nThread 1 nGpus 1 minBytes 1048576 maxBytes 8589934592 step: 2(factor) warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0
#
# Using devices
#  Rank  0 Group  0 Pid     88 on nccl-all-reduce-0 device  0 [0001:00:00] NVIDIA H100 80GB HBM3
#  Rank  1 Group  0 Pid     77 on nccl-all-reduce-1 device  0 [0001:00:00] NVIDIA H100 80GB HBM3
nccl-all-reduce-0:88:88 [0] NCCL INFO Bootstrap: Using eth0:10.244.1.5<0>
nccl-all-reduce-0:88:95 [0] NCCL INFO NCCL_IB_HCA set to =mlx5_1,mlx5_2
nccl-all-reduce-0:88:95 [0] NCCL INFO NET/IB : Using [0]mlx5_1:1/IB [1]mlx5_2:1/IB [RO]; OOB eth0:10.244.1.5<0>
nccl-all-reduce-0:88:95 [0] NCCL INFO Using network IB
nccl-all-reduce-0:88:95 [0] NCCL INFO NCCL_TOPO_FILE set by environment to /opt/nvidia-topology/topo.xml
nccl-all-reduce-0:88:95 [0] NCCL INFO Loading topology file /opt/nvidia-topology/topo.xml
nccl-all-reduce-0:88:120 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0/GDRDMA
nccl-all-reduce-0:88:120 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[0] [send] via NET/IB/0/GDRDMA
nccl-all-reduce-0:88:95 [0] NCCL INFO Connected all rings
#
#                                                              out-of-place                       in-place
#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
     1048576        262144     float     sum      -1    124.0    8.46   15.86      0    125.9    8.33   15.62      0
  8589934592    2147483648     float     sum      -1    35210  243.96  457.43      0    35010  245.36  460.04      0
# Out of bounds values : 0 OK
# Avg bus bandwidth    : 237.24
#
"""
LAST = "  8589934592    2147483648     float     sum      -1    35210  243.96  457.43      0    35010  245.36  460.04      0"
TOPOLOGY = {"NCCL_TOPO_FILE": "/opt/nvidia-topology/topo.xml"}


def judge(pod, log, code="0", **variables):
    file = pod.file("all-reduce.log", log)
    return pod.run("judge-all-reduce.sh", str(file), code, **({"FLOOR_GBYTE_PER_S": "300"} | TOPOLOGY | variables))


def test_a_good_log_passes(pod):
    code, output = judge(pod, GOOD)

    assert code == 0
    assert "PASS: 460.04 GB/s bus bandwidth over InfiniBand, at least 300 GB/s" in output


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        pytest.param(
            GOOD.replace("NET/IB/0/GDRDMA", "NET/Socket/0"),
            "the log has NET/Socket: the data went over Ethernet; look at the NET/IB lines",
            id="sockets",
        ),
        pytest.param(GOOD.replace("network IB", "network Socket"), "the log has NET/Socket", id="network-socket"),
        pytest.param(
            GOOD + "x:1:1 [0] NCCL INFO NET/IB : No device found.\n",
            "NCCL says NET/IB : No device found; look whether the image has rdma-core",
            id="nccl-sees-no-device",
        ),
        pytest.param(
            GOOD.replace("[1]mlx5_2:1/IB", "[1]mlx5_an0:1/RoCE"),
            "NCCL took an Ethernet device (RoCE)",
            id="the-ethernet-function-is-used",
        ),
        pytest.param(
            GOOD.replace("Loading topology file", "Could not open XML topology file"),
            "NCCL could not read the topology file /opt/nvidia-topology/topo.xml; look at the ConfigMap",
            id="the-topology-file-cannot-be-read",
        ),
        pytest.param(
            GOOD.replace("INFO Loading topology file", "INFO Something else"),
            "no line says that the topology file was loaded; look at NCCL_TOPO_FILE",
            id="the-topology-file-is-ignored",
        ),
        pytest.param(
            GOOD.replace("via NET/IB/0/GDRDMA", "via P2P/CUMEM"),
            "no line says 'via NET/IB', so nothing shows that InfiniBand was used",
            id="nothing-left-the-node",
        ),
        pytest.param(
            GOOD.replace("values : 0 OK", "values : 12 FAILED"), "all_reduce_perf found wrong results", id="wrong-data"
        ),
        pytest.param(
            GOOD.replace("457.43", "57.43").replace("460.04", "60.04"),
            "the bus bandwidth is 60.04 GB/s, below the floor of 300 GB/s of Standard_Test; look whether the log has GDRDMA",
            id="too-slow",
        ),
        pytest.param(
            GOOD.replace("457.43", "0.00").replace("460.04", "0.00"),
            "the bus bandwidth is 0.00 GB/s: all_reduce_perf measured nothing",
            id="no-bandwidth",
        ),
        pytest.param(
            GOOD.replace("457.43", "nan").replace("460.04", "nan"), "the bus bandwidth is nan GB/s", id="not-a-number"
        ),
        pytest.param(
            "\n".join(line for line in GOOD.splitlines() if " sum " not in line),
            "all_reduce_perf printed no result; look at the end of the log",
            id="no-table",
        ),
        pytest.param("", "no line says 'via NET/IB'", id="an-empty-log"),
    ],
)
def test_a_bad_log_fails(pod, log, sentence):
    code, output = judge(pod, log)

    assert code == 1
    assert f"FAIL: {sentence}" in output
    assert "PASS" not in output


def test_a_failed_mpirun_fails_whatever_it_printed(pod):
    code, output = judge(pod, GOOD, code="7")

    assert code == 1
    assert "FAIL: mpirun ended with exit code 7; look at the first WARN or error in the log" in output


def test_the_cause_is_named_before_the_exit_code(pod):
    assert "FAIL: the log has NET/Socket" in judge(pod, GOOD.replace("NET/IB/0", "NET/Socket/0"), code="7")[1]


def test_without_a_floor_the_bandwidth_is_shown(pod):
    code, output = judge(pod, GOOD, FLOOR_GBYTE_PER_S="")

    assert (code, output) == (0, "PASS: 460.04 GB/s bus bandwidth over InfiniBand\n")


def test_without_a_topology_file_none_is_asked_for(pod):
    assert judge(pod, GOOD.replace("Loading", "x"), NCCL_TOPO_FILE="")[0] == 0


def test_data_that_passed_through_host_memory_is_noted(pod):
    code, output = judge(pod, GOOD.replace("/GDRDMA", ""))

    assert code == 0
    assert "note: no GDRDMA in the log" in output


MPIRUN = """\
echo "$*" >> "$CALLS/mpirun.calls"
while [ "$#" -gt 0 ]; do
  case $1 in
    --allow-run-as-root) shift ;;
    -x | --bind-to | --hostfile | -np | --map-by) shift 2 ;;
    *) break ;;
  esac
done
exec "$@"
"""
"""Runs the command once, in place of every node or GPU."""
JOB = {
    "NODES": "2",
    "GPUS": "8",
    "ALL_REDUCE_PERF": "all_reduce_perf",
    "MESSAGE_MIN": "1M",
    "MESSAGE_MAX": "16G",
    "EXPORT": "VM_SIZE NCCL_DEBUG",
    "FLOOR_GBYTE_PER_S": "300",
}


@pytest.fixture
def cluster(healthy):
    """A pod that can start ranks."""
    healthy.stub("mpirun", MPIRUN)
    healthy.prints("all_reduce_perf", GOOD)
    healthy.file("hostfile", "a slots=8\nb slots=8\n")
    healthy.file("topo.xml", "<system/>\n")
    return healthy


def all_reduce(pod, script="all-reduce.sh", **variables):
    files = {"HOSTFILE": str(pod.folder / "hostfile"), "NCCL_TOPO_FILE": str(pod.folder / "topo.xml")}
    return pod.run(script, **(JOB | files | variables))


def test_an_all_reduce_passes(cluster):
    code, output = all_reduce(cluster)

    assert code == 0
    assert "PASS: 460.04 GB/s" in output


def test_it_is_started_once_a_gpu_of_every_node(cluster):
    all_reduce(cluster)

    calls = cluster.calls("mpirun")
    assert "-np 16 --map-by ppr:8:node -x VM_SIZE -x NCCL_DEBUG" in calls[-1]
    assert calls[-1].endswith("all_reduce_perf -b 1M -e 16G -f 2 -g 1 -c 1")
    assert all("-np 2 --map-by ppr:1:node" in call for call in calls[:-1])


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        pytest.param(
            lambda pod: pod.prints("ibv_devinfo", "No IB devices found\n", code=255),
            "no InfiniBand device is open in this container",
            id="no-device-on-a-node",
        ),
        pytest.param(
            lambda pod: pod.prints("ibv_devinfo", "No IB devices found\n", code=255),
            "a node did not pass; look at the FAIL line above",
            id="and-the-launcher-says-so",
        ),
        pytest.param(
            lambda pod: (pod.folder / "topo.xml").unlink(), "the topology file", id="no-topology-file-on-a-node"
        ),
        pytest.param(
            lambda pod: pod.prints("all_reduce_perf", "out of memory\n", code=3),
            "mpirun ended with exit code 3",
            id="all-reduce-perf-crashes",
        ),
        pytest.param(
            lambda pod: (pod.bin / "all_reduce_perf").unlink(),
            "mpirun ended with exit code 127",
            id="no-all-reduce-perf",
        ),
        pytest.param(
            lambda pod: pod.stub("mpirun", "echo no route to host; exit 1"),
            "not all 2 nodes started a process over ssh within 1 seconds; look at 'kubectl get pods'",
            id="a-node-does-not-answer",
        ),
        pytest.param(lambda pod: (pod.bin / "mpirun").unlink(), "mpirun is not in this image", id="no-mpirun"),
        pytest.param(lambda pod: (pod.folder / "hostfile").unlink(), "the host file", id="no-host-file"),
    ],
)
def test_an_all_reduce_fails(cluster, prepare, sentence):
    prepare(cluster)

    code, output = all_reduce(cluster)

    assert code == 1
    assert f"FAIL: {sentence}" in output
    assert "PASS: 460" not in output


def test_the_launcher_of_an_mpijob_trusts_the_workers_host_keys(cluster):
    code, _ = all_reduce(cluster, "mpi-launcher.sh")

    assert code == 0
    assert "StrictHostKeyChecking no" in (cluster.folder / "ssh_config").read_text()


SSHD = 'echo "$*" >> "$CALLS/sshd.calls"; exec sleep 30'
KEYGEN = 'while [ "$1" != -f ]; do shift; done; echo private > "$2"; echo "ssh-ed25519 AAAA root" > "$2.pub"'


@pytest.fixture
def node(cluster):
    """A pod of an Indexed Job."""
    cluster.stub("sshd", SSHD)
    cluster.stub("ssh-keygen", KEYGEN)
    cluster.stub("ssh", 'echo "$*" >> "$CALLS/ssh.calls"')
    cluster.stub("ssh-keyscan", 'echo "# $* SSH-2.0-OpenSSH_9.6"; echo "[leader]:2222 ssh-ed25519 AAAA"')
    return cluster


def run_node(pod, index, **variables):
    named = {"JOB_NAME": "nccl-all-reduce", "SERVICE": "nccl-all-reduce", "SSH_PORT": "2222"}
    return all_reduce(pod, "job-node.sh", JOB_COMPLETION_INDEX=index, **named, **variables)


def test_the_leader_runs_the_all_reduce_and_tells_the_others(node):
    code, output = run_node(node, "0")

    assert code == 0
    assert "PASS: 460.04 GB/s" in output
    assert (node.state / "hostfile").read_text().splitlines() == [
        "nccl-all-reduce-0.nccl-all-reduce slots=8",
        "nccl-all-reduce-1.nccl-all-reduce slots=8",
    ]
    assert node.calls("ssh") == [f"nccl-all-reduce-1.nccl-all-reduce echo 0 > {node.state}/done"]


def test_a_leader_whose_all_reduce_fails_says_so_and_fails(node):
    node.prints("all_reduce_perf", GOOD.replace("NET/IB", "NET/Socket"))

    code, output = run_node(node, "0")

    assert code == 1
    assert "FAIL: the log has NET/Socket" in output
    assert node.calls("ssh") == [f"nccl-all-reduce-1.nccl-all-reduce echo 1 > {node.state}/done"]


def test_the_leader_logs_in_with_its_host_key(node):
    run_node(node, "0")

    config = (node.folder / "ssh_config").read_text()
    assert f"IdentityFile {node.state}/host_key" in config
    assert "Port 2222" in config
    assert (node.state / "authorized_keys").read_text() == "ssh-ed25519 AAAA root\n"


@pytest.mark.parametrize(
    ("result", "code", "line"),
    [
        pytest.param("0", 0, "PASS: nccl-all-reduce-0.nccl-all-reduce says that the all-reduce passed", id="passed"),
        pytest.param("1", 1, "FAIL: the all-reduce did not pass; look at the log of the pod of index 0", id="failed"),
    ],
)
def test_the_others_end_as_the_leader_says(node, result, code, line):
    node.stub("sshd", f"(sleep 0.3; echo {result} > {node.state}/done) & {SSHD}")

    found, output = run_node(node, "1", READY_SECONDS="5")

    assert found == code
    assert line in output
    assert (node.state / "authorized_keys").read_text() == "ssh-ed25519 AAAA\n"


@pytest.mark.parametrize(
    ("tool", "script", "sentence"),
    [
        pytest.param("ssh-keyscan", "exit 1", "no ssh key from nccl-all-reduce-0", id="the-leader-does-not-answer"),
        pytest.param("sshd", "exit 1", "sshd ended; look at its last lines", id="sshd-does-not-start"),
    ],
)
def test_one_that_cannot_take_part_fails(node, tool, script, sentence):
    node.stub(tool, script)

    code, output = run_node(node, "1")

    assert code == 1
    assert f"FAIL: {sentence}" in output


def test_a_worker_of_an_mpijob_runs_sshd(node):
    node.stub("sshd", 'echo "$*" >> "$CALLS/sshd.calls"')

    code, output = node.run("mpi-worker.sh", SSH_KEYS="/root/.ssh/authorized_keys")

    assert (code, output) == (0, "sshd listens\n")
    assert "-D -e -f /dev/null -p 22" in node.calls("sshd")[0]
    assert "AuthorizedKeysFile=/root/.ssh/authorized_keys" in node.calls("sshd")[0]
