"""How many NICs go with how many GPUs, who gets none, and what the plan says of it."""

import copy
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aksrdma import catalog
from aksrdma.cluster import Cluster, Ipoib, NodePool
from aksrdma.documents import Document
from aksrdma.errors import PlanError, UsageError
from aksrdma.plan import PROFILES
from aksrdma.workloads.fit import fit, nodes_of_cluster, read_workloads
from aksrdma.workloads.inject import inject, injected
from aksrdma.workloads.inject.proportion import near, shares
from tests.workloads.inject.inject_props import H100, HB, MI300X, container, cpu, injection, objects_of, pod

NDV2 = "Standard_ND40rs_v2"
GB300 = "Standard_ND128isr_GB300_v6"
SIZES = [name for name in catalog.vm_sizes() if catalog.vm_size(name).usable]
WITH_GPUS = [name for name in SIZES if catalog.vm_size(name).gpu]
SHARED = "rdma-shared-device-plugin"


def with_gpus(count, name="main", resource="nvidia.com/gpu"):
    return cpu(name, resources={"limits": {resource: count}})


def limits(data):
    return [one.get("resources", {}).get("limits", {}) for one in data["spec"]["containers"]]


def nics(data):
    return [each.get("rdma/ib", each.get("rdma/shared_ib")) for each in limits(data)]


@pytest.mark.parametrize(
    ("size", "gpus", "expected"),
    [
        *(pytest.param(H100, count, count, id=f"{count} GPUs of 8 that have 8 NICs") for count in range(1, 9)),
        *(pytest.param(GB300, count, count, id=f"{count} GPUs of 4 that have 4 NICs") for count in range(1, 5)),
        *(pytest.param(NDV2, count, None, id=f"{count} GPUs of 8 that have 1 NIC") for count in range(1, 8)),
        pytest.param(NDV2, 8, 1, id="all GPUs, and the one NIC"),
    ],
)
def test_nics_follow_gpus(size, gpus, expected):
    assert nics(inject(pod(with_gpus(gpus)), injection(size))) == [expected]


def test_nics_follow_gpus_of_amd_too():
    assert nics(inject(pod(with_gpus(2, resource="amd.com/gpu")), injection(MI300X))) == [2]


@pytest.mark.parametrize("profile", [SHARED, "ipoib"])
@pytest.mark.parametrize("gpus", [1, 8])
def test_a_slot_is_one_for_any_number_of_gpus(profile, gpus):
    assert nics(inject(pod(with_gpus(gpus)), injection(H100, profile))) == [1]


@pytest.mark.parametrize("size", ["Standard_HB368rs_v5", HB, "Standard_HC44rs", "Standard_HX176rs"])
def test_a_size_without_gpus_gives_all_its_nics(size):
    assert nics(inject(pod(cpu()), injection(size))) == [catalog.vm_size(size).infiniband.nic_count]


def test_gpus_that_the_option_asks_for_count():
    done = inject(pod(cpu()), injection(gpus=4))

    assert limits(done) == [{"rdma/ib": 4, "nvidia.com/gpu": 4}]


def of_ratio(gpus, nics):
    """Return an injection for a VM size with as many of each."""
    asked = injection()
    size = asked.vm_size
    size = dataclasses.replace(
        size,
        gpu=dataclasses.replace(size.gpu, count=gpus),
        infiniband=dataclasses.replace(size.infiniband, nic_count=nics),
    )
    return dataclasses.replace(asked, vm_size=size, count=nics)


@pytest.mark.parametrize(
    ("ratio", "gpus", "expected"),
    [
        pytest.param((8, 4), [2], [1], id="a NIC for two GPUs"),
        pytest.param((8, 4), [3], [1], id="rounded down, for the other half of the NIC belongs to another pod"),
        pytest.param((8, 4), [1], [0], id="half a NIC is none"),
        pytest.param((8, 4), [1, 1], [1, 0], id="half a NIC each is one for the pod, and the first has it"),
        pytest.param((8, 4), [3, 3], [2, 1], id="what is left in a pod goes to the first"),
        pytest.param((4, 8), [1], [2], id="two NICs for a GPU"),
        pytest.param((8, 8), [16], [8], id="no more than there are"),
    ],
)
def test_where_they_do_not_divide(ratio, gpus, expected):
    assert [one.units for one in shares(gpus, of_ratio(*ratio), asks=None)] == expected


