"""`used` needs a line that proves traffic between nodes: what looks like one and is none."""

from __future__ import annotations

import io

import pytest

from aksrdma.diagnosis import LogReport, check_log

_CHOSEN = "{0}:1:2 [0] NCCL INFO Using network IB\n"
_BOTH_CHOSE = _CHOSEN.format("a") + _CHOSEN.format("b")
_COMM = "a:1:2 [0] NCCL INFO comm 0x{0} rank 0 nRanks 2 nNodes {0}\n"
_CONNECTED = "a:1:2 [0] NCCL INFO Connected all rings\n"
_CHANNEL = "a:1:2 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0\n"
_LISTED = "#  Rank  {rank} Group  0 Pid      {pid} on {host} device  0 [0001:00:00] NVIDIA H100\n"
_TWO_RANKS_OF_A = _LISTED.format(rank=0, pid=1, host="a") + _LISTED.format(rank=1, pid=2, host="a")
_RANKS_OF_A_AND_B = _LISTED.format(rank=0, pid=1, host="a") + _LISTED.format(rank=1, pid=1, host="b")
_TABLE = """#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
     2097152        524288     float     sum      -1    880.2    2.38    2.38      0    877.1    2.39    2.39      0
"""
_NO_MEMLOCK = "a:1:2 [0] NCCL WARN Call to ibv_reg_mr failed with error Cannot allocate memory\n"
_REFUSED = "a:1:2 [0] NCCL WARN NET/IB: Got completion from peer 10.0.0.5<40> with status=10 opcode=1 len=0\n"


def check(log: str) -> LogReport:
    return check_log(io.BytesIO(log.encode()), "job.log")


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        pytest.param(_BOTH_CHOSE + _CONNECTED, "used", id="the ranks of two hosts are connected"),
        pytest.param(_BOTH_CHOSE + _TABLE, "used", id="a table of two hosts"),
        pytest.param(_BOTH_CHOSE + _REFUSED, "used", id="a peer of two hosts answered"),
        pytest.param(_BOTH_CHOSE, "unproven", id="nothing moved"),
        pytest.param(_CHOSEN.format("a") + _CONNECTED, "unproven", id="one host is shown, and no number of nodes"),
        pytest.param(_CHOSEN.format("a") + _COMM.format(2) + _CONNECTED, "used", id="NCCL counts two nodes"),
        pytest.param(
            _BOTH_CHOSE + _COMM.format(2) + _COMM.format(1) + _CONNECTED,
            "unproven",
            id="the rings may be those of a communicator inside a node",
        ),
        pytest.param(
            _BOTH_CHOSE + _COMM.format(1) + _COMM.format(2) + _TABLE,
            "unproven",
            id="the table may be that of a communicator inside a node",
        ),
        pytest.param(
            _BOTH_CHOSE + _COMM.format(1) + _COMM.format(2) + _REFUSED,
            "used",
            id="an answer over NET/IB is one however many communicators there are",
        ),
        pytest.param(_BOTH_CHOSE + _TWO_RANKS_OF_A + _TABLE, "unproven", id="a table of one node"),
        pytest.param(_BOTH_CHOSE + _RANKS_OF_A_AND_B + _TABLE, "used", id="a table of two listed nodes"),
        pytest.param(
            _BOTH_CHOSE + _TWO_RANKS_OF_A + _TABLE + _RANKS_OF_A_AND_B + _TABLE,
            "used",
            id="a run on one node and one on two",
        ),
        pytest.param(
            _BOTH_CHOSE + _TWO_RANKS_OF_A + _TABLE + _TABLE + _RANKS_OF_A_AND_B,
            "unproven",
            id="two tables of one node, and a run on two that shows none",
        ),
        pytest.param(
            _BOTH_CHOSE + "a:1:2 [0] NCCL INFO comm 0x1 rank 0 nranks 2 cudaDev 0 - Destroy COMPLETE\n",
            "unproven",
            id="a communicator that ended may never have connected",
        ),
    ],
)
def test_a_choice_of_nccl_needs_data_between_nodes(log: str, verdict: str) -> None:
    assert check(log).verdict == verdict


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        pytest.param(_CHANNEL, "used", id="channels alone"),
        pytest.param(_COMM.format(1) + _CHANNEL, "unproven", id="NCCL counts one node"),
        pytest.param(_TWO_RANKS_OF_A + _CHANNEL, "unproven", id="nccl-tests lists one node"),
        pytest.param(_RANKS_OF_A_AND_B + _CHANNEL, "used", id="nccl-tests lists two nodes"),
        pytest.param(_CHANNEL + _NO_MEMLOCK, "unproven", id="setup failed"),
        pytest.param(_CHANNEL + _NO_MEMLOCK + _CONNECTED, "used", id="setup failed once and went on"),
        pytest.param(_COMM.format(1) + _REFUSED, "unproven", id="a peer on the same node answered"),
        pytest.param(_COMM.format(2) + _REFUSED, "used", id="a peer on another node answered"),
    ],
)
def test_channels_and_answers_count_between_nodes(log: str, verdict: str) -> None:
    assert check(log).verdict == verdict


