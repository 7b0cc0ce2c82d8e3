"""The one table of kinds: group, versions, scope, name rule, and where each keeps the templates of its pods.

Built-in kinds are those of Kubernetes v1.32 to v1.37; the others are as their CRDs have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aksrdma.findings import FieldPath
from aksrdma.kube import pod_counts as count
from aksrdma.kube.names import NameRule, dns_label, dns_subdomain, service_label
from aksrdma.kube.pod_counts import ANCESTOR_STEP, TRAINER_NODE, Condition, Count, Whole
from aksrdma.kube.shapes import (
    ARGO_STEP,
    DYNAMO_COMPONENT,
    DYNAMO_SERVICE,
    RAY_POD,
    SLURM_NODES,
    WHOLE_METADATA,
    Inherited,
    Shape,
    bare,
    mini_cluster,
    model_server,
)

__all__ = ["ANCESTOR_STEP", "KINDS", "TRAINER_NODE", "Kind", "Place", "Whole", "kind_of"]

EACH: Final = "*"
"""Step over every item of a list, or every value of a mapping."""
TRAINER_GROUP: Final = "trainer.kubeflow.org"


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a kind where pod templates stand."""

    path: tuple[str, ...]
    """Steps from the object down; `EACH` is every item, and no step at all the object itself."""
    role: str
    """What the pods are in their workload: `worker`, `launcher`, `head`, ...; `EACH` is the key of a mapping, or
    the name of a list's item."""
    count: Count | None
    """How many pods; None is one a node."""
    works: bool | Condition = True
    """Whether these pods do the work, as against starting or preparing it; a function where the object decides."""
    container: str | None = None
    """Name that the kind's controller gives to the container that matters; None: it has no such name."""
    shape: Shape | None = None
    """How the pod is written there; None: as a pod template."""
    patches: tuple[str, ...] = ()
    """Fields of the role, of any depth, in which the object changes its own template; they are not applied here."""
    asks: bool | None = None
    """Whether its pods do RDMA on a VM size with GPUs though they ask for no GPU: ranks of MPI do, a head that leads the
    others does not; None: nothing says so."""
    brings: tuple[str, ...] | None = None
    """Names of the volumes that the controller adds, where it otherwise takes the template as it is written; None: it may
    complete the template, or nobody here knows."""
    own_devices: Condition | None = None
    """Where the template is completed: whether all devices that its pods ask for are written in the object."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know of a kind."""

    group: str
    """API group, empty for the core group."""
    kind: str
    namespaced: bool = True
    name: NameRule = dns_subdomain
    """Grammar of `metadata.name`."""
    later_name: tuple[str, NameRule] | None = None
    """The version of Kubernetes from which on another grammar holds, and that grammar."""
    versions: tuple[str, ...] = ()
    """Versions that kube-apiserver itself serves; none for a kind that comes with a CRD."""
    keeps_generation: bool = False
    """Whether `metadata.generation` stays as it is given; otherwise the server sets it."""
    has_schema: bool = True
    """Whether `schemas/` has it, so that it is judged."""
    places: tuple[Place, ...] = ()
    """Where its pod templates stand; none for a kind that makes no pods, and for a TrainJob, whose runtime has them."""
    groups: FieldPath | None = None
    """Where the number of groups of such pods stands, for a kind that makes groups."""
    wraps: tuple[str, ...] = ()
    """Where whole objects stand that its controller creates, each of which makes pods by its own kind."""
    vm_size: tuple[str, ...] = ()
    """Where it names the VM size of the nodes that its controller makes; none for a kind that makes no nodes."""
    judged_by: str = ""
    """What of an object without schema and without pod template is judged; empty where nothing is."""
    own_tags: bool = False
    """Whether `{{...}}` in it is its controller's to fill, and not a template's that is still to be rendered."""
    source: str = ""
    """Where that is to be seen: repository, file and release, of a kind that comes with a CRD."""

    @property
    def builtin(self) -> bool:
        """Whether kube-apiserver serves it by itself."""
        return bool(self.versions)


