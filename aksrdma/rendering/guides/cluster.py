"""Steps until the nodes are there: what the reader chooses, the cluster, its registry, the feature flag and the pools."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from aksrdma import catalog
from aksrdma.cluster import NodePool
from aksrdma.delivery import steps as delivered
from aksrdma.delivery.commands import acr_name
from aksrdma.plan import Plan
from aksrdma.plan.decisions import PoolDecisions
from aksrdma.rendering.guides import Step, listed, peopled, selector


def _version(plan: Plan) -> str:
    """Return the Kubernetes version of a cluster that is made: as asked, else the newest that suits the release best."""
    if plan.decisions.cluster.kubernetes_version:
        return plan.decisions.cluster.kubernetes_version
    offered = plan.decisions.release.aks_versions
    community = [row for row in offered if row.support == "community"]
    if best := community or offered:
        return best[-1].minor
    return next(row.minor for row in catalog.aks().kubernetes if row.support in ("community", "lts"))


def ground(plan: Plan) -> Iterator[Step]:
    """Yield what the reader chooses, the cluster, and what the pools need before they are made."""
    decisions, aks = plan.decisions, catalog.aks()
    version = _version(plan)
    row = aks.version(version)
    long_term = row is not None and row.support == "lts"
    counts = [
        f': "${{{_nodes_variable(pool)}:?say it first: export {_nodes_variable(pool)}=..., the nodes of pool {pool.name}}}"'
        for pool in decisions.cluster.node_pools
        if pool.count is None
    ]
    arm64 = (
        [
            ': "${ARM64_IMAGE:?say it first: export ARM64_IMAGE=..., an image of yours for arm64 that has bash, awk, ibv_devinfo and '
            'ib_write_bw: ubuntu:24.04 with the packages ibverbs-utils and perftest does}"'
        ]
        if decisions.arm64
        else []
    )
    yield (
        "choose",
        {
            "cluster": shlex.quote(decisions.cluster.name),
            "version": version,
            "versions": f"the release is documented for {decisions.release.kubernetes}",
            "counts": "\n".join([*counts, *arm64, *delivered.secret_variables(plan)]),
        },
    )
    note = f" Kubernetes {version} is in long-term support: {aks.long_term_support.note.split(';')[0]}."
    flags = " ".join(aks.long_term_support.flags)
    yield (
        "cluster",
        {"long_term": note if long_term else "", "support_plan": f" {flags}" if long_term else ""}
        | _expected_version(decisions.release, version),
    )
    yield from _registry(plan)
    if managed(plan):
        yield "managed-gpu", {"state": aks.managed_gpu.state, "feature": aks.managed_gpu.feature}


def _expected_version(release: catalog.Release, version: str) -> dict[str, str]:
    if release.kubernetes.holds(version):
        other = "A cluster of another version is one that nobody has documented for this release: upgrade one of the two first."
        return {"of": "one that the top of this page names", "other": other}
    return {
        "of": f"{version}, which nobody has documented for {release.name}",
        "other": "Where it has to be a documented one, take a later `release`.",
    }


def _registry(plan: Plan) -> Iterator[Step]:
    """Yield how a registry of one's own is filled, where the cluster has one."""
    registry, fill = plan.decisions.cluster.registry, delivered.filling_commands(plan)
    if registry is None:
        return
    acr, attached = acr_name(registry), delivered.attached_registry(plan)
    attach = f'az aks update --resource-group "$RESOURCE_GROUP" --name "$CLUSTER" --attach-acr {attached} --output none'
    listed = [line for line in fill if line.startswith(("az acr import", "skopeo"))]
    below = f"{registry.partition('/')[2]}/".lstrip("/")
    check = f"az acr repository list --name {acr} --output tsv | grep --count '^{below}'"
    if acr is None:
        check = f"skopeo inspect --format '{{{{.Digest}}}}' {listed[-1].split()[-1]}"
    fetched = [f"- {row.what} ({', '.join(row.hosts)}). Without: {row.instead}.\n" for row in delivered.egress_of(plan)]
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


