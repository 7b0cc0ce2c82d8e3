"""Which pod templates share no node, because one keeps away from the other."""

from __future__ import annotations

from collections.abc import Sequence

from aksrdma.workloads.fit.workloads import PodGroup


def kept_apart(groups: Sequence[PodGroup]) -> list[frozenset[int]]:
    """Return, for each template, the numbers of those that it shares no node with; its own among them, maybe.

    Anti-affinity of either side keeps both apart, as the scheduler has it.
    """
    by_label = _by_label(groups)
    apart: list[set[int]] = [set() for _ in groups]
    for number, group in enumerate(groups):
        for selector in group.neighbors.apart:
            candidates = by_label.get(selector.handle, []) if selector.handle else range(len(groups))
            for other in candidates:
                if selector.selects(groups[other].labels, groups[other].namespace):
                    apart[number].add(other)
                    apart[other].add(number)
    return [frozenset(others) for others in apart]


def _by_label(groups: Sequence[PodGroup]) -> dict[tuple[str, str], list[int]]:
    if not any(group.neighbors.apart for group in groups):
        return {}
    found: dict[tuple[str, str], list[int]] = {}
    for number, group in enumerate(groups):
        for label in group.labels.items():
            found.setdefault(label, []).append(number)
    return found
