"""INSTALL.md: the commands for this very cluster, in order, with what each prints where it worked and what to do else."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.cluster import NodePool
from aksrdma.cluster.starter import hardware
from aksrdma.delivery.commands import acr_name
from aksrdma.delivery.steps import (
    attached_registry,
    chart_source,
    egress_of,
    filling_commands,
    gpu_driver_sources,
    needed_values,
    secret_commands,
    secret_variables,
)
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.plan import Plan
from aksrdma.plan.decisions import PoolDecisions
from aksrdma.plan.pods import GPU_NAMESPACE
from aksrdma.rendering.guides import Step, guide

if TYPE_CHECKING:
    from aksrdma.catalog._drivers import NeededChart

_COMPILE_MINUTES: Final = 10
"""What a roll-out is reckoned with for one node; no figure for AKS is published, so the text tells to put in one's own."""


def install_text(plan: Plan) -> str:
    """Return the Markdown text."""
    steps = [*_ground(plan), *_pools(plan), *_operator(plan), *_gpus(plan), *_proof(plan), *_afterwards(plan)]
    text = guide("install", [_title(plan), *steps], numbered_until="later")
    managed = catalog.aks().managed_gpu
    flags = [row.azure_cli for row in catalog.aks().az_flags if row.azure_cli and row.flag in text]
    extension = f" with its extension aks-preview {managed.aks_preview} or later" if _managed(plan) else ""
    newest = max(flags, key=lambda version: [int(part) for part in version.split(".")])
    return text.replace(_AZ, newest).replace(_EXTENSION, extension)


# The versions of az follow from the flags that the text has, so they are filled in last.
_AZ: Final = "@{az}"
_EXTENSION: Final = "@{extension}"


def _title(plan: Plan) -> Step:
    decisions, release = plan.decisions, plan.decisions.release
    profiles = [f"`{name}`: {catalog.profile(name).title}" for name in decisions.profiles]
    what = f"Network Operator {release.name}, {'profiles' if len(profiles) > 1 else 'profile'} {'; '.join(profiles)}."
    pools = [
        f"- `{one.name}`: {_count(one.pool)} x {one.size.name}, {hardware(one.size)}" for one in decisions.per_pool
    ]
    pools += [f"- `{pool.name}`: {_count(pool)} x {pool.vm_size}, no InfiniBand" for pool in decisions.other_pools]
    return "title", {
        "cluster": decisions.cluster.name,
        "az": _AZ,
        "extension": _EXTENSION,
        "what": what,
        "kubernetes": _kubernetes(plan),
        "pools": "\n".join(pools),
        "notes": "\n".join(f"> Note: {note}.\n" for note in plan.notes),
    }


def _count(pool: NodePool) -> str:
    return str(pool.count) if pool.count is not None else "any number of"


def _kubernetes(plan: Plan) -> str:
    release = plan.decisions.release
    named = [f"{row.minor}{' (long-term support)' if row.support == 'lts' else ''}" for row in release.aks_versions]
    had = ", ".join(named) or "none: take a later release, or a version that nobody has documented"
    return f"Documented for Kubernetes {release.kubernetes}; of these AKS has, on {catalog.aks().checked}, {had}."


def _version(plan: Plan) -> str:
    """Return the Kubernetes version of a cluster that is made: as asked, else the newest that suits the release best."""
    if plan.decisions.cluster.kubernetes_version:
        return plan.decisions.cluster.kubernetes_version
    offered = plan.decisions.release.aks_versions
    community = [row for row in offered if row.support == "community"]
    if best := community or offered:
        return best[-1].minor
    return next(row.minor for row in catalog.aks().kubernetes if row.support in ("community", "lts"))


def _ground(plan: Plan) -> Iterator[Step]:
    decisions, aks = plan.decisions, catalog.aks()
    version = _version(plan)
    row = aks.version(version)
    long_term = row is not None and row.support == "lts"
    counts = [
        f': "${{{_nodes_variable(pool)}:?say it first: export {_nodes_variable(pool)}=..., the nodes of pool {pool.name}}}"'
        for pool in decisions.cluster.node_pools
        if pool.count is None
    ]
    counts += secret_variables(plan)
    yield (
        "choose",
        {
            "cluster": shlex.quote(decisions.cluster.name),
            "version": version,
            "versions": f"the release is documented for {decisions.release.kubernetes}",
            "counts": "\n".join(counts),
        },
    )
    note = f" Kubernetes {version} is in long-term support, which {aks.long_term_support.note.split(';')[0]}."
    flags = " ".join(aks.long_term_support.flags)
    yield (
        "cluster",
        {"long_term": note if long_term else "", "support_plan": f" {flags}" if long_term else ""},
    )
    yield from _registry(plan)
    if _managed(plan):
        yield "managed-gpu", {"state": aks.managed_gpu.state, "feature": aks.managed_gpu.feature}


