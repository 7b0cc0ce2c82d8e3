"""What pods ask for, against the NICs and GPUs of a VM size: the numbers at which a rule begins to hold."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.hardware import counts
from tests.checks.relation.relation_props import H100, V100, container, device, pod, policy, rules, said, shared, sriov

BOTH = policy(sriovDevicePlugin=sriov(device()), rdmaSharedDevicePlugin=shared())
ABOVE, BELOW, EXHAUSTED = (
    "sriov-rdma-count-above-vm-nics",
    "sriov-rdma-count-below-vm-nics",
    "gpu-exhaustion-with-shared-rdma",
)


@pytest.mark.parametrize(
    ("amounts", "sizes", "broken"),
    [
        pytest.param({"ib": 8, "gpu": 8}, (H100,), [], id="all-nics-with-all-gpus"),
        pytest.param({"ib": 9, "gpu": 8}, (H100,), [ABOVE], id="one-nic-more-than-there-is"),
        pytest.param({"ib": 9}, (H100, V100), [ABOVE], id="more-than-the-size-with-most-of-them-has"),
        pytest.param({"ib": 8}, (H100, V100), [], id="as-many-as-one-of-the-sizes-has"),
        pytest.param({"ib": 7, "gpu": 8}, (H100,), [BELOW], id="all-gpus-and-not-all-nics"),
        pytest.param({"ib": 8, "gpu": 7}, (H100,), [BELOW], id="all-nics-and-not-all-gpus"),
        pytest.param({"ib": 7, "gpu": 7}, (H100,), [], id="neither-all-nics-nor-all-gpus"),
        pytest.param({"ib": 8}, (H100,), [], id="all-nics-and-no-gpu"),
        pytest.param({"ib": 1, "gpu": 8}, (V100,), [], id="the-one-nic-with-all-gpus"),
        pytest.param({"ib": 1, "gpu": 8}, (H100, V100), [], id="where-another-size-fits-exactly"),
        pytest.param({"ib": 1, "gpu": 9}, (V100,), [], id="more-gpus-than-any-node-has-is-not-our-rule"),
        pytest.param({"ib": 8, "amd": 7}, (H100,), [], id="gpus-of-another-vendor-than-the-node-has"),
        pytest.param({"shared": 1, "gpu": 8}, (H100,), [EXHAUSTED], id="a-slot-with-all-gpus"),
        pytest.param({"shared": 1, "gpu": 7}, (H100,), [], id="a-slot-with-a-gpu-left-for-another-pod"),
        pytest.param({"shared": 1}, (H100,), [], id="a-slot-without-gpus"),
        pytest.param({"shared": 1, "ib": 8, "gpu": 8}, (H100,), [], id="a-slot-beside-all-nics"),
        pytest.param({"rdma/other": 1, "gpu": 8}, (H100,), [], id="a-resource-that-nobody-serves"),
        pytest.param({"gpu": 8}, (H100,), [], id="no-rdma-at-all"),
        pytest.param({"ib": 9}, (), [], id="no-known-size"),
    ],
)
def test_a_pod_asks_for(amounts: dict[str, int], sizes: tuple[str, ...], broken: list[str]) -> None:
    assert rules(counts, BOTH, pod(container(**amounts)), vm_sizes=sizes) == broken


def one(amounts: dict[str, Any], size: str) -> tuple[str, str, str | None]:
    (found,) = said(counts, BOTH, pod(container(**amounts)), vm_sizes=(size,))
    return found.path, found.message, found.fix


def test_the_words_name_numbers_and_size() -> None:
    path = "spec.containers[0].resources.limits[rdma/ib]"
    assert one({"ib": 2}, V100) == (
        path,
        f"the pod asks for 2 of rdma/ib, one NIC each, and {V100} has 1 NIC",
        "ask for at most 1",
    )
    assert one({"ib": 4, "gpu": 8}, H100) == (
        path,
        f"the pod takes all 8 GPUs of {H100} and 4 of its 8 NICs: no other GPU pod can use the rest",
        "ask for 8 NICs with all 8 GPUs",
    )
    assert one({"ib": 1, "gpu": 4}, V100) == (
        path,
        f"the pod takes 4 of the 8 GPUs of {V100} and all of its 1 NIC: no other RDMA pod can use the rest",
        "ask for all 8 GPUs with all 1 NIC",
    )
    assert one({"shared": 1, "gpu": 8}, H100)[1] == (
        f"the pod takes all 8 GPUs of {H100}, so no second pod shares its NICs by rdma/shared_ib"
    )


def test_nics_of_several_resources_are_counted_together() -> None:
    two = policy(sriovDevicePlugin=sriov(device("ib"), device("hca")))
    asking = pod(container(**{"ib": 5, "rdma/hca": 3, "gpu": 8}))

    assert rules(counts, two, asking, vm_sizes=(H100,)) == []
    (found,) = said(counts, two, pod(container(**{"ib": 2, "rdma/hca": 3, "gpu": 8})), vm_sizes=(H100,))
    assert found.path.endswith("limits[rdma/hca]")


def test_a_size_without_infiniband_is_named_with_the_nearest_that_has_it() -> None:
    found = said(counts, BOTH, pod(container(ib=1, shared=1)), vm_sizes=("Standard_ND96is_H100_v5",))

    assert [(one.rule, one.message) for one in found] == [
        ("vm-size-without-infiniband", "the pod asks for rdma/ib, and Standard_ND96is_H100_v5 has no InfiniBand"),
        (
            "vm-size-without-infiniband",
            "the pod asks for rdma/shared_ib, and Standard_ND96is_H100_v5 has no InfiniBand",
        ),
    ]
    assert found[0].fix == f"choose a size with InfiniBand, such as {H100}"
    assert rules(counts, BOTH, pod(container(ib=1)), vm_sizes=("Standard_ND96is_H100_v5", V100)) == []


def test_a_size_whose_nic_no_plugin_can_hand_out_says_so() -> None:
    (found,) = said(counts, BOTH, pod(container(ib=1)), vm_sizes=("Standard_H16r",))

    assert "has an InfiniBand NIC that no device plugin can hand out" in found.message
    assert found.fix is None
