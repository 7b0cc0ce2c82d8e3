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
    yield from _between_nodes(plan)


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
            "node_image": _without_node_image(plan),
            "shared_log": log.format("rdma-shared-dp") if profiles - {"base", "sriov-device-plugin"} else "",
        },
    )


def _without_node_image(plan: Plan) -> str:
    """Return what else it may be where the NIC driver is that of the node image, of which nobody is sure."""
    pools = [one for one in plan.decisions.per_pool if one.nic_driver == "node-image" and one.profile != "base"]
    if not pools:
        return ""
    sizes = listed(dict.fromkeys(one.size.name for one in pools))
    return (
        f"Nodes of {listed(one.name for one in pools)} may also have another image than AKS's own for {sizes}, without the driver "
        "with which device plugins find the NICs. "
        '`kubectl debug node/NODE -it --image "$ARM64_IMAGE" -- chroot /host ofed_info -s` prints its '
        f"version. Where there is none, AKS's managed DRANET is the way: `aksrdma explain {pools[0].size.name}`."
    )


def _guessed(plan: Plan) -> str:
    """Return why the IPoIB interface has to be looked up; empty where its name was seen on nodes of every VM size."""
    sizes = {one.size.name: one.size for one in plan.decisions.ipoib_pools}
    for size in sizes.values():
        known = size.infiniband
        if not known.ipoib_altname_seen and (asked := plan.decisions.cluster.ipoib.master):
            return f"Nobody has published the IPoIB interface of {size.name}; the cluster file has {asked}."
        if not known.ipoib_altname_seen:
            why = catalog.unsure_of(size, "infiniband.ipoib_altnames") or "nobody has published it"
            return f"The name of the IPoIB interface of {size.name} is a guess: {why}."
        if plan.decisions.master not in (known.ipoib_altnames or ()):
            return f"Nodes of {size.name} showed other IPoIB interfaces: {', '.join(known.ipoib_altnames or ())}."
    return "" if sizes else "The name of the IPoIB interface depends on the VM size."


def _try_it(plan: Plan, profile: str) -> Step:
    pod, pool = plan.example_pod(profile).data, plan.decisions.first_pool(profile)
    name, namespace = str(pod["metadata"]["name"]), namespace_of(plan, profile)
    apply = f"kubectl apply --server-side -f examples/{profile}.yaml"
    if wants_other_image(plan, profile):
        container = pod["spec"]["containers"][0]["name"]
        other = f'kubectl set image --local -f examples/{profile}.yaml {container}="$ARM64_IMAGE" --output yaml'
        apply = f"{other} |\n  kubectl apply --server-side -f -"
    if profile == "ipoib":
        network = plan.decisions.cluster.ipoib.range
        worked = (
            f"It worked when the log shows the interface `net1` with an address of {network} and a port with `PORT_ACTIVE`, and "
            "the pod is still Ready."
        )
        failed = "has no net1, or saw no InfiniBand port that is active"
    else:
        worked = (
            "It worked when the log shows a port with `PORT_ACTIVE` and `link_layer: InfiniBand` for each NIC, and the pod is "
            "still Ready. The last line of the log is how much memory may be locked; with IPC_LOCK any figure will do."
        )
        failed = "saw no InfiniBand port that is active"
    return "try", {
        "title": f"Try it: {profile}" if len(plan.decisions.profiles) > 1 else "Try it",
        "where": f"The pod takes a node of {pool.name}." if pool and len(plan.decisions.per_pool) > 1 else "",
        "apply": apply,
        "profile": profile,
        "pod": name,
        "option": _in_namespace(namespace),
        "worked": worked,
        "failed": failed,
        "fit": f"kubectl get nodes,pods --all-namespaces --output json | aksrdma fit examples/{profile}.yaml --cluster -",
    }


def wants_other_image(plan: Plan, profile: str) -> bool:
    """Whether the example pod of a profile takes an arm64 node with an image that is not known to be built for it."""
    pool, image = plan.decisions.first_pool(profile), plan.example_pod(profile).data["spec"]["containers"][0]["image"]
    return pool is not None and pool.size.arch == "arm64" and image.endswith(catalog.pod_images()["ibtools"].reference)


def _in_namespace(namespace: str) -> str:
    return f" --namespace {namespace}" if namespace != "default" else ""


