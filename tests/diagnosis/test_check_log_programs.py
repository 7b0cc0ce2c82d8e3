"""What a file is: which job's log, or none at all; and what to do so that a job's log shows its network."""

from __future__ import annotations

import io

import pytest

from aksrdma.diagnosis import LogReport, check_log, render_text
from aksrdma.diagnosis.evidence import Evidence
from aksrdma.diagnosis.lines import Line
from aksrdma.diagnosis.log_report import gather
from aksrdma.diagnosis.programs import Program, program, programs, read


def check(log: str) -> LogReport:
    return check_log(io.BytesIO(log.encode()), "job.log")


FILES = {
    "ucx-info": "# Memory domain: mlx5_0\n#      Transport: rc_mlx5\n#         Device: mlx5_0:1\n",
    "ibv-devinfo": "hca_id:\tmlx5_0\n\tphys_port_cnt:\t1\n\t\tport:\t1\n\t\t\tstate:\t\tPORT_ACTIVE (4)\n",
    "shared-device-plugin": "2025/03/21 09:17:03 Starting K8s RDMA Shared Device Plugin version= master\n"
    "2025/03/21 09:17:03 Warning: no devices in device pool, creating empty resource server for shared_ib\n",
    "sriov-device-plugin": "I0308 22:37:45.329981 1 manager.go:156] New resource server is created for rdma_ib ResourcePool\n"
    "I0308 22:37:45.329974 1 factory.go:124] selector index 0 will register 8 devices\n",
    "gpu-device-plugin": "I0101 Starting FS watcher.\nI0101 Registered device plugin for 'nvidia.com/gpu' with Kubelet\n",
    "dra-driver": "I0902 03:10:11.1 1 main.go:211] no-clique fallback: fabric not attached (device 0/GPU-1)\n",
    "ofed-driver": "[30-Nov-25_10:01:22] E: Unable to locate package linux-headers-5.15.0-1036-azure\n",
    "network-operator": '2025-01-01T00:00:00Z INFO controller.NicClusterPolicy Reconciling {"controller": "nicclusterpolicy"}\n',
    "gpu-operator": "waiting for nvidia-operator-validator of the gpu-operator\n",
    "events": "Events:\n  Warning  FailedScheduling  30s  default-scheduler  0/4 nodes are available: 2 Insufficient rdma/ib.\n",
    "objects": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
    "pods": "NAME      READY   STATUS    RESTARTS   AGE\nw-0       1/1     Running   0          2m\n",
    "kubectl": 'Error from server (BadRequest): container "main" in pod "w-0" is waiting to start: ContainerCreating\n',
    "kubelet": "Jan 01 00:00:00 aks-nd kernel: mlx5_core 0101:00:00.0: Port module event\n",
    "nvshmem": "nvshmem: starting\n",
    "nixl": "I0101 NIXL agent started\n",
    "mooncake": "I0101 transfer_engine_impl.cpp:183] Transfer Engine RPC using P2P, Mooncake\n",
    "osu": "# OSU MPI Latency Test v5.8\n# Size          Latency (us)\n0                       1.51\n",
    "ucx": "[1.1] [p-0:1:0] ucp_context.c:1 UCX  INFO Version 1.15.0\n",
    "mpi": "mpirun noticed that process rank 0 exited\n",
}  # fmt: skip


def test_every_program_has_a_file() -> None:
    assert {row.id for row in programs()} == FILES.keys()
    assert all(row.source and row.texts for row in programs())
    assert all(row.next for row in programs() if row.job)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in programs()])
def test_what_is_no_job_s_log_is_named_and_a_job_s_log_gets_advice_of_its_program(row: Program) -> None:
    report = check("one\n" + FILES[row.id])
    reason = report.reasons[0]

    assert report.verdict == "unproven"
    if row.job:
        assert reason.fix == row.next
        assert "NCCL_DEBUG" not in render_text(report)
    else:
        assert f"this is {row.name}, not of a job: it proves no traffic" in reason.text
        assert reason.line is not None
        assert reason.line.number > 1
        assert reason.fix == (row.next or "`aksrdma doctor FILE` says what such a file shows")


