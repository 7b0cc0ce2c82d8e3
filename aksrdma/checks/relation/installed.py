"""What the documents of a set put on its cluster: policies, resources of device plugins, networks, pools, components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.checks.plugins.device_plugin_configs import Plugin, Resource, shared_resources, sriov_resources
from aksrdma.checks.plugins.ipam import Ipam, ipams_of
from aksrdma.checks.plugins.networks import NetworkReference, networks_annotation
from aksrdma.checks.plugins.pool_blocks import Pool, pool_of
from aksrdma.kube.kinds import OPERATOR_GROUP, OPERATOR_NETWORKS
from aksrdma.kube.templates import PodTemplate, pod_count
from aksrdma.kube.train_jobs import RUNTIMES
from aksrdma.kube.values import items, step, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

OPERATOR_NAMESPACES: Final = ("network-operator", "nvidia-network-operator")
"""Where the guides of AKS and of NVIDIA install the operator."""
DEFAULT_NAMESPACE: Final = "default"

_NETWORK_GROUPS: Final = {
    "HostDeviceNetwork": OPERATOR_GROUP,
    "IPoIBNetwork": OPERATOR_GROUP,
    "MacvlanNetwork": OPERATOR_GROUP,
    "NetworkAttachmentDefinition": "k8s.cni.cncf.io",
    "OVSNetwork": "sriovnetwork.openshift.io",
    "SriovIBNetwork": "sriovnetwork.openshift.io",
    "SriovNetwork": "sriovnetwork.openshift.io",
}
_OF_OPENSHIFT: Final = frozenset({"cni-plugins", "multus", "whereabouts"})
"""Components that are part of OpenShift."""


class Policy(NamedTuple):
    """A NicClusterPolicy or NicNodePolicy."""

    document: Document
    spec: Mapping[str, Any]

    def section(self, *keys: str) -> Mapping[str, Any] | None:
        """Return a mapping below `spec`, or None where the policy has none there."""
        value = step(self.spec, keys)
        return value if isinstance(value, dict) else None


class Exposed(NamedTuple):
    """An extended resource that a device plugin of the set offers."""

    document: Document
    """The policy whose config names it, or the ConfigMap of a plugin that is deployed without the operator."""
    plugin: Plugin
    """Who serves the resource: the section of the policy, or the one that would deploy the plugin."""
    resource: Resource
    """A SharedResource or a SriovResource."""


class SecondaryNetwork(NamedTuple):
    """A network that pods may ask for."""

    document: Document
    name: str
    namespace: str
    """Where its NetworkAttachmentDefinition is, `default` where nothing is said."""
    ipams: tuple[Ipam, ...]
    """How its pods get addresses; empty where they get none, or the config cannot be read."""

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name, as Multus looks it up."""
        return self.namespace, self.name


class SetPool(NamedTuple):
    """A pool of nv-ipam."""

    document: Document
    kind: str
    name: str
    namespace: str
    """Empty where none is given."""
    pool: Pool | None
    """Its numbers; None where they cannot be read."""


class Attachment(NamedTuple):
    """A pod template that asks for a network of the set."""

    document: Document
    reference: NetworkReference
    network: SecondaryNetwork
    pods: int | None
    """How many pods of the template run at once; None where that cannot be told."""