def managed(plan: Plan) -> bool:
    """Whether AKS manages the GPUs of a pool."""
    return any(one.gpu_driver == "aks-managed" for one in plan.decisions.per_pool)


def pools(plan: Plan) -> Iterator[Step]:
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
        sizes = listed(dict.fromkeys(one.size.name for one in pools))
        more = (
            "This cluster has pools that want it and pools that must not have it, so it is turned over between them. Nobody may "
            "make another InfiniBand pool in the subscription meanwhile; a subscription for each sort would spare you that. "
            "Where the pools are there, the flag is left as it is."
        )
        again = (
            "Other sizes want it: where pools of these are made too, turn it back once the pool is there, "
            "`az feature register --namespace Microsoft.ContainerService --name AKSInfinibandSupport`. Where the pool is there, the "
            "flag is left as it is."
        )
        names = " ".join(one.name for one in pools)
        of = f" of {sizes}" if both else ""
        yield (
            feature,
            {
                "sizes": sizes,
                "unless": f"pools_are_there {names} || " if both or feature == "unregister" else "",
                "of": of,
                "both": more if both else again if feature == "unregister" else "",
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
            one.size.name,
            [
                f"--os-sku {one.os_sku}",
                *_taints(one.pool),
                *_labels(plan, one),
                *(one.drivers.az if one.drivers else ()),
            ],
        )
        for one in pools
    ]
    commands += [_add(pool, _whole(pool.vm_size), [f"--os-sku {pool.os_sku}", *_taints(pool)]) for pool in others]
    added = [*(one.pool for one in pools), *others]
    nodes = sum(pool.count or 0 for pool in added) if all(pool.count is not None for pool in added) else None
    waited, remarks = peopled(added), []
    if empty := [pool.name for pool in added if pool.count == 0]:
        remarks.append(
            f"{listed(empty)}: no nodes, so nothing is waited for there. After `az aks nodepool scale` run the steps from the "
            "label on once more."
        )
    if any(one.gpu_driver == "aks-managed" for one in pools):
        remarks.append(f"Managed GPU pools: {'; '.join(catalog.aks().managed_gpu.limits)}.")
    if nvme := list(dict.fromkeys(one.size.name for one in pools if one.size.disk_controller == "NVMe")):
        remarks.append(f"{listed(nvme)}: disks are NVMe alone, hence the `--os-sku`.")
    return "pools", {
        "title": f"Add the node pool{'s' if len(added) > 1 else ''} {listed(pool.name for pool in added)}",
        "remarks": "\n".join(remarks),
        "commands": "\n".join(commands),
        "wait": f"kubectl wait node --selector '{selector(waited)}' --for=condition=Ready --timeout=15m"
        if waited
        else "",
        "all": f"the {nodes} nodes" if nodes else "all nodes of the pools",
    }


def _taints(pool: NodePool) -> list[str]:
    return [f"--node-taints {','.join(pool.taints)}"] if pool.taints else []


def _labels(plan: Plan, pool: PoolDecisions) -> list[str]:
    labels = plan.decisions.node_labels(pool)
    return [f"--labels {' '.join(f'{key}={value}' for key, value in labels.items())}"] if labels else []


def _whole(vm_size: str) -> str:
    """Return a VM size as Azure names it; the cluster file may leave `Standard_` out."""
    name = vm_size.strip()
    return name if name.casefold().startswith("standard_") else f"Standard_{name}"


def _add(pool: NodePool, vm_size: str, options: Iterable[str]) -> str:
    where = '--resource-group "$RESOURCE_GROUP" --cluster-name "$CLUSTER"'
    count = str(pool.count) if pool.count is not None else f'"${_nodes_variable(pool)}"'
    given = [f"--node-vm-size {vm_size}", f"--node-count {count}", *options, "--output none"]
    lines = [f"  az aks nodepool add {where} --name {pool.name}", *(f"    {option}" for option in given)]
    return "\n".join([f"if ! pools_are_there {pool.name}; then", " \\\n".join(lines), "fi"])