@pytest.mark.parametrize(
    "line", ["mlx5_0 port 1 ==> ib0 (Up)", "Infiniband device 'mlx5_0' port 1 status:", "\tphys state:\t 5: LinkUp"]
)
def test_lists_of_ports_are_known_whatever_prints_them(line: str) -> None:
    assert "ibstatus" in check(f"{line}\n").reasons[0].text


@pytest.mark.parametrize("line", ["NVIDIA driver container exec start", "Executing driver sources container"])
def test_the_driver_container_is_known_from_its_first_lines(line: str) -> None:
    assert "DOCA driver container" in check(f"+ set -e\n[23-Oct-25_15:28:32] {line}\n").reasons[0].text


def test_what_a_cluster_prints_is_sent_to_doctor() -> None:
    sent = {row.id for row in programs() if "aksrdma doctor" in render_text(check(FILES[row.id]))}

    assert sent == {
        "shared-device-plugin", "sriov-device-plugin", "gpu-device-plugin", "ofed-driver", "network-operator",
        "gpu-operator", "events", "objects", "pods", "kubelet",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("log", "words"),
    [
        pytest.param(FILES["events"] + FILES["ucx"] * 4, "UCX_LOG_LEVEL", id="more lines of a job"),
        pytest.param(FILES["ucx"] + FILES["events"] * 4, "aksrdma doctor", id="more lines of a cluster"),
        pytest.param("    Command: mpirun\n" + FILES["events"] * 2, "aksrdma doctor", id="a command that is described"),
        pytest.param("loss is 0.4\n", "NCCL_DEBUG=INFO", id="no line of any program"),
    ],
)
def test_the_program_with_the_most_lines_names_the_file(log: str, words: str) -> None:
    assert words in render_text(check(log))


@pytest.mark.parametrize(
    "line",
    [
        "[w-0:00042] btl: tcp: attempting to connect() to [[1,1],1] address 10.0.0.5 on port 1024",
        "[w-0:00042] mca: base: components_open: opening btl components",
        "WARNING: There was an error initializing an OpenFabrics device.",
        "[w-0:42   :0:42]       ud_ep.c:278  Fatal: iface failed to add timer",
    ],
)
def test_a_job_of_mpi_is_known_by_what_open_mpi_and_ucx_say_in_trouble(line: str) -> None:
    assert "UCX_LOG_LEVEL" in (check(f"{line}\n").reasons[0].fix or "")


def test_evidence_of_a_network_goes_before_the_name_of_the_file() -> None:
    log = FILES["events"] * 3 + "a:1:1 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0/GDRDMA\n"

    assert check(log).verdict == "used"


def test_an_error_goes_before_advice_for_a_job_and_the_name_of_a_cluster_s_file_before_its_errors() -> None:
    error = "UCX  ERROR no usable transports/devices (asked rc)\n"

    assert "no usable" not in check(error + FILES["events"] * 3).reasons[0].text
    assert "leave UCX nothing" in (check(error).reasons[0].fix or "")
    assert "leave UCX nothing" in (check(error + FILES["ucx-info"]).reasons[0].fix or "")


@pytest.mark.parametrize(
    ("log", "words"),
    [
        pytest.param("a:1:1 [0] NCCL INFO Using network IB\n", "keep the whole log", id="NCCL says INFO already"),
        pytest.param("a:1:1 [0] NCCL INFO NCCL_IB_HCA set to mlx5_0\n", "keep the whole log", id="a setting"),
        pytest.param("NCCL version 2.21.5+cuda12.4\n", "NCCL_DEBUG=INFO", id="the version alone"),
        pytest.param(
            "NCCL version 2.21.5+cuda12.4\na:1:1 [0] NCCL INFO Using network IB\n", "keep the whole log", id="both"
        ),
        pytest.param("#  (B)  (GB/s)  (GB/s)\n", "NCCL_DEBUG=INFO", id="a table of nccl-tests"),
    ],
)
def test_a_log_of_nccl_is_asked_for_what_it_lacks(log: str, words: str) -> None:
    assert words in (check(log).reasons[0].fix or "")


