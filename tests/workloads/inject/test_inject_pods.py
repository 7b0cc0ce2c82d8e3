"""What a pod gets, and what of its own stays."""

import pytest

from aksrdma.errors import UnknownNameError, UsageError
from aksrdma.workloads.inject import inject, injected
from tests.workloads.inject.inject_props import H100, HB, MI300X, container, cpu, injection, objects_of, pod


def main_of(data):
    return data["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            {"requests": {"rdma/ib": "4"}}, {"requests": {"rdma/ib": "4"}, "limits": {"rdma/ib": "4"}}, id="text"
        ),
        pytest.param(
            {"limits": {"cpu": 4, "nvidia.com/gpu": 8}},
            {"limits": {"cpu": 4, "nvidia.com/gpu": 8, "rdma/ib": 8}, "requests": {"rdma/ib": 8}},
            id="other resources beside",
        ),
        pytest.param(
            {"limits": {"nvidia.com/gpu": 8}, "requests": None},
            {"limits": {"nvidia.com/gpu": 8, "rdma/ib": 8}, "requests": {"rdma/ib": 8}},
            id="null as nothing",
        ),
    ],
)
def test_resources_of_the_user_stay(given, expected):
    assert main_of(inject(pod(container(resources=given)), injection()))["resources"] == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, {"capabilities": {"add": ["IPC_LOCK"]}}, id="nothing yet"),
        pytest.param(
            {"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}},
            {"capabilities": {"add": ["SYS_PTRACE", "IPC_LOCK"], "drop": ["ALL"]}},
            id="another capability",
        ),
        pytest.param({"capabilities": {"add": ["ALL"]}}, {"capabilities": {"add": ["ALL"]}}, id="all of them"),
        pytest.param({"privileged": True}, {"privileged": True}, id="privileged includes it"),
    ],
)
def test_ipc_lock_is_added_to(given, expected):
    assert main_of(inject(pod(container(securityContext=given)), injection()))["securityContext"] == expected


@pytest.mark.parametrize(
    ("spec", "noted"),
    [
        pytest.param({}, False, id="nobody"),
        pytest.param({"securityContext": {"runAsUser": 0}}, False, id="root"),
        pytest.param({"securityContext": {"runAsUser": 1000}}, True, id="another user"),
        pytest.param({"securityContext": {"runAsNonRoot": True}}, True, id="anyone but root"),
    ],
)
def test_a_capability_that_has_no_effect_is_noted_for(spec, noted):
    assert ("effect for root only" in str(injected(pod(**spec), injection()).notes)) is noted


@pytest.mark.parametrize("given", [{}, None], ids=["empty", "null"])
def test_resources_that_nothing_is_added_to_stay(given):
    data = pod(container(securityContext={"privileged": True}, resources=given))

    assert main_of(inject(data, injection(profile="base")))["resources"] == given


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        pytest.param(None, {"medium": "Memory"}, id="no limit without a memory limit"),
        pytest.param("512Gi", {"medium": "Memory", "sizeLimit": "64Gi"}, id="64Gi at most"),
        pytest.param("32Gi", {"medium": "Memory", "sizeLimit": "16Gi"}, id="half of the memory limit"),
        pytest.param("1500M", {"medium": "Memory", "sizeLimit": "715Mi"}, id="whole mebibytes"),
    ],
)
def test_shared_memory_has(memory, expected):
    limits = {"limits": {"nvidia.com/gpu": 8} | ({"memory": memory} if memory else {})}

    done = inject(pod(container(resources=limits)), injection())

    assert done["spec"]["volumes"] == [{"name": "shm", "emptyDir": expected}]
    assert main_of(done)["volumeMounts"] == [{"name": "shm", "mountPath": "/dev/shm"}]


MEMORY = {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}}


def test_shared_memory_that_is_mounted_stays():
    mounts = [{"name": "dshm", "mountPath": "/dev/shm/"}]

    done = inject(pod(container(volumeMounts=mounts), volumes=[MEMORY]), injection())

    assert (main_of(done)["volumeMounts"], done["spec"]["volumes"]) == (mounts, [MEMORY])


def test_a_volume_for_shared_memory_that_is_not_mounted_is_taken():
    done = inject(pod(volumes=[MEMORY]), injection())

    assert (main_of(done)["volumeMounts"][0]["name"], done["spec"]["volumes"]) == ("dshm", [MEMORY])


def test_a_name_that_is_taken_is_left_alone():
    done = inject(pod(volumes=[{"name": "shm", "hostPath": {"path": "/data"}}]), injection())

    assert [one["name"] for one in done["spec"]["volumes"]] == ["shm", "rdma-shm"]