_V1: Final = ("v1",)
_TEMPLATE: Final = ("spec", "template")
_JOB_SET: Final = ("replicatedJobs", EACH, "template", "spec", "template")
_LEADER_WORKER: Final = ("spec", "leaderWorkerTemplate")


def _ray(*spec: str) -> tuple[Place, ...]:
    # ray-operator/controllers/ray/common/pod.go of ray-project/kuberay v1.7.0.
    brought = ("gcs-storage", "ray-logs", "ray-tls", "ray-token")
    head, workers = (*spec, "headGroupSpec", "template"), (*spec, "workerGroupSpecs", EACH, "template")
    return (
        Place(head, "head", count.one, shape=RAY_POD, asks=False, brings=brought),
        Place(workers, "worker", count.ray_workers, shape=RAY_POD, brings=brought),
    )


def _group_roles() -> Iterator[Place]:
    """The places of a RoleBasedGroup, v1alpha1 and v1alpha2; a role has one of them."""
    role, works = ("spec", "roles", EACH), count.routes_nothing
    patches = (
        "templatePatch",
        "patchLeaderTemplate",
        "patchWorkerTemplate",
        "leaderTemplatePatch",
        "workerTemplatePatch",
    )
    for way in ((), ("standalonePattern",), ("leaderWorkerPattern",)):
        yield Place((*role, *way, "template"), EACH, count.group_role, works, patches=patches)
    for way in ((), ("customComponentsPattern",)):
        yield Place((*role, *way, "components", EACH, "template"), EACH, count.group_component, works)
    yield Place(("spec", "roleTemplates", EACH, "template"), EACH, count.group_template, works)


def _inference() -> Iterator[Place]:
    """The places of an InferenceService; the container of a model is merged into one of a serving runtime.

    Its pods get its labels and annotations: pkg/controller/v1beta1/inferenceservice/components of kserve/kserve v0.20.0.
    """
    servers = (
        "model",
        "huggingface",
        "triton",
        "pytorch",
        "tensorflow",
        "sklearn",
        "xgboost",
        "onnx",
        "lightgbm",
        "paddle",
        "pmml",
    )
    predictor = ("spec", "predictor")
    server = model_server(servers, "kserve-container", WHOLE_METADATA)
    for way, role in ((predictor, "predictor"), (("spec", "canary", EACH, "predictor"), "canary")):
        yield Place(way, role, count.served, True, "kserve-container", server)
    worker = (*predictor, "workerSpec")
    yield Place(
        worker,
        "worker",
        count.served_workers,
        True,
        "worker-container",
        bare(labels_above=True, inherits=WHOLE_METADATA),
    )
    for part in ("transformer", "explainer"):
        yield Place(("spec", part), part, count.served, works=False, shape=bare(inherits=WHOLE_METADATA))


def _llm() -> Iterator[Place]:
    """The places of an LLMInferenceService, into all of which KServe merges its own presets.

    These have IPC_LOCK, a /dev/shm and no device: config/llmisvcconfig of kserve/kserve v0.20.0. Of its own labels and
    annotations the pods get some: workload_single_node.go and workload_multi_node.go of pkg/controller/v1alpha2/llmisvc.
    """
    queue = "kueue.x-k8s.io"
    some = Inherited(labels=(queue,), annotations=("k8s.v1.cni.cncf.io", queue))
    for way, prefix in ((("spec",), ""), (("spec", "prefill"), "prefill-")):
        for key, role in (("template", "leader"), ("worker", "worker")):
            shape = bare(key, complete=False, inherits=some)
            yield Place(way, f"{prefix}{role}", count.llm, True, "main", shape, own_devices=count.has_no_base)
    scheduler = bare("template", complete=False)
    yield Place(("spec", "router", "scheduler"), "scheduler", count.one, works=False, shape=scheduler)


OPERATOR_GROUP: Final = "mellanox.com"
"""The group of the Network Operator's own kinds."""
GPU_KINDS: Final = frozenset({"ClusterPolicy", "NVIDIADriver"})
"""What tells the GPU Operator what to install."""


