"""What `aksrdma inject` makes of every kind with a schema, for every VM size and profile: is it what a cluster takes?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aksrdma import catalog
from aksrdma.cluster import Cluster, Ipoib, NodePool
from aksrdma.documents import read
from aksrdma.errors import PlanError
from aksrdma.kube.kinds import JUDGED
from aksrdma.plan import PROFILES, make_plan
from aksrdma.schemas.store import WORKLOADS
from aksrdma.workloads.inject import Injection, injected_together, injection_for, runtimes_of

from .judges import kubectl_validate, openapi_of
from .server import server_answers

EXAMPLES = Path(__file__).parents[2] / "examples" / "inject"


class Result(NamedTuple):
    """One object with RDMA, and for what it was made."""

    made_for: list[str]
    """VM size, profile, pool and GPUs: all for which it is the same."""
    data: dict[str, Any]


def compare_injected(args: argparse.Namespace) -> int:
    """Print how many results of inject are accepted, and by whom; return how many are not."""
    found = results()
    objects = [one.data for one in found]
    kinds, times = {one["kind"] for one in objects}, sum(len(one.made_for) for one in found)
    print(f"inject: {len(found)} different objects of {len(kinds)} kinds, made {times} times")
    openapi = openapi_of(args.shared, WORKLOADS)
    crds = args.shared / "crds-workloads"
    verdicts = {"kubectl-validate": kubectl_validate(args.kubectl_validate, objects, crds=crds, openapi=openapi)}
    if args.apiserver_judge:
        verdicts["API server"] = [one.verdict for one in server_answers(args.apiserver_judge, objects, crds=(crds,))]
    wrong = 0
    for name, said in verdicts.items():
        refused = [(one, verdict) for one, verdict in zip(found, said, strict=True) if not verdict.accepts]
        print(f"  {len(found) - len(refused):6} accepted, {len(refused)} refused by {name}")
        for one, verdict in refused[: args.show]:
            print(f"{one.made_for[0]}: {verdict.text}\n    {json.dumps(one.data)[:600]}")
        wrong += len(refused)
    return wrong


def results() -> list[Result]:
    """Return each different object that inject makes of the examples: all kinds, sizes, profiles, whole nodes and parts."""
    given = [
        document.data
        for file in sorted(EXAMPLES.glob("*/before.yaml"))
        for document in read(file.read_bytes(), str(file)).documents
        if document.kind in JUDGED and not document.api_version.startswith("batch.volcano.sh/")
    ]
    found: dict[str, Result] = {}
    for asked in _injections():
        gpu = asked.vm_size.gpu
        for gpus in {gpu.count, 1} if gpu else {0}:
            own = [_fitted(data, asked, gpus) for data in given if asked.resource or data["kind"] != "TrainJob"]
            for done in injected_together(own, asked, runtimes=runtimes_of(own)):
                if done.conflicts:
                    raise RuntimeError(f"{asked.vm_size.name} {asked.profile}: {done.conflicts[0]}")
                one = found.setdefault(json.dumps(done.data, sort_keys=True), Result([], done.data))
                one.made_for.append(f"{asked.vm_size.name} {asked.profile}, pool {asked.pool}, {gpus} GPUs")
    return list(found.values())


def _injections() -> Iterator[Injection]:
    for name in catalog.vm_sizes():
        size = catalog.vm_size(name)
        for profile in PROFILES if size.usable else ():
            for pool in (None, "rdma1"):
                pools = [NodePool(name="rdma1", vm_size=name, taints=("sku=gpu:NoSchedule",))]
                # The device is not documented for each size, and of no matter to a pod.
                cluster = Cluster(profile=profile, node_pools=pools, ipoib=Ipoib(master="ibP257p0s0"))
                try:
                    decisions = make_plan(cluster).decisions
                except PlanError:  # as ipoib where the node image brings the driver
                    continue
                file = "nccl-topology" if pool and size.nccl_topology_file else None
                yield injection_for(decisions, pool=pool, topology_config_map=file)


def _fitted(data: Any, asked: Injection, gpus: int) -> Any:
    """Return an object with the GPUs of the VM size in the place of NVIDIA's, and privileged where nothing else helps."""
    if isinstance(data, list):
        return [_fitted(one, asked, gpus) for one in data]
    if not isinstance(data, dict):
        return data
    made = {key: _fitted(value, asked, gpus) for key, value in data.items()}
    gpu = asked.vm_size.gpu
    if made.pop("nvidia.com/gpu", None) is not None and gpu:
        made[gpu.resource] = gpus
    if asked.resource is None and "image" in made:
        made["securityContext"] = {"privileged": True}
    return made
