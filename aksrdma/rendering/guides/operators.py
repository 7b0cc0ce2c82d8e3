"""Steps of the operators: namespaces, Network Operator with its policies, and what brings the GPUs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.delivery import steps as delivered
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.plan import Plan
from aksrdma.plan.pods import GPU_NAMESPACE
from aksrdma.rendering.guides import Step, listed, peopled, selector

if TYPE_CHECKING:
    from aksrdma.catalog._drivers import NeededChart

_LEVEL: Final = "--label-columns pod-security.kubernetes.io/enforce"


def gpu_namespaces(plan: Plan) -> tuple[str, ...]:
    """Return the namespaces of what is installed for GPUs."""
    operators = catalog.gpu_operators()
    found = [operators["nvidia"].namespace] if nvidia_operator(plan) else []
    found += [operators["amd"].namespace] if plan.amd else []
    return (*found, *([GPU_NAMESPACE] if gpu_daemon_sets(plan) else []))


def nvidia_operator(plan: Plan) -> bool:
    """Whether NVIDIA's GPU Operator is installed."""
    return plan.gpu_operator_values is not None and bool(plan.decisions.per_pool)


def gpu_daemon_sets(plan: Plan) -> list[str]:
    """Return the folders of DaemonSets for the GPUs of pools where AKS installs the driver."""
    if not plan.decisions.per_pool and plan.decisions.cluster.gpu_driver is None:
        return []
    folders = ["nvidia-device-plugin"] if plan.nvidia_device_plugin else []
    return [*folders, *(["nvidia-peermem-reloader"] if plan.peermem_reloader else [])]


def serves(plan: Plan) -> bool:
    """Whether Network Operator deploys anything."""
    return plan.serves


def needed(plan: Plan) -> bool:
    """Whether Network Operator is installed: for what it deploys, or for its NFD, which the operators of GPUs read."""
    return plan.needs_network_operator


def operator(plan: Plan) -> Iterator[Step]:
    """Yield the namespaces, and Network Operator with what it deploys."""
    decisions = plan.decisions
    namespace, chart = decisions.cluster.operator_namespace, decisions.release.chart
    own = [namespace] if needed(plan) else []
    gpus, pods = gpu_namespaces(plan), sorted({namespace_of(plan, profile) for profile in decisions.profiles})
    labelled = [*own, *([decisions.cluster.ipoib.namespace] if plan.ipoib_namespace else []), *gpus]
    first = [one.namespace for one in catalog.gpu_operators()["amd"].first] if plan.amd else []
    loop = (
        f"for namespace in {' '.join(gpus)}; do\n"
        '  kubectl create namespace "$namespace" --dry-run=client --output yaml | kubectl apply --server-side -f -\n'
        '  kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=privileged --overwrite\n'
        "done"
    )
    yield (
        "namespaces",
        {
            "apply": "kubectl apply --server-side -k namespace" if own else "",
            "gpus": loop if gpus else "",
            "secrets": _secrets(plan, [*own, *gpus, *pods], first),
            "excluded": " ".join(dict.fromkeys([*own, *gpus, *first, *pods])),
            "worked": "each of them is `Active` and at `privileged`" if labelled else "it ends without an error",
            "shown": f"kubectl get namespace {' '.join(dict.fromkeys(labelled))} {_LEVEL}" if labelled else "",
        },
    )
    if not own:
        brought = all(one.nic_driver == "node-image" for one in decisions.per_pool)
        why = "The node image brings the NIC driver" if brought else "The NICs have a driver on the node"
        yield "no-operator", {"why": f"{why} and the profile `base` asks for no device plugin"}
        return
    yield (
        "network-operator",
        {
            "namespace": namespace,
            **chart_fields(plan, chart.repository, "nvidia", chart.name),
            "version": chart.version,
        },
    )
    if not serves(plan):
        return
    yield _label(plan)
    if plan.module_loader:
        yield "modules", {"namespace": namespace}
    yield _policy(plan)


