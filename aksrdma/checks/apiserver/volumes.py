"""Volumes of a pod: names, and exactly one source each.

Source: ValidateVolumes in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver import storage
from aksrdma.checks.apiserver.claims import check_claim_template
from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.paths import steps_back
from aksrdma.checks.apiserver.projections import RULE, check_downward_api, check_items, check_mode, check_projected
from aksrdma.checks.apiserver.resources import check_quantity
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, items, mapping, sequence, text

_HOST_PATHS: Final = (
    "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "awsElasticBlockStore": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "azureFile": ("secretName", "shareName"),
    "cinder": ("volumeID",),
    "configMap": ("name",),
    "csi": ("driver",),
    "flexVolume": ("driver",),
    "gcePersistentDisk": ("pdName",),
    "gitRepo": ("repository",),
    "glusterfs": ("endpoints", "path"),
    "hostPath": ("path",),
    "iscsi": ("targetPortal", "iqn"),
    "nfs": ("server", "path"),
    "persistentVolumeClaim": ("claimName",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "quobyte": ("registry", "volume"),
    "rbd": ("image",),
    "scaleIO": ("gateway", "system", "volumeName"),
    "secret": ("secretName",),
    "storageos": ("volumeName",),
    "vsphereVolume": ("volumePath",),
}
"""String fields that a source cannot be without."""
_SOURCES: Final = frozenset(
    {*_REQUIRED, "cephfs", "downwardAPI", "emptyDir", "ephemeral", "fc", "flocker", "projected"}
)


def check_volumes(pod: Pod, provided: frozenset[str] = frozenset()) -> None:
    """Judge `volumes` of a pod and note their sources in `pod.volumes`.

    Args:
        pod: the pod.
        provided: names of volumes that a StatefulSet makes from its claim templates; these replace those of the pod.
    """
    pod.volumes.update((name, {"persistentVolumeClaim": {"claimName": name}}) for name in provided)
    path = (*pod.path, "volumes")
    for where, volume in items(pod.spec.get("volumes"), path):
        name = volume.get("name")
        if isinstance(name, str) and name in provided:
            continue
        if volume.get("image") is not None:
            pod.dropped.add(text(name))
            continue
        if absent(name):
            pod.report.add(RULE, (*where, "name"), "name of the volume is required", "set name")
        elif isinstance(name, str):
            _check_name(pod, (*where, "name"), name)
            pod.volumes.setdefault(name, volume)
        _check_sources(pod, where, volume)


def _check_name(pod: Pod, path: FieldPath, name: str) -> None:
    if reason := names.dns_label(name):
        pod.report.add(RULE, path, f"volume name {name!r} {reason}")
    if name in pod.volumes:
        pod.report.add(RULE, path, f"volume name {name!r} is used twice", "give each volume its own name")


def _check_sources(pod: Pod, path: FieldPath, volume: dict[str, Any]) -> None:
    given = [key for key, value in volume.items() if key in _SOURCES and value is not None]
    if len(given) > 1:
        pod.report.add(RULE, path, f"a volume has one source, not {' and '.join(given)}", "keep one source")
    for kind in given:
        if isinstance(source := volume[kind], dict):
            pod.report.required(RULE, (*path, kind), source, *_REQUIRED.get(kind, ()))
            if check := _CHECKS.get(kind):
                check(pod, (*path, kind), source)
            if kind == "iscsi":
                storage.check_iscsi_name(pod, path, volume)


def _check_empty_dir(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    limit = source.get("sizeLimit")
    if limit is not None:
        amount = check_quantity(pod.report, RULE, (*path, "sizeLimit"), limit)
        if amount is not None and amount.nano < 0:
            pod.report.add(RULE, (*path, "sizeLimit"), f"sizeLimit {limit} is below 0", "use 0 or more")


def _check_host_path(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    if steps_back(text(source.get("path"))):
        pod.report.add(RULE, (*path, "path"), f"path {source['path']!r} must not hold '..'")
    if source.get("type") and source.get("path"):
        pod.report.one_of(RULE, (*path, "type"), source["type"], _HOST_PATHS)


def _check_config(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    check_mode(pod.report, path, source, "defaultMode")
    check_items(pod.report, path, source.get("items"))


def _check_downward(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    check_mode(pod.report, path, source, "defaultMode")
    check_downward_api(pod.report, path, source.get("items"))


def _check_projected(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    check_mode(pod.report, path, source, "defaultMode")
    needs_account = pod.is_pod and absent(pod.spec.get("serviceAccountName")) and absent(pod.spec.get("serviceAccount"))
    check_projected(pod.report, path, source.get("sources"), without_account=needs_account)


def _check_nfs(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    folder = source.get("path")
    if isinstance(folder, str) and folder and not folder.startswith("/"):
        pod.report.add(RULE, (*path, "path"), f"path {folder!r} must be absolute", "start it with '/'")


def _check_csi(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    driver = text(source.get("driver"))
    if driver and (reason := names.dns_subdomain(driver.lower())):
        pod.report.add(RULE, (*path, "driver"), f"driver {driver!r} {reason}")
    elif len(driver) > names.LABEL_MAX:
        pod.report.add(RULE, (*path, "driver"), f"driver {driver!r} is longer than {names.LABEL_MAX} characters")
    if isinstance(reference := source.get("nodePublishSecretRef"), dict):
        pod.report.required(RULE, (*path, "nodePublishSecretRef"), reference, "name")
        if (name := text(reference.get("name"))) and (reason := names.dns_subdomain(name)):
            pod.report.add(RULE, (*path, "nodePublishSecretRef", "name"), f"name {name!r} {reason}")


def _check_ephemeral(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    template = source.get("volumeClaimTemplate")
    if template is None:
        pod.report.add(RULE, path, "volumeClaimTemplate is required", "set volumeClaimTemplate")
    elif isinstance(template, dict):
        check_claim_template(pod.report, RULE, (*path, "volumeClaimTemplate"), template)
    name = text(pod.metadata.get("name")) if pod.is_pod else ""
    index = path[-2] if isinstance(path[-2], int) else 0
    volume = text(mapping(sequence(pod.spec.get("volumes"))[index]).get("name"))
    if name and volume and (reason := names.dns_subdomain(f"{name}-{volume}")):
        pod.report.add(RULE, path, f"the claim {name}-{volume} {reason}", "shorten the name of the pod or the volume")


_CHECKS: Final = {
    "awsElasticBlockStore": storage.check_partition,
    "azureDisk": storage.check_azure_disk,
    "cephfs": storage.check_monitors,
    "cinder": storage.check_secret_name,
    "configMap": _check_config,
    "csi": _check_csi,
    "downwardAPI": _check_downward,
    "emptyDir": _check_empty_dir,
    "ephemeral": _check_ephemeral,
    "fc": storage.check_fibre_channel,
    "flocker": storage.check_flocker,
    "gcePersistentDisk": storage.check_partition,
    "gitRepo": storage.check_git,
    "hostPath": _check_host_path,
    "iscsi": storage.check_iscsi,
    "nfs": _check_nfs,
    "projected": _check_projected,
    "quobyte": storage.check_quobyte,
    "rbd": storage.check_monitors,
    "secret": _check_config,
    "storageos": storage.check_storage_os,
}
