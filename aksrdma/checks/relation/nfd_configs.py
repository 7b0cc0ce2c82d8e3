"""Configurations of NFD's worker and master, where they keep from the nodes the label that the operator selects.

They stand as YAML in a ConfigMap or a NodeFeatureDiscovery, and as YAML proper in the values of a chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugin_configs import is_infiniband
from aksrdma.checks.plugins.features import PCI_IDS, feature_rules
from aksrdma.checks.relation.installed import Installed
from aksrdma.checks.relation.nfd_config_maps import NFD_FILES, Program
from aksrdma.findings import FieldPath, Position, Problem
from aksrdma.kube.go_struct import WRONG_TYPE, ListOf, Object, Struct, decode, wrong_types
from aksrdma.kube.labels import FEATURE_PREFIX, NIC_LABEL
from aksrdma.kube.values import mapping, texts
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_LONGEST_TEXT: Final = 100_000
"""Letters of a configuration that is read."""
_STRINGS: Final = ListOf("string")
_DEVICES: Final = Struct({"deviceClassWhitelist": _STRINGS, "deviceLabelFields": _STRINGS})
_CORE: Final = Struct(
    {
        **dict.fromkeys(("klog", "ownerRefs", "sleepInterval"), "any"),
        "labelWhiteList": "string",
        **dict.fromkeys(("noPublish", "noOwnerRefs"), "bool"),
        **dict.fromkeys(("featureSources", "labelSources", "noPublishFeatures", "sources"), _STRINGS),
    }
)
_SOURCES: Final = Struct(
    {**dict.fromkeys(("cpu", "custom", "fake", "kernel", "local"), "any"), "pci": _DEVICES, "usb": _DEVICES}
)
_CONFIGS: Final[Mapping[Program, Struct]] = {
    "nfd-master": Struct(
        {
            **dict.fromkeys(("denyLabelNs", "extraLabelNs"), _STRINGS),
            **dict.fromkeys(("autoDefaultNs", "enableTaints", "noPublish"), "bool"),
            **dict.fromkeys(("informerPageSize", "nfdApiParallelism"), "int"),
            **dict.fromkeys(("klog", "leaderElection", "restrictions", "resyncPeriod"), "any"),
            "labelWhiteList": "string",
        }
    ),
    "nfd-worker": Struct({"core": _CORE, "sources": _SOURCES}),
}
_NAME: Final = NIC_LABEL.removeprefix(FEATURE_PREFIX)
_NAMESPACE: Final = FEATURE_PREFIX.removesuffix("/")
_ATTRIBUTES: Final = ("class", "vendor", "device", "subsystem_vendor", "subsystem_device")
"""Attributes that NFD takes into the names of labels, in this order: mandatoryDevAttrs of source/pci/utils.go."""
_RULE: Final = "nfd-config-hides-label"
_SELECTED: Final = f"the operator's DaemonSets select {NIC_LABEL}"


def judged(
    config_maps: Iterable[Document], of_operator: Iterable[Document], manifests: ManifestSet
) -> Iterator[Problem]:
    """Yield what is wrong with the configurations of NFD in a set.

    Args:
        config_maps: The ConfigMaps that have some.
        of_operator: The NodeFeatureDiscoveries, of which NFD's operator makes ConfigMaps.
        manifests: The set.
    """
    for document in config_maps:
        for key, text in mapping(document.value(("data",))).items():
            if key in NFD_FILES and isinstance(text, str):
                yield from _of_text(NFD_FILES[key], document, ("data", key), manifests)
    for document in of_operator:
        if document.api_version.partition("/")[0] in _OPERATOR_GROUPS:
            yield from _of_text("nfd-worker", document, ("spec", "workerConfig", "configData"), manifests)
            spec = mapping(document.value(("spec",)))
            of_master = {key: value for key, value in spec.items() if key in _OF_MASTER}
            for one in config_problems("nfd-master", of_master, ("spec",), labelled=False):
                yield _weighed(one._replace(document=document), manifests)


_OPERATOR_GROUPS: Final = ("nfd.kubernetes.io", "nfd.openshift.io")
_OF_MASTER: Final = ("denyLabelNs", "extraLabelNs", "labelWhiteList")
"""Fields of a NodeFeatureDiscovery that the operator of NFD hands on to the master."""


def sets_nic_label(manifests: ManifestSet) -> bool:
    """Say whether a NodeFeatureRule of the set may give nodes the label that the operator selects."""
    return any(
        NIC_LABEL in found.labels or NIC_LABEL in str(found.data.get("labelsTemplate", ""))
        for document in manifests.of("NodeFeatureRule")
        for found in feature_rules(document)
    )


def _of_text(program: Program, document: Document, path: FieldPath, manifests: ManifestSet) -> Iterator[Problem]:
    """Yield what is wrong with a configuration that is the text of a field."""
    text = document.value(path)
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        return
    from aksrdma.documents import read  # only text of NFD's pays for it

    stream = read(text)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def place(at: Position) -> Position:
        return document.position_inside(path, starts[min(at.line, len(starts)) - 1] + at.column - 1 if at.line else 0)

    for problem in stream.problems[:1]:
        message = f"{program} exits: its configuration is no YAML: {problem.message}"
        yield Problem(
            "nfd-config-invalid", path, message, problem.fix, document=document, at=place(problem.at or Position(1, 1))
        )
    for inner in stream.documents[:1] if not stream.problems else ():
        for one in config_problems(program, inner.data, (), labelled=sets_nic_label(manifests)):
            found = one._replace(path=path, document=document, at=place(inner.position(one.path)))
            yield _weighed(found, manifests)


def _weighed(problem: Problem, manifests: ManifestSet) -> Problem:
    """Return a problem, as an info where nothing tells that the NFD is one for the Network Operator."""
    if problem.rule != _RULE or problem.severity == "info":
        return problem
    if problem.subject.mentions("network-operator") or manifests.derived(Installed).policies:
        return problem
    return problem if manifests.derived(is_infiniband) else problem._replace(severity="info")


def config_problems(program: Program, config: Any, path: FieldPath, *, labelled: bool) -> Iterator[Problem]:
    """Yield what is wrong with a configuration of NFD.

    Args:
        program: Whose it is.
        config: Its YAML as data; what stands below `worker.config` or `master.config` in the values of NFD's chart.
        path: Where it stands.
        labelled: Whether a NodeFeatureRule gives nodes the label, whatever the worker does by itself.
    """
    top, problems = decode(config, _CONFIGS[program], path)
    for problem in problems:
        name = problem.path[-1] if problem.path else "the configuration"
        if problem.rule == WRONG_TYPE:
            yield Problem("nfd-config-invalid", problem.path, f"{program} exits: {name} {problem.message}")
        else:
            message = f"{program} ignores {name!r}, which it does not know"
            fix = f"write {problem.meant}" if problem.meant else "take it out: NFD has no such setting"
            yield Problem("nfd-config-invalid", problem.path, message, fix, problem.meant, severity="warning")
    if wrong_types(problems):
        return
    yield from _master(top) if program == "nfd-master" else _worker(top, labelled)


def _master(config: Object) -> Iterator[Problem]:
    if config.flag("noPublish"):
        yield Problem(_RULE, config.at("noPublish"), "nfd-master with noPublish labels no node", "take noPublish out")
    yield from _label_white_list(config, "no node keeps")
    if _NAMESPACE not in config.list("extraLabelNs"):
        for index, denied in enumerate(config.list("denyLabelNs")):
            if denied == _NAMESPACE or (denied.startswith("*") and _NAMESPACE.endswith(denied.lstrip("*"))):
                message = f"denyLabelNs {denied!r} keeps {NIC_LABEL} from the nodes; {_SELECTED}"
                fix = f"add {_NAMESPACE} to extraLabelNs, or take it out of denyLabelNs"
                yield Problem(_RULE, (*config.at("denyLabelNs"), index), message, fix)


def _label_white_list(holder: Object, what: str) -> Iterator[Problem]:
    pattern = holder.text("labelWhiteList")
    if not pattern:
        return
    from aksrdma.kube.go_regexp import go_regexp_error, matches  # hardly any configuration has a pattern

    path = holder.at("labelWhiteList")
    if error := go_regexp_error(pattern):
        message = f"NFD exits: labelWhiteList {pattern!r} is no Go regular expression: {error}"
        yield Problem("nfd-config-invalid", path, message, "write a pattern that Go's regexp package compiles")
    elif matches(pattern, _NAME) is False:
        message = f"{what} {_NAME}, which labelWhiteList {pattern!r} does not match; {_SELECTED}"
        yield Problem(_RULE, path, message, f"widen the pattern, such as {pattern}|{_NAME.partition('.')[0]}")


def _worker(config: Object, labelled: bool) -> Iterator[Problem]:
    core, pci = config.struct("core"), config.struct("sources").struct("pci")
    if core.flag("noPublish"):
        message = "nfd-worker with noPublish tells nobody what it finds, so nodes get no labels"
        yield Problem(_RULE, core.at("noPublish"), message, "take noPublish out")
    if "featureSources" in core and not _enables_pci(core.list("featureSources")):
        message = f"featureSources leaves pci out, so neither NFD nor a NodeFeatureRule sees a NIC; {_SELECTED}"
        yield Problem(_RULE, core.at("featureSources"), message, 'write ["all"], or add pci')
    if labelled:
        return
    for key in ("labelSources", "sources"):
        if key in core and not _enables_pci(core.list(key)):
            message = f"{key} leaves pci out, so nfd-worker sets no label of a NIC; {_SELECTED}"
            fix = "add pci, or apply a NodeFeatureRule that sets the label"
            yield Problem(_RULE, core.at(key), message, fix, severity="warning")
    for one in _label_white_list(core, "nfd-worker does not set"):
        yield one if one.rule != _RULE else one._replace(severity="warning")
    yield from _devices(pci)


def _devices(pci: Object) -> Iterator[Problem]:
    """Find settings of the source pci with which the worker gives a NIC no label, or one of another name."""
    ids, path = catalog.defaults(), pci.at("deviceLabelFields")
    asked = [field for field in pci.list("deviceLabelFields") if isinstance(field, str)]
    for index, field in enumerate(asked):
        if field not in PCI_IDS:
            near = next(iter(nearest(field, PCI_IDS)), None)
            fix = f"write {near}" if near else f"write one of {', '.join(_ATTRIBUTES)}"
            message = f"nfd-worker ignores {field!r} of deviceLabelFields, which is no attribute that it knows"
            yield Problem("nfd-config-invalid", (*path, index), message, fix, near, severity="warning")
    fields = [name for name in _ATTRIBUTES if name in asked] or ["class", "vendor"]
    by_vendor = fields == ["vendor"]
    if "deviceLabelFields" in pci and not by_vendor:
        label = "pci-" + "_".join(f"<{name}>" for name in fields) + ".present"
        message = f"deviceLabelFields {', '.join(fields)} make the label {label}; {_SELECTED}"
        fix = 'write deviceLabelFields: ["vendor"], or apply a NodeFeatureRule that sets the label'
        yield Problem(_RULE, path, message, fix, severity="warning")
    classes = [one for one in pci.list("deviceClassWhitelist") if isinstance(one, str)]
    if "deviceClassWhitelist" in pci and not any(ids.infiniband_class.startswith(one.lower()) for one in classes):
        message = (
            f"deviceClassWhitelist has no class of InfiniBand NICs ({ids.infiniband_class}), so nfd-worker labels none "
            f"by itself; {_SELECTED}"
        )
        fix = f'add "{ids.infiniband_class}", or apply a NodeFeatureRule that sets the label'
        # So is the default of the operator's chart, which brings such a rule.
        severity: Literal["info", "warning"] = "info" if by_vendor else "warning"
        yield Problem(_RULE, pci.at("deviceClassWhitelist"), message, fix, severity=severity)


def _enables_pci(sources: list[Any]) -> bool:
    """Say whether a list of sources has pci in the end: later entries take back earlier ones."""
    found = False
    for name in texts(sources):
        found = (found or name in ("all", "pci")) and name != "-pci"
    return found
