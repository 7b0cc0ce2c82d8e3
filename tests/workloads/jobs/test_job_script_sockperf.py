"""sockperf.sh: two pods on this machine, with recorded output of ip and sockperf."""

import contextlib
import socket
import time

import pytest

LINK = (
    "4: net1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 2044 qdisc mq state UP mode DEFAULT group default qlen 256\\    "
    "link/infiniband 00:00:01:28:fe:80:00:00:00:00:00:00:00:15:5d:ff:fe:34:00:01 brd 00:ff:ff:ff:ff:12:40:1b:80:01\n"
)
ADDRESS = "4: net1    inet 192.168.0.{last}/16 brd 192.168.255.255 scope global net1\\       valid_lft forever\n"
ROUTE = "192.168.0.2 dev net1 src 192.168.0.3 uid 0 \\    cache\n"
PING_PONG = """\
sockperf: == version #3.10-23.gited92afb185e6 ==
sockperf[CLIENT] send on:sockperf: using recvfrom() to block on socket(s)

[ 0] IP = 192.168.0.2     PORT = 11111 # TCP
sockperf: Warmup stage (sending a few dummy messages)...
sockperf: Starting test...
sockperf: Test end (interrupted by timer)
sockperf: Test ended
sockperf: [Total Run] RunTime=10.000 sec; Warm up time=400 msec; SentMessages=298765; ReceivedMessages=298764
sockperf: ========= Printing statistics for Server No: 0
sockperf: ====> avg-latency=16.611 (std-dev=2.321, mean-ad=0.958, median-ad=0.871, siqr=0.589, cv=0.140)
sockperf: # dropped messages = 0; # duplicated messages = 0; # out-of-order messages = 0
sockperf: Summary: Latency is 16.611 usec
"""
THROUGHPUT = """\
sockperf: == version #3.10-23.gited92afb185e6 ==
sockperf: Test end (interrupted by timer)
sockperf: Total of 1845231 messages sent in 10.000 sec

sockperf: Summary: Message Rate is 184523 [msg/sec]
sockperf: Summary: BandWidth is 2883.172 MBps (23065.375 Mbps)
"""
SOCKPERF = """\
case $1 in
  server) exec sleep 30 ;;
  *) echo 900000 > "$SYSFS/class/net/net1/statistics/tx_bytes"; cat "$CALLS/$1.txt" ;;
esac
"""
IP = """\
case $* in
  "-o link show dev net1") cat "$CALLS/link.txt" ;;
  "-4 -o addr show dev net1") cat "$CALLS/address.txt" ;;
  "-4 route get "*) echo "$4" > "$CALLS/asked.txt"; cat "$CALLS/route.txt" ;;
esac
"""


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def node(healthy):
    """A pod on the IPoIB network."""
    healthy.stub("ip", IP)
    healthy.stub("sockperf", SOCKPERF)
    healthy.file("link.txt", LINK)
    healthy.file("address.txt", ADDRESS.format(last=2))
    healthy.file("route.txt", ROUTE)
    healthy.file("ping-pong.txt", PING_PONG)
    healthy.file("throughput.txt", THROUGHPUT)
    healthy.file("sys/class/net/net1/statistics/tx_bytes", "1000\n")
    return healthy


def variables(index, port):
    return {
        "JOB_NAME": "sockperf",
        "SERVICE": "sockperf",
        "LEADER": "127.0.0.1",
        "NODES": "2",
        "INTERFACE": "net1",
        "PORT": "11111",
        "ANNOUNCE_PORT": str(port),
        "READY_SECONDS": "5",
        "STEP_SECONDS": "2",
        "DURATION_SECONDS": "10",
        "MAX_LATENCY_US": "100",
        "JOB_COMPLETION_INDEX": index,
    }


def both(pod, **changed):
    """Run server and client to their end; the server is stopped where the client fails."""
    port = free_port()
    server = pod.start("sockperf.sh", **variables("0", port))
    client, output = pod.run("sockperf.sh", **(variables("1", port) | changed))
    if client == 0:
        server.wait(timeout=60)
    code = server.poll()
    return client, output, code, pod.stop(server)


