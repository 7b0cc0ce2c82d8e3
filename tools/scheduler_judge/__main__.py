"""Ask kube-scheduler and fit about random cases, and tell where they differ.

    python -m tools.scheduler_judge [--count 3000] [--seed 1] [--runs 20] [--show 3] [--keep FILE]

The scheduler picks by chance among nodes that it likes equally well, and this can decide how many pods find one later. So
it is asked several times, and fit must say what it says in one of its runs: the numbers of all groups of a case at once.
Where none is the same it is asked `--again` times more, and the last line tells how many cases needed that.

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
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from aksrdma.documents import Document
from aksrdma.workloads.fit import fit, read_nodes, read_workloads
from tools.scheduler_judge.cases import Case, cases


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
    off = [n for n, one in enumerate(verdicts) if not one.get("error") and told[n] not in one["placed"]]
    luck = []
    if off:
        more = answers(judge, [given[n] for n in off], chosen.again)
        for number, one in zip(off, more, strict=True):
            verdicts[number]["placed"] += one["placed"]
        luck = [number for number in off if told[number] in verdicts[number]["placed"]]
    wrong = [number for number in off if number not in luck]
    for number in wrong[: chosen.show]:
        print(json.dumps(given[number]))
    for number in wrong:
        seen = sorted(set(map(tuple, verdicts[number]["placed"])))
        print(f"{given[number]['name']}: fit {told[number]}, scheduler {seen}: {verdicts[number]['why']}")
    for one in refused[: chosen.show]:
        print(f"{one['name']}: the API server refuses it: {one['error']}")
    if chosen.keep:
        keep(chosen.keep, given, verdicts)
    chance = sum(len(set(map(tuple, one["placed"] or ()))) > 1 for one in verdicts)
    none = sum(not any(told[number]) for number in range(len(given)))
    print(
        f"{len(given)} cases: {len(wrong)} differ, {len(refused)} refused; in {chance} the scheduler itself did not always "
        f"place the same number, and {len(luck)} of these agreed only after {chosen.again} runs more; in {none} no pod found a node"
    )
    return 1 if wrong or refused else 0


def answers(judge: str, given: Iterable[Case], runs: int) -> list[dict[str, Any]]:
    """Return what the scheduler says to cases, in their order."""
    with tempfile.TemporaryFile("w+") as file:
        file.writelines(f"{json.dumps({**case, 'runs': runs})}\n" for case in given)
        file.seek(0)
        done = subprocess.run([judge], stdin=file, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def placed_by_fit(case: Case) -> list[int]:
    """Return how many pods of each group of a case find a node, as fit has it."""
    objects = [
        *({"kind": "Node", **one} for one in case["nodes"]),
        *({"kind": "Namespace", **one} for one in case["namespaces"]),
        *({"kind": "Pod", "apiVersion": "v1", **one} for one in case["running"]),
    ]
    nodes = read_nodes(json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}).encode(), "nodes.json")
    report = fit(nodes, read_workloads([Document.from_data(workload(group), "job.yaml") for group in case["groups"]]))
    return [pods.placed for one in report.workloads for pods in one.pods]


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


def keep(path: Path, given: Sequence[Case], verdicts: Sequence[dict[str, Any]]) -> None:
    """Write cases with all counts that the scheduler came to, one a line."""
    lines = []
    for case, verdict in zip(given, verdicts, strict=True):
        seen = sorted(set(map(tuple, verdict["placed"])))
        lines.append(json.dumps({**case, "placed": seen}, separators=(",", ":")))
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))


def kept(path: Path) -> list[Case]:
    """Return cases that were kept, each with all counts that the scheduler came to as `placed`."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


if __name__ == "__main__":
    sys.exit(main())
