"""The packing by arithmetic places as many pods as a scheduler that takes them one by one."""

import random

import pytest

from tests.workloads.fit.fit_objects import apart, deployment, fitted, kubectl, node, pods_of, running, spread

W = {"app": "w"}


def one_by_one(nodes, replicas, ask, *, skew, alone, least, honor_taints):
    """Return how many pods find a node: each goes to the allowed one with the fewest of them.

    Args:
        nodes: Free CPUs and whether it has a taint that keeps the pods away, for each node.
        replicas: How many pods.
        ask: CPUs of one.
        skew: Of a topology spread constraint, or None.
        alone: Whether they keep apart from each other.
        least: `minDomains` of the constraint.
        honor_taints: Whether nodes with the taint are no domains.
    """
    counts = [0] * len(nodes)
    domains = [number for number, (_, tainted) in enumerate(nodes) if not (tainted and honor_taints)]
    for done in range(replicas):
        lowest = min((counts[number] for number in domains), default=0) if len(domains) >= least else 0
        allowed = [
            number
            for number, (free, tainted) in enumerate(nodes)
            if not tainted
            and free - ask * counts[number] >= ask
            and (skew is None or counts[number] + 1 - lowest <= skew)
            and not (alone and counts[number])
        ]
        if not allowed:
            return done
        counts[min(allowed, key=lambda number: counts[number])] += 1
    return replicas


@pytest.mark.parametrize("seed", range(150))
def test_as_many_pods_find_a_node_as_one_by_one(seed):
    pick = random.Random(seed)
    nodes = [(pick.randint(0, 9), pick.random() < 0.2) for _ in range(pick.randint(1, 6))]
    replicas, ask, alone = pick.randint(0, 25), pick.randint(1, 3), pick.random() < 0.2
    skew = pick.choice([None, 1, 1, 2, 3])
    least, honor_taints = pick.choice([1, 1, 2, 5]), pick.random() < 0.5
    spec = apart({"matchLabels": W}) if alone else {}
    if skew is not None:
        policy = "Honor" if honor_taints else "Ignore"
        spec |= spread(skew, minDomains=least, nodeTaintsPolicy=policy)
    objects = []
    for number, (free, tainted) in enumerate(nodes):
        taints = [{"key": "a", "effect": "NoSchedule"}] if tainted else []
        used = pick.randint(0, 2)
        objects += [node(f"n{number}", taints=taints, cpu=free + used), running(f"n{number}", cpu=used)]

    report = fitted(kubectl(*objects), deployment(replicas, spec, W, cpu=ask))

    expected = one_by_one(
        nodes, replicas, ask, skew=skew, alone=alone, least=least if skew else 1, honor_taints=honor_taints
    )
    assert pods_of(report).placed == expected
