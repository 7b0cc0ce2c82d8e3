"""A section may be in the NicClusterPolicy or in NicNodePolicies, not in both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aksrdma.checks.webhook.facts import table, webhook
from aksrdma.checks.webhook.policies import is_ours
from aksrdma.checks.webhook.refusals import Refusal, section

if TYPE_CHECKING:
    from aksrdma.documents import Document

_RULE = "webhook-section-in-both"


def judge(documents: Sequence[Document], release: str | None) -> Iterator[tuple[Document, Refusal]]:
    """Yield both sides of every clash: whichever of the two is applied second is refused."""
    if not webhook(release).has_node_policies:
        return
    ours = [document for document in documents if is_ours(document.data)]
    clusters = sorted((d for d in ours if d.kind == "NicClusterPolicy"), key=lambda d: d.name)
    nodes = [d for d in ours if d.kind == "NicNodePolicy"]
    for field in table("facts")["node_policy_sections"]:
        for cluster in clusters:
            yield from _cluster_side(cluster, nodes, field)
        for node in nodes:
            yield from _node_side(node, clusters[:1], field)


def _cluster_side(cluster: Document, nodes: list[Document], field: str) -> Iterator[tuple[Document, Refusal]]:
    rivals = [node for node in nodes if _defines(node, field)]
    if rivals and _defines(cluster, field):
        reason = f'NicNodePolicy "{rivals[0].name}" already defines {field}; NicClusterPolicy cannot also define it'
        yield cluster, Refusal(_RULE, ("spec", field), f"spec.{field}", reason)


def _node_side(node: Document, first: list[Document], field: str) -> Iterator[tuple[Document, Refusal]]:
    """The webhook compares with the first NicClusterPolicy alone, whatever its name."""
    if _defines(node, field) and any(_defines(cluster, field) for cluster in first):
        reason = f'NicClusterPolicy already defines {field}; NicNodePolicy "{node.name}" cannot also define it'
        yield node, Refusal(_RULE, ("spec", field), f"spec.{field}", reason)


def _defines(document: Document, field: str) -> bool:
    return section(document.data, "spec", field) is not None
