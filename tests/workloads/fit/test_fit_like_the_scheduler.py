"""As many pods find a node, in the same node pools, as kube-scheduler 1.34.2 places, of random clusters and workloads.

`scheduler_cases.jsonl.gz` is written by `python -m tools.scheduler_judge`, which draws the cases and asks the scheduler.
Where it picks by chance among nodes that it likes equally well, each way that it came to is right.
"""

from pathlib import Path

import pytest

from tools.scheduler_judge.__main__ import kept, placed_by_fit

CASES = kept(Path(__file__).parent / "scheduler_cases.jsonl.gz")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_as_many_pods_find_a_node_as_the_scheduler_places(case):
    assert placed_by_fit(case) in case["placed"]


def test_the_cases_are_wide_enough_to_tell():
    placed = [sum(sum(group.values()) for group in case["placed"][0]) for case in CASES]
    wanted = [sum(group["count"] for group in case["groups"]) for case in CASES]

    assert len(CASES) >= 150
    assert sum(0 < some < every for some, every in zip(placed, wanted, strict=True)) > len(CASES) / 4