PORT = "hca_id:\tmlx5_0\n\t\tport:\t1\n\t\t\tstate:\t\t\t{state}\n\t\t\tlink_layer:\t\t{layer}\n"
STAT = "CA 'mlx5_1'\n\tPort 1:\n\t\tState: {state}\n\t\tPhysical state: LinkUp\n\t\tLink layer: InfiniBand\n"
STATUS = "Infiniband device 'mlx5_3' port 2 status:\n\tstate:\t\t {state}\n\tphys state:\t 5: LinkUp\n\tlink_layer:\t {layer}\n"
LINK = "link mlx5_2/1 subnet_prefix fe80 lid 0 sm_lid 0 lmc 0 state {state} physical_state LINK_UP netdev {netdev}\n"
WAITS, DOWN = "subnet manager", "the link is down"


@pytest.mark.parametrize(
    ("text", "messages", "advice"),
    [
        pytest.param(PORT.format(state="PORT_INIT (2)", layer="InfiniBand"), ["mlx5_0: port 1 is in state INIT"], WAITS, id="devinfo"),
        pytest.param(PORT.format(state="PORT_DOWN (1)", layer="InfiniBand"), ["mlx5_0: port 1 is in state DOWN"], DOWN, id="down"),
        pytest.param(PORT.format(state="PORT_ARMED (3)", layer="InfiniBand"), ["mlx5_0: port 1 is in state ARMED"], WAITS, id="armed"),
        pytest.param(PORT.format(state="PORT_ACTIVE (4)", layer="InfiniBand"), [], "", id="active"),
        pytest.param(PORT.format(state="PORT_DOWN (1)", layer="Ethernet"), [], "", id="Ethernet"),
        pytest.param(PORT.format(state="PORT_INIT (2)", layer="InfiniBand") + "x\n", ["mlx5_0: port 1 is in state INIT"], WAITS, id="text after"),
        pytest.param(PORT.format(state="PORT_INIT (2)", layer="InfiniBand").replace("port:\t1", "port:\t2"), ["mlx5_0: port 2 is in state INIT"], WAITS, id="port 2"),
        pytest.param(STAT.format(state="Initializing"), ["mlx5_1: port 1 is in state INIT"], WAITS, id="ibstat"),
        pytest.param(STAT.format(state="Down"), ["mlx5_1: port 1 is in state DOWN"], DOWN, id="ibstat, down"),
        pytest.param(STAT.format(state="Armed"), ["mlx5_1: port 1 is in state ARMED"], WAITS, id="ibstat, armed"),
        pytest.param(STAT.format(state="Active"), [], "", id="ibstat, active"),
        pytest.param(STAT.format(state="Polling"), ["mlx5_1: port 1 is in state POLLING"], DOWN, id="ibstat, another state"),
        pytest.param(STAT.format(state="Down").replace("InfiniBand", "Ethernet"), [], "", id="ibstat, Ethernet"),
        pytest.param(STATUS.format(state="1: DOWN", layer="InfiniBand"), ["mlx5_3: port 2 is in state DOWN"], DOWN, id="ibstatus, down"),
        pytest.param(STATUS.format(state="2: INIT", layer="IB"), ["mlx5_3: port 2 is in state INIT"], WAITS, id="ibstatus, no link layer"),
        pytest.param(STATUS.format(state="4: ACTIVE", layer="InfiniBand"), [], "", id="ibstatus, active"),
        pytest.param(STATUS.format(state="1: DOWN", layer="Ethernet"), [], "", id="ibstatus, Ethernet"),
        pytest.param(LINK.format(state="INIT", netdev="ib0"), ["mlx5_2: port 1 is in state INIT"], WAITS, id="rdma link"),
        pytest.param(LINK.format(state="DOWN", netdev="eth1"), [], "", id="rdma link, Ethernet"),
        pytest.param(LINK.format(state="ACTIVE", netdev="ib0"), [], "", id="rdma link, active"),
        pytest.param("State: Down\n", [], "", id="no device is named"),
        pytest.param(
            PORT.format(state="PORT_DOWN (1)", layer="InfiniBand")
            + PORT.format(state="PORT_INIT (2)", layer="InfiniBand").replace("mlx5_0", "mlx5_3"),
            ["mlx5_0: port 1 is in state DOWN", "mlx5_3: port 1 is in state INIT"],
            DOWN,
            id="two devices",
        ),
    ],
)  # fmt: skip
def test_a_port_that_is_not_active_is_told(text: str, messages: list[str], advice: str) -> None:
    report = check(text)

    assert report.verdict == "unproven"
    assert [error.message for error in report.errors] == messages
    assert report.devices == ()
    if messages:
        assert advice in report.errors[0].advice
        assert messages[0] in report.reasons[0].text
        assert "state" in (report.reasons[0].line.text if report.reasons[0].line else "").lower()


