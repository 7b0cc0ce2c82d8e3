"""The operator's policies: which it heeds, which nodes they reach, and whether what they deploy fits there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.apiserver.judging import Report
from aksrdma.checks.apiserver.metadata import check_labels
from aksrdma.checks.apiserver.scheduling import check_affinity, check_tolerations
from aksrdma.checks.plugins.device_plugin_configs import offered_resources
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.findings import Problem, Severity, format_path
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.labels import AGENT_POOL, ARCHITECTURE, INSTANCE_TYPE
from aksrdma.kube.scheduling import Placement, Requirement, placement_of
from aksrdma.kube.values import items, mapping, text

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize
    from aksrdma.checks.sets import ManifestSet

POLICY_NAME: Final = "nic-cluster-policy"
"""The only NicClusterPolicy that the operator reconciles."""
_LISTED: Final = 5
"""Components that a message lists at most."""
_LONGEST: Final = 300
"""Characters of a reason of the operator's that a message repeats."""


@rule("nicclusterpolicy-name", "nicclusterpolicy-second", kinds={"NicClusterPolicy"})
def cluster_policies(manifests: ManifestSet) -> Iterator[Problem]:
    """Find NicClusterPolicies that the operator ignores, or that overwrite each other."""
    named = [one.document for one in manifests.derived(Installed).cluster_policies if one.document.name]
    if not named:
        return
    path = ("metadata", "name")
    heeded = next((document for document in named if document.name == POLICY_NAME), named[0])
    if heeded.name != POLICY_NAME:
        message = f"the operator ignores a NicClusterPolicy named {heeded.name!r} and deploys nothing of it"
        yield Problem("nicclusterpolicy-name", path, message, document=heeded)
    for document in named:
        if document is heeded:
            continue
        where = f"document {heeded.index}"
        if heeded.file != document.file:
            where = f"{heeded.file} {where}"
        if document.name == heeded.name:
            message = (
                f"the set has two NicClusterPolicies named {document.name!r} (see {where}): one overwrites the other"
            )
        else:
            message = f"the operator heeds one NicClusterPolicy, that of {where}, and ignores {document.name!r}"
        yield Problem("nicclusterpolicy-second", path, message, document=document)


@rule("nic-policy-section-in-both", kinds={"NicNodePolicy"})
def sections_in_both(manifests: ManifestSet) -> Iterator[Problem]:
    """Find sections that a NicNodePolicy shares with the NicClusterPolicy, where the webhook does not say so."""
    if manifests.admission_controller:
        return
    from aksrdma.checks.webhook.policies import conflicts  # most sets have no NicNodePolicy

    documents = manifests.of("NicClusterPolicy", "NicNodePolicy")
    for clash in conflicts(documents, manifests.release):
        if clash.subject.kind == "NicNodePolicy":
            message = f"{format_path(clash.path)} stands in the NicClusterPolicy as well: the operator takes neither"
            yield Problem("nic-policy-section-in-both", clash.path, message, document=clash.document)


@rule("nicnodepolicy-name-length", kinds={"NicNodePolicy"})
def node_policy_names(manifests: ManifestSet) -> Iterator[Problem]:
    """Find names of NicNodePolicies that are too long, where the webhook does not say so."""
    if manifests.admission_controller:
        return
    from aksrdma.checks.webhook.policies import verdict  # most sets have no NicNodePolicy

    for policy in manifests.derived(Installed).node_policies:
        for refusal in verdict(policy.document.data, manifests.release):
            if refusal.rule == "webhook-nicnodepolicy-name":
                name = policy.document.name
                message = f"{name!r} has {len(name)} characters; the operator's admission webhook refuses more than 30"
                yield Problem("nicnodepolicy-name-length", refusal.path, message, document=policy.document)


