"""INSTALL.md: the commands for this very cluster, in order, with what each prints where it worked and what to do else."""

from __future__ import annotations

from aksrdma import catalog
from aksrdma.cluster import NodePool
from aksrdma.cluster.starter import hardware
from aksrdma.plan import Plan
from aksrdma.rendering.guides import Step, guide
from aksrdma.rendering.guides.cluster import ground, managed, pools
from aksrdma.rendering.guides.operators import gpus, operator
from aksrdma.rendering.guides.proof import afterwards, proof


def install_text(plan: Plan) -> str:
    """Return the Markdown text."""
    steps = [*ground(plan), *pools(plan), *operator(plan), *gpus(plan), *proof(plan), *afterwards(plan)]
    text = guide("install", steps, numbered_until="later")
    return f"{guide('install', [_title(plan, text)])}\n{text}"


def _title(plan: Plan, steps: str) -> Step:
    """Return what stands above the steps, of which it tells the least version of az."""
    decisions, release, aks = plan.decisions, plan.decisions.release, catalog.aks()
    flags = [row.azure_cli for row in aks.az_flags if row.azure_cli and row.flag in steps]
    profiles = [f"`{name}`: {catalog.profile(name).title}" for name in decisions.profiles]
    what = f"Network Operator {release.name}, {'profiles' if len(profiles) > 1 else 'profile'} {'; '.join(profiles)}."
    served = [
        f"- `{one.name}`: {_count(one.pool)} x {one.size.name}, {hardware(one.size)}" for one in decisions.per_pool
    ]
    others = [f"- `{pool.name}`: {_count(pool)} x {pool.vm_size}, no InfiniBand" for pool in decisions.other_pools]
    preview = f" with its extension aks-preview {aks.managed_gpu.aks_preview} or later"
    return "title", {
        "cluster": decisions.cluster.name,
        "az": max(flags, key=lambda version: [int(part) for part in version.split(".")]),
        "extension": preview if managed(plan) else "",
        "what": what,
        "kubernetes": _kubernetes(plan),
        "pools": "\n".join([*served, *others]),
        "notes": "\n".join(f"> Note: {note}.\n" for note in plan.notes),
    }


def _count(pool: NodePool) -> str:
    return str(pool.count) if pool.count is not None else "any number of"


def _kubernetes(plan: Plan) -> str:
    release = plan.decisions.release
    named = [f"{row.minor}{' (long-term support)' if row.support == 'lts' else ''}" for row in release.aks_versions]
    had = ", ".join(named) or "none: take a later release, or a version that nobody has documented"
    return f"Documented for Kubernetes {release.kubernetes}; of these AKS has, on {catalog.aks().checked}, {had}."
