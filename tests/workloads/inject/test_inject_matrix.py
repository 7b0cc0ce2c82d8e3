"""Every usable VM size, every profile that serves it, every kind: the result is clean, complete and final."""

import pytest

from aksrdma import catalog
from aksrdma.errors import PlanError
from aksrdma.plan import PROFILES
from aksrdma.validation import validate
from aksrdma.workloads.inject import apply, injected, runtimes_of
from tests.workloads.inject.inject_props import H100, HB, NAMES, fitted, injection, objects_of

SIZES = [name for name in catalog.vm_sizes() if catalog.vm_size(name).usable]
OBJECTS = [data for name in NAMES for data in objects_of(name)]
EXPECTED_INFO = {
    "gpu-exhaustion-with-shared-rdma",  # all GPUs of a node and shared NICs: what was asked for
    "rdma-job-not-pinned-to-one-pool MiniCluster",  # which has no field for it, as the note says
}
"""What `validate` says to whoever wants to know."""


def served(size):
    for profile in PROFILES:
        for pool in (None, "pool1"):
            try:
                yield injection(size, profile, pool=pool)
            except PlanError:
                assert profile == "ipoib"  # which needs the driver container
                assert catalog.vm_size(size).driver_on_node_image


@pytest.mark.parametrize("size", SIZES)
def test_the_result_passes_validate_and_a_second_injection_changes_nothing(size):
    asked = list(served(size))
    assert {one.profile for one in asked} >= set(PROFILES[:3])

    for one in asked:
        base = one.profile == "base"
        given = [fitted(data, size, privileged=base) for data in OBJECTS if not (base and data["kind"] == "TrainJob")]
        runtimes = runtimes_of(given)
        done = [injected(data, one, runtimes=runtimes) for data in given]

        assert [str(conflict) for each in done for conflict in each.conflicts] == []
        # Where inject itself warns that GPUs stay without a NIC, validate says so, too.
        left = {"gpu-pod-without-rdma-resource"} if any(plan.lacks for each in done for plan in each.plan) else set()
        assert found([each.data for each in done], size) - EXPECTED_INFO - left == set()
        for data, each in zip(given, done, strict=True):
            assert apply(each.edits, data) == each.data
            again = injected(each.data, one, runtimes=runtimes)
            assert (again.edits, again.data, again.conflicts) == ((), each.data, ())


def found(objects, size):
    rules = (
        (one.rule, f"{one.rule} {one.object.partition('/')[0]}") for one in validate(objects, vm_sizes=(size,)).findings
    )
    return {named if named in EXPECTED_INFO else rule for rule, named in rules}


def test_the_inputs_are_clean_and_lack_rdma():
    assert found(OBJECTS, H100) == {"gpu-pod-without-rdma-resource"}
    workloads = [data for data in OBJECTS if data["kind"] != "Service"]
    asked = [injection(H100 if "nvidia.com/gpu" in str(data) or "'gpu': " in str(data) else HB) for data in workloads]
    assert all(injected(data, one).edits for data, one in zip(workloads, asked, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_an_injection_for_another_profile_is_a_conflict_and_not_a_mixture(name):
    objects = [data for data in objects_of(name) if data["kind"] != "Service"]
    first = [injected(data, injection(gpus=8)).data for data in objects]

    second = [injected(data, injection(profile="rdma-shared-device-plugin", gpus=8)) for data in first]

    assert all("rdma/ib" in each.conflicts[0].message for each in second if "rdma/ib" in str(each.data))
    assert any(each.conflicts for each in second)