def _rows() -> Iterator[Kind]:
    yield from _of_kubernetes()
    yield from _jobs()
    yield from _jobs_without_schema()
    yield from _servers_without_schema()
    yield from _helm_releases()
    yield from _of_operators()


def _of_kubernetes() -> Iterator[Kind]:
    for kind in ("ConfigMap", "PersistentVolumeClaim", "Secret", "ServiceAccount"):
        yield Kind("", kind, versions=_V1, keeps_generation=True)
    for kind in ("Endpoints", "LimitRange", "ResourceQuota"):
        yield Kind("", kind, versions=_V1, keeps_generation=True, has_schema=False)
    for kind in ("Node", "PersistentVolume"):
        yield Kind("", kind, namespaced=False, versions=_V1, keeps_generation=True, has_schema=False)
    yield Kind("", "Namespace", namespaced=False, name=dns_label, versions=_V1, keeps_generation=True)
    relaxed = ("v1.36", dns_label)  # RelaxedServiceNameValidation in pkg/features/kube_features.go@v1.36.3
    yield Kind("", "Service", name=service_label, later_name=relaxed, versions=_V1, keeps_generation=True)

    yield Kind("", "Pod", versions=_V1, places=(Place((), "pod", count.one),))
    yield Kind("", "PodTemplate", versions=_V1, has_schema=False, places=(Place(("template",), "pod", count.one),))
    replicated = (Place(_TEMPLATE, "pod", count.replicas),)
    yield Kind("", "ReplicationController", versions=_V1, has_schema=False, places=replicated)
    yield Kind("apps", "ControllerRevision", versions=_V1, has_schema=False)
    yield Kind("apps", "DaemonSet", versions=_V1, places=(Place(_TEMPLATE, "pod", None),))
    yield Kind("apps", "Deployment", versions=_V1, places=replicated)
    yield Kind("apps", "ReplicaSet", versions=_V1, places=replicated)
    yield Kind("apps", "StatefulSet", name=dns_label, versions=_V1, places=replicated)
    dra = ("v1", "v1beta2", "v1beta1")
    yield Kind("resource.k8s.io", "DeviceClass", namespaced=False, versions=dra)
    yield Kind("resource.k8s.io", "ResourceClaim", versions=dra, keeps_generation=True)
    yield Kind("resource.k8s.io", "ResourceClaimTemplate", versions=dra, keeps_generation=True)
    yield Kind("resource.k8s.io", "ResourceSlice", namespaced=False, versions=dra, has_schema=False)
    yield Kind(
        "batch", "CronJob", versions=_V1, places=(Place(("spec", "jobTemplate", *_TEMPLATE), "pod", count.parallel),)
    )
    yield Kind("batch", "Job", versions=_V1, places=(Place(_TEMPLATE, "pod", count.parallel),))