def _secrets(plan: Plan, namespaces: Sequence[str], later: Sequence[str]) -> str:
    """Return the lines that make the pull secrets where pods are; `later` are namespaces that a chart would make itself."""
    if not plan.decisions.cluster.image_pull_secrets:
        return ""
    make = "kubectl create namespace {} --dry-run=client --output yaml | kubectl apply --server-side -f -"
    driver = [str(plan.amd.driver.data["metadata"]["namespace"])] if plan.amd else []
    return "\n".join([*map(make.format, later), *delivered.secret_commands(plan, *namespaces, *later, *driver)])


def chart_fields(plan: Plan, url: str, repository: str, chart: str) -> dict[str, str]:
    """Return what helm installs a chart from, and the command that makes the repository known; a registry needs none."""
    source = delivered.chart_source(plan, url, repository, chart)
    known = source.startswith("oci://")
    return {"chart": source, "repository": "" if known else f"helm repo add {repository} {url} --force-update"}


def namespace_of(plan: Plan, profile: str) -> str:
    """Return the namespace of a profile's example pod."""
    return str(plan.example_pod(profile).data["metadata"].get("namespace", "default"))


def _label(plan: Plan) -> Step:
    decisions = plan.decisions
    path = NIC_LABEL.replace(".", r"\.")
    pools = peopled(decisions.pools)
    wait = (
        f"kubectl wait node --selector '{selector(pools)}' \\\n"
        f"  --for=jsonpath='{{.metadata.labels.{path}}}'=true --timeout=5m"
    )
    return "label", {
        "apply": "kubectl apply --server-side -k node-feature-rule" if plan.node_feature_rule else "",
        "wait": wait if pools else "",
        "label": NIC_LABEL,
        # The chart's own rule takes every NIC of the vendor for one of InfiniBand.
        "others": " and no other"
        if plan.node_feature_rule
        else ", beside nodes whose accelerated networking has such a NIC",
        "expected": f"the {decisions.nodes} nodes of the pools" if decisions.nodes else "the nodes with InfiniBand",
        "namespace": decisions.cluster.operator_namespace,
    }


def _policy(plan: Plan) -> Step:
    decisions, apply, wait = plan.decisions, [], []
    folder = f"nicclusterpolicy/{decisions.layers[-1]}"
    ready = "jsonpath='{.status.state}'=ready"
    if catalog.capability("policy-conditions").holds_in(decisions.release.name):
        ready = "condition=Ready"  # of the generation that was applied, where the state may still be the old one's
    if plan.policy and plan.ip_pool:
        crd = "crd/ippools.nv-ipam.nvidia.com"
        apply += [
            f"kubectl apply --server-side -k {folder} || echo 'the kind IPPool comes with nv-ipam: applied again below'",
            f"kubectl wait {crd} --for=create --timeout=10m",
            f"kubectl wait {crd} --for=condition=Established --timeout=2m",
        ]
    if plan.policy:
        apply.append(f"kubectl apply --server-side -k {folder}")
        if not decisions.per_pool or peopled(one.pool for one in decisions.served):
            wait.append(f"kubectl wait nicclusterpolicy/nic-cluster-policy --for={ready} --timeout=60m")
    if plan.node_policies:
        apply.append("kubectl apply --server-side -k nicnodepolicy")
        policies = zip(plan.node_policies, decisions.served, strict=True)
        names = [str(one.data["metadata"]["name"]) for one, of in policies if of.pool.count != 0]
        wait += [f"kubectl wait nicnodepolicy {' '.join(names)} --for={ready} --timeout=60m"] if names else []
    plugins = any(profile != "base" for profile in decisions.profiles)
    parts = [*(["the driver"] if decisions.driver else []), *(["the device plugin"] if plugins else [])]
    namespace = decisions.cluster.operator_namespace
    log = f"kubectl logs --namespace {namespace} --selector nvidia.com/ofed-driver --container mofed-container --prefix --tail 20"
    lacks = (
        "A driver that fails to compile lacks the packages of its kernel: the node must reach archive.ubuntu.com, or a mirror by "
        "`ofedDriver.repoConfig`."
    )
    driver = (
        "The nodes compile the driver, all at the same time, which takes minutes. The first driver of a node drains nothing.\n"
        if not decisions.cluster.ofed_driver.upgrade_policy.safe_load
        else "Each node is cordoned and drained before its first driver (`safeLoad`), as many at a time as "
        "`maxParallelUpgrades` says, so this takes as long as a roll-out (below).\n"
    )
    mirror = decisions.cluster.ofed_driver.repo_config
    return "policy", {
        "sources": _apt_sources(mirror, namespace) if mirror and decisions.driver else "",
        "what": " and ".join(parts) or "the NicClusterPolicy",
        "apply": "\n".join([_there(mirror, namespace), *apply] if mirror and decisions.driver else apply),
        "wait": "\n".join(wait),
        "driver": driver if decisions.driver else "",
        "driver_log": log if decisions.driver else "",
        "driver_help": lacks if decisions.driver else "",
        "kinds": ",".join(
            [*(["nicclusterpolicies"] if plan.policy else []), *(["nicnodepolicies"] if plan.node_policies else [])]
        ),
        "namespace": namespace,
    }