def test_an_answer_on_one_node_says_what_to_do() -> None:
    reason = check(_COMM.format(1) + _REFUSED).reasons[0]

    assert reason.text.startswith("NCCL's peer answered over NET/IB, but all ranks shown are on one node")
    assert "at least two nodes" in str(reason.fix)


_RETRY = "[hb-3:22980:0:22980] ib_mlx5_log.c:179  Transport retry count exceeded on mlx5_0:1/IB (synd 0x15 vend 0x81)\n"
_POSTED = "[hb-3:22980:0:22980] ib_mlx5_log.c:179  {0}\n"
_ENDPOINT = "[1700000000.3] [h1:42:0]      ucp_worker.c:1855 UCX  INFO  {0}\n"


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        pytest.param("RC QP 0x14b wqe[7]: SEND s-e [inl len 18]", "used", id="requests before it were answered"),
        pytest.param("RC QP 0x14b wqe[1]: SEND s-e [inl len 18]", "used", id="one request before it was answered"),
        pytest.param("RC QP 0x14b wqe[0]: SEND s-e [inl len 18]", "unproven", id="the first message"),
        pytest.param("DCI QP 0xfd8 wqe[0]: RDMA_READ s--", "unproven", id="the first read"),
        pytest.param("DCI QP 0xfd8 wqe[0]: RDMA_WRITE s--", "unproven", id="the first write"),
        pytest.param("UD QP 0x14b wqe[7]: SEND s-e [inl len 18]", "unproven", id="datagrams wait for no answer"),
    ],
)
def test_a_failed_request_of_ucx_proves_those_that_were_answered_before(request_: str, verdict: str) -> None:
    assert check(_RETRY + _POSTED.format(request_)).verdict == verdict


def test_the_process_without_verbs_is_named() -> None:
    log = _ENDPOINT.format("inter-node cfg#1 tag(rc_mlx5/mlx5_0:1)")
    alone = _ENDPOINT.format("inter-node cfg#2 tag(tcp/eth0)").replace("h1:42", "h3:7")

    assert check(log + alone).reasons[0].text.endswith("TCP sockets on 1 of 2 processes (h3:7)")
    assert check(alone).reasons[0].text.endswith("TCP sockets")


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        pytest.param(_ENDPOINT.format("ep_cfg[1]: tag(rc_mlx5/mlx5_0:1)"), "used", id="verbs"),
        pytest.param(_ENDPOINT.format("ep_cfg[1]: tag(rc_mlx5/mlx5_0:1 tcp/eth0)"), "used", id="verbs beside TCP"),
        pytest.param(_ENDPOINT.format("ep_cfg[1]: tag(tcp/eth0)"), "not-used", id="TCP"),
        pytest.param(_ENDPOINT.format("ep_cfg[1]: tag(srd/efa_0)"), "not-used", id="another fabric"),
        pytest.param(
            _ENDPOINT.format("inter-node cfg#1 tag(rc_mlx5/mlx5_0:1)")
            + _ENDPOINT.format("inter-node cfg#2 tag(tcp/eth0)").replace("h1:42", "h3:7"),
            "not-used",
            id="TCP on one process of several",
        ),
        pytest.param(
            _ENDPOINT.format("inter-node cfg#1 tag(rc_mlx5/mlx5_0:1)") + _ENDPOINT.format("inter-node cfg#2 tag(tcp/eth0)"),
            "used",
            id="verbs and TCP of one process",
        ),
        pytest.param(
            _ENDPOINT.format("inter-node cfg#1 tag(rc_mlx5/mlx5_0:1)")
            + _ENDPOINT.format("inter-node cfg#2 tag(gaudi_gdr/x0)").replace("h1:42", "h3:7"),
            "used",
            id="what carries the other process is not known",
        ),
        pytest.param(_ENDPOINT.format("ep_cfg[1]: tag(cma/memory rc_mlx5/mlx5_0:1)"), "unproven", id="shared memory too"),
        pytest.param(_ENDPOINT.format("self cfg#1 tag(rc_mlx5/mlx5_0:1)"), "unproven", id="to itself"),
        pytest.param(_ENDPOINT.format("intra-node cfg#1 tag(rc_mlx5/mlx5_0:1)"), "unproven", id="inside the node"),
        pytest.param(_ENDPOINT.format("inter-node cfg#1 tag(cma/memory rc_mlx5/mlx5_0:1)"), "used", id="to another node"),
        pytest.param(
            _ENDPOINT.format("ep_cfg[1]: tag(rc_mlx5/mlx5_0:1)")
            + "[1700000000.3] [h1:42   :0]  ib_md.c:293  UCX  ERROR ibv_reg_mr(address=0x7f10) failed: Cannot allocate"
            " memory : Please set max locked memory (ulimit -l) to 'unlimited'\n",
            "unproven",
            id="verbs chosen, and memory could not be registered",
        ),
        pytest.param(
            _ENDPOINT.format("ep_cfg[1]: tag(rc_mlx5/mlx5_0:1)") + _RETRY + _POSTED.format("RC QP 0x1 wqe[9]: SEND s-e"),
            "used",
            id="verbs chosen, and at work",
        ),
    ],
)  # fmt: skip
def test_an_endpoint_of_ucx_counts_where_it_leads_to_another_node(log: str, verdict: str) -> None:
    assert check(log).verdict == verdict


