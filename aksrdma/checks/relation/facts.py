"""What several relations of a set ask for, found once: policies, resources, networks, pools, attached pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from aksrdma.checks.plugins.kinds import OPERATOR_NETWORKS
from aksrdma.checks.plugins.views import (
    TEMPLATES,
    NetworkReference,
    ipams_of,
    networks_annotation,
    pod_templates,
    pool_of,
    shared_resources,
    sriov_resources,
)
from aksrdma.checks.relation.facts_replicas import pod_count
from aksrdma.checks.relation.facts_views import Attachment, Exposed, Policy, SecondaryNetwork, SetPool

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

OPERATOR_NAMESPACES: Final = ("network-operator", "nvidia-network-operator")
"""Where the guides of AKS and of NVIDIA install the operator."""
DEFAULT_NAMESPACE: Final = "default"

_GROUPS: Final = {
    "HostDeviceNetwork": "mellanox.com",
    "IPoIBNetwork": "mellanox.com",
    "MacvlanNetwork": "mellanox.com",
    "NetworkAttachmentDefinition": "k8s.cni.cncf.io",
    "OVSNetwork": "sriovnetwork.openshift.io",
    "SriovIBNetwork": "sriovnetwork.openshift.io",
    "SriovNetwork": "sriovnetwork.openshift.io",
}
_POOL_GROUP: Final = "nv-ipam.nvidia.com"


class Facts:
    """The facts of one set, each found when it is first asked for.

    Args:
        by_kind: the documents of the set by kind.
        nodes: number of nodes; None where it is not known.
        operator_namespace: what the cluster file says, or None.
    """

    def __init__(
        self, by_kind: Mapping[str, Sequence[Document]], nodes: int | None, operator_namespace: str | None
    ) -> None:
        self._by_kind = by_kind
        self._nodes = nodes
        self._operator_namespace = operator_namespace

    @cached_property
    def cluster_policies(self) -> tuple[Policy, ...]:
        """Every NicClusterPolicy, whatever its name."""
        return tuple(self._policies("NicClusterPolicy"))

    @cached_property
    def node_policies(self) -> tuple[Policy, ...]:
        """Every NicNodePolicy."""
        return tuple(self._policies("NicNodePolicy"))

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Every NicClusterPolicy, then every NicNodePolicy."""
        return self.cluster_policies + self.node_policies

    def deploys(self, *keys: str) -> bool:
        """Say whether a policy of the set has a section, such as `("secondaryNetwork", "multus")`."""
        return any(policy.section(*keys) is not None for policy in self.policies)

    @cached_property
    def exposed_resources(self) -> tuple[Exposed, ...]:
        """The resources of both device plugins, in the order of the policies; names may repeat."""
        return tuple(found for policy in self.policies for found in _exposed(policy.document) if found.resource.name)

    @cached_property
    def node_policy_resources(self) -> frozenset[str]:
        """Names, without prefix, of the resources that the SR-IOV Network Operator exposes by its own policies."""
        documents = self._by_kind.get("SriovNetworkNodePolicy", ())
        names = (document.value(("spec", "resourceName")) for document in documents)
        return frozenset(name for name in names if isinstance(name, str))

    @cached_property
    def all_networks(self) -> tuple[SecondaryNetwork, ...]:
        """Every secondary network, in the order of the set within each kind."""
        found = (document for kind, group in _GROUPS.items() for document in self._of_group(kind, group))
        return tuple(_network(document) for document in found)

    @cached_property
    def networks(self) -> Mapping[tuple[str, str], SecondaryNetwork]:
        """Secondary networks by (namespace, name), as Multus looks them up."""
        return {network.key: network for network in self.all_networks}

    @cached_property
    def networks_by_name(self) -> Mapping[str, list[SecondaryNetwork]]:
        """Secondary networks by name alone."""
        found: dict[str, list[SecondaryNetwork]] = defaultdict(list)
        for network in self.all_networks:
            found[network.name].append(network)
        return dict(found)

    @cached_property
    def pools(self) -> tuple[SetPool, ...]:
        """Every IPPool and CIDRPool of nv-ipam."""
        pools = (document for kind in ("IPPool", "CIDRPool") for document in self._of_group(kind, _POOL_GROUP))
        return tuple(SetPool(found, found.kind, found.name, found.namespace, pool_of(found)) for found in pools)

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Names of the Namespaces that the set creates."""
        return frozenset(document.name for document in self._by_kind.get("Namespace", ()))

    @cached_property
    def operator_namespace(self) -> str | None:
        """Where the operator is: the cluster file's word, or one of `OPERATOR_NAMESPACES` that the set creates."""
        created = [name for name in OPERATOR_NAMESPACES if name in self.namespaces]
        return self._operator_namespace or (created[0] if len(created) == 1 else None)

    @cached_property
    def pods_attached(self) -> Mapping[tuple[str, str], tuple[Attachment, ...]]:
        """Pod templates by the (namespace, name) of each network that they get; those with hostNetwork get none."""
        found: dict[tuple[str, str], list[Attachment]] = defaultdict(list)
        for kind in TEMPLATES:
            for document in self._by_kind.get(kind, ()):
                for attachment in self._attachments(document):
                    found[attachment.network.key].append(attachment)
        return {key: tuple(attachments) for key, attachments in found.items()}

    def network_of(self, document: Document, reference: NetworkReference) -> SecondaryNetwork | None:
        """Return the network that a pod of a workload asks for, or None where the set has none of that name there.

        A workload without a namespace may be meant for any: the only network of the name is taken for the one.
        """
        namespace = reference.namespace or document.namespace
        found = self.networks.get((namespace or DEFAULT_NAMESPACE, reference.name))
        named = self.networks_by_name.get(reference.name, [])
        return named[0] if found is None and not namespace and len(named) == 1 else found

    def _attachments(self, document: Document) -> Iterator[Attachment]:
        for template in pod_templates(document):
            if template.spec.get("hostNetwork") is not True:
                for reference in networks_annotation(template):
                    network = self.network_of(document, reference)
                    if network is not None:
                        pods = pod_count(document, template, self._nodes)
                        yield Attachment(document, template, reference, network, pods)

    def _policies(self, kind: str) -> Iterator[Policy]:
        for document in self._of_group(kind, "mellanox.com"):
            spec = document.value(("spec",))
            yield Policy(document, spec if isinstance(spec, dict) else {})

    def _of_group(self, kind: str, group: str) -> list[Document]:
        # Other projects have kinds of the same names, an IPPool for one; a forgotten apiVersion is a finding elsewhere.
        return [
            found
            for found in self._by_kind.get(kind, ())
            if not found.api_version or found.api_version.startswith(f"{group}/")
        ]


_FACTS: WeakKeyDictionary[ManifestSet, Facts] = WeakKeyDictionary()


def facts_of(manifests: ManifestSet) -> Facts:
    """Return the facts of a set, the same object at every call."""
    facts = _FACTS.get(manifests)
    if facts is None:
        cluster = manifests.cluster
        namespace = cluster.operator_namespace if cluster is not None else None
        facts = _FACTS[manifests] = Facts(
            {**manifests.unknown_by_kind, **manifests.by_kind}, manifests.nodes, namespace
        )
    return facts


def _exposed(document: Document) -> Iterator[Exposed]:
    for shared in shared_resources(document):
        yield Exposed(document, "rdmaSharedDevicePlugin", shared)
    for sriov in sriov_resources(document):
        yield Exposed(document, "sriovDevicePlugin", sriov)


def _network(document: Document) -> SecondaryNetwork:
    named: Any = document.value(("spec", "networkNamespace"))
    own = "" if document.kind in OPERATOR_NETWORKS else document.namespace
    namespace = named if isinstance(named, str) and named else own
    return SecondaryNetwork(document, document.name, namespace or DEFAULT_NAMESPACE, ipams_of(document))