def test_ipoib_that_works_passes_on_both_sides(node):
    client, output, server, told = both(node)

    assert (client, server) == (0, 0)
    assert "PASS: 16.611 us and 2883.172 MB/s over net1" in output
    assert "PASS: all pods are done" in told


def test_the_client_asks_for_the_address_of_the_server_on_ipoib(node):
    both(node)

    assert (node.folder / "asked.txt").read_text() == "192.168.0.2\n"


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        pytest.param("link.txt", "", "there is no interface net1; look at the annotation", id="no-interface"),
        pytest.param(
            "link.txt",
            LINK.replace("infiniband", "ether"),
            "net1 is no InfiniBand interface",
            id="an-ethernet-interface",
        ),
        pytest.param(
            "link.txt", LINK.replace(",LOWER_UP", ""), "the link of net1 is not Active", id="a-link-that-is-down"
        ),
        pytest.param("address.txt", "", "net1 has no IPv4 address; look at the IPAM", id="no-address"),
        pytest.param(
            "route.txt",
            ROUTE.replace("net1", "eth0"),
            "the way to 192.168.0.2 is not over net1; look at 'ip route'",
            id="a-route-over-ethernet",
        ),
        pytest.param(
            "ping-pong.txt",
            PING_PONG.replace("is 16.611", "is 216.611"),
            "the latency over net1 is 216.611 us, not below 100 us",
            id="too-late",
        ),
        pytest.param("ping-pong.txt", "", "sockperf ping-pong printed no latency", id="no-latency"),
        pytest.param(
            "throughput.txt",
            THROUGHPUT.replace("is 2883.172", "is 0.000"),
            "sockperf throughput measured no bandwidth",
            id="no-bandwidth",
        ),
    ],
)
def test_ipoib_that_does_not_work_fails(node, file, text, sentence):
    port = free_port()
    server = node.start("sockperf.sh", **variables("0", port))
    wait_for(port, server)
    node.file(file, text)

    code, output = node.run("sockperf.sh", **variables("1", port))
    node.stop(server)

    assert code == 1
    assert f"FAIL: {sentence}" in output
    assert "PASS" not in output


def wait_for(port, server):
    """Wait until the server has looked at its interface and listens."""
    for _ in range(100):
        with contextlib.closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            return
        time.sleep(0.05)
    raise TimeoutError


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        pytest.param(
            "case $1 in server) exec sleep 30 ;; *) echo refused; exit 1 ;; esac",
            "sockperf ping-pong to 192.168.0.2 did not finish; look at the lines above",
            id="the-server-refuses",
        ),
        pytest.param(
            'case $1 in server) exec sleep 30 ;; *) cat "$CALLS/$1.txt" ;; esac',
            "no byte left by net1 while sockperf ran",
            id="the-data-went-another-way",
        ),
    ],
)
def test_a_sockperf_that_measures_nothing_fails(node, script, sentence):
    node.stub("sockperf", script)

    client, output, _, _ = both(node)

    assert client == 1
    assert f"FAIL: {sentence}" in output


def test_a_client_without_a_server_does_not_wait_for_ever(node):
    code, output = node.run("sockperf.sh", **(variables("1", free_port()) | {"READY_SECONDS": "1"}))

    assert code == 1
    assert "FAIL: 127.0.0.1 did not name its address within 1 seconds" in output


def test_a_server_whose_clients_do_not_come_fails(node):
    code, output = node.run(
        "sockperf.sh", **(variables("0", free_port()) | {"READY_SECONDS": "1", "STEP_SECONDS": "0"})
    )

    assert code == 1
    assert "FAIL: not all 1 other pods were done in time; look at their logs" in output


def test_a_node_without_devices_measures_nothing(node):
    node.prints("ibv_devinfo", "No IB devices found\n", code=255)

    code, output = node.run("sockperf.sh", **variables("0", free_port()))

    assert code == 1
    assert "FAIL: no InfiniBand device is open in this container" in output


@pytest.mark.parametrize("tool", ["ip", "sockperf"])
def test_an_image_without_the_tools_fails(node, tool):
    (node.bin / tool).unlink()

    code, output = node.run("sockperf.sh", **variables("0", free_port()))

    assert code == 1
    assert f"FAIL: {tool} is not in this image" in output
