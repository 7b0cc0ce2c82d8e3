"""One variable and its value, as the library itself reads it: which keep a container off RDMA."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma import catalog
from aksrdma.checks.relation.variables import ALONE, Surroundings, judge, possible_devices

SIZES = {
    "h100": "Standard_ND96isr_H100_v5",
    "a100": "Standard_ND96amsr_A100_v4",
    "gb300": "Standard_ND128isr_GB300_v6",
    "mi300x": "Standard_ND96isr_MI300X_v5",
    "hb": "Standard_HB120rs_v3",
}
OFF, SLOW, DEVICE, FEWER = (
    "rdma-off-by-environment",
    "rdma-slowed-by-environment",
    "rdma-device-not-on-nodes",
    "rdma-fewer-nics-than-asked",
)
MAPPING = "nic-mapping-refused"
ROCE, INTERFACE, FILE, HIDES = (
    "roce-setting-on-infiniband",
    "socket-interface-not-in-pod",
    "nccl-topology-file-not-there",
    "nccl-debug-hides-transport",
)
POD = {"interfaces": ("eth0",), "folders": ("/dev/shm",)}
EIGHT = {"nics": 8, "gpus": 8}


def rows(name: str, rule: str, size: str, bad: list[str], fine: list[str], **around: Any) -> list[Any]:
    """Return a case for each value of a variable: those that break the rule, and those that do not."""
    severity = around.pop("severity", "warning")
    surroundings = Surroundings(**around)
    return [
        pytest.param(name, value, size, surroundings, expected, id=f"{name}={value!r}-{size}-{len(around)}")
        for values, expected in ((bad, (rule, severity)), (fine, None))
        for value in values
    ]


NUMBERS_ON = ["1", "2", "0x1", "0X1f", "01", "+1", "-1", " 1", "\t1", "1x", "1 ", "9223372036854775807", "0x10"]
"""What C's strtoll reads as a number other than 0."""
NUMBERS_OFF = ["0", "00", "0x0", "-0", "", "true", "yes", "on", "x1", "08", "0b1", "99999999999999999999", "é"]
"""What it reads as 0, and what leaves NCCL at its default."""
NCCL_SOCKETS = ["Socket", "socket", "SOCKET", "sOCKET"]
HALF = "mlx5_0,mlx5_1,mlx5_2,mlx5_3"
ALL = f"{HALF},mlx5_4,mlx5_5,mlx5_6,mlx5_7"
PAIRS = ",".join(f"{gpu}:00:00.0={nic}:00:00.0" for gpu, nic in zip(
    ("0001", "0002", "0003", "0008", "0009", "000a", "000b", "000c"), range(101, 109), strict=True
)).replace("=1", "=01")  # fmt: skip
BOTH = frozenset({"VLLM_GPU_NIC_PCIE_MAPPING", "VLLM_NIC_SELECTION_VARS"})