def _apt_sources(name: str, namespace: str) -> str:
    return (
        f"The ConfigMap `{name}` of `{namespace}` has the apt sources that the driver is compiled from. It is yours to make, by "
        f"`kubectl create configmap {name} --namespace {namespace} --from-file=ubuntu.sources` of a file that names your mirror; "
        f"without it no driver is deployed, and the wait goes to its end, so the step begins with `{_there(name, namespace)}`."
    )


def _there(name: str, namespace: str) -> str:
    return f"kubectl get configmap {name} --namespace {namespace}"


def gpus(plan: Plan) -> Iterator[Step]:
    """Yield what brings the GPUs of the pools, after the NIC driver."""
    decisions, operators = plan.decisions, catalog.gpu_operators()
    if nvidia_operator(plan):
        row = operators["nvidia"]
        peermem = any(one.drivers and one.drivers.gpudirect == "gpu-operator" for one in decisions.per_pool)
        after = (
            "the NIC driver is ready, because nvidia-peermem is built against it."
            if peermem
            else "the nodes are labelled."
        )
        mirror = delivered.gpu_driver_sources(plan)
        yield (
            "gpu-operator",
            {
                "why": f"{after} {_apt_sources(mirror, row.namespace)}" if mirror else after,
                "sources": _there(mirror, row.namespace) if mirror else "",
                **chart_fields(plan, row.repository.url, row.repository.name, row.chart),
                "namespace": row.namespace,
                "version": decisions.gpu_operator_version("nvidia"),
            },
        )
    if plan.amd:
        row = operators["amd"]
        yield (
            "amd",
            {
                "first": "\n".join(_needed(plan, one) for one in row.first),
                "release": row.helm_release,
                **chart_fields(plan, row.repository.url, row.repository.name, row.chart),
                "namespace": row.namespace,
                "version": decisions.gpu_operator_version("amd"),
            },
        )
    if "nvidia-device-plugin" in gpu_daemon_sets(plan):
        pools = [one.name for one in decisions.per_pool if one.drivers and one.drivers.device_plugin == "rendered"]
        yield "device-plugin", {"pools": listed(pools or ["any pool with NVIDIA GPUs"]), "namespace": GPU_NAMESPACE}
    if "nvidia-peermem-reloader" in gpu_daemon_sets(plan):
        yield "peermem", {"namespace": GPU_NAMESPACE}
    own = [one.name for one in decisions.per_pool if one.size.gpu and one.gpu_driver == "none"]
    if own:
        yield "own-gpus", {"pools": listed(own)}


def _needed(plan: Plan, chart: NeededChart) -> str:
    values = delivered.needed_values(plan, chart.chart, chart.version, chart.values)
    given = [f"--set {shlex.quote(f'{path}={value}')}" for path, value in _flat(values)]
    fields = chart_fields(plan, chart.repository.url, chart.repository.name, chart.chart)
    lines = [
        f"helm upgrade --install {chart.helm_release} {fields['chart']} --namespace {chart.namespace}",
        f"  --create-namespace --version {chart.version} {' '.join(given)} --wait --timeout 15m",
    ]
    return "\n".join(filter(None, [fields["repository"], " \\\n".join(lines)]))


def _flat(values: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _flat(value, f"{path}.{key}" if path else key)
    elif isinstance(values, Sequence) and not isinstance(values, str):
        for number, value in enumerate(values):
            yield from _flat(value, f"{path}[{number}]")
    else:
        yield path, str(values).lower() if isinstance(values, bool) else values