@rule("nicnodepolicy-selectors-overlap", kinds={"NicNodePolicy"})
def node_selectors(manifests: ManifestSet) -> Iterator[Problem]:
    """Find NicNodePolicies that can select one and the same node."""
    policies = manifests.derived(Installed).node_policies
    if len(policies) < 2 or not catalog.capability("nic-node-policy").holds_in(manifests.release):
        return
    selected = _Selectors()
    for policy in policies:
        selector = {
            key: value for key, value in mapping(policy.spec.get("nodeSelector")).items() if isinstance(value, str)
        }
        other = selected.meeting(selector)
        if other is not None:
            message = f"a node can match this nodeSelector and that of NicNodePolicy {other.document.name!r}"
            path = ("spec", "nodeSelector")
            yield Problem("nicnodepolicy-selectors-overlap", path, message, document=policy.document)
        selected.add(selector, policy)


class _Selectors:
    """Node selectors by their keys, so that each is compared with few others."""

    def __init__(self) -> None:
        self._by_keys: dict[frozenset[str], list[tuple[Mapping[str, str], Policy]]] = defaultdict(list)
        self._indexes: dict[tuple[frozenset[str], frozenset[str]], dict[frozenset[tuple[str, str]], Policy]] = {}

    def add(self, selector: Mapping[str, str], policy: Policy) -> None:
        """Keep the selector of a policy."""
        keys = frozenset(selector)
        self._by_keys[keys].append((selector, policy))
        for (own, common), index in self._indexes.items():
            if own == keys:
                index.setdefault(_values(selector, common), policy)

    def meeting(self, selector: Mapping[str, str]) -> Policy | None:
        """Return a policy whose selector differs from this one in the value of no key."""
        for keys in self._by_keys:
            common = frozenset(keys & selector.keys())
            index = self._indexes.get((keys, common))
            if index is None:  # the first selector that has these keys in common with those
                index = self._indexes[keys, common] = {}
                for other, policy in self._by_keys[keys]:
                    index.setdefault(_values(other, common), policy)
            found = index.get(_values(selector, common))
            if found is not None:
                return found
        return None


def _values(selector: Mapping[str, str], keys: frozenset[str]) -> frozenset[tuple[str, str]]:
    return frozenset((key, selector[key]) for key in keys)


@rule("doca-telemetry-on-arm64", "link-types-without-ofed-driver", "ofed-driver-on-gb-nodes", kinds=POLICY_KINDS)
def components_on_nodes(manifests: ManifestSet) -> Iterator[Problem]:
    """Find components that fail on the VM sizes of the set, or miss a driver there."""
    installed = manifests.derived(Installed)
    told = installed.deploys("ofedDriver") or bool(installed.policy_patches)
    for policy in installed.policies:
        sizes = reached(policy, manifests)
        arm = [size.name for size in sizes if size.arch == "arm64"]
        if arm and policy.section("docaTelemetryService") is not None:
            message = f"the image of docaTelemetryService crashes on the arm64 nodes of {', '.join(arm)}"
            path = ("spec", "docaTelemetryService")
            yield Problem("doca-telemetry-on-arm64", path, message, document=policy.document)
        own_driver = [size.name for size in sizes if size.driver_on_node_image]
        if own_driver and policy.section("ofedDriver") is not None:
            message = (
                f"the node image of {', '.join(own_driver)} brings its own DOCA-OFED, which ofedDriver would replace"
            )
            yield Problem("ofed-driver-on-gb-nodes", ("spec", "ofedDriver"), message, document=policy.document)
        # One driver is missing, and so one finding is enough, however many selectors and policies need it.
        if not told and not (sizes and len(own_driver) == len(sizes)):
            selectors = (selector for one in offered_resources(policy.document) for selector in one.selectors)
            needing = next((one for one in selectors if "infiniband" in one.get("linkTypes")), None)
            if needing is not None:
                told = True
                message = (
                    "linkTypes selects nothing without ofedDriver: with the kernel's own driver an InfiniBand function "
                    "has no network device to read its link type from"
                )
                yield Problem(
                    "link-types-without-ofed-driver", needing.at("linkTypes"), message, document=policy.document
                )


def known_sizes(manifests: ManifestSet) -> tuple[VmSize, ...]:
    """Return the rows of the set's VM sizes; empty where they are not known."""
    known = frozenset(catalog.vm_sizes()) if manifests.vm_sizes else frozenset()
    return tuple(catalog.vm_size(name) for name in manifests.vm_sizes if name in known)


