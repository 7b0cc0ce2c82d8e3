"""Whether what a policy deploys fits the nodes that it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.configs import Selector, shared_resources, sriov_resources
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.policies_reach import reached
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize
    from aksrdma.checks.relation.facts_views import Policy
    from aksrdma.checks.sets import ManifestSet

_INFINIBAND: Final = "infiniband"


@rule("doca-telemetry-on-arm64", "link-types-without-ofed-driver", "ofed-driver-on-gb-nodes", kinds=POLICY_KINDS)
def components_on_nodes(manifests: ManifestSet) -> Iterator[Problem]:
    """Find components that fail on the VM sizes of the set, or miss a driver there."""
    facts = facts_of(manifests)
    for policy in facts.policies:
        sizes = reached(policy, manifests)
        yield from _telemetry(policy, sizes)
        yield from _driver(policy, sizes)
    if not facts.deploys("ofedDriver"):
        # It is the one missing driver, however many selectors and policies feel it.
        feeling = (found for policy in facts.policies for found in _link_types(policy, reached(policy, manifests)))
        yield from islice(feeling, 1)


def _telemetry(policy: Policy, sizes: tuple[VmSize, ...]) -> Iterator[Problem]:
    arm = [size.name for size in sizes if size.arch == "arm64"]
    if arm and policy.section("docaTelemetryService") is not None:
        message = f"the image of docaTelemetryService crashes on the arm64 nodes of {', '.join(arm)}"
        yield Problem("doca-telemetry-on-arm64", ("spec", "docaTelemetryService"), message, document=policy.document)


def _driver(policy: Policy, sizes: tuple[VmSize, ...]) -> Iterator[Problem]:
    with_driver = [size.name for size in sizes if size.driver_on_node_image]
    if with_driver and policy.section("ofedDriver") is not None:
        message = f"the node image of {', '.join(with_driver)} brings its own DOCA-OFED, which ofedDriver would replace"
        yield Problem("ofed-driver-on-gb-nodes", ("spec", "ofedDriver"), message, document=policy.document)


def _link_types(policy: Policy, sizes: tuple[VmSize, ...]) -> Iterator[Problem]:
    if sizes and all(size.driver_on_node_image for size in sizes):
        return
    for selector in _selectors(policy):
        if _INFINIBAND in selector.get("linkTypes"):
            message = (
                "linkTypes selects nothing without ofedDriver: with the kernel's own driver an InfiniBand function has "
                "no network device to read its link type from"
            )
            yield Problem("link-types-without-ofed-driver", selector.at("linkTypes"), message, document=policy.document)


def _selectors(policy: Policy) -> Iterator[Selector]:
    for shared in shared_resources(policy.document):
        yield shared.selector
    for sriov in sriov_resources(policy.document):
        yield from sriov.selectors
