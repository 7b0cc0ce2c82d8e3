"""What carries the data behind the names that NCCL, libfabric and UCX use."""

from __future__ import annotations

import pytest

from aksrdma.diagnosis.fabrics import Fabric, is_omni_path, of_nccl, of_provider, of_ucx


@pytest.mark.parametrize(
    ("name", "fabric"),
    [
        pytest.param("IB", Fabric.VERBS, id="NCCL's own"),
        pytest.param("IBext_v10", Fabric.VERBS, id="NVIDIA's plugin"),
        pytest.param("gIB", Fabric.VERBS, id="Google's RoCE plugin"),
        pytest.param("SHARP", Fabric.VERBS, id="in-network reduction"),
        pytest.param("Socket", Fabric.SOCKETS, id="sockets"),
        pytest.param("GPUDirectTCPX_v7", Fabric.SOCKETS, id="TCP with GPU memory"),
        pytest.param("AWS Libfabric", Fabric.OTHER, id="aws-ofi-nccl"),
        pytest.param("Libfabric", Fabric.OTHER, id="newer aws-ofi-nccl"),
        pytest.param("IBM Cloud", Fabric.UNKNOWN, id="a name that only begins alike"),
    ],
)
def test_a_network_of_nccl(name: str, fabric: Fabric) -> None:
    assert of_nccl(name) is fabric


@pytest.mark.parametrize(
    ("name", "fabric"),
    [
        pytest.param("verbs;ofi_rxm", Fabric.VERBS, id="verbs"),
        pytest.param("efa", Fabric.OTHER, id="EFA"),
        pytest.param("cxi", Fabric.OTHER, id="Slingshot"),
        pytest.param("psm2", Fabric.OTHER, id="Omni-Path by PSM2"),
        pytest.param("tcp;ofi_rxm", Fabric.SOCKETS, id="TCP"),
    ],
)
def test_a_provider_of_libfabric(name: str, fabric: Fabric) -> None:
    assert of_provider(name) is fabric
    assert of_nccl("AWS Libfabric", name) is fabric


@pytest.mark.parametrize(
    ("name", "fabric"),
    [
        pytest.param("rc_mlx5", Fabric.VERBS, id="reliable connection"),
        pytest.param("dc_x", Fabric.VERBS, id="dynamically connected"),
        pytest.param("ud_verbs", Fabric.VERBS, id="datagrams"),
        pytest.param("tcp", Fabric.SOCKETS, id="TCP"),
        pytest.param("sysv", Fabric.MEMORY, id="shared memory"),
        pytest.param("cuda_ipc", Fabric.MEMORY, id="GPU to GPU inside a node"),
        pytest.param("zebra", Fabric.UNKNOWN, id="anything else"),
    ],
)
def test_a_transport_of_ucx(name: str, fabric: Fabric) -> None:
    assert of_ucx(name) is fabric


@pytest.mark.parametrize(("name", "is_one"), [("hfi1_0", True), ("mlx5_0", False)])
def test_omni_path_is_known_by_its_device(name: str, is_one: bool) -> None:
    assert is_omni_path(name) is is_one