def _jobs() -> Iterator[Kind]:
    # pkg/controller/mpi_job_controller.go of kubeflow/mpi-operator v0.8.2, and the first from v1 of the training operator.
    brought = ("mpi-job-kubectl", "mpi-job-config", "ssh-auth")
    each = ("spec", "mpiReplicaSpecs", EACH, "template")
    mpi = Place(each, EACH, count.beside, count.launcher_works, asks=True, brings=brought)
    yield Kind("kubeflow.org", "MPIJob", places=(mpi,))
    each = ("spec", "pytorchReplicaSpecs", EACH, "template")
    # pkg/controller.v1/{common,pytorch} of kubeflow/training-operator v1.9.0.
    torch = Place(each, EACH, count.beside, container="pytorch", brings=())
    yield Kind("kubeflow.org", "PyTorchJob", places=(torch,))
    # Volumes of their own come of claims alone: pkg/controllers of kubernetes-sigs/lws v0.9.0 and kubernetes-sigs/jobset v0.12.0.
    yield Kind(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        places=(
            Place((*_LEADER_WORKER, "leaderTemplate"), "leader", count.leader_worker, brings=()),
            Place((*_LEADER_WORKER, "workerTemplate"), "worker", count.leader_worker, brings=()),
        ),
        groups=("spec", "replicas"),
    )
    jobs = (Place(("spec", *_JOB_SET), EACH, count.replicated, brings=()),)
    source = "kubernetes-sigs/jobset v0.12.0, api/jobset/v1alpha2/jobset_types.go"
    yield Kind("jobset.x-k8s.io", "JobSet", has_schema=False, places=jobs, source=source)
    yield Kind("ray.io", "RayCluster", places=_ray("spec"))
    submitter = Place(("spec", "submitterPodTemplate"), "submitter", count.one, works=False)
    yield Kind("ray.io", "RayJob", places=(*_ray("spec", "rayClusterSpec"), submitter))
    source = "ray-project/kuberay v1.6.2, ray-operator/apis/ray/v1/rayservice_types.go"
    yield Kind("ray.io", "RayService", has_schema=False, places=_ray("spec", "rayClusterConfig"), source=source)
    source = "ray-project/kuberay v1.7.0, ray-operator/apis/ray/v1/raycronjob_types.go"
    cron = _ray("spec", "jobTemplate", "rayClusterSpec")
    yield Kind("ray.io", "RayCronJob", has_schema=False, places=cron, source=source)
    runtime = (
        Place(("spec", "template", "spec", *_JOB_SET), "node", count.of_runtime, count.trains, TRAINER_NODE, asks=True),
    )
    yield Kind(TRAINER_GROUP, "ClusterTrainingRuntime", namespaced=False, places=runtime)
    yield Kind(TRAINER_GROUP, "TrainingRuntime", places=runtime)
    yield Kind(TRAINER_GROUP, "TrainJob")


def _of_operators() -> Iterator[Kind]:
    """What configures NICs, GPUs and networks, rather than runs on them."""
    yield Kind("k8s.cni.cncf.io", "NetworkAttachmentDefinition")
    for kind in ("HostDeviceNetwork", "IPoIBNetwork", "MacvlanNetwork", "NicClusterPolicy", "NicNodePolicy"):
        yield Kind(OPERATOR_GROUP, kind, namespaced=False)
    for kind in sorted(GPU_KINDS):
        yield Kind("nvidia.com", kind, namespaced=False)
    yield Kind("amd.com", "DeviceConfig")
    for kind in ("NodeFeature", "NodeFeatureGroup"):
        yield Kind("nfd.k8s-sigs.io", kind)
    judged_by = "its worker's and master's configuration"
    for group, source in (
        (
            "nfd.kubernetes.io",
            "kubernetes-sigs/node-feature-discovery-operator:api/v1/nodefeaturediscovery_types.go@v0.7.0",
        ),
        ("nfd.openshift.io", "openshift/cluster-nfd-operator:api/v1/nodefeaturediscovery_types.go@release-4.18"),
    ):
        yield Kind(group, "NodeFeatureDiscovery", has_schema=False, judged_by=judged_by, source=source)
    yield Kind("nfd.k8s-sigs.io", "NodeFeatureRule", namespaced=False)
    for kind in ("CIDRPool", "IPPool"):
        yield Kind("nv-ipam.nvidia.com", kind)


def _foreign(
    group: str,
    name: str,
    source: str,
    *places: Place,
    groups: FieldPath | None = None,
    vm_size: tuple[str, ...] = (),
) -> Kind:
    """Return a workload of another project: its pods are judged, injected and counted, and nothing else is known of it."""
    judged_by = "its VM size" if vm_size else ""
    return Kind(
        group, name, has_schema=False, places=places, groups=groups, vm_size=vm_size, judged_by=judged_by, source=source
    )