@given(
    st.integers(1, 16), st.integers(1, 16), st.lists(st.lists(st.integers(1, 8), min_size=1, max_size=3), max_size=8)
)
def test_pods_that_share_the_gpus_of_a_node_find_a_nic_for_each_share(gpus, nics, pods):
    asked, left, taken = of_ratio(gpus, nics), gpus, 0
    for of_pod in pods:
        if sum(of_pod) <= left:
            left -= sum(of_pod)
            taken += sum(one.units for one in shares(of_pod, asked, asks=None))
    assert taken <= nics


class TestSeveralContainers:
    def test_each_container_with_gpus_gets_its_own(self):
        done = inject(pod(cpu("proxy"), with_gpus(6, "a"), with_gpus(2, "b")), injection())

        assert nics(done) == [None, 6, 2]
        assert ["securityContext" in one for one in done["spec"]["containers"]] == [False, True, True]
        assert [one.get("volumeMounts") for one in done["spec"]["containers"]][1:] == [
            [{"name": "shm", "mountPath": "/dev/shm"}]
        ] * 2

    def test_the_named_one_alone_gets_it(self):
        done = inject(pod(with_gpus(6, "a"), with_gpus(2, "b")), injection(container="b"))

        assert nics(done) == [None, 2]

    def test_together_they_cannot_have_more_than_the_node(self):
        given = pod(with_gpus(8, "a"), cpu("b", resources={"limits": {"rdma/ib": 4}, "requests": {"rdma/ib": 4}}))

        [conflict] = injected(given, injection()).conflicts

        assert conflict.path == ("spec", "containers")
        assert conflict.message == f"ask for rdma/ib: 8 + 4, and {H100} has 8 InfiniBand NICs"

    def test_what_another_container_has_within_the_node_is_no_conflict(self):
        given = pod(with_gpus(4, "a"), cpu("b", resources={"limits": {"rdma/ib": 4}, "requests": {"rdma/ib": 4}}))

        assert injected(given, injection()).conflicts == ()


class TestWithoutGpus:
    def test_a_pod_on_a_size_with_gpus_gets_nothing_and_is_told_what_to_ask(self):
        done = injected(pod(cpu()), injection())

        assert (done.edits, done.conflicts) == ((), ())
        [plan] = done.plan
        assert plan.left.startswith(f"asks for no GPU of {H100}")
        assert "--gpus N" in plan.left
        assert "--nics N" in plan.left
        assert plan.lacks is False

    @pytest.mark.parametrize("profile", PROFILES)
    def test_with_every_profile(self, profile):
        assert injected(pod(cpu()), injection(H100, profile)).edits == ()

    def test_nics_that_the_option_asks_for_are_given(self):
        assert limits(inject(pod(cpu()), injection(nics=2))) == [{"rdma/ib": 2}]
        assert limits(inject(pod(cpu()), injection(H100, SHARED, nics=1))) == [{"rdma/shared_ib": 1}]

    def test_a_pod_that_asks_for_nics_itself_gets_the_rest(self):
        done = inject(pod(cpu(resources={"limits": {"rdma/ib": 1}})), injection())

        assert nics(done) == [1]
        assert done["spec"]["containers"][0]["securityContext"] == {"capabilities": {"add": ["IPC_LOCK"]}}

    def test_ranks_of_mpi_talk_over_the_network_all_the_same(self):
        job = objects_of("mpijob")[0]
        for replicas in job["spec"]["mpiReplicaSpecs"].values():
            for one in replicas["template"]["spec"]["containers"]:
                one.pop("resources", None)

        done = inject(job, injection())["spec"]["mpiReplicaSpecs"]

        assert nics(done["Worker"]["template"]) == [8]
        assert nics(done["Launcher"]["template"]) == [None]

    def test_a_runtime_trains_with_whatever_its_jobs_bring(self):
        runtime = objects_of("clustertrainingruntime")[0]
        assert "gpu" not in str(runtime)

        assert "'rdma/ib': 8" in str(inject(runtime, injection()))

    def test_a_train_job_that_replaces_the_gpus_gets_nothing(self):
        job = objects_of("trainjob")[0]
        job["spec"]["trainer"]["resourcesPerNode"] = {"limits": {"cpu": 8}}

        assert injected(job, injection()).edits == ()

    def test_a_train_job_without_resources_has_those_of_a_runtime_that_is_not_there(self):
        job = objects_of("trainjob")[0]
        del job["spec"]["trainer"]["resourcesPerNode"]

        assert inject(job, injection())["spec"]["trainer"]["resourcesPerNode"]["limits"] == {"rdma/ib": 8}
        assert inject(job, injection(gpus=2))["spec"]["trainer"]["resourcesPerNode"]["limits"] == {
            "nvidia.com/gpu": 2,
            "rdma/ib": 2,
        }