class TestNodes:
    def test_a_pool_is_selected_with_its_taints_tolerated(self):
        spec = inject(pod(), injection(pool="ndh100"))["spec"]

        assert spec["nodeSelector"] == {"kubernetes.azure.com/agentpool": "ndh100"}
        assert spec["tolerations"] == [{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]

    def test_without_a_pool_any_node_with_the_nic_is_selected(self):
        spec = inject(pod(), injection())["spec"]

        assert spec["nodeSelector"] == {"feature.node.kubernetes.io/pci-15b3.present": "true"}
        assert "tolerations" not in spec

    @pytest.mark.parametrize(
        "toleration",
        [
            pytest.param({"operator": "Exists"}, id="everything"),
            pytest.param({"key": "sku", "operator": "Exists"}, id="every value"),
            pytest.param({"key": "sku", "value": "gpu"}, id="every effect"),
            pytest.param({"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}, id="the taint"),
        ],
    )
    def test_a_toleration_that_covers_the_taint_is_enough(self, toleration):
        spec = inject(pod(tolerations=[toleration]), injection(pool="p"))["spec"]

        assert spec["tolerations"] == [toleration]

    def test_another_toleration_stays_beside(self):
        spec = inject(pod(tolerations=[{"key": "a", "operator": "Exists"}]), injection(pool="p"))["spec"]

        assert [one["key"] for one in spec["tolerations"]] == ["a", "sku"]

    def test_pods_of_a_workload_find_each_other_by_a_label_of_their_own(self):
        template = inject(objects_of("job")[0], injection())["spec"]["template"]

        [term] = template["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["topologyKey"] == "kubernetes.azure.com/agentpool"
        assert (
            term["labelSelector"]["matchLabels"]
            == template["metadata"]["labels"]
            == {"aksrdma.dev/fabric": "job-train"}
        )

    @pytest.mark.parametrize(
        "spec",
        [
            pytest.param({"nodeSelector": {"kubernetes.azure.com/agentpool": "mine"}}, id="a selected pool"),
            pytest.param({"nodeSelector": {"agentpool": "mine"}}, id="a pool selected by the old label"),
            pytest.param(
                {
                    "affinity": {
                        "nodeAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": {
                                "nodeSelectorTerms": [
                                    {"matchExpressions": [{"key": "agentpool", "operator": "In", "values": ["mine"]}]}
                                ]
                            }
                        }
                    }
                },
                id="an affinity to one pool",
            ),
            pytest.param(
                {
                    "affinity": {
                        "podAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "agentpool"}]
                        }
                    }
                },
                id="an affinity of its own",
            ),
        ],
    )
    def test_pods_that_are_in_one_pool_already_need_no_affinity(self, spec):
        job = objects_of("job")[0]
        job["spec"]["template"]["spec"].update(spec)

        done = inject(job, injection())

        assert "metadata" not in done["spec"]["template"]
        assert done["spec"]["template"]["spec"].get("affinity") == spec.get("affinity")

    @pytest.mark.parametrize("name", ["pod", "daemonset", "cronjob"])
    def test_a_pod_that_is_alone_needs_no_affinity(self, name):
        assert "podAffinity" not in str(inject(objects_of(name)[0], injection()))


class TestNetwork:
    NAME = "k8s.v1.cni.cncf.io/networks"

    @pytest.mark.parametrize(
        ("given", "namespace", "expected"),
        [
            pytest.param(None, None, "aks-infiniband", id="a bare name in the network's namespace"),
            pytest.param(None, "mpi", "default/aks-infiniband", id="the namespace where the pod is elsewhere"),
            pytest.param("other", None, "other,aks-infiniband", id="beside another network"),
            pytest.param("aks-infiniband@ib0", None, "aks-infiniband@ib0", id="once"),
            pytest.param("default/aks-infiniband", None, "default/aks-infiniband", id="once with its namespace"),
            pytest.param('[{"name": "aks-infiniband"}]', None, '[{"name": "aks-infiniband"}]', id="once as JSON"),
            pytest.param(
                '[{"name": "other"}]', "mpi",
                '[{"name": "other"}, {"name": "aks-infiniband", "namespace": "default"}]',
                id="beside another as JSON",
            ),
        ],
    )  # fmt: skip
    def test_the_annotation_is(self, given, namespace, expected):
        data = pod(cpu())
        data["metadata"] |= {"annotations": {self.NAME: given}} if given else {}
        data["metadata"] |= {"namespace": namespace} if namespace else {}

        assert inject(data, injection(HB, "ipoib"))["metadata"]["annotations"][self.NAME] == expected

    def test_no_other_profile_has_it(self):
        assert "annotations" not in inject(pod(cpu()), injection(HB))["metadata"]


class TestEnvironment:
    def names(self, asked, **fields):
        gpu = asked.vm_size.gpu
        limits = {"resources": {"limits": {gpu.resource: 8}}} if gpu else {}
        return [one["name"] for one in main_of(inject(pod(cpu(**limits, **fields)), asked)).get("env", ())]

    def test_nvidia_has_nccl_amd_rccl_and_cpus_nothing(self):
        assert "NCCL_IB_QPS_PER_CONNECTION" in self.names(injection())
        assert "RCCL_MSCCL_ENABLE" in self.names(injection(MI300X))
        assert self.names(injection(HB)) == []

    @pytest.mark.parametrize(
        ("preset", "variable"),
        [
            pytest.param("nixl", "UCX_IB_GPU_DIRECT_RDMA", id="by purpose"),
            pytest.param("UCX", "UCX_IB_GPU_DIRECT_RDMA", id="by library"),
            pytest.param("ndv5-sharp", "NCCL_COLLNET_ENABLE", id="by full name"),
        ],
    )
    def test_a_preset_is_named(self, preset, variable):
        assert variable in self.names(injection(presets=[preset]))

    def test_several_presets_are_joined(self):
        assert {"NCCL_PXN_DISABLE", "NCCL_COLLNET_ENABLE"} <= set(self.names(injection(presets=["nccl", "sharp"])))

    def test_none_is_nothing(self):
        assert self.names(injection(presets=["none"])) == []

    def test_a_library_path_is_the_image_s_own_matter(self):
        assert "LD_LIBRARY_PATH" not in self.names(injection(MI300X))

    def test_a_variable_with_a_source_of_its_own_stays(self):
        given = [{"name": "NCCL_SOCKET_IFNAME", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}]

        assert main_of(inject(pod(container(env=given)), injection()))["env"][0] == given[0]

    def test_another_value_stays_where_that_is_asked_for(self):
        given = [{"name": "NCCL_PXN_DISABLE", "value": "0"}]

        done = injected(pod(container(env=given)), injection(keep_env=True))

        assert main_of(done.data)["env"][0] == given[0]
        assert [one.text for one in done.notes] == [f"NCCL_PXN_DISABLE stays '0'; the preset for {H100} has '1'"]

    def test_a_preset_of_another_size_is_unknown(self):
        with pytest.raises(UnknownNameError, match=r"no preset 'rccl' for .*it has: nccl"):
            injection(presets=["rccl"])

    def test_presets_that_contradict_each_other_are_refused(self):
        with pytest.raises(UsageError, match="do not go together: NCCL_MNNVL_ENABLE"):
            injection("Standard_ND128isr_GB300_v6", presets=["nccl", "nccl-infiniband"])


class TestTopology:
    def test_the_config_map_is_mounted_and_named(self):
        done = inject(pod(), injection(topology_config_map="nccl-topology"))

        assert {"name": "NCCL_TOPO_FILE", "value": "/opt/nvidia-topology/topo.xml"} in main_of(done)["env"]
        assert {"name": "nccl-topology", "configMap": {"name": "nccl-topology"}} in done["spec"]["volumes"]
        assert main_of(done)["volumeMounts"][1] == {
            "name": "nccl-topology",
            "mountPath": "/opt/nvidia-topology",
            "readOnly": True,
        }

    def test_without_one_nothing_names_the_file_and_a_note_tells(self):
        asked = injection()

        assert "NCCL_TOPO_FILE" not in str(inject(pod(), asked))
        assert "--topology-config-map nccl-topology" in asked.notes[0]

    @pytest.mark.parametrize("size", [HB, MI300X, "Standard_ND128isr_GB300_v6"])
    def test_a_size_without_a_file_is_refused(self, size):
        with pytest.raises(UsageError, match=f"no NCCL topology file for {size}"):
            injection(size, topology_config_map="nccl-topology")


class TestBase:
    def test_a_privileged_container_gets_the_rest(self):
        spec = inject(pod(cpu(securityContext={"privileged": True})), injection(profile="base"))["spec"]

        assert "resources" not in spec["containers"][0]
        assert spec["volumes"][0]["emptyDir"] == {"medium": "Memory"}

    def test_any_other_is_refused(self):
        [conflict] = injected(pod(), injection(profile="base")).conflicts

        assert "open to privileged containers only" in conflict.message


@pytest.mark.parametrize(
    ("size", "gpus", "text"),
    [
        pytest.param(HB, 1, "has no GPUs", id="a size without GPUs"),
        pytest.param(H100, 9, "from 1 to 8", id="too many"),
        pytest.param(H100, 0, "from 1 to 8", id="none"),
    ],
)
def test_gpus_that_a_size_does_not_have_are_refused(size, gpus, text):
    with pytest.raises(UsageError, match=text):
        injection(size, gpus=gpus)


def test_a_volume_of_the_topology_config_map_is_mounted_and_not_made_again():
    volumes = [{"name": "other", "configMap": {"name": "x"}}, {"name": "mine", "configMap": {"name": "nccl-topology"}}]

    spec = inject(pod(volumes=volumes), injection(topology_config_map="nccl-topology"))["spec"]

    assert [volume["name"] for volume in spec["volumes"]] == ["other", "mine", "shm"]
    assert spec["containers"][0]["volumeMounts"][1]["name"] == "mine"


@pytest.mark.parametrize(
    ("context", "who"),
    [
        pytest.param({"runAsUser": 1000}, "user 1000", id="a-user-by-number"),
        pytest.param({"runAsNonRoot": True}, "a user that is not root", id="no-number"),
        pytest.param({"runAsUser": 7, "runAsNonRoot": True}, "user 7", id="the-number-says-more"),
    ],
)
def test_the_note_says_as_whom_the_container_runs(context, who):
    ((_, note),) = injected(pod(securityContext=context), injection()).notes

    assert f"runs as {who}: run it as root" in note