def _registry(plan: Plan) -> Iterator[Step]:
    """Yield how a registry of one's own is filled, where the cluster has one."""
    registry, fill = plan.decisions.cluster.registry, filling_commands(plan)
    if registry is None:
        return
    acr, attached = acr_name(registry), attached_registry(plan)
    attach = f'az aks update --resource-group "$RESOURCE_GROUP" --name "$CLUSTER" --attach-acr {attached} --output none'
    listed = [line for line in fill if line.startswith(("az acr import", "skopeo"))]
    below = f"{registry.partition('/')[2]}/".lstrip("/")
    check = f"az acr repository list --name {acr} --output tsv | grep --count '^{below}'"
    if acr is None:
        check = f"skopeo inspect --format '{{{{.Digest}}}}' {listed[-1].split()[-1]}"
    fetched = [f"- {row.what} ({', '.join(row.hosts)}). Without: {row.instead}.\n" for row in egress_of(plan)]
    yield (
        "registry",
        {
            "registry": registry,
            "tools": "" if acr else ", with `skopeo` and helm logged in to it",
            "fill": "\n".join(fill),
            "attach": attach if attached else "",
            "check": check,
            "printed": f"{len(dict.fromkeys(map(_repository, listed)))} or more" if acr else "a digest",
            "credentials": "--username USER --password TOKEN" if acr else "--src-creds USER:TOKEN",
            "fetched": f"Nodes still fetch from the Internet:\n\n{''.join(fetched)}" if fetched else "",
        },
    )


def _repository(line: str) -> str:
    """Return the repository that a line of the import makes."""
    return line.split()[-1].partition("@")[0].rpartition(":")[0]


def _nodes_variable(pool: NodePool) -> str:
    return f"NODES_{pool.name.upper()}"


def _managed(plan: Plan) -> bool:
    return any(one.gpu_driver == "aks-managed" for one in plan.decisions.per_pool)


def _pools(plan: Plan) -> Iterator[Step]:
    """Yield the feature and the pools that want it so; those that want it unregistered first, as it stays registered."""
    if not plan.decisions.per_pool:
        yield "register-any", {}
        yield "any-pool", {}
        return
    wanted = {"unregister": _wanting(plan, "unregister"), "register": _wanting(plan, "register")}
    both = all(wanted.values())
    for feature, pools in wanted.items():
        if not pools:
            continue
        sizes = _listed(dict.fromkeys(one.size.name for one in pools))
        more = (
            "This cluster has pools that want it and pools that must not have it, so it is turned over between them. Nobody may "
            "make another InfiniBand pool in the subscription meanwhile; a subscription for each sort would spare you that. "
            "Where the pools are there, the flag is left as it is."
        )
        names = " ".join(one.name for one in pools)
        of = f" of {sizes}" if both else ""
        yield (
            feature,
            {
                "sizes": sizes,
                "unless": f"pools_are_there {names} || " if both else "",
                "of": of,
                "both": more if both else "",
            },
        )
        last = feature == [name for name, found in wanted.items() if found][-1]
        yield _add_pools(plan, pools, plan.decisions.other_pools if last else ())
    rest = [one for one in plan.decisions.per_pool if not any(one in pools for pools in wanted.values())]
    if rest:
        yield _add_pools(plan, rest, () if any(wanted.values()) else plan.decisions.other_pools)


def _wanting(plan: Plan, feature: str) -> list[PoolDecisions]:
    return [one for one in plan.decisions.per_pool if one.size.infiniband_feature == feature]