_ENDS: Final = """jsonpath='{.status.conditions[?(@.status=="True")].type}'"""
_JOB_SECONDS: Final = 3900
"""More than the deadline of every job, after which it has failed."""


def _between_nodes(plan: Plan) -> Iterator[Step]:
    """Yield the jobs that prove that two nodes of a pool talk over InfiniBand, where a pool has two nodes."""
    every = plan.decisions.per_pool
    pools = [one for one in every if one.pool.count is None or one.pool.count > 1]
    if every and not pools:
        return
    jobs = [(job, one) for one in pools for job in _jobs(one)]
    commands = [_proof("perftest", '--vm-size "$VM_SIZE"', "default")] if not every else []
    for job, one in jobs:
        pool = f" --pool {one.name}" if len(every) > 1 else ""
        image = ' --image "$ARM64_IMAGE"' if one.size.arch == "arm64" else ""
        commands.append(_proof(job, f'--cluster "$CLUSTER_FILE"{pool}{image}', namespace_of(plan, one.profile)))
    namespaces = dict.fromkeys([namespace_of(plan, one.profile) for one in pools] or ["default"])
    delete = "kubectl delete job,service,configmap --selector aksrdma.dev/workload"
    more = "On arm64 perftest takes host memory; nccl-all-reduce takes that of the GPUs, with `--image` and nccl-tests for arm64."
    file = "`export CLUSTER_FILE=...`, the cluster file that this folder is rendered from"
    yield (
        "prove",
        {
            "jobs": listed(f"`{job}`" for job in dict.fromkeys(job for job, _ in jobs)) if pools else "`perftest`",
            "pools": listed(one.name for one in pools) if pools else "one pool",
            "said": file if pools else "`export VM_SIZE=...`, that of the pool",
            "commands": "\n\n".join(f"```bash\n{each}\n```" for each in commands),
            "delete": "\n".join(f"{delete}{_in_namespace(name)}" for name in namespaces),
            "option": _in_namespace(next(iter(namespaces))),
            "more": more if any(one.size.arch == "arm64" and one.gpu_vendor == "nvidia" for one in pools) else "",
        },
    )


def _jobs(pool: PoolDecisions) -> list[str]:
    """Return the jobs for a pool; images of nccl-tests are published for amd64 alone."""
    of_gpus = {} if pool.size.arch == "arm64" else {"nvidia": "nccl-all-reduce", "amd": "rccl-all-reduce"}
    return [of_gpus.get(pool.gpu_vendor, "perftest"), *(["sockperf"] if pool.profile == "ipoib" else [])]


def _proof(job: str, options: str, namespace: str) -> str:
    where = _in_namespace(namespace)
    # A job that ran before would neither be changed nor run again, and what it printed would be read as this one's.
    return (
        f"kubectl delete job,service,configmap --selector aksrdma.dev/workload={job}{where} --cascade foreground\n"
        f"aksrdma workload {job} {options} --nodes 2 | kubectl apply --server-side -f -\n"
        f"until_prints {_JOB_SECONDS} '.*(Complete|Failed).*' kubectl get job {job}{where} \\\n  --output {_ENDS}\n"
        f"kubectl logs --selector aksrdma.dev/workload={job}{where} --prefix --tail=5"
    )


def afterwards(plan: Plan) -> Iterator[Step]:
    """Yield what comes later, and which profile is for what."""
    roll_out = f"- *A new driver*: {_roll_out(plan)}" if plan.decisions.driver else ""
    yield "later", {"release": _releases(plan), "roll_out": roll_out}
    rows = [
        f"| `{name}` | {' '.join(catalog.profile(name).use_when)} | {' '.join(catalog.profile(name).avoid_when)} |"
        for name in catalog.profiles()
    ]
    yield "profiles", {"rows": "\n".join(rows)}


def _releases(plan: Plan) -> str:
    """Say through which releases the way to the newest goes, where it is more than one step."""
    here = plan.decisions.release.name
    names = catalog.releases()
    newest = {_line(name): name for name in names[names.index(here) :] if _line(name) != _line(here)}
    if len(newest) < 2:
        return ""
    return (
        f"- *Another release*: NVIDIA supports the step to the next line alone, so from {here} take one after the other, "
        f"{listed(newest.values())}: set `release`, render, run the steps, and wait until the driver is on every node."
    )


def _line(release: str) -> str:
    """Return the year and month of a release, which its patches share."""
    return release.rpartition(".")[0]


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