class Installed:
    """What a set installs, each part of it found when it is first asked for: `manifests.derived(Installed)`."""

    def __init__(self, manifests: ManifestSet) -> None:
        # Not the set itself, which holds this object: without a circle both go as soon as the set is not used any more.
        self._by_kind = {**manifests.unknown_by_kind, **manifests.by_kind}
        self._documents = (*manifests.documents, *manifests.unknown)
        self._workloads = manifests.of("DaemonSet", "Deployment")
        self._templates = manifests.templates
        self._nodes = manifests.nodes
        self._cluster = manifests.cluster
        self._partial = manifests.partial

    @cached_property
    def cluster_policies(self) -> tuple[Policy, ...]:
        """Every NicClusterPolicy, whatever its name, that is whole."""
        return tuple(one for one in self._policies("NicClusterPolicy") if one.document not in self._partial)

    @cached_property
    def policy_patches(self) -> tuple[Policy, ...]:
        """Every NicClusterPolicy that is a patch: its base may have what the set lacks."""
        return tuple(one for one in self._policies("NicClusterPolicy") if one.document in self._partial)

    @cached_property
    def node_policies(self) -> tuple[Policy, ...]:
        """Every NicNodePolicy."""
        return tuple(self._policies("NicNodePolicy"))

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Every NicClusterPolicy, its patches, then every NicNodePolicy."""
        return self.cluster_policies + self.policy_patches + self.node_policies

    def deploys(self, *keys: str) -> bool:
        """Say whether a policy of the set has a section, such as `("secondaryNetwork", "multus")`."""
        return any(policy.section(*keys) is not None for policy in self.policies)

    def runs(self, *words: str) -> bool:
        """Say whether something else brings a component: OpenShift, or a workload that is named so or runs its image."""
        of_openshift = not _OF_OPENSHIFT.isdisjoint(words) and any(map(_is_of_openshift, self._documents))
        return of_openshift or any(word in name for name in self._workload_names for word in words)

    @cached_property
    def exposed_resources(self) -> tuple[Exposed, ...]:
        """The resources of both device plugins, in the order of the policies, then of ConfigMaps; names may repeat."""
        found: list[Exposed] = []
        for document in (*(policy.document for policy in self.policies), *self._by_kind.get("ConfigMap", ())):
            found += (Exposed(document, "rdmaSharedDevicePlugin", one) for one in shared_resources(document))
            found += (Exposed(document, "sriovDevicePlugin", one) for one in sriov_resources(document))
        return tuple(one for one in found if one.resource.name)

    @cached_property
    def node_policy_resources(self) -> frozenset[str]:
        """Names, without prefix, of the resources that the SR-IOV Network Operator exposes by its own policies."""
        documents = self._by_kind.get("SriovNetworkNodePolicy", ())
        names = (document.value(("spec", "resourceName")) for document in documents)
        return frozenset(name for name in names if isinstance(name, str))

    @cached_property
    def all_networks(self) -> tuple[SecondaryNetwork, ...]:
        """Every secondary network, in the order of the set within each kind."""
        found: list[SecondaryNetwork] = []
        for kind, group in _NETWORK_GROUPS.items():
            for document in self._of_group(kind, group):
                own = "" if kind in OPERATOR_NETWORKS else document.namespace
                namespace = text(document.value(("spec", "networkNamespace"))) or own or DEFAULT_NAMESPACE
                found.append(SecondaryNetwork(document, document.name, namespace, ipams_of(document)))
        return tuple(found)

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
        pools = (document for kind in ("IPPool", "CIDRPool") for document in self._of_group(kind, "nv-ipam.nvidia.com"))
        return tuple(SetPool(found, found.kind, found.name, found.namespace, pool_of(found)) for found in pools)

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Names of the Namespaces that the set creates."""
        return frozenset(document.name for document in self._by_kind.get("Namespace", ()))

    @cached_property
    def operator_namespace(self) -> str | None:
        """Where the operator is: the cluster file's word, or one of `OPERATOR_NAMESPACES` that the set creates."""
        if self._cluster is not None and self._cluster.operator_namespace:
            return self._cluster.operator_namespace
        created = [name for name in OPERATOR_NAMESPACES if name in self.namespaces]
        return created[0] if len(created) == 1 else None

    @cached_property
    def pods_attached(self) -> Mapping[tuple[str, str], tuple[Attachment, ...]]:
        """Pod templates by the (namespace, name) of each network that they get; those with hostNetwork get none."""
        found: dict[tuple[str, str], list[Attachment]] = defaultdict(list)
        for document, templates in self._templates.items():
            for template in templates:
                for reference in () if on_host_network(template) else networks_annotation(template):
                    network = self.network_of(document, reference)
                    if network is not None:
                        # A runtime makes no pods by itself, each TrainJob that names it does.
                        own = document.kind not in RUNTIMES
                        pods = pod_count(document.data, template, self._nodes) if own else None
                        found[network.key].append(Attachment(document, reference, network, pods))
        return {key: tuple(attachments) for key, attachments in found.items()}

    def network_of(self, document: Document, reference: NetworkReference) -> SecondaryNetwork | None:
        """Return the network that a pod of a workload asks for, or None where the set has none of that name there.

        A workload without a namespace may be meant for any: the only network of the name is taken for the one.
        """
        namespace = reference.namespace or document.namespace
        found = self.networks.get((namespace or DEFAULT_NAMESPACE, reference.name))
        named = self.networks_by_name.get(reference.name, [])
        return named[0] if found is None and not namespace and len(named) == 1 else found

    def _policies(self, kind: str) -> Iterator[Policy]:
        for document in self._of_group(kind, OPERATOR_GROUP):
            spec = document.value(("spec",))
            yield Policy(document, spec if isinstance(spec, dict) else {})

    def _of_group(self, kind: str, group: str) -> list[Document]:
        # Other projects have kinds of the same names, an IPPool for one; a forgotten apiVersion is a finding elsewhere.
        return [
            found
            for found in self._by_kind.get(kind, ())
            if not found.api_version or found.api_version.startswith(f"{group}/")
        ]

    @cached_property
    def _workload_names(self) -> tuple[str, ...]:
        names = [document.name for document in self._workloads]
        for document in self._workloads:
            for template in self._templates.get(document, ()):
                names += (text(one.get("image")) for _, one in items(template.spec.get("containers"), ()))
        return tuple(names)


def on_host_network(template: PodTemplate) -> bool:
    """Say whether pods are in the network of their node, into which Multus puts no interface."""
    return template.spec.get("hostNetwork") is True


def _is_of_openshift(document: Document) -> bool:
    names = (document.namespace, document.name if document.kind == "Namespace" else "")
    group = document.api_version.partition("/")[0]
    # The SR-IOV operator keeps its group on any other Kubernetes, too.
    of_group = group.endswith(".openshift.io") and not group.startswith("sriovnetwork.")
    return of_group or any(name.startswith("openshift-") for name in names) or document.mentions(".openshift.io/scc")