def ray(head, worker):
    data = objects_of("raycluster")[0]
    data["spec"]["headGroupSpec"]["template"]["spec"]["containers"] = [head]
    data["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"] = [worker]
    return data


def ray_nics(data):
    spec = data["spec"]
    templates = [spec["headGroupSpec"]["template"], spec["workerGroupSpecs"][0]["template"]]
    return [one for template in templates for one in nics(template)]


class TestRoles:
    @pytest.mark.parametrize(
        ("head", "worker", "options", "expected"),
        [
            pytest.param(cpu("head"), with_gpus(8), {}, [None, 8], id="a head without GPUs gets none"),
            pytest.param(with_gpus(8), with_gpus(8), {}, [8, 8], id="one with GPUs does"),
            pytest.param(cpu("head"), cpu(), {"gpus": 4}, [None, 4], id="GPUs of the option are for the workers"),
            pytest.param(cpu("head"), cpu(), {"nics": 2}, [None, 2], id="NICs of the option, too"),
            pytest.param(cpu("head"), with_gpus(8), {"nics": 4}, [None, 4], id="and where the workers have GPUs"),
            pytest.param(cpu("head"), cpu(), {}, [None, None], id="nobody has GPUs"),
        ],
    )
    def test_a_ray_head(self, head, worker, options, expected):
        assert ray_nics(inject(ray(head, worker), injection(**options))) == expected

    def test_a_head_that_is_alone_takes_the_options(self):
        data = ray(cpu("head"), cpu())
        del data["spec"]["workerGroupSpecs"]

        assert nics(inject(data, injection(gpus=2))["spec"]["headGroupSpec"]["template"]) == [2]

    def test_a_leader_without_gpus_beside_workers_with_gpus_gets_none(self):
        group = objects_of("leaderworkerset")[0]
        leader = group["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]["containers"][0]
        leader["resources"] = {"limits": {"cpu": 8}}

        done = inject(group, injection(nics=4))["spec"]["leaderWorkerTemplate"]

        assert (nics(done["leaderTemplate"]), nics(done["workerTemplate"])) == ([None], [4])

    def test_a_leader_without_gpus_that_is_named_takes_the_options(self):
        group = objects_of("leaderworkerset")[0]
        leader = group["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]["containers"][0]
        leader["resources"] = {"limits": {"cpu": 8}}

        done = inject(group, injection(nics=4, container="vllm-leader"))["spec"]["leaderWorkerTemplate"]

        assert (nics(done["leaderTemplate"]), nics(done["workerTemplate"])) == ([4], [4])


class TestPlan:
    def test_it_says_what_a_template_got_and_why(self):
        [plan] = injected(objects_of("deployment")[0], injection()).plan

        assert (plan.path, plan.role, plan.containers) == (("spec", "template"), "pod", ("server",))
        told = {one.what: one.why for one in plan.added}
        assert told["rdma/ib: 8"] == "8 of 8 NICs for 8 of 8 GPUs"
        assert told["9 variables"].startswith("preset ndv5-nccl: NCCL_SOCKET_IFNAME, NCCL_DEBUG, ")
        assert told["nodeSelector"] == "feature.node.kubernetes.io/pci-15b3.present: true"
        assert set(told) == {"rdma/ib: 8", "9 variables", "nodeSelector", "IPC_LOCK", "/dev/shm", "podAffinity"}

    def test_it_has_whatever_the_options_bring(self):
        asked = injection(pool="ndh100", gpus=8, topology_config_map="nccl-topology")
        [plan] = injected(pod(cpu()), asked).plan

        told = {one.what: one.why for one in plan.added}
        assert told["nvidia.com/gpu: 8"] == "as --gpus asks"
        assert told["toleration"] == "of sku=gpu:NoSchedule, which the nodes of the pool have"
        assert told["nodeSelector"] == "kubernetes.azure.com/agentpool: ndh100"
        assert told["/opt/nvidia-topology/topo.xml"] == "of ConfigMap nccl-topology"
        [plan] = injected(pod(cpu()), injection(HB, "ipoib")).plan
        assert ("annotation", "k8s.v1.cni.cncf.io/networks: aks-infiniband") in [
            (one.what, one.why) for one in plan.added
        ]

    def test_what_is_there_is_not_told(self):
        once = inject(objects_of("deployment")[0], injection())

        assert [one.added for one in injected(once, injection()).plan] == [[]]

    def test_it_says_who_does_not_work(self):
        launcher, worker = injected(objects_of("mpijob")[0], injection()).plan

        assert (launcher.role, launcher.left) == (
            "launcher",
            "its pods do not do the work, but start, prepare or route it",
        )
        assert (worker.role, worker.left) == ("worker", "")

    def test_the_jobs_of_a_runtime_have_their_own_names(self):
        initializer, node = injected(objects_of("trainingruntime")[0], injection()).plan

        assert (initializer.role, node.role) == ("dataset-initializer", "node")

    def test_gpus_that_stay_without_a_nic_are_told_with_three_ways_out(self):
        [plan] = injected(pod(with_gpus(2)), injection(NDV2)).plan

        assert plan.lacks
        assert plan.left.startswith(f"{NDV2} has 1 NIC for 8 GPUs, and whoever takes a NIC with 2 leaves other GPUs")
        assert all(word in plan.left for word in (f"--profile {SHARED}", "ask for 8 GPUs", "--nics 1"))

    def test_the_nic_may_be_taken_nevertheless(self):
        assert nics(inject(pod(with_gpus(2)), injection(NDV2, nics=1))) == [1]

    def test_rounding_is_told(self):
        assert [one.why for one in shares([3], of_ratio(8, 4), asks=None)] == [
            "1 of 4 NICs for 3 of 8 GPUs, rounded so that none is missing beside another GPU"
        ]

    def test_a_number_of_ones_own_out_of_proportion_stays_and_is_told(self):
        given = pod(cpu(resources={"limits": {"nvidia.com/gpu": 1, "rdma/ib": 8}}))

        done = injected(given, injection())

        assert nics(done.data) == [8]
        assert [one.text for one in done.notes] == [
            "main keeps rdma/ib: 8; 1 would be in proportion: 1 of 8 NICs for 1 of 8 GPUs"
        ]

    def test_a_number_of_ones_own_in_proportion_is_no_news(self):
        given = pod(cpu(resources={"limits": {"nvidia.com/gpu": 1, "rdma/ib": "1"}}))

        assert injected(given, injection()).notes == ()

    def test_another_number_than_the_option_asks_for_is_a_conflict(self):
        given = pod(cpu(resources={"limits": {"nvidia.com/gpu": 1, "rdma/ib": 8}}))

        [conflict] = injected(given, injection(nics=1)).conflicts

        assert conflict.message == "has rdma/ib: 8, and --nics asks for 1"


class TestNear:
    @pytest.mark.parametrize(
        ("size", "fact"),
        [
            pytest.param(H100, "each GPU has a NIC beside it", id="pairs"),
            pytest.param(GB300, "GPUs and NICs are on 2 NUMA nodes", id="NUMA nodes alone"),
            pytest.param("Standard_ND128isr_NDR_GB200_v6", "is not published", id="nothing is known"),
        ],
    )
    def test_what_the_size_has_and_who_promises_it(self, size, fact):
        said = near(catalog.vm_size(size))

        assert fact in said
        assert "the scheduler only counts" in said
        assert "the whole node, or DRA" in said

    @pytest.mark.parametrize("size", [NDV2, HB, "Standard_HB368rs_v5"])
    def test_nothing_is_said_of_one_nic_or_without_gpus(self, size):
        assert near(catalog.vm_size(size)) is None

    @pytest.mark.parametrize(
        ("gpus", "profile", "part"),
        [
            pytest.param(4, "sriov-device-plugin", True, id="a part of the node"),
            pytest.param(8, "sriov-device-plugin", False, id="the whole node"),
            pytest.param(4, SHARED, False, id="a slot opens the near one, too"),
        ],
    )
    def test_it_is_of_use_to_pods_with_a_part_of_a_node(self, gpus, profile, part):
        assert [one.part for one in injected(pod(with_gpus(gpus)), injection(H100, profile)).plan] == [part]


@pytest.mark.parametrize(
    ("size", "profile", "number", "text"),
    [
        pytest.param(
            H100, "sriov-device-plugin", 9, "has 8 InfiniBand NICs, so --nics is a number from 1 to 8", id="many"
        ),
        pytest.param(H100, "sriov-device-plugin", 0, "from 1 to 8", id="none"),
        pytest.param(HB, "sriov-device-plugin", 2, "has 1 InfiniBand NIC, so", id="more than one"),
        pytest.param(H100, SHARED, 2, "one slot opens every NIC of the node, so --nics is 1", id="several slots"),
        pytest.param(H100, "base", 1, "has no device plugin", id="no plugin"),
    ],
)
def test_a_number_of_nics_that_cannot_be_is_refused(size, profile, number, text):
    with pytest.raises(UsageError, match=text):
        injection(size, profile, nics=number)


NODES = 2


def fitted(size, profile, objects):
    """Return how many pods find a node, and the GPUs that are left where no pod can use them."""
    pools = [NodePool(name="rdma1", vm_size=size, count=NODES)]
    cluster = Cluster(release="v26.4.1", profile=profile, node_pools=pools, ipoib=Ipoib(master="ibP257p0s0"))
    report = fit(nodes_of_cluster(cluster), read_workloads([Document.from_data(one) for one in objects]))
    resource = catalog.vm_size(size).gpu.resource
    gpus = [one.stranded for left in report.pools for one in left.resources if one.resource == resource]
    return [pods.placed for work in report.workloads for pods in work.pods], gpus


def deployment(size, gpus, replicas, name="serve"):
    data = copy.deepcopy(objects_of("deployment")[0])
    data["metadata"]["name"] = name
    data["spec"]["replicas"] = replicas
    row = catalog.vm_size(size).gpu
    data["spec"]["template"]["spec"] = {"containers": [with_gpus(gpus, resource=row.resource)]}
    return data


def served(size):
    for profile in PROFILES[1:]:
        try:
            yield profile, injection(size, profile)
        except PlanError:
            assert profile == "ipoib"  # which needs the driver container


@pytest.mark.parametrize("size", WITH_GPUS)
def test_after_inject_every_pod_fits_that_fitted_before_and_no_gpu_is_stranded(size):
    most = catalog.vm_size(size).gpu.count
    for profile, asked in served(size):
        for gpus in range(1, most + 1):
            before = deployment(size, gpus, NODES * (most // gpus))
            after = injected(before, asked)

            assert after.conflicts == ()
            assert fitted(size, profile, [after.data]) == fitted(size, profile, [before]), (profile, gpus)


@pytest.mark.parametrize("size", WITH_GPUS)
def test_after_inject_workloads_of_different_sizes_still_fill_a_node(size):
    most = catalog.vm_size(size).gpu.count
    for profile, asked in served(size):
        for gpus in range(1, most):
            both = [deployment(size, gpus, 1, "one"), deployment(size, most - gpus, 1, "other")]
            after = [inject(one, asked) for one in both]

            assert fitted(size, profile, after) == fitted(size, profile, both) == ([1, 1], [0]), (profile, gpus)


def test_a_container_with_gpus_is_whole_again_after_a_second_injection():
    given = pod(with_gpus(3, "a"), with_gpus(2, "b"), cpu("c"))
    once = inject(given, injection())

    assert injected(once, injection()).edits == ()
    assert container("x")["resources"] == {"limits": {"nvidia.com/gpu": 8}}
