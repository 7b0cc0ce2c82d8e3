"""Networks whose pods bring a device each: the resource that goes with them, and how many of it a pod asks for.

A HostDeviceNetwork names its resource without the prefix, which it cannot choose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.plugins.cni_configs import RESOURCE
from aksrdma.checks.plugins.ipam import cni_plugins
from aksrdma.checks.plugins.networks import networks_annotation
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, SecondaryNetwork, on_host_network
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.checks.relation.rdma_resources import OTHER_EXPOSERS, Resources
from aksrdma.findings import Problem, Severity
from aksrdma.kube.go_json import go_get
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_HOST_DEVICE_PREFIX: Final = "nvidia.com/"
"""What the operator writes before the resource of a HostDeviceNetwork."""
_SPEC_RESOURCE: Final = ("spec", "resourceName")
_INJECTOR: Final = "network-resources-injector"
"""A webhook of the SR-IOV Network Operator that adds to pods the resources of their networks."""


@rule("hostdevice-resource-prefix", kinds={"HostDeviceNetwork"})
def host_devices(manifests: ManifestSet) -> Iterator[Problem]:
    """Find HostDeviceNetworks whose resource no SR-IOV device plugin offers under the prefix that they get."""
    installed = manifests.derived(Installed)
    sriov = [one.resource for one in installed.exposed_resources if one.plugin == "sriovDevicePlugin"]
    offered = {resource.full_name for resource in sriov}
    for network in installed.all_networks if offered else ():
        wanted = network.document.value(_SPEC_RESOURCE)
        if network.document.kind != "HostDeviceNetwork" or not isinstance(wanted, str) or not wanted:
            continue
        name = wanted.removeprefix(_HOST_DEVICE_PREFIX)
        asked = _HOST_DEVICE_PREFIX + name
        if asked in offered or name in installed.node_policy_resources:
            continue
        message = f"the operator asks for {asked}, but the device plugin offers {', '.join(sorted(offered))}"
        named_so = any(resource.name == name for resource in sriov)
        fix = 'set "resourcePrefix": "nvidia.com" in the SR-IOV resource' if named_so else None
        yield Problem("hostdevice-resource-prefix", _SPEC_RESOURCE, message, fix=fix, document=network.document)


class _Devices:
    """The resources of the networks of a set: `manifests.derived(_Devices)`."""

    def __init__(self, manifests: ManifestSet) -> None:
        self._installed = manifests.derived(Installed)

    @cached_property
    def of_networks(self) -> dict[tuple[str, str], str]:
        """The resource of which a network takes a device from each of its pods, by namespace and name."""
        found = ((network.key, _resource_of(network)) for network in self._installed.all_networks)
        return {key: name for key, name in found if name}

    def wanted_by(self, pod: PodView) -> dict[str, list[str]]:
        """Return the networks of a pod that take a device each, by the resource."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for reference in () if on_host_network(pod.template) else networks_annotation(pod.template):
            network = self._installed.network_of(pod.document, reference)
            name = self.of_networks.get(network.key) if network is not None else None
            if name and not (reference.element is not None and reference.element.text("deviceID")):
                wanted[name].append(reference.name)
        return wanted


def _resource_of(network: SecondaryNetwork) -> str:
    document = network.document
    if document.kind == "HostDeviceNetwork":
        wanted = document.value(_SPEC_RESOURCE)
        named = isinstance(wanted, str) and wanted
        return _HOST_DEVICE_PREFIX + str(wanted).removeprefix(_HOST_DEVICE_PREFIX) if named else ""
    if document.kind == "NetworkAttachmentDefinition":
        name = mapping(document.value(("metadata", "annotations"))).get(RESOURCE)
        known = catalog.cni_plugins()
        for _, plugin in cni_plugins(document) if isinstance(name, str) else ():
            row = known.get(str(go_get(plugin, "type")))
            if row is not None and row.takes_device and not any(go_get(plugin, key) for key in row.one_of):
                return str(name)
    return ""


@rule("network-device-not-asked-for", "network-device-without-network", kinds=WORKLOADS)
def devices_of_networks(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that ask for fewer devices than their networks take, or for more."""
    installed, devices = manifests.derived(Installed), manifests.derived(_Devices)
    # Where another operator is, its webhook adds the resources.
    if manifests.unknown_kinds & OTHER_EXPOSERS or not devices.of_networks or installed.runs(_INJECTOR):
        return
    for pod in pods_of(manifests):
        for name, networks in devices.wanted_by(pod).items():
            asked = pod.total(name)
            if not asked.units:
                message = f"the pod is on {networks[0]} and asks for no {name}, so it stays in ContainerCreating"
                fix = f"add {name}: {len(networks)} to requests and limits of a container"
                yield Problem("network-device-not-asked-for", pod.path, message, fix, document=pod.document)
            elif asked.units < len(networks):
                left = networks[asked.units]
                message = (
                    f"{len(networks)} networks of the pod take a {name} each and it asks for {asked.units}: none is left "
                    f"for {left}, so it stays in ContainerCreating"
                )
                fix = f"ask for {len(networks)}"
                yield Problem("network-device-not-asked-for", asked.path, message, fix, document=pod.document)
            elif asked.units > len(networks):
                yield _idle(pod, name, networks, manifests)


def _idle(pod: PodView, name: str, networks: list[str], manifests: ManifestSet) -> Problem:
    asked, exposed = pod.total(name), manifests.derived(Resources).exposed.get(name, ())
    idle, on = asked.units - len(networks), f"{len(networks)} network{'s' if len(networks) > 1 else ''}"
    message = (
        f"the pod takes {asked.units} {name} and is on {on} of it ({', '.join(dict.fromkeys(networks))}): the interface of "
        f"{idle} stays outside the pod"
    )
    fix = f"name the network {asked.units} times in the annotation, or ask for {len(networks)}"
    # RDMA itself needs the device file alone, which the plugin brings for each of them.
    with_rdma = any(getattr(by, "is_rdma", False) for one in exposed for by in getattr(one.resource, "selectors", ()))
    severity: Severity | None = "info" if with_rdma else None
    return Problem("network-device-without-network", asked.path, message, fix, severity=severity, document=pod.document)
