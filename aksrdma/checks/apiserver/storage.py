"""Volumes of particular storage systems.

Source: validateVolumeSource and its neighbours in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.paths import check_relative
from aksrdma.checks.apiserver.projections import RULE
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import integer, mapping, text

_ISCSI_TOGETHER_MAX: Final = 64
_ISCSI_NAME: Final = re.compile(
    r"\A(?=iqn).*iqn\.\d{4}-\d\d\.[A-Za-z0-9.-]+:[^,;*&$|\s]+\Z|\Aeui.[A-Za-z0-9]{16}\Z|\Anaa.[A-Za-z0-9]{32}\Z",
    re.ASCII,
)
_HOST_PORT: Final = re.compile(r"(?:[^:\[\]]*|\[[^\[\]]*\]):[^:\[\]]*\Z")


def check_partition(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge the partition of a cloud disk."""
    if (number := integer(source.get("partition"))) is not None and not 0 <= number <= 255:
        pod.report.add(RULE, (*path, "partition"), f"partition {number} is not between 0 and 255")


def check_monitors(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge a Ceph source, which needs monitors."""
    if source.get("monitors") in (None, []):
        pod.report.add(RULE, (*path, "monitors"), "monitors are required", "set monitors")


def check_azure_disk(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge an Azure disk: kind, caching and address."""
    report: Report = pod.report
    kind, uri = source.get("kind"), text(source.get("diskURI"))
    report.one_of(RULE, (*path, "cachingMode"), source.get("cachingMode"), ("None", "ReadOnly", "ReadWrite"))
    report.one_of(RULE, (*path, "kind"), kind, ("Dedicated", "Managed", "Shared"))
    start = "/subscriptions/" if kind == "Managed" else "https://"
    if kind is None or isinstance(kind, str):
        kind = kind or "Shared"
    if isinstance(kind, str) and not uri.startswith(start):
        report.add(RULE, (*path, "diskURI"), f"diskURI of a {kind} disk starts with {start}")


def check_fibre_channel(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge a Fibre Channel source."""
    targets, wwids, lun = source.get("targetWWNs"), source.get("wwids"), source.get("lun")
    if bool(targets) == bool(wwids):
        pod.report.add(RULE, path, "exactly one of targetWWNs and wwids is required")
    if targets and (lun is None or (type(lun) is int and not 0 <= lun <= 255)):
        pod.report.add(RULE, (*path, "lun"), "targetWWNs need a lun between 0 and 255")


def check_flocker(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge a Flocker data set."""
    name, uuid = text(source.get("datasetName")), text(source.get("datasetUUID"))
    if bool(name) == bool(uuid) or "/" in name:
        pod.report.add(RULE, path, "exactly one of datasetName, without '/', and datasetUUID is required")


def check_git(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge the folder of a Git repository."""
    check_relative(pod.report, RULE, (*path, "directory"), text(source.get("directory")))


def check_quobyte(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge the registry of a Quobyte source."""
    registry = text(source.get("registry"))
    if registry and not all(_HOST_PORT.match(pair) for pair in registry.split(",")):
        pod.report.add(RULE, (*path, "registry"), f"registry {registry!r} is no list of host:port")


def check_storage_os(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge the names of a StorageOS source."""
    for field in ("volumeName", "volumeNamespace"):
        if (name := text(source.get(field))) and (reason := names.dns_label(name)):
            pod.report.add(RULE, (*path, field), f"{field} {name!r} {reason}")
    check_secret_name(pod, path, source)


def check_secret_name(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge that the Secret of a source, where it has one, is named."""
    if isinstance(secret := source.get("secretRef"), dict):
        pod.report.required(RULE, (*path, "secretRef"), secret, "name")


def check_iscsi(pod: Pod, path: FieldPath, source: dict[str, Any]) -> None:
    """Judge the names and the number of an iSCSI target."""
    for field, name in (("iqn", source.get("iqn") or None), ("initiatorName", source.get("initiatorName"))):
        if isinstance(name, str) and not _ISCSI_NAME.search(name):
            pod.report.add(RULE, (*path, field), f"{field} {name!r} is no iqn, eui or naa name")
    lun = integer(source.get("lun"))
    if lun is not None and not 0 <= lun <= 255:
        pod.report.add(RULE, (*path, "lun"), f"lun {lun} is not between 0 and 255")
    if source.get("secretRef") is None and True in (source.get("chapAuthDiscovery"), source.get("chapAuthSession")):
        pod.report.add(RULE, (*path, "secretRef"), "CHAP authentication needs a secretRef", "set secretRef")


def check_iscsi_name(pod: Pod, path: FieldPath, volume: dict[str, Any]) -> None:
    """Judge how long the name and the portal of the iSCSI volume at `path` are together."""
    source = mapping(volume.get("iscsi"))
    together = f"{text(volume.get('name'))}:{text(source.get('targetPortal'))}"
    if source.get("initiatorName") is not None and len(together.encode(errors="replace")) > _ISCSI_TOGETHER_MAX:
        message = f"{together!r}, name and targetPortal, is longer than {_ISCSI_TOGETHER_MAX} characters"
        pod.report.add(RULE, (*path, "name"), message, "shorten the name")