CASES = [
    *rows("NCCL_IB_DISABLE", OFF, "h100", NUMBERS_ON, NUMBERS_OFF),
    *rows("NCCL_IB_DISABLE", OFF, "a100", ["1", "7"], ["0"]),
    *rows("NCCL_IB_DISABLE", OFF, "mi300x", ["1"], ["0"]),
    *rows("NCCL_IB_DISABLE", OFF, "hb", ["1"], ["0"]),
    *rows("NCCL_IB_DISABLE", OFF, "", ["1"], ["0"]),
    *rows("NCCL_IB_DISABLE", OFF, "gb300", ["1"], ["0"], severity="info"),
    *rows("NCCL_IB_DISABLE", OFF, "gb300", ["1"], [], severity="info", variables={"NCCL_MNNVL_ENABLE": "1"}),
    *rows("NCCL_IB_DISABLE", OFF, "gb300", ["1"], ["0"], variables={"NCCL_MNNVL_ENABLE": "0"}),
    *rows("NCCL_NET", OFF, "h100", [*NCCL_SOCKETS, "AWS Libfabric", "gIB", "FasTrak"], ["IB", "ib", "IBext_v8", "", "Sock", " Socket"]),
    *rows("NCCL_NET", OFF, "gb300", ["Socket"], ["IB"], severity="info"),
    *rows("NCCL_NET_PLUGIN", OFF, "h100", ["ofi", "aws-ofi", "libnccl-net-ofi.so", "FastSocket", "tcpxo"], ["none", "", "spcx", "libnccl-net.so", "ucx"]),
    *rows("NCCL_IB_HCA", DEVICE, "h100",
        ["mlx5_ib0", "mlx5_ib", "=mlx5_ib0", "mlx5_ib0:1,mlx5_ib7:1", "mlx5_9", "mlx5_0:2", "=mlx5", "=mlx", "mlx4_0", "rocep1s0", "bnxt_re0", "^mlx5", "^mlx", "^", "^mlx5_", " mlx5_0", "MLX5_0", "^=mlx5_0,mlx5_1,mlx5_2,mlx5_3,mlx5_4,mlx5_5,mlx5_6,mlx5_7,mlx5_8"],
        ["", "=", ",", "mlx5", "mlx", "m", "mlx5_", "mlx5_0", "=mlx5_0", "mlx5_8", "mlx5_0:1", "mlx5_0::1", "mlx5_0:", ALL, HALF, "^mlx5_8", "^=mlx5", "mlx5_ib0,mlx5_0", "^mlx5_ib", "=^mlx5_0,mlx5_1", "^mlx5_0:2"]),
    *rows("NCCL_IB_HCA", DEVICE, "gb300", ["mlx5_ib0", "mlx5_5", "=mlx5_7"], ["mlx5", "mlx5_3", "mlx5_4", ALL]),
    *rows("NCCL_IB_HCA", DEVICE, "hb", ["mlx5_ib0", "mlx5_2", "=mlx5_1:2"], ["mlx5", "mlx5_0", "mlx5_1"]),
    *rows("NCCL_IB_HCA", DEVICE, "", ["mlx5_ib0", "=mlx5_ib0", "mlx5_ib3:1"], ["mlx5_0", "mlx5_12", "rocep1s0", "^mlx5_ib0", "mlx5_ib0,mlx5_0"]),
    *rows("NCCL_IB_HCA", FEWER, "h100", [HALF, "mlx5_0", "=mlx5_3", "mlx5_1:1,mlx5_2:1", "^mlx5_0,mlx5_1"], [ALL, "mlx5", "^mlx5_0", "^=mlx5_8", "", "mlx5_1,mlx5"], **EIGHT),
    *rows("NCCL_IB_HCA", FEWER, "h100", ["mlx5_0"], [HALF], nics=4, gpus=4),
    *rows("NCCL_IB_HCA", FEWER, "h100", [], ["mlx5_0", HALF], nics=1, gpus=1),
    *rows("NCCL_IB_HCA", FEWER, "gb300", ["mlx5_0"], ["mlx5"], nics=8),
    *rows("NCCL_SOCKET_IFNAME", INTERFACE, "h100",
        ["ib0", "ib", "ens3", "=eth", "bond0", "^eth", "^eth0", "eth1", "enP", "^=eth0", "net1", "ETH0", "docker0,ib0"],
        ["eth0", "eth", "et", "=eth0", "^lo", "^docker,lo", "^ib", "", "x", "ib0,eth0", "lo", "^=eth", "eth0:1"], **POD),
    *rows("NCCL_SOCKET_IFNAME", INTERFACE, "h100", ["ib0", "net3"], ["net1", "net", "=net2", "eth0"], interfaces=("eth0", "net1", "net2")),
    *rows("NCCL_SOCKET_IFNAME", INTERFACE, "h100", [], ["ib0", "ens3", "^eth"]),
    *rows("NCCL_SOCKET_IFNAME", INTERFACE, "h100", ["ib0", "=ib0,ib1", "ib"], ["eth0", "^ib", "ib0,eth0", "ens3", ""], severity="info", nics=8),
    *rows("NCCL_SOCKET_IFNAME", INTERFACE, "h100", ["net1", "=net1", "net", "^eth"], ["eth0", "^lo", "^net", "net1,eth0", "", "lo", "^docker"], severity="info", interfaces=("eth0", "net1"), ipoib=frozenset({"net1"})),
    *rows("NCCL_SOCKET_IFNAME", INTERFACE, "h100", [], ["net2", "net"], interfaces=("eth0", "net1", "net2"), ipoib=frozenset({"net1"})),
    *rows("NVSHMEM_BOOTSTRAP_UID_SOCK_IFNAME", INTERFACE, "h100", ["ib0", "ens"], ["eth0", "eth", "^lo"], **POD),
    *rows("MSCCLPP_SOCKET_IFNAME", INTERFACE, "h100", ["ib0"], ["eth0"], **POD),
    *rows("GLOO_SOCKET_IFNAME", INTERFACE, "h100", ["ib0", "eth", "^lo", "ib0,ib1", "eth0,ib0", "lo,ib0"], ["eth0", "lo", "lo,eth0", "eth0,", ""], **POD),
    *rows("GLOO_SOCKET_IFNAME", INTERFACE, "h100", [], ["ib0"]),
    *rows("TP_SOCKET_IFNAME", INTERFACE, "h100", ["ib0"], ["eth0"], **POD),
    *rows("OMPI_MCA_btl_tcp_if_include", INTERFACE, "h100", ["ib0", "ens3", "eth0,ib0"], ["eth0", "10.0.0.0/8", "10.0.0.0/8,ib0"], **POD),
    *rows("OMPI_MCA_oob_tcp_if_include", INTERFACE, "h100", ["ib0"], ["eth0", "10.0.0.0/8"], **POD),
    *rows("NCCL_P2P_DISABLE", SLOW, "h100", ["1", "0x1", "01", "1x"], ["0", "2", "-1", "", "true"], **EIGHT),
    *rows("NCCL_P2P_DISABLE", SLOW, "h100", ["1"], ["0"]),
    *rows("NCCL_P2P_DISABLE", SLOW, "h100", [], ["1"], gpus=1, nics=1),
    *rows("NCCL_P2P_LEVEL", SLOW, "h100", ["LOC", "0"], ["NVL", "PIX", "SYS", "loc", "1", "5", "", "-1"], **EIGHT),
    *rows("NCCL_SHM_DISABLE", SLOW, "h100", ["1"], ["0", "2", ""], severity="info", **EIGHT),
    *rows("NCCL_SHM_DISABLE", SLOW, "h100", ["1"], ["0"], variables={"NCCL_P2P_DISABLE": "1"}, **EIGHT),
    *rows("NCCL_SHM_DISABLE", SLOW, "h100", [], ["1"], gpus=1),
    *rows("NCCL_SHM_DISABLE", SLOW, "gb300", [], ["1"], gpus=4),
    *rows("NCCL_NET_GDR_LEVEL", SLOW, "h100", ["LOC", "0", "00", "0x0", "NVL", "NVB"], ["SYS", "PHB", "PXB", "PIX", "1", "2", "3", "4", "5", "99", "sys", "loc", "", " 0", "-1", "99999999999999999999"]),
    *rows("NCCL_NET_GDR_READ", SLOW, "h100", ["0"], ["1", "", "-2"], severity="info"),
    *rows("NCCL_DMABUF_ENABLE", SLOW, "h100", ["0"], ["1", ""], severity="info"),
    *rows("NCCL_IB_PCI_RELAXED_ORDERING", SLOW, "h100", ["0", "no"], ["1", "2", ""]),
    *rows("NCCL_TOPO_FILE", FILE, "h100", ["/opt/microsoft/ndv5/topo.xml", "/opt/microsoft/ndv5-topo.xml"], ["/dev/shm/topo.xml", "", "topo.xml"], **POD),
    *rows("NCCL_TOPO_FILE", FILE, "h100", ["/etc/topology/ndv5-topo.xml", "/opt/nvidia-topology/topo.xml", "/dev/topo.xml"], [], severity="info", **POD),
    *rows("NCCL_TOPO_FILE", FILE, "h100", [], ["/opt/microsoft/ndv5/topo.xml"], folders=("/opt/microsoft",)),
    *rows("NCCL_TOPO_FILE", FILE, "h100", ["/t/ndv5-topo.xml", "/t/topo.xml2"], ["/t/topo.xml", "/tt/x"], folders=("/t", "/tt"), brought={"/t": ("/t/topo.xml",)}),
    *rows("NCCL_TOPO_FILE", FILE, "h100", [], ["/t"], folders=("/t",), brought={"/t": ("/t",)}),
    *rows("NCCL_TOPO_FILE", FILE, "h100", [], ["/opt/microsoft/ndv5/topo.xml"], folders=("/opt/microsoft/ndv5/topo.xml",)),
    *rows("NCCL_TOPO_FILE", FILE, "h100", ["/opt/microsoft/ndv5/topo.xml"], [], folders=("/opt/microsoft/ndv4",)),
    *rows("NCCL_TOPO_FILE", FILE, "h100", [], ["/opt/microsoft/ndv5/topo.xml"]),
    *rows("NCCL_TOPO_FILE", FILE, "h100", ["/etc/topology/ndv4-topo.xml", "/opt/microsoft/ndv2/topo.xml", "ndv4-topo.xml"], ["/etc/topology/ndv5-topo.xml", "/x/topo.xml", "/ndv45/a"]),
    *rows("NCCL_TOPO_FILE", FILE, "a100", ["/etc/topology/NDv5-topo.xml"], ["/etc/topology/ndv4-topo.xml"]),
    *rows("NCCL_TOPO_FILE", FILE, "gb300", ["/etc/topology/ndv5-topo.xml"], ["/etc/topology/mine.xml", "/gb300-topo.xml"]),
    *rows("NCCL_TOPO_FILE", FILE, "", [], ["/etc/topology/ndv5-topo.xml"]),
    *rows("NCCL_DEBUG", HIDES, "h100", ["WARN", "warn", "VERSION", "NONE"], ["INFO", "info", "TRACE", "ABORT", ""], severity="info"),
    *rows("NCCL_DEBUG_SUBSYS", HIDES, "h100", ["COLL", "coll,TUNING", "^init,net,all"], ["INIT", "net", "ALL", "INIT,NET", "^COLL", "^NET", ""], severity="info", variables={"NCCL_DEBUG": "INFO"}),
    *rows("NCCL_DEBUG_SUBSYS", HIDES, "h100", [], ["COLL"], variables={"NCCL_DEBUG": "WARN"}),
    *rows("NCCL_IB_GID_INDEX", ROCE, "h100", ["3", "1", "0x3"], ["0", "-1", "", "x"]),
    *rows("NCCL_IB_GID_INDEX", ROCE, "", [], ["3", "0"]),
    *rows("MC_GID_INDEX", ROCE, "h100", ["3"], ["0", "-1", "auto"]),
    *rows("MC_GID_INDEX", ROCE, "", [], ["3"]),
    *rows("UCX_IB_GID_INDEX", ROCE, "h100", ["3", "1"], ["0", "auto"]),
    *rows("NVSHMEM_IB_GID_INDEX", ROCE, "h100", ["3"], ["0", "-1"]),
    *rows("MSCCLPP_IB_GID_INDEX", ROCE, "h100", ["3"], ["0"]),
    *rows("UCX_TLS", OFF, "h100",
        ["tcp", "tcp,self", "tcp,cuda_copy,cuda_ipc", "self,sm,cuda", "^ib", "^rc,ud,dc", "^rc_x,rc_v,ud_x,ud_v,dc_x", "\\rc", "ud:aux,tcp", "TCP", "RC", " rc", "sm,cuda_copy,gdr_copy", "cuda", "^\\rc_mlx5,rc_verbs,ud,dc", "mm", "rocm,tcp"],
        ["", "all", "rc", "rc_x", "rc_mlx5", "\\rc_mlx5", "ib", "dc,tcp", "ud_verbs", "rc,cuda_copy,cuda_ipc", "^tcp", "^rc", "^ud", "^dc,gdr_copy", "self,sm,ud", "tcp,rc_v", "^cuda_ipc", "^\\rc,\\ud,\\dc"]),
    *rows("UCX_TLS", OFF, "h100", ["tcp", "self,sm"], ["rc"], severity="info", mpi_only_starts=True),
    *rows("UCX_TLS", OFF, "h100", [], ["tcp"], mpi_only_starts=True, by_nccl=True),
    *rows("NCCL_NET", OFF, "h100", ["Socket"], [], mpi_only_starts=True, by_nccl=True),
    *rows("UCX_TLS", OFF, "a100", ["tcp"], ["rc"]),
    *rows("UCX_TLS", OFF, "a100", [], ["tcp", "rc"], mpi_only_starts=True),
    *rows("UCX_TLS", OFF, "", ["tcp"], ["rc"]),
    *rows("UCX_NET_DEVICES", DEVICE, "h100",
        ["mlx5_ib0:1", "mlx5_ib0", "mlx5_ib[0-7]:1", "eth0", "eth0,lo", "mlx5_9:1", "mlx5_0:2", "mlx5", "^mlx5_[0-8]", "net1", "mlx5_[9-12]:1"],
        ["", "all", "mlx5_0:1", "mlx5_0", "mlx5_7:1", "mlx5_[0-7]:1", "eth0,mlx5_0:1", "^eth0", "^mlx5_0", ALL]),
    *rows("UCX_NET_DEVICES", DEVICE, "h100", ["eth0"], ["mlx5_0:1"], severity="info", mpi_only_starts=True),
    *rows("UCX_NET_DEVICES", DEVICE, "", ["mlx5_ib0:1"], ["eth0", "mlx5_0:1", "all"]),
    *rows("UCX_IB_GPU_DIRECT_RDMA", SLOW, "h100", ["n", "no", "NO", "0", "off"], ["y", "yes", "try", "1", "", "false", "OFF"]),
    *rows("OMPI_MCA_pml", OFF, "h100", ["^ucx", "ob1", "^ucx,cm", "ob1,v"], ["ucx", "ucx,ob1", "^ob1", "", "cm"]),
    *rows("OMPI_MCA_btl", OFF, "h100", ["tcp,self", "self,vader,tcp", "self", " tcp , self "], ["^openib", "openib,self", "^tcp", "", "self,uct", "^openib,tcp"]),
    *rows("OMPI_MCA_btl", OFF, "h100", [], ["tcp,self"], variables={"OMPI_MCA_pml": "ucx"}),
    *rows("OMPI_MCA_btl", OFF, "h100", ["tcp,self"], [], severity="info", mpi_only_starts=True),
    *rows("OMPI_MCA_btl", OFF, "hb", ["tcp,self"], [], mpi_only_starts=True, by_nccl=True),
    *rows("I_MPI_FABRICS", OFF, "hb", ["shm", "tcp", "SHM:TCP"], ["shm:ofi", "ofi", ""]),
    *rows("I_MPI_OFI_PROVIDER", OFF, "hb", ["tcp", "TCP", "sockets"], ["mlx", "verbs", "psm3", ""]),
    *rows("FI_PROVIDER", OFF, "hb", ["tcp", "tcp;ofi_rxm", "sockets", "efa", "^verbs,mlx", "^MLX"], ["mlx", "verbs", "verbs;ofi_rxm", "", "^tcp", "mlx,tcp"]),
    *rows("NVSHMEM_REMOTE_TRANSPORT", OFF, "h100", ["none", "NONE"], ["ibrc", "ibgda", "ucx", "ibdevx", "libfabric", ""]),
    *rows("NVSHMEM_REMOTE_TRANSPORT", OFF, "gb300", ["none"], ["ibrc"], severity="info"),
    *rows("NVSHMEM_REMOTE_TRANSPORT", OFF, "h100", [], ["none"], variables={"NVSHMEM_IB_ENABLE_IBGDA": "1"}),
    *rows("NVSHMEM_IB_ENABLE_IBGDA", OFF, "h100", ["0", "false", "no", "N"], ["1", "true", "yes", ""], variables={"NVSHMEM_REMOTE_TRANSPORT": "ibgda"}),
    *rows("NVSHMEM_IB_ENABLE_IBGDA", OFF, "h100", [], ["0", "1"]),
    *rows("NVSHMEM_DISABLE_P2P", SLOW, "h100", ["1", "true", "off"], ["0", "false", "no"], severity="info", **EIGHT),
    *rows("NVSHMEM_HCA_LIST", DEVICE, "h100", ["mlx5_ib0:1", "mlx5", "^mlx5_0,mlx5_1,mlx5_2,mlx5_3,mlx5_4,mlx5_5,mlx5_6,mlx5_7,mlx5_8"], ["mlx5_0", "mlx5_0:1", ALL, "^mlx5_0", ""]),
    *rows("NVSHMEM_HCA_LIST", FEWER, "h100", ["mlx5_0", HALF], [ALL, "^mlx5_8"], **EIGHT),
    *rows("NVSHMEM_HCA_PE_MAPPING", DEVICE, "h100", ["mlx5_ib0:1:1"], ["mlx5_0:1:1,mlx5_1:1:1"]),
    *rows("MSCCLPP_HCA_DEVICES", DEVICE, "h100", ["mlx5_ib0,mlx5_ib1"], [ALL]),
    *rows("SHARP_SMX_UCX_INTERFACE", DEVICE, "h100", ["mlx5_ib0:1"], ["mlx5_0:1"]),
    *rows("HCOLL_MAIN_IB", DEVICE, "hb", ["mlx5_ib0:1"], ["mlx5_0:1"]),
    *rows("MC_FORCE_TCP", OFF, "h100", ["1", "true", "0", "", "false"], []),
    *rows("MOONCAKE_PROTOCOL", OFF, "h100", ["tcp", "TCP"], ["rdma", ""]),
    *rows("MOONCAKE_DEVICE", DEVICE, "h100", ["mlx5_ib0", "mlx5_11"], ["mlx5_0,mlx5_1", "auto-discovery", ""]),
    *rows("--disaggregation-ib-device", DEVICE, "h100", ["mlx5_ib0", "mlx5_roce0"], ["mlx5_0", ALL, '{"0": "mlx5_0"}', "/etc/nics.json"]),
    *rows("--mooncake-ib-device", DEVICE, "h100", ["mlx5_ib0"], ["mlx5_0"]),
    *rows("--kv-transfer-config", OFF, "h100",
          ['{"a": [{"mooncake_protocol": "tcp"}]}', '{"mooncake_protocol": "TCP"}'],
          ['{"mooncake_protocol": "rdma"}', '{"mooncake_protocol": 1}', "{", "[" * 5000, '{"kv_connector": "tcp"}',
           '{"mooncake_protocol": "tcp"}' + " " * 100_000]),
    *rows("--disaggregation-transfer-backend", OFF, "h100", ["mooncake_tcp"], ["mooncake", "nixl"]),
    *rows("RCCL_FORCE_ENABLE_GDRDMA", SLOW, "mi300x", ["1"], ["0", "-1", "2", ""], severity="info"),
    *[case for name in ("RCCL_ENABLE_INTRANET", "RCCL_MSCCLPP_ENABLE", "RCCL_MSCCL_ENABLE", "RCCL_P2P_NET_DISABLE") for case in rows(name, OFF, "mi300x", [], ["0", "1"])],
    *rows("VLLM_GPU_NIC_PCIE_MAPPING", MAPPING, "h100", [PAIRS, "1:0:0.0=101:0:0.0"], ["", " "], named=frozenset({"VLLM_GPU_NIC_PCIE_MAPPING"}), gpus=8),
    *rows("VLLM_GPU_NIC_PCIE_MAPPING", MAPPING, "h100",
        ["0001:00:00.0=0101:00:00.0", "mlx5_0", "0=mlx5_0", "0001:00:00=0101:00:00.0", PAIRS.replace("0108:", "0109:"), PAIRS.replace("000c:", "000d:"), PAIRS + ",x", "0001:00:20.0=0101:00:00.0", "0001:100:00.0=0101:00:00.0"],
        [PAIRS, PAIRS.replace("0001", "00000001"), PAIRS.upper(), PAIRS.replace(",", " , "), PAIRS + ",", PAIRS.replace("0102", "0101"), PAIRS.replace("=", " = 0x"), PAIRS.replace(":00.0", ": 00.0"), ""], gpus=8, named=BOTH),
    *rows("VLLM_GPU_NIC_PCIE_MAPPING", MAPPING, "h100", ["0001:00:00.0=0201:00:00.0", "01:00.0=01:00.0"], ["0001:00:00.0=0101:00:00.0"], gpus=1, named=BOTH),
    *rows("VLLM_GPU_NIC_PCIE_MAPPING", MAPPING, "", ["x", "0001:00:00.0", "1:0:20.0=1:0:0.0", "1:100:0.0=1:0:0.0", "1:0:0.100=1:0:0.0"], ["0001:00:00.0=0201:00:00.0", "1:ff:1f.ff=1:ff:1f.ff"]),
    *rows("VLLM_GPU_NIC_PCIE_MAPPING", MAPPING, "hb", ["x"], ["0001:00:00.0=0201:00:00.0"]),
    *rows("VLLM_NIC_SELECTION_VARS", MAPPING, "h100", ["UCX_NET_DEVICES:1", "NCCL_IB_HCA"], ["", " "], named=frozenset({"VLLM_NIC_SELECTION_VARS"})),
    *rows("VLLM_NIC_SELECTION_VARS", MAPPING, "h100", [], ["UCX_NET_DEVICES:1"], named=BOTH),
    *rows("VLLM_NIC_SELECTION_VARS", MAPPING, "h100", [], ["UCX_NET_DEVICES:1"]),
    *rows("NCCL_ALGO", OFF, "h100", [], ["Ring", "1"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "size", "around", "expected"), CASES)
def test_a_value_is_judged_as_the_library_reads_it(
    name: str, value: str, size: str, around: Surroundings, expected: tuple[str, str] | None
) -> None:
    found = judge(name, value, catalog.vm_size(SIZES[size]) if size else None, around)

    assert (found and (found.rule, found.severity)) == expected


def test_hundreds_of_values_are_tried_for_every_variable_of_the_catalog() -> None:
    assert len(CASES) > 500
    assert set(catalog.environment_variables()) <= {case.values[0] for case in CASES}


@pytest.mark.parametrize(
    ("size", "preset"),
    [
        pytest.param(size, preset, id=f"{size}-{preset.name}")
        for size in catalog.vm_sizes()
        for preset in catalog.presets(size)
    ],
)
def test_nothing_that_a_preset_sets_is_wrong_for_its_sizes(size: str, preset: catalog.Preset) -> None:
    row, told = catalog.vm_size(size), {one.name: one.value for one in preset.variables if one.value is not None}
    # Presets of Open MPI are for jobs whose data NCCL carries, as their titles say.
    around = Surroundings(
        nics=row.infiniband.nic_count,
        gpus=row.gpu.count if row.gpu else 0,
        variables=told,
        interfaces=("eth0",),
        mpi_only_starts=preset.library == "Open MPI",
    )

    assert [judge(name, value, row, around) for name, value in told.items()] == [None] * len(told)


@pytest.mark.parametrize(
    ("name", "value", "size", "around", "message", "fix", "otherwise", "meant"),
    [
        pytest.param(
            "NCCL_IB_DISABLE", "1", "h100", ALONE,
            "NCCL_IB_DISABLE=1 keeps NCCL off InfiniBand: between nodes its data goes over TCP",
            "take it out, or set it to 0", "take the RDMA resource out, if TCP is meant", None, id="a-switch",
        ),
        pytest.param(
            "NCCL_IB_DISABLE", "1", "gb300", ALONE,
            "NCCL_IB_DISABLE=1 keeps NCCL off InfiniBand: between nodes its data goes over TCP; "
            "that may be meant inside one NVLink domain, where its NICs then carry nothing",
            "take it out, or set it to 0", "take the RDMA resource out, if TCP is meant", None, id="a-choice",
        ),
        pytest.param(
            "NCCL_IB_HCA", "=mlx5_ib0,mlx5_ib1:1", "a100", ALONE,
            "NCCL_IB_HCA==mlx5_ib0,mlx5_ib1:1 has device names of Azure's HPC images, and AKS nodes keep those of the "
            "kernel (mlx5_0 to mlx5_7)",
            "set NCCL_IB_HCA==mlx5_0,mlx5_1:1, or take it out", "rename the devices of the nodes by a udev rule",
            "=mlx5_0,mlx5_1:1", id="names-of-the-hpc-image",
        ),
        pytest.param(
            "UCX_NET_DEVICES", "mlx5_ib[0-1]:1", "a100", ALONE,
            "UCX_NET_DEVICES=mlx5_ib[0-1]:1 has device names of Azure's HPC images, and AKS nodes keep those of the "
            "kernel (mlx5_0 to mlx5_7)",
            "set UCX_NET_DEVICES=mlx5_0:1,mlx5_1:1, or take it out", "leave it as it is where MPI only starts the job",
            "mlx5_0:1,mlx5_1:1", id="a-range-of-them",
        ),
        pytest.param(
            "NCCL_IB_HCA", "mlx5_ib0,mlx5_ib9", "a100", ALONE,
            "NCCL_IB_HCA=mlx5_ib0,mlx5_ib9 has device names of Azure's HPC images, and AKS nodes keep those of the kernel "
            "(mlx5_0 to mlx5_7)",
            "take it out", "rename the devices of the nodes by a udev rule", None, id="one-that-no-image-has",
        ),
        pytest.param(
            "NCCL_IB_HCA", "mlx5_ib0", "", ALONE,
            "NCCL_IB_HCA=mlx5_ib0 has device names of Azure's HPC images, and AKS nodes keep those of the kernel",
            "take it out", "rename the devices of the nodes by a udev rule", None, id="of-no-known-size",
        ),
        pytest.param(
            "NCCL_IB_HCA", "mlx4_0", "hb", ALONE,
            "NCCL_IB_HCA=mlx4_0 names no RDMA device of Standard_HB120rs_v3, which has mlx5_0",
            "take it out", "rename the devices of the nodes by a udev rule", None, id="no-such-device",
        ),
        pytest.param(
            "NCCL_IB_HCA", "^mlx5", "h100", ALONE,
            "NCCL_IB_HCA=^mlx5 leaves out every RDMA device of Standard_ND96isr_H100_v5",
            "take it out", "rename the devices of the nodes by a udev rule", None, id="all-left-out",
        ),
        pytest.param(
            "NCCL_IB_HCA", HALF, "h100", Surroundings(nics=8),
            f"NCCL_IB_HCA={HALF} lets NCCL use 4 NICs of the 8 that the container takes",
            "take it out", "ask for as many NICs as it names", None, id="half-of-the-nics",
        ),
        pytest.param(
            "NVSHMEM_HCA_LIST", "mlx5_0", "h100", Surroundings(nics=8),
            "NVSHMEM_HCA_LIST=mlx5_0 lets NVSHMEM use 1 NIC of the 8 that the container takes",
            "take it out", "ask for as many NICs as it names", None, id="one-nic",
        ),
        pytest.param(
            "NCCL_SOCKET_IFNAME", "ib0", "h100", Surroundings(interfaces=("eth0", "net1")),
            "NCCL_SOCKET_IFNAME=ib0 is none of the interfaces of the pod (eth0, net1)",
            "set NCCL_SOCKET_IFNAME=eth0, or take it out", "use the node's network, if its interface is meant", "eth0",
            id="an-interface-of-the-node",
        ),
        pytest.param(
            "NCCL_SOCKET_IFNAME", "^eth", "h100", Surroundings(interfaces=("eth0",)),
            "NCCL_SOCKET_IFNAME=^eth leaves out the interfaces of the pod (eth0)",
            "set NCCL_SOCKET_IFNAME=eth0, or take it out", "use the node's network, if its interface is meant", "eth0",
            id="all-interfaces-left-out",
        ),
        pytest.param(
            "MC_FORCE_TCP", "", "h100", ALONE,
            "MC_FORCE_TCP='' makes the transfer engine use TCP: it only asks whether the variable is there",
            "take it out", "take the RDMA resource out, if TCP is meant", None, id="an-empty-value",
        ),
        pytest.param(
            "NCCL_TOPO_FILE", "/x/ndv4-topo.xml", "h100", ALONE,
            "NCCL_TOPO_FILE=/x/ndv4-topo.xml is the file of other sizes than Standard_ND96isr_H100_v5: that of "
            "Standard_ND96isr_H100_v5 is ndv5-topo.xml",
            "take it out, or name the file of the size", "leave it as it is where the file has been made for the size",
            None, id="the-topology-of-another-size",
        ),
        pytest.param(
            "NCCL_TOPO_FILE", "/x/ndv4-topo.xml", "gb300", ALONE,
            "NCCL_TOPO_FILE=/x/ndv4-topo.xml is the file of other sizes than Standard_ND128isr_GB300_v6: it has none",
            "take it out, or name the file of the size", "leave it as it is where the file has been made for the size",
            None, id="a-size-without-a-topology-file",
        ),
        pytest.param(
            "NCCL_TOPO_FILE", "/t/x.xml", "h100", Surroundings(folders=("/t",), brought={"/t": tuple(f"/t/{n}" for n in range(9))}),
            "NCCL_TOPO_FILE=/t/x.xml is not among the files that are mounted there (/t/0, /t/1, /t/2)",
            "name a file that is", "add it to the ConfigMap", None, id="a-file-that-no-key-is",
        ),
        pytest.param(
            "GLOO_SOCKET_IFNAME", "ib0,eth0", "h100", Surroundings(interfaces=("eth0", "net1")),
            "GLOO_SOCKET_IFNAME=ib0,eth0 names ib0, which is none of the interfaces of the pod (eth0, net1)",
            "set GLOO_SOCKET_IFNAME=eth0, or take it out", "use the node's network, if its interface is meant", "eth0",
            id="one-of-two-interfaces",
        ),
        pytest.param(
            "GLOO_SOCKET_IFNAME", "ib0", "h100", Surroundings(interfaces=("eth0", "net1")),
            "GLOO_SOCKET_IFNAME=ib0 is none of the interfaces of the pod (eth0, net1)",
            "set GLOO_SOCKET_IFNAME=eth0, or take it out", "use the node's network, if its interface is meant", "eth0",
            id="the-only-interface",
        ),
        pytest.param(
            "VLLM_GPU_NIC_PCIE_MAPPING", PAIRS.partition(",")[2], "h100", Surroundings(gpus=8),
            f"VLLM_GPU_NIC_PCIE_MAPPING={PAIRS.partition(',')[2][:80]}... leaves out GPU 0001:00:00.0 of Standard_ND96isr_H100_v5",
            f"set VLLM_GPU_NIC_PCIE_MAPPING={PAIRS[:80]}..., or take it out", "take both variables out", PAIRS,
            id="a-gpu-that-the-mapping-lacks",
        ),
        pytest.param(
            "VLLM_GPU_NIC_PCIE_MAPPING", "1:0:0.0=109:0:0.0", "h100", ALONE,
            "VLLM_GPU_NIC_PCIE_MAPPING=1:0:0.0=109:0:0.0 names a NIC 0109:00:00.0, which Standard_ND96isr_H100_v5 does not have",
            "take it out", "take both variables out", None, id="a-nic-of-another-size",
        ),
        pytest.param(
            "VLLM_GPU_NIC_PCIE_MAPPING", "1:0:0.0=101:0:0.0,0=mlx5_0", "h100", ALONE,
            "VLLM_GPU_NIC_PCIE_MAPPING=1:0:0.0=101:0:0.0,0=mlx5_0 has 0=mlx5_0, which is no GPU=NIC of PCI addresses",
            "take it out", "take both variables out", None, id="no-address",
        ),
        pytest.param(
            "UCX_TLS", "tcp", "h100", Surroundings(by_ucx=True), "UCX_TLS=tcp leaves UCX no transport over InfiniBand",
            "take it out", "take the RDMA resource out, if TCP is meant", None, id="a-server-whose-data-ucx-carries",
        ),
        pytest.param(
            "--kv-transfer-config", '{"mooncake_protocol": "tcp"}', "h100", ALONE,
            "mooncake_protocol of --kv-transfer-config=tcp makes Mooncake send over TCP",
            "set it to rdma", "take the RDMA resource out, if TCP is meant", None, id="a-key-of-json",
        ),
        pytest.param(
            "UCX_TLS", "tcp," * 60, "h100", ALONE,
            f"UCX_TLS={('tcp,' * 60)[:80]}... leaves UCX no transport over InfiniBand",
            "take it out", "leave it as it is where MPI only starts the job", None, id="a-long-value",
        ),
    ],
)  # fmt: skip
def test_a_verdict_names_value_reason_and_two_ways_out(
    name: str, value: str, size: str, around: Surroundings, message: str, fix: str, otherwise: str, meant: str | None
) -> None:
    found = judge(name, value, catalog.vm_size(SIZES[size]) if size else None, around)

    assert found is not None
    assert (found.message, found.fix, found.otherwise, found.meant) == (message, fix, otherwise, meant)


def test_devices_shift_by_one_only_where_an_ethernet_function_may_come_first() -> None:
    h100, without = (
        catalog.vm_size(SIZES["h100"]),
        next((row for row in map(catalog.vm_size, catalog.vm_sizes()) if row.accelerated_networking is False), None),
    )

    assert possible_devices(None) is None
    assert possible_devices(h100) == tuple(f"mlx5_{number}" for number in range(9))
    assert without is None or possible_devices(without) == without.infiniband.rdma_devices


@pytest.mark.parametrize(
    "value",
    [
        "1" * 100_000,
        "0x" + "f" * 100_000,
        "0" * 100_000,
        "^" * 100_000,
        "mlx5_[0-999]," * 20_000,
        "," * 100_000,
        "\\" * 100_000,
    ],
)
@pytest.mark.parametrize("name", sorted(catalog.environment_variables()))
def test_no_value_is_too_much(name: str, value: str) -> None:
    judge(name, value, catalog.vm_size(SIZES["h100"]), Surroundings(nics=8, interfaces=("eth0",), folders=()))
