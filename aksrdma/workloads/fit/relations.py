"""Which pods keep a pod template away from a place, and which draw it there.

Pods are told apart by what others can see of them: every template is a class of its own, and so are pods that run and
look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aksrdma.workloads.fit.neighbors import NamespaceLabels, Selector, Spread, Term
from aksrdma.workloads.fit.pods import PodGroup

HARD_AFFINITY_WEIGHT: Final = 1
"""What required affinity of pods that are there counts for, where they would like this pod near them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What pods at a place mean to a template."""

    says: Literal["apart", "together", "spread", "soft spread", "like"]
    key: str
    """The label by which nodes are of one place."""
    weights: Mapping[int, int]
    """What a pod of a class counts for."""
    own: int
    """What one more pod of the template itself counts for."""
    spread: Spread | None = None


@dataclass(frozen=True, slots=True)
class Relations:
    """What pods that are there mean to a template."""

    rules: tuple[Rule, ...] = ()
    first_may: bool = False
    """Whether the first of its pods needs nobody to be near, because it is what it wants to be near to."""
    by_default: bool = False
    """Whether its soft spreads are the scheduler's own."""

    def says(self, word: str) -> list[Rule]:
        """Return its rules of a kind."""
        return [rule for rule in self.rules if rule.says == word]

    @property
    def are_hard(self) -> bool:
        """Whether one of them can keep a pod away."""
        return any(rule.says in ("apart", "together", "spread") for rule in self.rules)

    @property
    def alone(self) -> bool:
        """Whether its own pods keep each other away."""
        return any(rule.says == "apart" and rule.own for rule in self.rules)


class Peers:
    """All classes of pods, found by their labels, and the wishes of all, found by the labels that they are about."""

    def __init__(self, classes: Sequence[PodGroup], namespaces: NamespaceLabels) -> None:
        self.classes = classes
        self.namespaces = namespaces
        self._by_label: dict[tuple[str, str | None], list[int]] = {}
        self._selected: dict[Selector, frozenset[int]] = {}
        self._wishes: dict[tuple[str, str | None] | None, dict[tuple[str, Term], list[int]]] = {}
        if not any(one.neighbors.spreads or next(one.neighbors.terms, None) for one in classes):
            return
        for number, group in enumerate(classes):
            for key, value in group.labels.items():
                self._by_label.setdefault((key, value), []).append(number)
                self._by_label.setdefault((key, None), []).append(number)
            said = (
                ("apart", group.neighbors.apart),
                ("like", group.neighbors.together),
                ("like", group.neighbors.prefers),
            )
            for says, terms in said:
                for term in terms:
                    # By a label that all whom it is about have, so that a thousand are not compared with each other.
                    handles = term.selector.handles
                    for handle in (None,) if handles is None else handles:
                        self._wishes.setdefault(handle, {}).setdefault((says, term), []).append(number)

    def selected(self, selector: Selector) -> frozenset[int]:
        """Return the classes that a selector takes."""
        found = self._selected.get(selector)
        if found is None:
            handles = selector.handles
            numbers: Iterable[int] = range(len(self.classes))
            if handles is not None:
                numbers = {number for handle in handles for number in self._by_label.get(handle, ())}
            found = frozenset(number for number in numbers if self._takes(selector, number, own=True))
            self._selected[selector] = found
        return found

    def _takes(self, selector: Selector, number: int, *, own: bool) -> bool:
        group = self.classes[number]
        return selector.selects(group.labels, group.namespace, self.namespaces, own=own)

    def relations(self, number: int, keys: frozenset[str]) -> Relations:
        """Return what all classes mean to one of them.

        Args:
            number: The class.
            keys: Labels by which it is known where nodes are; wishes about others are left out.
        """
        if not self._by_label and not self.classes[number].neighbors.spreads:
            return Relations()
        neighbors = self.classes[number].neighbors
        apart: dict[str, dict[int, int]] = {}
        likes: dict[str, dict[int, int]] = {}
        for term in neighbors.apart:
            apart.setdefault(term.key, {}).update(dict.fromkeys(self.selected(term.selector), 1))
        for term in neighbors.prefers:
            self._add(likes.setdefault(term.key, {}), self.selected(term.selector), term.weight)
        for (says, term), owners in self._wishes_about(number):
            if says == "apart":
                apart.setdefault(term.key, {}).update(dict.fromkeys(owners, 1))
            else:
                self._add(likes.setdefault(term.key, {}), owners, term.weight or HARD_AFFINITY_WEIGHT)
        rules = [Rule("apart", key, weights, weights.get(number, 0)) for key, weights in apart.items()]
        rules += [Rule("like", key, weights, weights.get(number, 0)) for key, weights in likes.items()]
        partners: dict[int, int] = {}
        together = [term for term in neighbors.together if term.key in keys]
        if together:
            partners = dict.fromkeys(
                frozenset.intersection(*(self.selected(one.selector) for one in neighbors.together)), 1
            )
            wanted = dict.fromkeys(one.key for one in together)
            rules += [Rule("together", key, partners, partners.get(number, 0)) for key in wanted]
        for spread in neighbors.spreads:
            chosen = self.selected(spread.selector)
            # Those that are being deleted leave their place to others.
            there = {one: 1 for one in chosen if not self.classes[one].ending} if spread.counts else {}
            says = "spread" if spread.hard else "soft spread"
            rules.append(Rule(says, spread.key, there, int(number in chosen), spread))  # type: ignore[arg-type]
        known = tuple(
            rule for rule in rules if rule.key in keys and (rule.weights or rule.spread or rule.says == "together")
        )
        return Relations(known, number in partners, neighbors.by_default)

    @staticmethod
    def _add(weights: dict[int, int], numbers: Iterable[int], weight: int) -> None:
        for number in numbers:
            weights[number] = weights.get(number, 0) + weight

    def _wishes_about(self, number: int) -> list[tuple[tuple[str, Term], list[int]]]:
        """Return the terms of all classes that select one of them, with those whose terms they are."""
        labels = self.classes[number].labels
        handles = [None, *labels.items(), *((key, None) for key in labels)]
        return [
            wish
            for handle in handles
            for wish in self._wishes.get(handle, {}).items()
            if self._takes(wish[0][1].selector, number, own=False)
        ]