def _add_pools(plan: Plan, pools: Sequence[PoolDecisions], others: Sequence[NodePool]) -> Step:
    commands = [
        _add(
            one.pool,
            [
                f"--os-sku {one.os_sku}",
                *_taints(one.pool),
                *_labels(plan, one),
                *(one.drivers.az if one.drivers else ()),
            ],
        )
        for one in pools
    ]
    commands += [_add(pool, [f"--os-sku {pool.os_sku}", *_taints(pool)]) for pool in others]
    added = [*(one.pool for one in pools), *others]
    nodes = sum(pool.count or 0 for pool in added) if all(pool.count is not None for pool in added) else None
    remarks = []
    if any(one.gpu_driver == "aks-managed" for one in pools):
        remarks.append(f"Managed GPU pools: {'; '.join(catalog.aks().managed_gpu.limits)}.")
    if nvme := list(dict.fromkeys(one.size.name for one in pools if one.size.disk_controller == "NVMe")):
        remarks.append(f"{_listed(nvme)}: disks are NVMe alone, hence the `--os-sku`.")
    return "pools", {
        "title": f"Add the node pool{'s' if len(added) > 1 else ''} {_listed(pool.name for pool in added)}",
        "remarks": "\n".join(remarks),
        "commands": "\n".join(commands),
        "names": ",".join(pool.name for pool in added),
        "all": f"the {nodes} nodes" if nodes else "all nodes of the pools",
    }


def _taints(pool: NodePool) -> list[str]:
    return [f"--node-taints {','.join(pool.taints)}"] if pool.taints else []


def _labels(plan: Plan, pool: PoolDecisions) -> list[str]:
    labels = plan.decisions.node_labels(pool)
    return [f"--labels {' '.join(f'{key}={value}' for key, value in labels.items())}"] if labels else []


def _add(pool: NodePool, options: Iterable[str]) -> str:
    where = '--resource-group "$RESOURCE_GROUP" --cluster-name "$CLUSTER"'
    count = str(pool.count) if pool.count is not None else f'"${_nodes_variable(pool)}"'
    given = [f"--node-vm-size {pool.vm_size}", f"--node-count {count}", *options, "--output none"]
    lines = [f"  az aks nodepool add {where} --name {pool.name}", *(f"    {option}" for option in given)]
    return "\n".join([f"if ! pools_are_there {pool.name}; then", " \\\n".join(lines), "fi"])


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


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
    if not plan.decisions.per_pool:
        return []
    folders = ["nvidia-device-plugin"] if plan.nvidia_device_plugin else []
    return [*folders, *(["nvidia-peermem-reloader"] if plan.peermem_reloader else [])]


def _operator(plan: Plan) -> Iterator[Step]:
    decisions = plan.decisions
    namespace, chart = decisions.cluster.operator_namespace, decisions.release.chart
    gpus, pods = gpu_namespaces(plan), sorted({_namespace_of(plan, profile) for profile in decisions.profiles})
    labelled = [namespace, *([pods[0]] if plan.ipoib_namespace else []), *gpus]
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
            "gpus": loop if gpus else "",
            "secrets": "\n".join(_secrets(plan, [namespace, *gpus, *pods], first)),
            "excluded": " ".join(dict.fromkeys([namespace, *gpus, *first, *pods])),
            "named": " ".join(dict.fromkeys(labelled)),
        },
    )
    yield (
        "network-operator",
        {
            "namespace": namespace,
            **_chart(plan, chart.repository, "nvidia", chart.name),
            "version": chart.version,
        },
    )
    yield _label(plan)
    if plan.module_loader:
        yield "modules", {"namespace": namespace}
    if plan.policy or plan.node_policies:
        yield _policy(plan)


def _secrets(plan: Plan, namespaces: Sequence[str], later: Sequence[str]) -> Iterator[str]:
    """Yield the lines that make the pull secrets where pods are; `later` are namespaces that a chart would make itself."""
    if not plan.decisions.cluster.image_pull_secrets:
        return
    for name in later:
        yield f"kubectl create namespace {name} --dry-run=client --output yaml | kubectl apply --server-side -f -"
    driver = [str(plan.amd.driver.data["metadata"]["namespace"])] if plan.amd else []
    yield from secret_commands(plan, *namespaces, *later, *driver)


def _chart(plan: Plan, url: str, repository: str, chart: str) -> dict[str, str]:
    """Return where helm has a chart from, and what tells it; nothing does where that is a registry."""
    source = chart_source(plan, url, repository, chart)
    added = "" if source.startswith("oci://") else f"helm repo add {repository} {url} --force-update"
    return {"repository": added, "chart": source}