_BANDWIDTH = """ #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]
 65536      5000             391.50             391.41               0.746554
"""
_TITLE = "                    RDMA_Write BW Test\n"
_ROCE = (
    " {end} address: LID 0000 QPN 0x0136 PSN 0x475031\n GID: 00:00:00:00:00:00:00:00:00:00:255:255:10:00:00:{last}\n"
)
_PINGPONG = """ibv_rc_pingpong -d mlx5_2 -g 0{server}
  local address:  LID {lids[0]}, QPN 0x000128, PSN 0x9b0c5f, GID {gids[0]}
  remote address: LID {lids[1]}, QPN 0x000129, PSN 0x1b0c5f, GID {gids[1]}
8192000 bytes in 0.01 seconds = 7684.33 Mbit/sec
"""


def pingpong(lids: tuple[str, str], gids: tuple[str, str] = ("::", "::"), server: str = " 10.0.0.2") -> str:
    return _PINGPONG.format(lids=lids, gids=gids, server=server)


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        pytest.param(pingpong(("0x0012", "0x0013")), "used", id="pingpong of two LIDs"),
        pytest.param(pingpong(("0x0012", "0x0012")), "unproven", id="pingpong of one LID"),
        pytest.param(pingpong(("0x0000", "0x0000"), ("::ffff:10.0.0.1", "::ffff:10.0.0.2")), "used", id="of two GIDs"),
        pytest.param(pingpong(("0x0000", "0x0000"), ("fe80::1", "fe80::1")), "unproven", id="pingpong of one GID"),
        pytest.param(pingpong(("0x0000", "0x0000")), "used", id="GIDs that are not shown tell nothing"),
        pytest.param(pingpong(("0x0012", "0x0012"), ("fe80::1", "fe80::2")), "unproven", id="the LID counts"),
        pytest.param(pingpong(("0x1", "0x2")) + pingpong(("0x2", "0x2")), "unproven", id="a second one of one LID"),
        pytest.param(pingpong(("0x1", "0x2"), server=" localhost"), "unproven", id="pingpong with localhost"),
        pytest.param(pingpong(("0x1", "0x2"), server=" 127.0.0.1"), "unproven", id="pingpong with 127.0.0.1"),
        pytest.param(pingpong(("0x1", "0x2"), server=" ::1"), "unproven", id="pingpong with ::1"),
        pytest.param(pingpong(("0x1", "0x2"), server=" localhost.example"), "used", id="a host that is called so"),
        pytest.param(
            _TITLE + _ROCE.format(end="local", last="04") + _ROCE.format(end="remote", last="05") + _BANDWIDTH,
            "used",
            id="perftest of two GIDs",
        ),
        pytest.param(
            _TITLE + _ROCE.format(end="local", last="04") + _ROCE.format(end="remote", last="04") + _BANDWIDTH,
            "unproven",
            id="perftest of one GID",
        ),
        pytest.param(
            _TITLE + _ROCE.format(end="local", last="04") + _TITLE + _ROCE.format(end="remote", last="04") + _BANDWIDTH,
            "used",
            id="another test's address tells nothing",
        ),
        pytest.param("$ ib_write_bw -d mlx5_0 localhost\n" + _TITLE + _BANDWIDTH, "unproven", id="perftest with localhost"),
    ],
)  # fmt: skip
def test_two_ends_on_one_port_or_host_prove_nothing_between_nodes(log: str, verdict: str) -> None:
    assert check(log).verdict == verdict


def test_a_loopback_says_by_what_one_sees_it() -> None:
    by_lid = check(pingpong(("0x0012", "0x0012"))).reasons[0]
    by_gid = check(pingpong(("0x0000", "0x0000"), ("fe80::1", "fe80::1"))).reasons[0]

    assert "both ends of perftest are one port (one LID)" in by_lid.text
    assert "both ends of perftest are one port (one GID)" in by_gid.text
    assert by_lid.line is not None
    assert by_lid.line.number == 3


def test_ranks_without_a_number_come_last_and_by_host() -> None:
    log = "z:9:2 [0] NCCL INFO Using network IB\nc:8:2 [0] NCCL INFO Using network IB\n"
    log += "d:7:2 [0] NCCL INFO comm 0x2 rank 40 nRanks 64 nNodes 8\n"

    assert [rank.host for rank in check(log).ranks] == ["d", "c", "z"]
