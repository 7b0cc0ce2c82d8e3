"""Whose variables are judged, where they come from, and on which sizes they have to be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.environment import variables
from aksrdma.documents import Document
from tests.checks.relation.relation_props import H100, POOL, container, manifest, pod, policy, said, shared

GB300 = "Standard_ND128isr_GB300_v6"
A100 = "Standard_ND96amsr_A100_v4"
NO_INFINIBAND = "Standard_NC24ads_A100_v4"
OFF = {"name": "NCCL_IB_DISABLE", "value": "1"}


def judged(*documents: Document, sizes: tuple[str, ...] = (H100,), **options: Any) -> list[tuple[str, str, str | None]]:
    return [(one.rule, one.path, one.severity) for one in said(variables, *documents, vm_sizes=sizes, **options)]


def with_env(*env: dict[str, Any], **amounts: Any) -> dict[str, Any]:
    return {**container(**amounts), "env": list(env)}


VALUE = "spec.containers[0].env[0].value"
WARNED = [("rdma-off-by-environment", VALUE, "warning")]


@pytest.mark.parametrize(
    ("document", "sizes", "found"),
    [
        pytest.param(pod(with_env(OFF, ib=8)), (), WARNED, id="an-rdma-resource"),
        pytest.param(pod(with_env(OFF, gpu=1)), (H100,), WARNED, id="gpus-on-a-size-with-infiniband"),
        pytest.param(pod(with_env(OFF, gpu=1)), (), [], id="gpus-on-nodes-that-are-not-known"),
        pytest.param(pod(with_env(OFF, gpu=1)), (NO_INFINIBAND,), [], id="gpus-on-a-size-without"),
        pytest.param(pod(with_env(OFF, gpu=1)), (H100, NO_INFINIBAND), [], id="gpus-on-either"),
        pytest.param(pod(with_env(OFF, cpu=1)), (H100,), [], id="neither"),
        pytest.param(pod({"name": "x", "env": [OFF], "resources": {"claims": [{"name": "gpus"}]}}), (H100,), WARNED, id="a-claim"),
        pytest.param(pod({"name": "x", "env": [OFF], "resources": {"claims": [{"name": "gpus"}]}}), (), [], id="a-claim-somewhere"),
        pytest.param(pod(with_env(OFF, ib=4)), (GB300,), [(*WARNED[0][:2], "info")], id="a-choice-on-gb"),
        pytest.param(pod(with_env(OFF, ib=4)), (GB300, H100), [(*WARNED[0][:2], "info")], id="the-mildest-of-several-sizes"),
        pytest.param(pod(with_env({"name": "NCCL_IB_HCA", "value": "mlx5_5"}, ib=1)), (GB300, H100), [], id="right-on-one-of-them"),
    ],
)  # fmt: skip
def test_a_variable_is_judged_where_rdma_is_to_be_used(
    document: Document, sizes: tuple[str, ...], found: list[tuple[str, str, str]]
) -> None:
    assert judged(document, sizes=sizes) == found


def test_a_container_without_rdma_beside_one_with_it_may_set_what_it_likes() -> None:
    document = pod(container(ib=8), {**container("logs", lock=False), "env": [OFF]})

    assert judged(document) == []


def test_device_files_by_host_path_are_a_sign_of_rdma() -> None:
    mount = {"volumeMounts": [{"name": "ib", "mountPath": "/dev/infiniband"}]}
    document = pod({**with_env(OFF), **mount}, volumes=[{"name": "ib", "hostPath": {"path": "/dev/infiniband"}}])

    assert judged(document, sizes=()) == WARNED


def test_the_last_word_on_a_variable_counts() -> None:
    on = {"name": "NCCL_IB_DISABLE", "value": "0"}
    later = {**with_env(OFF, ib=8), "command": ["bash", "-c", "export NCCL_IB_DISABLE=0; run"]}
    unsure = {**with_env(OFF, ib=8), "command": ["bash", "-c", "export NCCL_IB_DISABLE=$X; run"]}

    assert judged(pod(with_env(OFF, on, ib=8))) == []
    assert judged(pod(with_env(on, OFF, ib=8))) == [
        ("rdma-off-by-environment", "spec.containers[0].env[1].value", "warning")
    ]
    assert judged(pod(later)) == []
    assert judged(pod(unsure)) == []


def config_map(name: str, namespace: str = "", **data: str) -> Document:
    return Document.from_data(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}
    )


def test_a_value_of_a_config_map_is_told_at_the_pod_with_its_name_and_key() -> None:
    whole = {**container(ib=8), "envFrom": [{"configMapRef": {"name": "nccl"}}]}
    one = with_env({"name": "NCCL_NET", "valueFrom": {"configMapKeyRef": {"name": "nccl", "key": "net"}}}, ib=8)
    options = {"vm_sizes": (H100,)}

    (from_whole,) = said(variables, pod(whole), config_map("nccl", NCCL_IB_DISABLE="1"), **options)
    (from_key,) = said(variables, pod(one, namespace="a"), config_map("nccl", "a", net="Socket"), **options)

    assert from_whole.path == "spec.containers[0].envFrom[0]"
    assert from_whole.message.endswith("(ConfigMap nccl, key NCCL_IB_DISABLE)")
    assert from_key.path == "spec.containers[0].env[0]"
    assert from_key.message == "NCCL_NET=Socket makes NCCL use TCP and nothing else (ConfigMap nccl, key net)"


def test_a_config_map_of_another_namespace_is_not_the_pods() -> None:
    whole = {**container(ib=8), "envFrom": [{"configMapRef": {"name": "nccl"}}]}

    assert judged(pod(whole, namespace="b"), config_map("nccl", "a", NCCL_IB_DISABLE="1")) == []
    assert judged(pod(whole), config_map("nccl", "default", NCCL_IB_DISABLE="1")) != []


def test_a_server_whose_data_ucx_carries_is_not_told_of_mpi() -> None:
    over_tcp = {**with_env({"name": "UCX_TLS", "value": "tcp"}, ib=8), "image": "vllm/vllm-openai:v0.33.0"}

    (found,) = said(variables, pod(over_tcp), vm_sizes=(H100,))

    assert found.fix == "take it out; or take the RDMA resource out, if TCP is meant"


MAPPED = {"name": "VLLM_GPU_NIC_PCIE_MAPPING", "value": "0001:00:00.0=0101:00:00.0"}
CHOOSES = {"name": "VLLM_NIC_SELECTION_VARS", "value": "UCX_NET_DEVICES:1"}
UNSAID = {"name": "VLLM_NIC_SELECTION_VARS", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}


@pytest.mark.parametrize(
    ("env", "sources", "found"),
    [
        pytest.param([MAPPED], [], ["nic-mapping-refused"], id="one-without-the-other"),
        pytest.param([CHOOSES], [], ["nic-mapping-refused"], id="the-other-without-the-one"),
        pytest.param([MAPPED, {**CHOOSES, "value": " "}], [], ["nic-mapping-refused"], id="the-other-is-empty"),
        pytest.param([MAPPED, CHOOSES], [], [], id="both"),
        pytest.param([MAPPED, UNSAID], [], [], id="a-value-of-a-secret"),
        pytest.param([MAPPED], [{"secretRef": {"name": "a"}}], [], id="a-secret-that-may-have-it"),
        pytest.param([MAPPED], [{"configMapRef": {"name": "elsewhere"}}], [], id="a-config-map-of-somebody-else"),
        pytest.param(
            [MAPPED], [{"configMapRef": {"name": "other"}}], ["nic-mapping-refused"], id="one-that-has-it-not"
        ),
        pytest.param([MAPPED], [{"configMapRef": {"name": "nics"}}], [], id="one-that-has-it"),
    ],
)
def test_the_nics_of_vllm_are_chosen_by_two_variables_or_by_none(
    env: list[dict[str, Any]], sources: list[dict[str, Any]], found: list[str]
) -> None:
    document = pod({**with_env(*env, ib=1, gpu=1), "envFrom": sources})
    maps = config_map("nics", VLLM_NIC_SELECTION_VARS="NCCL_IB_HCA"), config_map("other", NCCL_DEBUG="INFO")

    assert [rule for rule, _, _ in judged(document, *maps)] == found


def test_the_first_connection_over_ipoib_is_told_where_the_set_says_that_the_network_is_one() -> None:
    ipoib = manifest(
        "IPoIBNetwork", "mellanox.com/v1alpha1", {"networkNamespace": "default", "master": "ibs1"}, "ib-net"
    )
    attached = manifest("NetworkAttachmentDefinition", "k8s.cni.cncf.io/v1", {"config": '{"type": "ipoib"}'}, "ib-net")
    other = manifest("NetworkAttachmentDefinition", "k8s.cni.cncf.io/v1", {"config": '{"type": "macvlan"}'}, "ib-net")
    over = with_env({"name": "NCCL_SOCKET_IFNAME", "value": "net1"}, ib=8)
    asks = {"annotations": {"k8s.v1.cni.cncf.io/networks": "ib-net"}}
    document = manifest("Pod", "v1", {"containers": [over]}, **asks)
    told = [("socket-interface-not-in-pod", VALUE, "info")]

    assert judged(document, ipoib) == told
    assert judged(document, attached) == told
    assert judged(document, other) == []
    assert judged(document) == []


def mpi_job(launcher: dict[str, Any], worker: dict[str, Any]) -> Document:
    roles = {
        role: {"replicas": 1, "template": {"spec": {"containers": [one]}}}
        for role, one in (("Launcher", launcher), ("Worker", worker))
    }
    return manifest("MPIJob", "kubeflow.org/v2beta1", {"mpiReplicaSpecs": roles})


@pytest.mark.parametrize(
    ("launcher", "found"),
    [
        pytest.param({"command": ["mpirun", "-x", "NCCL_IB_DISABLE=1", "run"]}, ["NCCL_IB_DISABLE"], id="x"),
        pytest.param({"command": ["mpirun", "--mca", "pml", "ob1", "run"]}, ["OMPI_MCA_pml"], id="mca"),
        pytest.param({"env": [{"name": "OMPI_MCA_pml", "value": "ob1"}]}, ["OMPI_MCA_pml"], id="what-mpirun-hands-on"),
        pytest.param({"env": [{"name": "I_MPI_FABRICS", "value": "tcp"}]}, ["I_MPI_FABRICS"], id="of-intel-mpi"),
        pytest.param(
            {"env": [OFF], "command": ["mpirun", "-x", "NCCL_IB_DISABLE", "run"]}, ["NCCL_IB_DISABLE"], id="by-its-name"
        ),
        pytest.param({"env": [OFF], "command": ["mpirun", "run"]}, [], id="what-stays-with-the-launcher"),
        pytest.param(
            {"command": ["bash", "-c", "export NCCL_IB_DISABLE=1; mpirun run"]}, [], id="what-its-shell-keeps"
        ),
    ],
)
def test_what_a_launcher_hands_on_counts_for_the_workers(launcher: dict[str, Any], found: list[str]) -> None:
    document = mpi_job({"name": "l", "image": "a", **launcher}, container(ib=8, gpu=8))

    assert [one.message.partition("=")[0] for one in said(variables, document, vm_sizes=(H100,))] == found


@pytest.mark.parametrize(("implementation", "found"), [("OpenMPI", 0), ("Intel", 1), ("MPICH", 1)])
def test_other_implementations_of_mpi_hand_their_whole_environment_on(implementation: str, found: int) -> None:
    document = mpi_job({"name": "l", "image": "a", "env": [OFF]}, container(ib=8, gpu=8))
    document.data["spec"]["mpiImplementation"] = implementation

    assert len(judged(document)) == found


def mounted(command: list[str], mount: dict[str, Any], **volume: Any) -> Document:
    box = {**container(ib=8), "command": command, "volumeMounts": [{"name": "v", **mount}]}
    return pod(box, volumes=[{"name": "v", "configMap": {"name": "scripts", **volume}}])


@pytest.mark.parametrize(
    ("document", "key"),
    [
        pytest.param(mounted(["bash", "/s/off"], {"mountPath": "/s"}), "off", id="a-folder"),
        pytest.param(mounted(["/run"], {"mountPath": "/run", "subPath": "off"}), "off", id="one-file"),
        pytest.param(mounted(["/s/x/y"], {"mountPath": "/s/"}, items=[{"key": "off", "path": "x/y"}]), "off", id="by-another-name"),
        pytest.param(mounted(["/s/off"], {"mountPath": "/s"}, items=[{"key": "on", "path": "off"}]), "", id="another-key"),
        pytest.param(mounted(["/s/on"], {"mountPath": "/s"}), "", id="another-file"),
        pytest.param(mounted(["/s/off"], {"mountPath": ""}), "", id="nowhere"),
        pytest.param(mounted(["/run"], {"mountPath": "/run", "subPath": "gone"}), "", id="a-file-that-is-none"),
    ],
)  # fmt: skip
def test_a_script_in_a_config_map_is_read_where_a_command_runs_it(document: Document, key: str) -> None:
    scripts = config_map("scripts", off="export NCCL_IB_DISABLE=1", on="export NCCL_IB_DISABLE=0")

    told = said(variables, document, scripts, vm_sizes=(H100,))

    assert [one.message.partition(" (")[2] for one in told] == ([f"ConfigMap scripts, key {key})"] if key else [])


def test_a_topology_file_is_looked_for_among_the_keys_that_are_mounted() -> None:
    def told(path: str, **binary: str) -> list[str]:
        box = {**with_env({"name": "NCCL_TOPO_FILE", "value": path}, ib=8)}
        box["volumeMounts"] = [{"name": "v", "mountPath": "/t"}]
        topology = config_map("topology", **{"topo.xml": "<system/>"})
        topology.data["binaryData"] = binary
        return [one.message for one in said(variables, pod(box, volumes=[TOPOLOGY]), topology, vm_sizes=(H100,))]

    assert told("/t/topo.xml") == []
    assert told("/t/other.xml", **{"other.xml": ""}) == []
    assert told("/t/other.xml") == [
        "NCCL_TOPO_FILE=/t/other.xml is not among the files that are mounted there (/t/topo.xml)"
    ]


TOPOLOGY = {"name": "v", "configMap": {"name": "topology"}}


@pytest.mark.parametrize(
    ("kind", "spec", "found"),
    [
        pytest.param("RayJob", {"runtimeEnvYAML": "env_vars: {NCCL_NET: Socket}"}, "spec.runtimeEnvYAML", id="of-a-job"),
        pytest.param("RayJob", {"runtimeEnvYAML": "env_vars: {NCCL_NET: IB}"}, "", id="that-is-right"),
        pytest.param("RayJob", {"runtimeEnvYAML": "env_vars: [NCCL_NET"}, "", id="that-cannot-be-read"),
        pytest.param("RayJob", {"runtimeEnvYAML": "env_vars: {NCCL_NET: 3}"}, "", id="no-text"),
        pytest.param("RayJob", {"runtimeEnvYAML": {"env_vars": {}}}, "", id="no-yaml"),
        pytest.param("RayService", {"serveConfigV2": "applications: [{runtime_env: {env_vars: {NCCL_NET: socket}}}]"}, "spec.serveConfigV2", id="of-a-service"),
        pytest.param("RayCluster", {"runtimeEnvYAML": "env_vars: {NCCL_NET: Socket}"}, "", id="a-kind-without"),
    ],
)  # fmt: skip
def test_the_runtime_environment_of_ray_is_that_of_its_workers(kind: str, spec: dict[str, Any], found: str) -> None:
    template = {"spec": {"containers": [with_env({"name": "NCCL_NET", "value": "IB"}, ib=8)]}}
    cluster = {"workerGroupSpecs": [{"groupName": "a", "template": template}]}
    below = {"RayJob": "rayClusterSpec", "RayService": "rayClusterConfig"}.get(kind)
    document = manifest(kind, "ray.io/v1", {**spec, **({below: cluster} if below else cluster)})

    assert [path for _, path, _ in judged(document)] == ([found] if found else [])


def test_what_an_init_container_of_a_launcher_sets_is_its_own() -> None:
    document = mpi_job({"name": "l", "image": "a"}, container(ib=8, gpu=8))
    launcher = document.data["spec"]["mpiReplicaSpecs"]["Launcher"]["template"]["spec"]
    launcher["initContainers"] = [{"name": "wait", "command": ["mpirun", "-x", "NCCL_IB_DISABLE=1", "hostname"]}]

    assert judged(document) == []


def test_a_launcher_of_workers_without_rdma_may_hand_on_what_it_likes() -> None:
    document = mpi_job({"name": "l", "command": ["mpirun", "-x", "NCCL_IB_DISABLE=1"]}, container(lock=False, cpu=1))

    assert judged(document, sizes=()) == []


@pytest.mark.parametrize(
    ("more", "env", "severity"),
    [
        pytest.param({}, [], "warning", id="mpi-carries-the-data"),
        pytest.param({}, [{"name": "NCCL_DEBUG", "value": "INFO"}], "info", id="nccl-has-variables"),
        pytest.param({"image": "example.com/NCCL-tests:1"}, [], None, id="nccl-in-the-image"),
        pytest.param({"args": ["/opt/rccl_tests/build/all_reduce_perf"]}, [], None, id="nccl-in-the-command"),
        pytest.param({"args": ["NCCL_NET=IB python a.py"]}, [], "info", id="a-variable-in-the-command"),
        pytest.param({"image": "vllm/vllm:1"}, [{"name": "NCCL_DEBUG", "value": "INFO"}], "warning", id="an-inference-server"),
        pytest.param({}, [{"name": "NCCL_DEBUG", "value": "INFO"}, {"name": "VLLM_LOGGING_LEVEL", "value": "x"}], "warning", id="variables-of-vllm"),
        pytest.param({}, [{"name": "NCCL_DEBUG", "value": "INFO"}, {"name": "NIXL_LOG_LEVEL", "value": "x"}], "warning", id="nixl"),
    ],
)  # fmt: skip
def test_tcp_of_mpi_that_only_starts_nccl_is_a_hint_and_nothing_where_a_program_says_so(
    more: dict[str, Any], env: list[dict[str, Any]], severity: str | None
) -> None:
    document = pod({**with_env({"name": "UCX_TLS", "value": "tcp"}, *env, ib=8, gpu=8), **more})

    assert judged(document) == ([("rdma-off-by-environment", VALUE, severity)] if severity else [])


@pytest.mark.parametrize("program", ["all_reduce_perf", "./broadcast_perf_mpi", "scatter_perf", "hypercube_perf"])
def test_what_a_launcher_starts_says_that_nccl_carries_the_data(program: str) -> None:
    document = mpi_job({"name": "l", "command": ["mpirun", "-x", "UCX_TLS=tcp", program]}, container(gpu=8, ib=8))

    assert judged(document) == []


def test_what_a_launcher_starts_without_nccl_moves_its_data_by_mpi() -> None:
    document = mpi_job({"name": "l", "command": ["mpirun", "-x", "UCX_TLS=tcp", "gmx_mpi"]}, container(gpu=8, ib=8))

    assert [(rule, severity) for rule, _, severity in judged(document)] == [("rdma-off-by-environment", "warning")]


@pytest.mark.parametrize(
    ("amounts", "options", "found"),
    [
        pytest.param({"ib": 8, "gpu": 8}, {}, "4 NICs of the 8", id="each-unit-is-a-nic"),
        pytest.param({"ib": 8}, {}, "4 NICs of the 8", id="without-gpus"),
        pytest.param({"ib": 4, "gpu": 4}, {}, None, id="as-many-as-it-takes"),
        pytest.param({"shared": 1, "gpu": 8}, {}, "4 NICs of the 8", id="shared-by-its-gpus"),
        pytest.param({"shared": 1, "gpu": 4}, {}, None, id="shared-by-half-of-them"),
        pytest.param({"shared": 1}, {}, None, id="shared-without-gpus"),
        pytest.param({"gpu": 8}, {}, "4 NICs of the 8", id="gpus-alone"),
    ],
)
def test_nics_that_a_container_pays_for(amounts: dict[str, int], options: dict[str, Any], found: str | None) -> None:
    document = pod(with_env({"name": "NCCL_IB_HCA", "value": "mlx5_0,mlx5_1,mlx5_2,mlx5_3"}, **amounts))

    messages = [one.message for one in said(variables, document, vm_sizes=(H100,), **options)]

    assert [found in one for one in messages if found] == ([True] if found else [])
    assert bool(messages) is (found is not None)


def test_interfaces_and_mounts_of_the_pod_are_looked_at() -> None:
    ifname = {"name": "NCCL_SOCKET_IFNAME", "value": "net1"}
    plain, annotated = pod(with_env(ifname, ib=1)), pod(with_env(ifname, ib=1))
    annotated.data["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/networks": "ipoib"}
    named = pod(with_env({"name": "NCCL_SOCKET_IFNAME", "value": "ib0"}, ib=1))
    named.data["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/networks": "ipoib@ib0"}

    assert [one[0] for one in judged(plain)] == ["socket-interface-not-in-pod"]
    assert judged(annotated) == judged(named) == []
    assert judged(pod(with_env(ifname, ib=1), hostNetwork=True)) == []
    assert judged(pod(with_env(ifname, ib=1), resourceClaims=[{"name": "nics"}])) == []


def test_an_interface_of_infiniband_in_the_nodes_network_is_a_hint() -> None:
    one = with_env({"name": "NCCL_SOCKET_IFNAME", "value": "ib0"}, ib=1)

    assert judged(pod(one, hostNetwork=True)) == [("socket-interface-not-in-pod", VALUE, "info")]


def test_the_size_is_that_of_the_node_selector() -> None:
    hca = with_env({"name": "NCCL_IB_HCA", "value": "=mlx5_7"}, ib=1)
    selector = {"node.kubernetes.io/instance-type": GB300}

    assert judged(pod(hca), sizes=(H100,)) == []
    assert [one[0] for one in judged(pod(hca, nodeSelector=selector), sizes=(H100,))] == ["rdma-device-not-on-nodes"]


def test_the_shared_plugin_is_known_by_its_policy_whatever_its_resource_is_called() -> None:
    hca = with_env({"name": "NCCL_IB_HCA", "value": "mlx5_0"}, gpu=1, **{"rdma/ib": 1})
    document = policy(rdmaSharedDevicePlugin=shared("ib"))

    assert judged(pod(hca), document) == []


def test_a_fix_names_both_ways_out() -> None:
    (found,) = said(variables, pod(with_env(OFF, ib=8), nodeSelector={POOL: "nd"}), vm_sizes=(A100,))

    assert found.fix == "take it out, or set it to 0; or take the RDMA resource out, if TCP is meant"


@pytest.mark.parametrize(("workers", "severity"), [(18, "info"), (19, "warning")])
def test_nvlink_alone_is_a_choice_inside_one_rack(workers: int, severity: str) -> None:
    worker = {"replicas": workers, "template": {"spec": {"containers": [with_env(OFF, ib=4, gpu=4)]}}}
    document = manifest("MPIJob", "kubeflow.org/v2beta1", {"mpiReplicaSpecs": {"Worker": worker}})

    assert [found for _, _, found in judged(document, sizes=(GB300,))] == [severity]


def test_servers_of_more_than_one_rack_are_no_job() -> None:
    template = {"spec": {"containers": [with_env(OFF, ib=4, gpu=4)]}}
    document = manifest("Deployment", "apps/v1", {"replicas": 19, "template": template})

    assert [found for _, _, found in judged(document, sizes=(GB300,))] == ["info"]
