"""The pods that the operator makes of a policy: what it copies into them, how it upgrades them, which driver they get.

Source: manifests and pkg/state of Mellanox/network-operator, v25.1.0 to v26.7.0-rc.2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.values import items, mapping, step, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_CONFIG_MAPS: Final = ("certConfig", "repoConfig")
_OF_SEVERAL: Final = ("nicConfigurationOperator", "secondaryNetwork")
"""Sections that hold components."""
_WITH_ENVIRONMENT: Final = ("nicConfigurationOperator", "ofedDriver")
_INT32: Final = 2**31
_TEMPLATE: Final[FieldPath] = ("spec", "template")
_BOX: Final[FieldPath] = (*_TEMPLATE, "spec", "containers", 0)
_EXEC: Final = {"exec": {"command": ["sh"]}}


@rule("policy-pods-refused", kinds=POLICY_KINDS)
def refused_pods(manifests: ManifestSet) -> Iterator[Problem]:
    """Find what the CRD takes, and the API server not in the DaemonSet that the operator copies it into."""
    for policy in manifests.derived(Installed).policies:
        for section, container in _containers(policy, manifests.release):
            for problem in _said_of(json.dumps(container), manifests.release, manifests.kubernetes):
                if problem.path[: len(_BOX)] == _BOX:
                    message = f"the API server refuses the pods that the operator makes of it: {problem.message}"
                    path = ("spec", *section, *problem.path[len(_BOX) :])
                    yield Problem(
                        "policy-pods-refused", path, message, problem.fix, meant=problem.meant, document=policy.document
                    )
        driver = policy.section("ofedDriver") or {}
        for key in _CONFIG_MAPS:
            if driver.get(key):
                yield from _volume(policy, key)


def _containers(policy: Policy, release: str) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the container that the operator makes of a section, as far as the policy says it, where any of it may be wrong."""
    for name, section in policy.spec.items():
        if not isinstance(section, dict):
            continue
        yield from _amounts((name,), section) if name in _OF_SEVERAL else ()
        yield from _amounts((), {name: section})
        made = {"env": section["env"]} if name in _WITH_ENVIRONMENT and section.get("env") else {}
        for key in _PROBES if name == "ofedDriver" else ():
            probe = section.get(key)
            if isinstance(probe, dict) and _may_be_refused(probe.values(), release):
                made[key] = {**_EXEC, **probe}
        if made:
            yield (name,), made


def _may_be_refused(numbers: Iterable[Any], release: str) -> bool:
    odd = [number for number in numbers if type(number) is int and not 0 <= number < _INT32]
    if not odd:
        return False
    mended = catalog.capability("driver-probes-mended").holds_in(release)
    return not mended or not all(-_INT32 <= number < _INT32 for number in odd)


def _amounts(path: FieldPath, sections: Mapping[str, Any]) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    for name, section in sections.items():
        given = section.get("containerResources") if isinstance(section, dict) else None
        for where, entry in items(given, (*path, name, "containerResources")) if given else ():
            amounts = {key: entry[key] for key in ("limits", "requests") if entry.get(key)}
            if amounts:
                yield where, {"resources": amounts}


@lru_cache(maxsize=256)
def _said_of(container: str, release: str, kubernetes: str | None) -> tuple[Problem, ...]:
    """Return what the API server says of a DaemonSet of a container, at most one problem a place.

    Args:
        container: As JSON. The policies of many clusters have the same one.
        release: By whose schemas it is judged.
        kubernetes: The version of Kubernetes; None: any.
    """
    from aksrdma.checks.apiserver.judging import Report  # policies mostly have nothing of the kind
    from aksrdma.checks.apiserver.pod import check_template
    from aksrdma.documents import Document
    from aksrdma.schemas.judge import schemas_of

    labels = {"app": "x"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "x", "image": "x", **json.loads(container)}]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    made = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "x"}, "spec": spec}
    report = Report(Document.from_data(made))
    check_template(report, _TEMPLATE, template)
    found: dict[FieldPath, Problem] = {}
    for problem in (*schemas_of(release, kubernetes).judge(made), *report.problems):
        path = tuple(key for key in problem.path if key != "resources")
        found.setdefault(problem.path, problem._replace(path=path, document=None))
    return tuple(found.values())


def _volume(policy: Policy, key: str) -> Iterator[Problem]:
    """Find the name of a ConfigMap that the operator makes the name of a volume."""
    from aksrdma.kube import names  # few policies have such a ConfigMap

    name = text(step(policy.spec, ("ofedDriver", key, "name")))
    reason = names.dns_label(name) if name else None
    if reason:
        message = (
            f"the operator names a volume of the driver's pods after the ConfigMap {name!r}, and that name {reason}"
        )
        path = ("spec", "ofedDriver", key, "name")
        yield Problem("policy-pods-refused", path, message, names.fix(name, names.dns_label), document=policy.document)


@rule("upgrade-pod-selector-invalid", kinds=POLICY_KINDS)
def upgrade_selectors(manifests: ManifestSet) -> Iterator[Problem]:
    """Find label selectors of an automatic upgrade that do not parse."""
    for policy in manifests.derived(Installed).policies:
        upgrade = policy.section("ofedDriver", "upgradePolicy") or {}
        for key in ("drain", "waitForCompletion") if upgrade.get("autoUpgrade") is True else ():
            section = mapping(upgrade.get(key))
            selector = text(section.get("podSelector"))
            if not selector or (key == "drain" and section.get("enable") is False):
                continue
            from aksrdma.kube.label_selectors import selector_problem  # most policies select no pods

            if reason := selector_problem(selector):
                message = f"{selector!r} {reason}: the first upgrade cordons a node and leaves it in upgrade-failed"
                path = ("spec", "ofedDriver", "upgradePolicy", key, "podSelector")
                yield Problem("upgrade-pod-selector-invalid", path, message, document=policy.document)


@rule("force-precompiled-without-image", kinds=POLICY_KINDS)
def precompiled(manifests: ManifestSet) -> Iterator[Problem]:
    """Find policies that refuse to compile the driver, where no image of it is listed that is compiled."""
    for policy in manifests.derived(Installed).policies:
        driver = policy.section("ofedDriver") or {}
        if driver.get("forcePrecompiled") is not True:
            continue
        version = driver.get("version") or step(policy.spec, ("global", "version"))
        if not isinstance(version, str) or version.startswith("sha256"):
            continue
        known = [catalog.release(name) for name in catalog.releases()]
        tags = [
            tag for one in known for tag in one.precompiled_azure_driver_tags or () if tag.startswith(f"{version}-")
        ]
        path = ("spec", "ofedDriver", "forcePrecompiled")
        if tags:
            kernels = ", ".join(sorted({tag.removeprefix(f"{version}-").partition("-azure")[0] for tag in tags}))
            message = f"images of {version} that need no compiler are listed for the azure kernels {kernels} alone"
            yield Problem(
                "force-precompiled-without-image", path, message, severity="warning", document=policy.document
            )
        elif any(one.components["ofedDriver"].version == version for one in known):
            message = f"no image of {version} is listed that is compiled for an azure kernel, so no driver pod is made"
            yield Problem("force-precompiled-without-image", path, message, document=policy.document)
