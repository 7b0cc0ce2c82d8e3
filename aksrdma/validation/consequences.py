"""Problems that only follow from another one: one mistake is one finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.documents import Document
    from aksrdma.findings import Problem

_SAME_FIELD: Final[Mapping[str, frozenset[str]]] = {
    "device-plugin-config-not-json": frozenset({"device-plugin-config-apostrophe", "rdma-selector-hex-form"}),
    "ipam-not-json": frozenset({"ipam-apostrophe"}),
    "missing-field": frozenset({"invalid-container", "invalid-pod", "invalid-volumes", "invalid-workload"}),
    "nfr-operator-not-in-release": frozenset({"unknown-field", "value-not-allowed"}),
    "nvipam-field-not-in-release": frozenset({"unknown-field"}),
    "psa-label-invalid": frozenset({"operator-namespace-not-privileged"}),
}
"""By the rule that says it best, the rules that say no more of the same field."""
_UNREADABLE: Final = frozenset({"nfr-hex-form", "unknown-field", "value-not-allowed", "wrong-type"})
_OF_WHOLE: Final = frozenset(
    {"nfr-device-without-vendor", "nfr-operator-values", "nfr-rule-matches-every-node", "nfr-vendor-without-infiniband"}
)
"""Rules on what a part of a NodeFeatureRule says in all, which nobody can tell where something in it is wrong."""
_UNEXPOSED: Final = "pod-rdma-resource-unexposed"
_NO_CNI: Final = "ipoib-network-without-cni-components"
_OF_SECTION: Final[Mapping[str, frozenset[str]]] = {
    "cniPlugins": frozenset({_NO_CNI}),
    "ipamPlugin": frozenset({"whereabouts-without-ipam-plugin"}),
    "ipoib": frozenset({_NO_CNI}),
    "multus": frozenset({_NO_CNI}),
    "nvIpam": frozenset({"nvipam-not-deployed"}),
    "ofedDriver": frozenset({"link-types-without-ofed-driver"}),
    "rdmaSharedDevicePlugin": frozenset({_UNEXPOSED, "unprivileged-driver-only"}),
    "secondaryNetwork": frozenset({_NO_CNI, "whereabouts-without-ipam-plugin"}),
    "sriovDevicePlugin": frozenset({_UNEXPOSED, "hostdevice-resource-prefix", "unprivileged-driver-only"}),
}
"""By the section of a policy, the rules that miss it elsewhere where its name is misspelt or stands at another level."""
_OF_CONFIG: Final[Mapping[str, frozenset[str]]] = {
    "device-plugin-config-not-json": frozenset({_UNEXPOSED, "shared-rdma-count-above-hcamax"}),
    "device-plugin-list-empty": frozenset({_UNEXPOSED}),
    "rdma-shared-hcamax-zero": frozenset({"shared-rdma-count-above-hcamax"}),
    "rdma-shared-name-characters": frozenset({_UNEXPOSED}),
}
"""By the rule that a device plugin's configuration breaks, the rules on pods that only follow from it."""
_Follows: TypeAlias = "Callable[[Problem], bool]"


def without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems less those that follow from another one, in their order."""
    everywhere = frozenset(rule for cause in problems for rule in _in_set(cause))
    inside: dict[Document, list[_Follows]] = {}
    for cause in problems:
        for judge in _in_document(cause):
            inside.setdefault(cause.subject, []).append(judge)
    if not everywhere and not inside:
        return list(problems)
    return [
        one
        for one in problems
        if one.rule not in everywhere and not any(judge(one) for judge in inside.get(one.subject, ()))
    ]


def _in_set(cause: Problem) -> frozenset[str]:
    """Return the rules on other objects of the set that miss what a policy has, but misspelt or unreadable."""
    if cause.rule == "unknown-field" and cause.path[:1] == ("spec",) and cause.subject.kind in POLICY_KINDS:
        return _OF_SECTION.get(cause.meant or str(cause.path[-1]), frozenset())
    return _OF_CONFIG.get(cause.rule, frozenset())


def _in_document(cause: Problem) -> Iterator[_Follows]:
    """Yield for one problem what tells its consequences in the same document."""
    if (same := _SAME_FIELD.get(cause.rule)) is not None:
        yield lambda one: one.rule in same and one.path == cause.path
    if cause.rule in _UNREADABLE and cause.subject.kind == "NodeFeatureRule":
        yield lambda one: one.rule in _OF_WHOLE and _holds(one, cause)
    if cause.rule == "rdma-resource-name-near-miss":
        yield lambda one: one.rule == _UNEXPOSED and one.path[:-2] == cause.path[:-2]
    if cause.path == ("spec", "global"):
        yield lambda one: _gives(cause, one)
    if cause.rule == "unknown-field" and (name := cause.meant):
        above = cause.path[:-1]
        yield lambda one: one.path[: len(above) + 1] == (*above, name)
        if name == "limits":
            yield lambda one: one.rule == "rdma-request-without-limit" and one.path[: len(above)] == above


def _holds(problem: Problem, cause: Problem) -> bool:
    """Return whether a problem is of what the cause is a part of, or was meant to be."""
    depth = len(problem.path) - (problem.rule == "nfr-rule-matches-every-node")
    return problem.path[:depth] == cause.path[:depth]


def _gives(cause: Problem, problem: Problem) -> bool:
    """Return whether a component lacks what its policy has in a spec.global that the release does not know."""
    if problem.rule != "missing-field" or not problem.path:
        return False
    return bool(problem.subject.value((*cause.path, problem.path[-1])))
