"""Steps that show that it works, and what comes later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aksrdma import catalog
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.plan import Plan
from aksrdma.plan.decisions import PoolDecisions
from aksrdma.rendering.guides import Step, listed, selector
from aksrdma.rendering.guides.operators import gpu_namespaces, namespace_of, needed

_COMPILE_MINUTES: Final = 10
"""What a roll-out is reckoned with for one node; no figure for AKS is published, so the text tells to put in one's own."""


def proof(plan: Plan) -> Iterator[Step]:
    """Yield the resources on the nodes, the IPoIB interface where it is a guess, and an example pod of each profile."""
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
        pool = decisions.first_pool(profile)
        if pool is None or pool.pool.count != 0:
            yield _try_it(plan, profile)


def _allocatable(resource: str) -> str:
    return ".status.allocatable." + resource.replace(".", r"\.")


def units(plan: Plan) -> dict[tuple[str, int], list[PoolDecisions]]:
    """Return what nodes advertise, a resource and its number, with the pools whose nodes do."""
    found: dict[tuple[str, int], list[PoolDecisions]] = {}
    for one in plan.decisions.per_pool:
        if one.pool.count == 0:
            continue
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
        f"kubectl wait node --selector '{selector(one.pool for one in pools)}' \\\n"
        f"  --for=jsonpath='{{{_allocatable(name)}}}'={number} --timeout=30m"
        for (name, number), pools in found.items()
    ]
    counts = [
        f"{number} {name} a node of {listed(one.name for one in pools)}" for (name, number), pools in found.items()
    ]
    log = f"kubectl logs --namespace {plan.decisions.cluster.operator_namespace} --selector app={{}} --prefix --tail 30"
    profiles = set(plan.decisions.profiles)
    namespaces = [*([plan.decisions.cluster.operator_namespace] if needed(plan) else []), *gpu_namespaces(plan)]
    columns = dict.fromkeys(f"{name}:{_allocatable(name)}" for name, _ in found)
    yield (
        "resources",
        {
            "waits": "\n".join(waits),
            "names": ",".join(dict.fromkeys(one.name for pools in found.values() for one in pools)),
            "columns": ",".join(columns),
            "counts": "; ".join(counts),
            "pods": "\n".join(f"kubectl get pods --namespace {name} --output wide" for name in namespaces),
            "sriov_log": log.format("sriovdp") if "sriov-device-plugin" in profiles else "",
            "shared_log": log.format("rdma-shared-dp") if profiles - {"base", "sriov-device-plugin"} else "",
        },
    )


def _guessed(plan: Plan) -> str:
    """Return why the IPoIB interface has to be looked up; empty where its name was seen on nodes of every VM size."""
    sizes = {one.size.name: one.size for one in plan.decisions.ipoib_pools}
    for size in sizes.values():
        known = size.infiniband
        if not known.ipoib_altname_seen:
            why = catalog.unsure_of(size, "infiniband.ipoib_altnames") or "nobody has published it"
            return f"The name of the IPoIB interface of {size.name} is a guess: {why}."
        if plan.decisions.master not in (known.ipoib_altnames or ()):
            return f"Nodes of {size.name} showed other IPoIB interfaces: {', '.join(known.ipoib_altnames or ())}."
    return "" if sizes else "The name of the IPoIB interface depends on the VM size."


def _try_it(plan: Plan, profile: str) -> Step:
    pod = str(plan.example_pod(profile).data["metadata"]["name"])
    namespace = namespace_of(plan, profile)
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


def afterwards(plan: Plan) -> Iterator[Step]:
    """Yield what comes later, and which profile is for what."""
    roll_out = f"- *A new driver*: {_roll_out(plan)}" if plan.decisions.driver else ""
    yield "later", {"roll_out": roll_out, "proof": _over_nodes(plan)}
    rows = [
        f"| `{name}` | {' '.join(catalog.profile(name).use_when)} | {' '.join(catalog.profile(name).avoid_when)} |"
        for name in catalog.profiles()
    ]
    yield "profiles", {"rows": "\n".join(rows)}


_ENDS: Final = """jsonpath='{.status.conditions[?(@.status=="True")].type}'"""


def _over_nodes(plan: Plan) -> str:
    """Say which job proves that two nodes talk over InfiniBand, a line a pool, and how to wait for it to end."""
    pools, jobs = plan.decisions.per_pool, []
    for one in pools:
        job = {"nvidia": "nccl-all-reduce", "amd": "rccl-all-reduce"}.get(one.gpu_vendor, "perftest")
        named = f" --pool {one.name}" if len(pools) > 1 else ""
        other = one.size.arch == "arm64"
        option, image = (" --image IMAGE", " (an image that is built for arm64)") if other else ("", "")
        jobs.append(f"`aksrdma workload {job} --cluster CLUSTER.yaml{named}{option}`{image}")
        if one.profile == "ipoib":
            jobs.append(f"`aksrdma workload sockperf --cluster CLUSTER.yaml{named}` for IPoIB")
    if not jobs:
        jobs.append("`aksrdma workload perftest --vm-size SIZE`")
    return (
        f"- *Proof over two nodes*: {listed(jobs)} {'prints a job that fails' if len(jobs) == 1 else 'print jobs that fail'} where "
        "it does not run over InfiniBand. To wait until it ends, by a failure too: "
        f"`until_prints 1800 '.*(Complete|Failed)' kubectl get job NAME --output {_ENDS}`."
    )


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
    jobs = ", and what the jobs take" if awaited else ""
    return (
        f"another `release` has the nodes compile again, {at_once}. A node {', '.join(steps)}, and compiles. Reckon with {rounds or f'nodes x {minutes} minutes'}{total}: "
        f"{_COMPILE_MINUTES} minutes to compile, for which you put in what your first node took, and {drain} for the drain{jobs}. "
        "`kubectl get nodes --label-columns nvidia.com/ofed-driver-upgrade-state` shows where it is. A node in upgrade-failed "
        "stays cordoned: `kubectl drain NODE --ignore-daemonsets --delete-emptydir-data --force`, then delete its driver pod."
    )