_HEAD = "    device          \t   node GUID\n    ------          \t----------------\n"


@pytest.mark.parametrize(
    ("text", "none"),
    [
        pytest.param(_HEAD, True, id="none"),
        pytest.param(_HEAD + "    mlx5_0          \t506b4b0300c6c0c6\n", False, id="one"),
        pytest.param("    mlx5_0          \t506b4b0300c6c0c6\n" + _HEAD, True, id="one of an earlier list"),
        pytest.param(_HEAD + "mlx5 is not loaded\n", True, id="another word"),
    ],
)
def test_an_empty_list_of_devices_is_told(text: str, none: bool) -> None:
    report = check(text)

    assert [error.message for error in report.errors] == (["ibv_devices lists no InfiniBand device"] if none else [])
    assert ("rdma/ib" in (report.reasons[0].fix or "")) is none


@pytest.mark.parametrize(
    ("name", "text"), [pytest.param(row.id, text, id=f"{row.id}-{text}") for row in programs() for text in row.texts]
)
def test_each_text_names_its_program(name: str, text: str) -> None:
    told = program(gather(io.BytesIO(f"x {text} y\n".encode())))

    assert told is not None
    assert told.id == name


_INFO = "# Memory domain: x\n#      Transport: {0}\n#         Device: eth0\n#   Transport: {1}\n"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(("tcp", "self"), "ucx_info lists no RDMA transport, but tcp, self", id="none"),
        pytest.param(("tcp", "rc_mlx5"), None, id="rc_mlx5"),
        pytest.param(("dc", "tcp"), None, id="dc, of an older release"),
        pytest.param(("tcp", "tcp"), "ucx_info lists no RDMA transport, but tcp", id="one twice"),
    ],
)
def test_ucx_info_without_an_rdma_transport_is_told(names: tuple[str, str], message: str | None) -> None:
    report = check(_INFO.format(*names))

    assert report.verdict == "unproven"
    assert [error.message for error in report.errors] == ([message] if message else [])
    assert ("rdma/ib" in (report.reasons[0].fix or "")) is bool(message)


def test_a_word_about_transports_is_no_list_of_them() -> None:
    assert check("My Transport: tcp\n").errors == ()


@pytest.mark.parametrize(
    ("before", "times", "told"),
    [
        pytest.param(49, 1, True, id="one line at the start"),
        pytest.param(50, 1, False, id="one line far down"),
        pytest.param(50, 2, True, id="two lines far down"),
    ],
)
def test_one_word_far_down_in_a_long_log_does_not_name_it(before: int, times: int, told: bool) -> None:
    report = check("loss is 0.4\n" * before + FILES["gpu-operator"] * times)

    assert ("GPU Operator" in report.reasons[0].text) is told
    assert told or "NCCL_DEBUG" in (report.reasons[0].fix or "")


def test_a_line_that_no_sieve_marked_is_read_as_well() -> None:
    evidence = Evidence()
    read(evidence, Line(1, "nvshmem: starting"))
    read(evidence, Line(2, "loss is 0.4"))

    assert evidence.programs == {"nvshmem": 1}