def _jobs_without_schema() -> Iterator[Kind]:
    # What its plugins and spec.volumes add has names that its own webhook knows as little: it refuses mounts of them.
    # pkg/webhooks/admission/jobs/validate/admit_job.go of volcano-sh/volcano v1.16.0-alpha.1.
    task = Place(("spec", "tasks", EACH, "template"), EACH, count.tasks, count.is_no_mpi_master, brings=())
    source = "volcano-sh/volcano v1.16.0-alpha.1, config/crd/volcano/bases/batch.volcano.sh_jobs.yaml"
    yield _foreign("batch.volcano.sh", "Job", source, task)

    source = "SlinkyProject/slurm-operator v1.2.1, api/v1beta1/nodeset_types.go"
    nodes = Place(("spec",), "slurmd", count.daemon_or_replicas, True, "slurmd", SLURM_NODES, asks=True)
    yield _foreign("slinky.slurm.net", "NodeSet", source, nodes)

    source = "flux-framework/flux-operator 0.2.1 and 0d75cef, api/v1alpha2/minicluster_types.go and controllers/flux"
    yield _foreign(
        "flux-framework.org",
        "MiniCluster",
        source,
        Place(("spec",), "broker", count.size, shape=mini_cluster("containers"), asks=True),
        Place(("spec",), "services", count.one, works=False, shape=mini_cluster("services")),
    )

    source = "kubernetes-sigs/kueue v0.19.2, apis/kueue/v1beta2/clusterqueue_types.go"
    covers = "the resources that it covers"
    yield Kind("kueue.x-k8s.io", "ClusterQueue", False, has_schema=False, judged_by=covers, source=source)

    source = "project-codeflare/appwrapper v1.2.1, api/v1beta2/appwrapper_types.go"
    wraps = ("spec", "components", EACH, "template")
    yield Kind("workload.codeflare.dev", "AppWrapper", has_schema=False, wraps=wraps, source=source)

    source = "argoproj/argo-workflows v4.1.2, pkg/apis/workflow/v1alpha1/workflow_types.go"
    for name, spec in (
        ("Workflow", ("spec",)),
        ("WorkflowTemplate", ("spec",)),
        ("ClusterWorkflowTemplate", ("spec",)),
        ("CronWorkflow", ("spec", "workflowSpec")),
    ):
        places = (Place((*spec, "templates", EACH), EACH, count.one, True, "main", ARGO_STEP),)
        spaced = name != "ClusterWorkflowTemplate"
        yield Kind("argoproj.io", name, spaced, has_schema=False, places=places, own_tags=True, source=source)


def _servers_without_schema() -> Iterator[Kind]:
    source = "ai-dynamo/dynamo, deploy/operator/api/{v1alpha1,v1beta1}/dynamocomponentdeployment_types.go of 2026-08"
    old = Place(("spec", "services", EACH), EACH, count.dynamo, count.routes_nothing, "main", DYNAMO_SERVICE)
    new = Place(("spec", "components", EACH), EACH, count.dynamo, count.routes_nothing, "main", DYNAMO_COMPONENT)
    yield _foreign("nvidia.com", "DynamoGraphDeployment", source, old, new)
    parts = (DYNAMO_SERVICE, DYNAMO_COMPONENT)
    single = (Place(("spec",), "component", count.dynamo, True, "main", shape) for shape in parts)
    yield _foreign("nvidia.com", "DynamoComponentDeployment", source, *single)

    source = "kaito-project/kaito v0.12.0, api/v1beta1/workspace_types.go"
    inference = Place(("inference", "template"), "inference", count.workspace)
    yield _foreign("kaito.sh", "Workspace", source, inference, vm_size=("resource", "instanceType"))

    source = "vllm-project/aibrix v0.7.0-rc.3, api/orchestration/v1alpha1/{stormservice,roleset}_types.go"
    role = Place(("spec", "template", "spec", "roles", EACH, "template"), EACH, count.storm_role, count.routes_nothing)
    yield _foreign("orchestration.aibrix.ai", "StormService", source, role, groups=("spec", "replicas"))
    role = Place(("spec", "roles", EACH, "template"), EACH, count.storm_role, count.routes_nothing)
    yield _foreign("orchestration.aibrix.ai", "RoleSet", source, role)

    source = "vllm-project/aibrix v0.7.0, api/orchestration/v1alpha1/raycluster{fleet,replicaset}_types.go"
    for kind in ("RayClusterFleet", "RayClusterReplicaSet"):
        fleet = _ray("spec", "template", "spec")
        yield _foreign("orchestration.aibrix.ai", kind, source, *fleet, groups=("spec", "replicas"))

    source = "sgl-project/rbg v0.8.0-alpha.5, api/workloads/{v1alpha1,v1alpha2}/rolebasedgroup_types.go"
    yield _foreign("workloads.x-k8s.io", "RoleBasedGroup", source, *_group_roles())

    source = "kserve/kserve v0.20.0-rc1, pkg/apis/serving/v1beta1/predictor.go"
    yield _foreign("serving.kserve.io", "InferenceService", source, *_inference())
    source = "kserve/kserve v0.20.0-rc1, pkg/apis/serving/v1alpha2/llm_inference_service_types.go"
    yield _foreign("serving.kserve.io", "LLMInferenceService", source, *_llm())


