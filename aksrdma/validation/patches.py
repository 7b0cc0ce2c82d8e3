"""Patches for kustomize: which objects are some, and what the least base of one makes of it, so that the rest can be judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from aksrdma.kube.kinds import POLICY_KINDS, kind_of
from aksrdma.kube.templates import pod_templates
from aksrdma.kube.train_jobs import RUNTIMES
from aksrdma.kube.values import mapping, sequence, step, text
from aksrdma.validation.release import sections

if TYPE_CHECKING:
    from aksrdma.documents import Document

DIRECTIVES: Final = ("$patch", "$setElementOrder", "$retainKeys", "$deleteFromPrimitiveList")
"""What a key begins with that tells kustomize what to do, and is gone from what it makes."""
_PATCH_FILE: Final = re.compile(r"(?:^|[-_./\\])patch(?:es)?(?:[-_][^/\\]*)?\.(?:ya?ml|json)\Z")
"""A file of a patch by its name, manager_image_patch.yaml: one that no kustomization lists, or none that is here."""
_IMAGE_PARTS: Final = frozenset({"image", "repository", "version"})
_RUNS_ONCE: Final = "batch"
"""Group of the kinds whose every whole object has a restartPolicy, for that of a pod by default is refused."""


def is_patch(document: Document) -> bool:
    """Return whether an object is a patch for kustomize: it says what changes, and leaves out what its base has.

    Such is a strategic merge patch by its directives, and an object that plainly lacks what every whole one has: a
    workload its template, or all images together with what else every one has; a Service ports and selector; a policy
    every image; a ClusterPolicy most of its sections. Who forgets an image writes the rest all the same.
    """
    if document.mentions("$") and any(map(document.mentions, DIRECTIVES)) and _has_directive(document.data):
        return True
    spec, kind = document.data.get("spec"), document.kind
    if not document.name:
        return False
    if "spec" not in document.data and kind in _WITH_SPEC:
        metadata = mapping(document.data.get("metadata"))
        return bool(metadata.get("labels") or metadata.get("annotations"))
    if not isinstance(spec, dict) or not spec:
        return False
    if kind in POLICY_KINDS:
        return _patches_policy(document.data, spec)
    if kind == "ClusterPolicy":
        return document.api_version.startswith("nvidia.com/") and len(spec.keys() & _OF_GPU_POLICY) * 2 < len(
            _OF_GPU_POLICY
        )
    if kind == "Service":
        return (
            not spec.keys() & {"clusterIP", "externalName", "ports", "selector"} and spec.get("type") != "ExternalName"
        )
    return _patches_workload(document, spec)


_WITH_SPEC: Final = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"})
"""Kinds of which nobody writes an object without a spec, but to add a label or an annotation."""


_OF_GPU_POLICY: Final = frozenset(
    {"daemonsets", "dcgm", "dcgmExporter", "devicePlugin", "driver", "gfd", "nodeStatusExporter", "operator", "toolkit"}
)
"""What every ClusterPolicy of the GPU Operator has: required by its CRD (config/crd/bases of gpu-operator v26.7.0)."""


def _patches_policy(data: Any, spec: dict[str, Any]) -> bool:
    """Whether a policy only changes what another one deploys: it moves a version, adds a variable, and names no image."""
    deployed = [section for _, section in sections(data)]
    given = [section.keys() & _IMAGE_PARTS for section in (*deployed, mapping(spec.get("global")))]
    whole = any("image" in parts or len(parts) > 1 for parts in given) or any("config" in one for one in deployed)
    return any(deployed) and not whole


def _patches_workload(document: Document, spec: dict[str, Any]) -> bool:
    row = kind_of(document.api_version, document.kind)
    # Who forgets the image of a Pod has nothing else to forget; where pods have a shape of their own, or a runtime of which
    # jobs fill in the rest, an image may be missing.
    if (
        row is None
        or row.kind in RUNTIMES
        or not row.places
        or not all(one.path and (one.shape is None or one.path[-1] == "template") for one in row.places)
    ):
        return False
    if row.group == "apps" and "selector" in spec:
        return False
    templates = list(pod_templates(document.data))
    containers = [mapping(box) for one in templates for box in sequence(one.spec.get("containers"))]
    if any(box.get("image") for box in containers) and not (row.group == "apps" and _PATCH_FILE.search(document.file)):
        return False
    if not templates or row.group == "apps":
        return True
    if row.group == _RUNS_ONCE:
        return not any("restartPolicy" in one.spec for one in templates)
    return bool(containers) and not any(box.keys() & {"args", "command"} for box in containers)


def _has_directive(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_directive(item) for item in value)
    if not isinstance(value, dict):
        return False
    return any(key.startswith(DIRECTIVES) or _has_directive(part) for key, part in value.items())


_NAME: Final = "base"
_HANDLERS: Final = frozenset({"exec", "grpc", "httpGet", "sleep", "tcpSocket"})
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_SOURCES: Final[dict[str, dict[str, Any]]] = {
    "volumeMounts": {"emptyDir": {}},
    "volumeDevices": {"persistentVolumeClaim": {"claimName": _NAME}},
}


def on_least_base(document: Document) -> Document:
    """Return a patch with what a base may have beside it: images, handlers, volumes, limits, ports, a selector.

    What is wrong with the result is wrong with the patch, whatever its base. Fields that are merely missing are not added.
    """
    if not isinstance(document.data, dict):
        return document
    data = deepcopy(document.data)
    spec = mapping(data.get("spec"))
    templates = list(pod_templates(data))
    row = kind_of(document.api_version, document.kind)
    for template in templates:
        # What is written, and not what its controller makes of it.
        _complete_pod(mapping(step(data, template.spec_path)), run_once=row is not None and row.group == _RUNS_ONCE)
    if row is not None and row.group == "apps" and "selector" not in spec and templates:
        metadata = templates[0].data.setdefault("metadata", {})
        labels = metadata.setdefault("labels", {_NAME: _NAME}) if isinstance(metadata, dict) else None
        spec["selector"] = {"matchLabels": labels}
    if document.kind == "Service" and "ports" not in spec and spec:
        spec["ports"] = [{"port": 1}]
    return document.part((), data)


def _complete_pod(spec: dict[str, Any], *, run_once: bool) -> None:
    if not spec:
        return
    if run_once:
        spec.setdefault("restartPolicy", "Never")
    spec.setdefault("containers", [{"name": _NAME, "image": _NAME}])
    volumes = sequence(spec.get("volumes")) or []
    for volume in map(mapping, volumes):
        if volume.keys() == {"name"}:
            volume["emptyDir"] = {}
    known = {text(mapping(volume).get("name")) for volume in volumes}
    for container in _containers(spec):
        container.setdefault("image", _NAME)
        handlers = [container.get(key) for key in _PROBES] + list(mapping(container.get("lifecycle")).values())
        for handler in handlers:
            if isinstance(handler, dict) and not handler.keys() & _HANDLERS:
                handler["exec"] = {"command": ["true"]}
        for key, source in _SOURCES.items():
            for mount in map(mapping, sequence(container.get(key))):
                name = text(mount.get("name"))
                if name and name not in known:
                    known.add(name)
                    volumes.append({"name": name, **source})
        resources = mapping(container.get("resources"))
        for name, amount in mapping(resources.get("requests")).items():
            if "/" in name and isinstance(resources.setdefault("limits", {}), dict):
                resources["limits"].setdefault(name, amount)
    if volumes:
        spec["volumes"] = volumes


def _containers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("containers", "initContainers", "ephemeralContainers"):
        yield from (box for box in sequence(spec.get(key)) if isinstance(box, dict))
