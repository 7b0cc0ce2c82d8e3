"""Whether a set says that it is for InfiniBand, or for AKS; policies for RoCE elsewhere are as legal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.configs import Resource, Selector, shared_resources, sriov_resources
from aksrdma.checks.plugins.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import Problem

_INFINIBAND: Final = "infiniband"
_NAME: Final = re.compile(r"(?:\A|[-_.])ib\d*(?=\Z|[-_.])|infiniband|ipoib", re.IGNORECASE)
_AKS_PREFIX: Final = "rdma"
"""The prefix that Azure's configurations give the SR-IOV device plugin; others use `nvidia.com`."""
_AKS_LABEL: Final = "kubernetes.azure.com/"
_KINDS: Final = frozenset({"IPoIBNetwork", "SriovIBNetwork"})
_ETHER: Final = "ether"
_ON_INFINIBAND_ALONE: Final = frozenset({"rdma-selector-ether-on-infiniband", "rdma-selector-no-link-type"})


def weighed(problems: Iterable[Problem], manifests: ManifestSet) -> Iterator[Problem]:
    """Yield problems, those that are none on an Ethernet fabric as an info where nothing speaks of InfiniBand."""
    for problem in problems:
        if problem.rule in _ON_INFINIBAND_ALONE and _could_be_meant(problem) and not manifests.derived(is_infiniband):
            yield problem._replace(severity="info")
        else:
            yield problem


def _could_be_meant(problem: Problem) -> bool:
    return problem.rule == "rdma-selector-no-link-type" or problem.subject.value(problem.path) == _ETHER


def is_infiniband(manifests: ManifestSet) -> bool:
    """Return whether anything in a set, or what is known of its nodes, speaks of InfiniBand or of AKS."""
    if manifests.vm_sizes or manifests.cluster is not None:
        return True
    documents = (*manifests.documents, *manifests.unknown)
    return any(
        document.kind in _KINDS or document.mentions(_AKS_LABEL) or _policy_says(document) for document in documents
    )


def _policy_says(policy: Document) -> bool:
    if policy.kind not in POLICY_KINDS:
        return False
    if isinstance(policy.value(("spec", "secondaryNetwork", "ipoib")) or policy.value(("spec", "ibKubernetes")), dict):
        return True
    shared = any(_offers(one, (one.selector,)) for one in shared_resources(policy))
    return shared or any(
        one.entry.text("resourcePrefix") == _AKS_PREFIX or _offers(one, one.selectors)
        for one in sriov_resources(policy)
    )


def _offers(resource: Resource, selectors: tuple[Selector, ...]) -> bool:
    types = (link for selector in selectors for link in selector.get("linkTypes"))
    return _NAME.search(resource.name) is not None or any(link.lower() == _INFINIBAND for link in types)