def _helm_releases() -> Iterator[Kind]:
    """What has Helm values of a chart in it, for a controller that installs the chart."""
    judged_by = "the values of its chart"
    source = "fluxcd/helm-controller v1.6.3, api/v2/helmrelease_types.go"
    yield Kind("helm.toolkit.fluxcd.io", "HelmRelease", has_schema=False, judged_by=judged_by, source=source)
    source = "argoproj/argo-cd v3.1.0, pkg/apis/application/v1alpha1/types.go"
    yield Kind("argoproj.io", "Application", has_schema=False, judged_by=judged_by, source=source)
    yield Kind("argoproj.io", "ApplicationSet", has_schema=False, judged_by=judged_by, own_tags=True, source=source)
    source = "k3s-io/helm-controller v0.16.0, pkg/apis/helm.cattle.io/v1/types.go"
    for kind in ("HelmChart", "HelmChartConfig"):
        yield Kind("helm.cattle.io", kind, has_schema=False, judged_by=judged_by, source=source)


KINDS: Final[tuple[Kind, ...]] = tuple(_rows())
_BY_NAME: Final = {(row.group, row.kind): row for row in KINDS}

POLICY_KINDS: Final = frozenset({"NicClusterPolicy", "NicNodePolicy"})
"""Kinds that carry device plugin configurations."""
OPERATOR_NETWORKS: Final = frozenset({"HostDeviceNetwork", "IPoIBNetwork", "MacvlanNetwork"})
"""The operator's networks, of each of which it makes a NetworkAttachmentDefinition."""
NETWORK_KINDS: Final = OPERATOR_NETWORKS | {"NetworkAttachmentDefinition"}
POOL_KINDS: Final = frozenset({"CIDRPool", "IPPool"})
"""Pools of nv-ipam; other projects have kinds of these names, too."""
RULE_KINDS: Final = frozenset({"NodeFeatureRule"})
ANY_PODS: Final = "any kind with a pod template"
"""Stands for an object without a schema that holds a pod template, among the kinds for which there is a check."""
CHART_VALUES: Final = "values of a chart"
"""Stands for a file of Helm values, which has no kind, among the kinds for which there is a check."""
HELM_KINDS: Final = frozenset({"Application", "ApplicationSet", "HelmChart", "HelmChartConfig", "HelmRelease"})
"""What has values of a chart in it."""
POD_KINDS: Final = frozenset(row.kind for row in KINDS if row.places or row.wraps) | {ANY_PODS}
"""Pods, and the kinds with templates from which pods are made."""
WORKLOADS: Final = POD_KINDS | {"TrainJob"}
"""Also TrainJob, which has no pod template of its own."""
CUSTOM_WORKLOADS: Final = WORKLOADS - {row.kind for row in KINDS if row.builtin}
"""Workloads that come with a CRD: the API server judges their pods by the schema of the CRD alone."""
JUDGED: Final = frozenset(row.kind for row in KINDS if row.has_schema)
"""Names of the kinds that have a schema."""


def kind_of(api_version: object, kind: object) -> Kind | None:
    """Return the row of a kind, whatever its version, or None; the same name in another group is another kind."""
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return None
    return _BY_NAME.get((api_version.rpartition("/")[0], kind))