def reached(policy: Policy, manifests: ManifestSet) -> tuple[VmSize, ...]:
    """Return the VM sizes of the set whose nodes the policy can select; what is not known of a node counts as met."""
    sizes = known_sizes(manifests)
    if not sizes:
        return ()
    placement = placement_of_policy(policy)
    ways = [(*placement.selector, *term) for term in placement.terms or ((),)]
    return tuple(
        size for size in sizes if any(all(_can_be_met(wanted, size, manifests) for wanted in way) for way in ways)
    )


def placement_of_policy(policy: Policy) -> Placement:
    """Return which nodes a policy selects."""
    if policy.document.kind == "NicNodePolicy":
        return placement_of({"nodeSelector": policy.spec.get("nodeSelector")})
    return placement_of({"affinity": {"nodeAffinity": policy.spec.get("nodeAffinity")}})


def _can_be_met(wanted: Requirement, size: VmSize, manifests: ManifestSet) -> bool:
    """Say whether a node of a VM size can have a label as it is wanted; any label can be there that is not known."""
    if wanted.key == ARCHITECTURE:
        values = {size.kubernetes_arch}
    elif wanted.key in INSTANCE_TYPE:
        values = {size.name.lower()}  # AKS writes it in whatever case
    elif wanted.key in AGENT_POOL and manifests.cluster is not None and manifests.cluster.node_pools:
        pools = manifests.cluster.node_pools
        values = {pool.name for pool in pools if pool.vm_size.lower() == size.name.lower()}
    else:
        return True
    folded = replace(wanted, values=tuple(value.lower() for value in wanted.values))
    return any(map(folded.met_by, values))


@rule("policy-scheduling-invalid", kinds=POLICY_KINDS)
def scheduling(manifests: ManifestSet) -> Iterator[Problem]:
    """Find tolerations, node affinities and selectors that the CRD lets pass, and the API server not in DaemonSets."""
    for policy in manifests.derived(Installed).policies:
        report = Report(policy.document)
        if policy.document.kind == "NicNodePolicy" and policy.spec.get("nodeSelector"):
            check_labels(report, "policy-scheduling-invalid", ("spec", "nodeSelector"), policy.spec["nodeSelector"])
        for key in ("tolerations", "deploymentTolerations"):
            if policy.spec.get(key):
                check_tolerations(report, ("spec", key), policy.spec[key])
        for key in ("nodeAffinity", "deploymentNodeAffinity"):
            if isinstance(policy.spec.get(key), dict):
                # It is judged as a pod's own, which knows one node affinity and calls it nodeAffinity.
                inner = Report(policy.document)
                check_affinity(inner, ("spec",), {"nodeAffinity": policy.spec[key]})
                report.problems += [one._replace(path=("spec", key, *one.path[2:])) for one in inner.problems]
        for problem in report.problems:
            message = f"the API server refuses the pods that the operator makes of the policy: {problem.message}"
            yield problem._replace(rule="policy-scheduling-invalid", message=message)


@rule("policy-not-ready", kinds=POLICY_KINDS)
def live_state(manifests: ManifestSet) -> Iterator[Problem]:
    """Find policies, as a cluster returns them, of which the operator says that they are not deployed."""
    for document in manifests.of(*POLICY_KINDS):
        status = mapping(document.value(("status",)))
        state = text(status.get("state"))
        # That the name of a policy is why it is ignored is told of the name.
        if state in ("", "ready") or (state == "ignore" and document.name != POLICY_NAME):
            continue
        parts = [one for _, one in items(status.get("appliedStates"), ()) if one.get("state") in ("error", "notReady")]
        shown = [f"{text(one.get('name'))} {text(one.get('state'))}{_because(one.get('message'))}" for one in parts]
        more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
        which = f" ({', '.join(shown[:_LISTED])}{more})" if shown else ""
        message = f"the operator says that the policy is {state}{_because(status.get('reason'))}{which}"
        severity: Severity | None = None if state == "notReady" else "error"
        yield Problem("policy-not-ready", ("status", "state"), message, severity=severity, document=document)


def _because(reason: object) -> str:
    return f": {' '.join(reason.split())[:_LONGEST]}" if isinstance(reason, str) and reason.strip() else ""
