"""Volumes of a pod, what they make files of, and claims of persistent volumes.

Source: ValidateVolumes and ValidatePersistentVolumeClaimSpec in pkg/apis/core/validation/validation.go of kubernetes
v1.34.2. Kinds of storage that AKS does not have are left to the API server.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.containers import FILE_FIELDS, check_field_reference, check_resource_reference
from aksrdma.checks.apiserver.fields import ACCESS_MODES, check_fields, unknown_word
from aksrdma.checks.apiserver.judging import Pod, Report, beyond_schema, check_relative, steps_back
from aksrdma.checks.apiserver.metadata import check_template_metadata
from aksrdma.checks.apiserver.resources import check_quantity
from aksrdma.checks.apiserver.scheduling import check_selector
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.quantities import quantity
from aksrdma.kube.values import absent, items, mapping, sequence, text

RULE: Final = "invalid-volumes"
_SOURCES: Final = frozenset({
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi", "downwardAPI", "emptyDir",
    "ephemeral", "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "iscsi", "nfs",
    "persistentVolumeClaim", "photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret",
    "storageos", "vsphereVolume",
})  # fmt: skip
"""The fields of a volume of which it has one."""
# Without a path the type is not looked at, so that the schema cannot hold the words.
_HOST_PATH_TYPES: Final = (
    *("BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"),
)
_PROJECTED: Final = ("configMap", "downwardAPI", "secret", "serviceAccountToken")
_CLAIM_SOURCES: Final = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))


def check_volumes(pod: Pod, provided: frozenset[str] = frozenset()) -> None:
    """Judge `volumes` of a pod and note their sources in `pod.volumes`.

    Args:
        pod: the pod.
        provided: names of volumes that a StatefulSet makes from its claim templates; these replace those of the pod.
    """
    pod.volumes.update((name, {"persistentVolumeClaim": {"claimName": name}}) for name in provided)
    for where, volume in items(pod.spec.get("volumes"), (*pod.path, "volumes")):
        name = text(volume.get("name"))
        # The claim takes its place, so the API server does not look at what stands here.
        if name and name in provided:
            continue
        # Kubernetes 1.34 has the feature off by default, and drops such a volume with its mounts.
        if volume.get("image") is not None:
            pod.dropped.add(name)
            continue
        check_fields(pod.report, where, volume, "Volume")
        if name and name in pod.volumes:
            message = f"volume name {name!r} is used twice"
            pod.report.add(RULE, (*where, "name"), message, "give each volume its own name")
        if name:
            pod.volumes.setdefault(name, volume)
        given = [key for key, value in volume.items() if key in _SOURCES and value is not None]
        if len(given) > 1:
            message = f"a volume has one source, not {' and '.join(given)}"
            pod.report.add(RULE, where, message, "keep one source")
        for kind in given:
            if isinstance(source := volume[kind], dict):
                _check_source(pod, (*where, kind), kind, source, name)


def _check_source(pod: Pod, path: FieldPath, kind: str, source: dict[str, Any], volume: str) -> None:
    """Judge what the fields of a source have to do with each other or with the pod."""
    report = pod.report
    if kind in ("configMap", "secret"):
        _check_items(report, path, source.get("items"))
    elif kind == "downwardAPI":
        _check_downward_api(report, path, source.get("items"))
    elif kind == "projected":
        _check_projected(pod, path, source.get("sources"))
    elif kind == "emptyDir" and (limit := source.get("sizeLimit")) is not None:
        amount = check_quantity(report, RULE, (*path, "sizeLimit"), limit)
        if amount is not None and amount.nano < 0:
            report.add(RULE, (*path, "sizeLimit"), f"sizeLimit {limit} is below 0", "use 0 or more")
    elif kind == "hostPath":
        if steps_back(text(source.get("path"))):
            report.add(
                RULE, (*path, "path"), f"path {source['path']!r} must not hold '..'", "write the path without '..'"
            )
        if (kind_of_path := text(source.get("type"))) and (problem := unknown_word(kind_of_path, _HOST_PATH_TYPES)):
            report.add(RULE, (*path, "type"), *problem)
    elif kind == "nfs" and (folder := text(source.get("path"))) and not folder.startswith("/"):
        report.add(RULE, (*path, "path"), f"path {folder!r} must be absolute", "start it with '/'")
    elif kind == "azureDisk":
        # A disk of no kind is a shared blob, by the default of the API.
        disk = "Shared" if absent(source.get("kind")) else source["kind"]
        start = "/subscriptions/" if disk == "Managed" else "https://"
        if isinstance(disk, str) and not text(source.get("diskURI")).startswith(start):
            report.add(
                RULE,
                (*path, "diskURI"),
                f"diskURI of a {disk} disk starts with {start}",
                f"write a diskURI that starts with {start}",
            )
    elif kind == "csi" and isinstance(secret := source.get("nodePublishSecretRef"), dict):
        if absent(secret.get("name")):
            report.add(RULE, (*path, "nodePublishSecretRef", "name"), "name is required", "set name")
    elif kind == "ephemeral":
        _check_ephemeral(pod, path, source, volume)


def _check_ephemeral(pod: Pod, path: FieldPath, source: dict[str, Any], volume: str) -> None:
    template, where = source.get("volumeClaimTemplate"), (*path, "volumeClaimTemplate")
    if template is None:
        pod.report.add(RULE, path, "volumeClaimTemplate is required", "set volumeClaimTemplate")
    elif isinstance(template, dict):
        metadata = mapping(template.get("metadata"))
        check_template_metadata(pod.report, (*where, "metadata"), metadata)
        for field, value in metadata.items():
            if field not in ("labels", "annotations", "creationTimestamp") and value:
                pod.report.add(RULE, (*where, "metadata", field), f"{field} cannot be set here", f"remove {field}")
        check_claim(pod.report, RULE, (*where, "spec"), mapping(template.get("spec")))
    name = text(pod.metadata.get("name")) if pod.is_pod else ""
    if name and volume and (reason := names.dns_subdomain(f"{name}-{volume}")):
        pod.report.add(RULE, path, f"the claim {name}-{volume} {reason}", "shorten the name of the pod or the volume")


def _check_items(report: Report, path: FieldPath, keys: Any) -> None:
    """Judge the paths of the files that `items` make."""
    for where, item in items(keys, (*path, "items")):
        _check_file(report, (*where, "path"), text(item.get("path")))


def _check_file(report: Report, path: FieldPath, value: str) -> None:
    check_relative(report, RULE, path, value)
    if value.startswith("..") and not steps_back(value):
        report.add(RULE, path, f"path {value!r} must not start with '..'", "write the path without '..'")


def _check_downward_api(report: Report, path: FieldPath, files: Any) -> None:
    _check_items(report, path, files)
    for where, item in items(files, (*path, "items")):
        field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
        if (field is None) == (resource is None):
            report.add(RULE, where, "exactly one of fieldRef and resourceFieldRef is required", "keep one of them")
        if isinstance(field, dict):
            check_field_reference(report, (*where, "fieldRef"), field, FILE_FIELDS)
        elif isinstance(resource, dict):
            check_resource_reference(report, (*where, "resourceFieldRef"), resource, in_volume=True)


def _check_projected(pod: Pod, path: FieldPath, sources: Any) -> None:
    report = pod.report
    without_account = pod.is_pod and all(
        absent(pod.spec.get(field)) for field in ("serviceAccountName", "serviceAccount")
    )
    seen: set[str] = set()
    for where, source in items(sources, (*path, "sources")):
        # clusterTrustBundle and podCertificate are not counted: a server without these features drops them.
        given = [name for name in _PROJECTED if source.get(name) is not None]
        if len(given) > 1:
            report.add(RULE, where, f"{' and '.join(given)} exclude each other", "write one source an item")
        for name in ("configMap", "secret"):
            _check_items(report, (*where, name), mapping(source.get(name)).get("items"))
        _check_downward_api(report, (*where, "downwardAPI"), mapping(source.get("downwardAPI")).get("items"))
        for name in ("secret", "configMap", "downwardAPI"):
            for one, item in items(mapping(source.get(name)).get("items"), (*where, name, "items")):
                file = text(item.get("path"))
                if file and file in seen:
                    report.add(RULE, (*one, "path"), f"path {file!r} is made twice", "give each file its own path")
                seen.add(file)
        if isinstance(token := source.get("serviceAccountToken"), dict):
            there = (*where, "serviceAccountToken")
            _check_file(report, (*there, "path"), text(token.get("path")))
            if without_account:
                message = "serviceAccountToken needs spec.serviceAccountName"
                report.add(RULE, there, message, "set serviceAccountName")


@rule("invalid-volumes", kinds={"PersistentVolumeClaim"})
@beyond_schema
def check_claim_object(report: Report, data: dict[str, Any]) -> None:
    """Judge a PersistentVolumeClaim but for its metadata.

    Of its sources, the server drops those that it cannot use before it judges the others.
    """
    spec = mapping(data.get("spec"))
    source, reference = mapping(spec.get("dataSource")), spec.get("dataSourceRef")
    if text(mapping(reference).get("namespace")):
        reference = None
    known = (text(source.get("apiGroup")), text(source.get("kind"))) in _CLAIM_SOURCES
    kept = {"dataSource": spec.get("dataSource") if known or reference else None, "dataSourceRef": reference}
    check_claim(report, RULE, ("spec",), {**spec, **kept})


def check_claim(report: Report, rule: str, path: FieldPath, spec: dict[str, Any]) -> None:
    """Judge the spec of a claim: of the kind itself, of a StatefulSet or of an ephemeral volume."""
    check_fields(report, path, spec, "PersistentVolumeClaimSpec", rule)
    modes = spec.get("accessModes")
    if modes in (None, []):
        message, fix = "at least one access mode is required", "set accessModes, for example [ReadWriteMany]"
        report.add(rule, (*path, "accessModes"), message, fix)
    known = {mode for mode in sequence(modes) if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        message = "ReadWriteOncePod cannot go with other access modes"
        report.add(rule, (*path, "accessModes"), message, "keep one of them")
    check_selector(report, rule, (*path, "selector"), spec.get("selector"))
    resources = mapping(spec.get("resources"))
    for side in ("limits", "requests"):
        for name, value in mapping(resources.get(side)).items():
            check_quantity(report, rule, (*path, "resources", side, name), value)
    requests = mapping(resources.get("requests"))
    if "storage" not in requests:
        report.add(rule, path, "resources.requests.storage is required", "set resources.requests.storage")
    elif (amount := quantity(requests["storage"])) is not None and amount.nano <= 0:
        message = f"storage {requests['storage']} is not above 0"
        report.add(rule, (*path, "resources", "requests", "storage"), message, "ask for some, such as 10Gi")
    one, other = spec.get("dataSource"), spec.get("dataSourceRef")
    for field, source in (("dataSource", one), ("dataSourceRef", other)):
        if not isinstance(source, dict):
            continue
        where, kind = (*path, field), source.get("kind")
        check_fields(report, where, source, "TypedObjectReference", rule)
        for needed in ("kind", "name"):
            if absent(source.get(needed)):
                report.add(rule, (*where, needed), f"{needed} is required", f"set {needed}")
        if isinstance(kind, str) and kind != "PersistentVolumeClaim" and absent(source.get("apiGroup")):
            message = f"{kind!r} is not in the core API group, only PersistentVolumeClaim is"
            report.add(rule, where, message, "set apiGroup")
    if isinstance(one, dict) and isinstance(other, dict) and _identity(one) != _identity(other):
        message = "dataSource and dataSourceRef name different things"
        report.add(rule, (*path, "dataSource"), message, "remove one of them")


def _identity(source: dict[str, Any]) -> tuple[Any, ...]:
    return source.get("apiGroup"), text(source.get("kind")), text(source.get("name"))