def _namespace_of(plan: Plan, profile: str) -> str:
    return str(plan.example_pod(profile).data["metadata"].get("namespace", "default"))


def _label(plan: Plan) -> Step:
    decisions = plan.decisions
    path = NIC_LABEL.replace(".", r"\.")
    wait = (
        f"kubectl wait node --selector '{_selector(decisions.pools)}' \\\n"
        f"  --for=jsonpath='{{.metadata.labels.{path}}}'=true --timeout=5m"
    )
    return "label", {
        "apply": "kubectl apply --server-side -k node-feature-rule" if plan.node_feature_rule else "",
        "wait": wait if decisions.pools else "",
        "label": NIC_LABEL,
        "expected": f"the {decisions.nodes} nodes of the pools" if decisions.nodes else "the nodes with InfiniBand",
        "namespace": decisions.cluster.operator_namespace,
    }


def _selector(pools: Iterable[NodePool]) -> str:
    return f"kubernetes.azure.com/agentpool in ({','.join(pool.name for pool in pools)})"


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
        wait.append(f"kubectl wait nicclusterpolicy/nic-cluster-policy --for={ready} --timeout=60m")
    if plan.node_policies:
        apply.append("kubectl apply --server-side -k nicnodepolicy")
        names = " ".join(str(one.data["metadata"]["name"]) for one in plan.node_policies)
        wait.append(f"kubectl wait nicnodepolicy {names} --for={ready} --timeout=60m")
    plugins = any(profile != "base" for profile in decisions.profiles)
    parts = [*(["driver"] if decisions.driver else []), *(["device plugin"] if plugins else [])]
    driver = (
        "The nodes compile the driver, all at the same time, which takes minutes. The first driver of a node drains nothing.\n"
        if not decisions.cluster.ofed_driver.upgrade_policy.safe_load
        else "Each node is cordoned and drained before its first driver (`safeLoad`), as many at a time as "
        "`maxParallelUpgrades` says, so this takes as long as a roll-out (below).\n"
    )
    mirror = decisions.cluster.ofed_driver.repo_config
    return "policy", {
        "sources": _apt_sources(mirror, decisions.cluster.operator_namespace) if mirror and decisions.driver else "",
        "what": " and ".join(parts) or "the NicClusterPolicy",
        "apply": "\n".join(apply),
        "wait": "\n".join(wait),
        "driver": driver if decisions.driver else "",
        "kinds": ",".join(
            [*(["nicclusterpolicies"] if plan.policy else []), *(["nicnodepolicies"] if plan.node_policies else [])]
        ),
        "namespace": decisions.cluster.operator_namespace,
    }


def _apt_sources(name: str, namespace: str) -> str:
    return (
        f"The ConfigMap `{name}` of `{namespace}` has the apt sources that the driver is compiled from; without it there is no "
        f"driver: `kubectl get configmap {name} --namespace {namespace}`."
    )


def _gpus(plan: Plan) -> Iterator[Step]:
    decisions, operators = plan.decisions, catalog.gpu_operators()
    if nvidia_operator(plan):
        row = operators["nvidia"]
        peermem = any(one.drivers and one.drivers.gpudirect == "gpu-operator" for one in decisions.per_pool)
        after = (
            "the NIC driver is ready, because nvidia-peermem is built against it."
            if peermem
            else "the nodes are labelled."
        )
        mirror = gpu_driver_sources(plan)
        yield (
            "gpu-operator",
            {
                "why": f"{after} {_apt_sources(mirror, row.namespace)}" if mirror else after,
                **_chart(plan, row.repository.url, row.repository.name, row.chart),
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
                **_chart(plan, row.repository.url, row.repository.name, row.chart),
                "release": row.helm_release,
                "namespace": row.namespace,
                "version": decisions.gpu_operator_version("amd"),
            },
        )
    if "nvidia-device-plugin" in gpu_daemon_sets(plan):
        pools = [one.name for one in decisions.per_pool if one.drivers and one.drivers.device_plugin == "rendered"]
        yield "device-plugin", {"pools": _listed(pools), "namespace": GPU_NAMESPACE}
    if "nvidia-peermem-reloader" in gpu_daemon_sets(plan):
        yield "peermem", {"namespace": GPU_NAMESPACE}
    own = [one.name for one in decisions.per_pool if one.size.gpu and one.gpu_driver == "none"]
    if own:
        yield "own-gpus", {"pools": _listed(own)}


