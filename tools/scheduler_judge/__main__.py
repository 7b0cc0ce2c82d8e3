"""Ask kube-scheduler and fit about random cases, and tell where they differ.

    python -m tools.scheduler_judge [--count 3000] [--seed 1] [--runs 20] [--show 3] [--keep FILE]

The scheduler picks by chance among nodes that it likes equally well, and this can decide how many pods find one later. So
it is asked several times, and fit must say what it says in one of its runs: how many pods of each group go to which node
pool, of all groups at once. Where no run is the same it is asked `--again` times more, and the last line tells how many
cases needed that.

AKSRDMA_SCHEDULER_JUDGE is the program that is built from this folder; see README.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from aksrdma.documents import Document
from aksrdma.workloads.fit import fit, read_nodes, read_workloads
from tools.scheduler_judge.cases import POOL, Case, cases


def main() -> int:
    """Compare, and return 1 where there is a difference."""
    options = argparse.ArgumentParser(prog="python -m tools.scheduler_judge")
    options.add_argument("--count", type=int, default=3000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--again", type=int, default=400)
    options.add_argument("--show", type=int, default=3, help="differences to print whole")
    options.add_argument("--keep", type=Path, help="file for the cases with the scheduler's verdicts")
    chosen = options.parse_args()
    judge = os.environ.get("AKSRDMA_SCHEDULER_JUDGE")
    if not judge:
        print("AKSRDMA_SCHEDULER_JUDGE is not set; see tools/scheduler_judge/README.md", file=sys.stderr)
        return 2
    given = list(cases(chosen.count, chosen.seed))
    verdicts = answers(judge, given, chosen.runs)
    refused = [one for one in verdicts if one.get("error")]
    told = [placed_by_fit(case) for case in given]
    seen = [placed_by_scheduler(case, one) for case, one in zip(given, verdicts, strict=True)]
    off = [n for n, one in enumerate(verdicts) if not one.get("error") and told[n] not in seen[n]]
    luck = []
    if off:
        more = answers(judge, [given[n] for n in off], chosen.again)
        for number, one in zip(off, more, strict=True):
            seen[number] += [way for way in placed_by_scheduler(given[number], one) if way not in seen[number]]
        luck = [number for number in off if told[number] in seen[number]]
    wrong = [number for number in off if number not in luck]
    for number in wrong[: chosen.show]:
        print(json.dumps(given[number]))
    for number in wrong:
        print(f"{given[number]['name']}: fit {told[number]}, scheduler {seen[number][:9]}: {verdicts[number]['why']}")
    for one in refused[: chosen.show]:
        print(f"{one['name']}: the API server refuses it: {one['error']}")
    if chosen.keep:
        keep(chosen.keep, given, seen)
    counts = [{tuple(sum(group.values()) for group in way) for way in ways} for ways in seen]
    print(
        f"{len(given)} cases: {len(wrong)} differ, {len(refused)} refused; the scheduler itself chose other pools by chance in "
        f"{sum(len(ways) > 1 for ways in seen)} and came to other numbers in {sum(len(ways) > 1 for ways in counts)}; "
        f"{len(luck)} agreed only after {chosen.again} runs more; in {sum(not any(map(any, counts_)) for counts_ in counts)} "
        "no pod found a node"
    )
    return 1 if wrong or refused else 0


def answers(judge: str, given: Iterable[Case], runs: int) -> list[dict[str, Any]]:
    """Return what the scheduler says to cases, in their order."""
    with tempfile.TemporaryFile("w+") as file:
        file.writelines(f"{json.dumps({**case, 'runs': runs})}\n" for case in given)
        file.seek(0)
        done = subprocess.run([judge], stdin=file, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def placed_by_scheduler(case: Case, answer: dict[str, Any]) -> list[list[dict[str, int]]]:
    """Return how many pods of each group went to which node pool, each way that the scheduler came to."""
    pools = {node["metadata"]["name"]: node["metadata"]["labels"][POOL] for node in case["nodes"]}
    found: list[list[dict[str, int]]] = []
    for run in answer["nodes"] or ():
        way = [dict(sorted(Counter(pools[node] for node in group).items())) for group in run]
        if way not in found:
            found.append(way)
    return found


def placed_by_fit(case: Case) -> list[dict[str, int]]:
    """Return how many pods of each group of a case go to which node pool, as fit has it."""
    objects = [
        *({"kind": "Node", **one} for one in case["nodes"]),
        *({"kind": "Namespace", **one} for one in case["namespaces"]),
        *({"kind": "Pod", "apiVersion": "v1", **one} for one in case["running"]),
    ]
    nodes = read_nodes(json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}).encode(), "nodes.json")
    report = fit(nodes, read_workloads([Document.from_data(workload(group), "job.yaml") for group in case["groups"]]))
    return [
        {pool.pool: pool.placed for pool in sorted(pods.pools, key=lambda one: one.pool) if pool.placed}
        for one in report.workloads
        for pods in one.pods
    ]


def workload(group: dict[str, Any]) -> dict[str, Any]:
    """Return the object that makes the pods of a group."""
    pod = group["pod"]
    template = {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]}
    metadata = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
    if "selector" in group:
        spec = {"replicas": group["count"], "selector": group["selector"], "template": template}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    spec = {"parallelism": group["count"], "completions": group["count"], "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def keep(path: Path, given: Sequence[Case], seen: Sequence[list[list[dict[str, int]]]]) -> None:
    """Write cases with each way in which the scheduler placed them, one a line; those where no pod found a node tell little."""
    lines = [
        json.dumps({**case, "placed": ways}, separators=(",", ":"))
        for case, ways in zip(given, seen, strict=True)
        if any(map(any, ways))
    ]
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))


def kept(path: Path) -> list[Case]:
    """Return cases that were kept, each with all ways in which the scheduler placed them as `placed`."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


if __name__ == "__main__":
    sys.exit(main())