def _needed(plan: Plan, chart: NeededChart) -> str:
    values = needed_values(plan, chart.chart, chart.version, chart.values)
    options = " ".join(f"--set {shlex.quote(f'{path}={value}')}" for path, value in _flat(values))
    source = _chart(plan, chart.repository.url, chart.repository.name, chart.chart)
    install = (
        f"helm upgrade --install {chart.helm_release} {source['chart']} --namespace {chart.namespace} \\\n"
        f"  --create-namespace --version {chart.version} {options} --wait --timeout 15m"
    )
    return "\n".join(filter(None, (source["repository"], install)))


def _flat(values: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield values as `helm --set` takes them."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _flat(value, f"{path}.{key}" if path else key)
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from _flat(value, f"{path}[{index}]")
    else:
        yield path, str(values).lower() if isinstance(values, bool) else str(values)


def _proof(plan: Plan) -> Iterator[Step]:
    decisions = plan.decisions
    if decisions.per_pool:
        yield from _resources(plan)
    elif name := decisions.resource_name(decisions.profile):
        shared = decisions.profile != "sriov-device-plugin"
        count = f"{decisions.cluster.rdma.shared_slots}, its slots" if shared else "the number of its InfiniBand NICs"
        yield "any-resources", {"label": NIC_LABEL, "resource": _allocatable(name), "count": count}
    if "ipoib" in decisions.profiles and (why := _guessed(plan)):
        nodes = decisions.ipoib_nodes
        yield (
            "interface",
            {
                "why": why,
                "namespace": decisions.cluster.operator_namespace,
                "master": decisions.master,
                "nodes": f"all {nodes} nodes" if nodes else "every node",
                "folder": f"nicclusterpolicy/{decisions.layers[-1]}",
            },
        )
    for profile in decisions.profiles:
        yield _try_it(plan, profile)


def _allocatable(resource: str) -> str:
    return ".status.allocatable." + resource.replace(".", r"\.")


def units(plan: Plan) -> dict[tuple[str, int], list[PoolDecisions]]:
    """Return what nodes advertise, a resource and its number, with the pools whose nodes do."""
    found: dict[tuple[str, int], list[PoolDecisions]] = {}
    for one in plan.decisions.per_pool:
        name, shared = plan.decisions.resource_name(one.profile), one.profile != "sriov-device-plugin"
        if name:
            number = plan.decisions.cluster.rdma.shared_slots if shared else one.size.infiniband.nic_count
            found.setdefault((name, number), []).append(one)
        if one.size.gpu and one.drivers and one.drivers.device_plugin:
            found.setdefault((one.size.gpu.resource, one.size.gpu.count), []).append(one)
    return found


def _resources(plan: Plan) -> Iterator[Step]:
    found = units(plan)
    if not found:
        return
    waits = [
        f"kubectl wait node --selector '{_selector(one.pool for one in pools)}' \\\n"
        f"  --for=jsonpath='{{{_allocatable(name)}}}'={number} --timeout=30m"
        for (name, number), pools in found.items()
    ]
    counts = [
        f"{number} {name} a node of {_listed(one.name for one in pools)}" for (name, number), pools in found.items()
    ]
    log = f"kubectl logs --namespace {plan.decisions.cluster.operator_namespace} --selector app={{}} --prefix --tail 30"
    profiles = set(plan.decisions.profiles)
    columns = dict.fromkeys(f"{name}:{_allocatable(name)}" for name, _ in found)
    yield (
        "resources",
        {
            "waits": "\n".join(waits),
            "names": ",".join(dict.fromkeys(one.name for pools in found.values() for one in pools)),
            "columns": ",".join(columns),
            "counts": "; ".join(counts),
            "namespace": plan.decisions.cluster.operator_namespace,
            "sriov_log": log.format("sriovdp") if "sriov-device-plugin" in profiles else "",
            "shared_log": log.format("rdma-shared-dp") if profiles - {"base", "sriov-device-plugin"} else "",
        },
    )


def _guessed(plan: Plan) -> str:
    """Return why the IPoIB interface has to be looked up; empty where its name is known of every VM size."""
    sizes = {one.size.name: one.size for one in plan.decisions.ipoib_pools}
    for size in sizes.values():
        names = size.infiniband.ipoib_altnames
        why = catalog.unsure_of(size, "infiniband.ipoib_altnames") or ("" if names else "not documented")
        if why:
            return f"The name of the IPoIB interface of {size.name} is a guess: {why}."
        if names and plan.decisions.master not in names:
            return f"The documented names of the IPoIB interfaces of {size.name} are others: {', '.join(names)}."
    return "" if sizes else "The name of the IPoIB interface depends on the VM size."


def _try_it(plan: Plan, profile: str) -> Step:
    pod = str(plan.example_pod(profile).data["metadata"]["name"])
    namespace = _namespace_of(plan, profile)
    many = len(plan.decisions.profiles) > 1
    if profile == "ipoib":
        network = plan.decisions.cluster.ipoib.range
        worked = f"It worked when the log shows the interface `net1` with an address of {network}, and the pod is still Ready."
    else:
        worked = (
            "It worked when the log shows a port with `PORT_ACTIVE` and `link_layer: InfiniBand` for each NIC, and the pod is "
            "still Ready. The last line of the log is how much memory may be locked; with IPC_LOCK any figure will do."
        )
    return "try", {
        "title": f"Try it: {profile}" if many else "Try it",
        "profile": profile,
        "pod": pod,
        "option": f" --namespace {namespace}" if namespace != "default" else "",
        "worked": worked,
        "fit": f"aksrdma fit examples/{profile}.yaml --cluster -",
    }


def _afterwards(plan: Plan) -> Iterator[Step]:
    yield "later", {"roll_out": f"- *A new driver*: {_roll_out(plan)}" if plan.decisions.driver else ""}
    rows = [
        f"| `{name}` | {' '.join(catalog.profile(name).use_when)} | {' '.join(catalog.profile(name).avoid_when)} |"
        for name in catalog.profiles()
    ]
    yield "profiles", {"rows": "\n".join(rows)}


def _roll_out(plan: Plan) -> str:
    """Say how a new driver version reaches the nodes, what it does to pods, and how long it takes."""
    asked = plan.decisions.cluster.ofed_driver.upgrade_policy
    if not asked.auto_upgrade:
        return (
            "`autoUpgrade` is false, so a new version waits until you drain a node and delete its driver pod, node by node: "
            f"`kubectl delete pods --namespace {plan.decisions.cluster.operator_namespace} --selector nvidia.com/ofed-driver "
            "--field-selector spec.nodeName=NODE`."
        )
    nodes = sum(one.pool.count or 0 for one in plan.decisions.per_pool if one.nic_driver == "doca")
    drain = asked.drain.timeout_seconds // 60 if asked.drain.enable else 0
    steps = ["is cordoned"]
    if awaited := asked.wait_for_completion:
        end = f" (for {awaited.timeout_seconds} s at most)" if awaited.timeout_seconds else ""
        steps.append(f"waits for the pods `{awaited.pod_selector}` to end{end}")
    if asked.drain.enable:
        limit = f"{asked.drain.timeout_seconds} s at most" if asked.drain.timeout_seconds else "without a limit"
        steps.append(f"is drained ({limit})")
    minutes, parallel = _COMPILE_MINUTES + drain, asked.max_parallel_upgrades
    at_once = f"{parallel} at a time (`maxParallelUpgrades`)" if parallel else "all at the same time"
    rounds = f"{nodes} nodes x {minutes} minutes / {parallel}" if nodes and parallel else ""
    total = f" = {-(-nodes // parallel) * minutes / 60:.1f} hours" if rounds else ""
    return (
        f"another `release` has the nodes compile again, {at_once}. A node {', '.join(steps)}, and compiles. Reckon with {rounds or f'nodes x {minutes} minutes'}{total}: "
        f"{_COMPILE_MINUTES} minutes to compile, for which you put in what your first node took, and {drain} for the drain. "
        "`kubectl get nodes --label-columns nvidia.com/ofed-driver-upgrade-state` shows where it is. A node in upgrade-failed "
        "stays cordoned: `kubectl drain NODE --ignore-daemonsets --delete-emptydir-data --force`, then delete its driver pod."
    )
