"""What holds for a single field of Kubernetes' objects: the table by API type, and its one reader.

What two fields have to do with each other stands in the checks. A type is called what the API reference calls it.
Source: pkg/apis/*/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from aksrdma.checks.apiserver.judging import Report
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.addresses import ip_problem
from aksrdma.kube.names import NameRule
from aksrdma.kube.values import items, sequence
from aksrdma.nearest import hint

INT32_MAX: Final = 2**31 - 1
PORTS: Final = range(1, 65536)
ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


class Text(NamedTuple):
    """What holds for a string; a value of another type is left to the schema."""

    one_of: tuple[str, ...] = ()
    """The words that are taken; none: any."""
    grammar: NameRule | None = None
    called: str | None = None
    """How a message about the grammar calls the value, where that is not the name of the field; empty: not at all."""
    required: bool | str = False
    """Whether it must be set, and how a message calls it, where that is not the name of the field."""
    pointer: bool = False
    """Whether Go keeps it as a pointer, so that an empty string is a value and not the absence of one."""
    always: bool = False
    """Whether what is not set is judged as an empty string."""
    each: bool = False
    """Whether it is a list, of which each item is judged, null as an empty string."""

    @property
    def needed(self) -> bool:
        """Whether there is something to say where the field is missing."""
        return bool(self.required) or self.always

    def problem(self, field: str, value: Any) -> tuple[str, str | None] | None:
        """Return message and fix for a value that is not taken."""
        if value is None or value == "":
            if self.required:
                return f"{field if self.required is True else self.required} is required", f"set {field}"
            if not (self.always or self.each or (self.pointer and value == "")):
                return None
            value = ""
        if not isinstance(value, str):
            return None
        if self.one_of:
            return unknown_word(value, self.one_of)
        if self.grammar is not None and (reason := self.grammar(value)):
            called = field if self.called is None else self.called
            return f"{called} {value!r} {reason}".lstrip(), None
        return None


class Number(NamedTuple):
    """What holds for a whole number; a value of another type is left to the schema."""

    least: int = 0
    most: int | None = None
    called: str | None = None
    """As in `Text`."""
    zero: bool = False
    """Whether what is not set is judged as 0."""
    unset: int | None = None
    """The number outside the bounds that Go takes for no number."""
    bounds: str = ""
    """The bounds in other words."""
    each: bool = False
    """As in `Text`."""

    @property
    def needed(self) -> bool:
        """Whether there is something to say where the field is missing."""
        return self.zero

    def problem(self, field: str, value: Any) -> tuple[str, str | None] | None:
        """Return message and fix for a value that is not taken."""
        if value is None and self.zero:
            value = 0
        if type(value) is not int or value == self.unset:
            return None
        called = f"{field if self.called is None else self.called} {value}".lstrip()
        if self.most is not None:
            if self.least <= value <= self.most:
                return None
            return f"{called} is not between {self.bounds or f'{self.least} and {self.most}'}", None
        if value >= self.least:
            return None
        if self.least == 0:
            return f"{called} is below 0", "use 0 or more"
        return f"{called} is not above {self.least - 1}", f"use {self.least} or more"


class Fields(NamedTuple):
    """What holds for the fields of one API type."""

    rule: str
    """Which rule they break; another one where the type is used by another part of an object."""
    bounds: Mapping[str, Text | Number | str]
    """By name; a string is the API type of a mapping, or `[]` and that of the mappings of a list, as Go has it."""
    needed: Mapping[str, Text | Number]
    """Those that are judged where the field is missing, too."""


def unknown_word(value: str, known: Collection[str]) -> tuple[str, str] | None:
    """Return message and fix for a word that is none of the known ones."""
    if value in known:
        return None
    *most, last = sorted(known)
    listed = f"{', '.join(most)} or {last}" if most else last
    return f"{value!r} is not supported{hint(value, known)}", f"use {listed}"


def check_fields(report: Report, path: FieldPath, data: Mapping[str, Any], of: str, rule: str = "") -> None:
    """Judge each field of a mapping, and of the mappings in it, by itself.

    Args:
        report: takes what is wrong.
        path: path of the mapping.
        data: the mapping.
        of: its API type.
        rule: the rule that is broken, where it is not that of the type.
    """
    row = TYPES[of]
    rule = rule or row.rule
    for field, needed in row.needed.items():
        if field not in data and (problem := needed.problem(field, None)):
            report.add(rule, (*path, field), *problem)
    for field, value in data.items():
        bound = row.bounds.get(field)
        if bound is None:
            continue
        if isinstance(bound, str):
            if bound.startswith("[]"):
                for where, item in items(value, (*path, field)):
                    check_fields(report, where, item, bound[2:], rule)
            elif isinstance(value, dict):
                check_fields(report, (*path, field), value, bound, rule)
        elif bound.each:
            for index, item in enumerate(sequence(value)):
                if problem := bound.problem(field, item):
                    report.add(rule, (*path, field, index), *problem)
        elif problem := bound.problem(field, value):
            report.add(rule, (*path, field), *problem)


def _search_domain(value: str) -> str | None:
    return None if value == "." else names.search_domain(value.removesuffix("."))


def _reference(value: str) -> str | None:
    """The name of an object as `envFrom` has it: a dash at its end is let pass."""
    return names.dns_subdomain(names.mask_trailing_dash(value))


def _csi_driver(value: str) -> str | None:
    if reason := names.dns_subdomain(value.lower()):
        return reason
    return f"is longer than {names.LABEL_MAX} characters" if len(value) > names.LABEL_MAX else None


def _controller(value: str) -> str | None:
    if reason := names.domain_path(value):
        return reason
    return "is longer than 63 characters" if len(value) > names.LABEL_MAX else None


_NEEDED: Final = Text(required=True)
_COUNT: Final = Number()
_ID: Final = Number(0, INT32_MAX)
_MODE: Final = Number(0, 0o777, bounds="0 and 511 (octal 0777)")
_SUBDOMAIN: Final = Text(grammar=names.dns_subdomain)
_NEEDED_NAME: Final = Text(grammar=names.dns_subdomain, required=True)
_LABEL_KEY: Final = Text(grammar=names.qualified_name, called="label key", always=True)
_LABEL_KEYS: Final = Text(grammar=names.qualified_name, called="label key", each=True)
_LABEL_VALUES: Final = Text(grammar=names.label_value, called="label value", each=True)
_PROTOCOL: Final = Text(("SCTP", "TCP", "UDP"))
_HONOR: Final = Text(("Honor", "Ignore"), pointer=True)
_RETAIN: Final = Text(("Delete", "Retain"))

_BY_RULE: Final[dict[str, dict[str, Mapping[str, Text | Number | str]]]] = {
    "invalid-pod": {
        "PodSpec": {
            "activeDeadlineSeconds": Number(1, INT32_MAX),
            "dnsConfig": "PodDNSConfig",
            "dnsPolicy": Text(("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")),
            "hostAliases": "[]HostAlias",
            "nodeName": _SUBDOMAIN,
            "os": "PodOS",
            "preemptionPolicy": Text(("Never", "PreemptLowerPriority"), pointer=True),
            "priorityClassName": _SUBDOMAIN,
            "readinessGates": "[]PodReadinessGate",
            "resourceClaims": "[]PodResourceClaim",
            "restartPolicy": Text(("Always", "Never", "OnFailure")),
            "runtimeClassName": Text(grammar=names.dns_subdomain, pointer=True),
            "serviceAccountName": _SUBDOMAIN,
        },
        "PodDNSConfig": {
            "nameservers": Text(grammar=ip_problem, called="nameserver", each=True),
            "options": "[]PodDNSConfigOption",
            "searches": Text(grammar=_search_domain, called="", each=True),
        },
        "PodDNSConfigOption": {"name": _NEEDED},
        "HostAlias": {
            "hostnames": Text(grammar=names.dns_subdomain, called="host name", each=True),
            "ip": Text(grammar=ip_problem, called="", always=True),
        },
        "PodOS": {"name": Text(("linux", "windows"), required=True)},
        "PodReadinessGate": {"conditionType": Text(grammar=names.qualified_name, always=True)},
        "PodResourceClaim": {
            "name": Text(grammar=names.dns_label, called="claim name", required=True),
            "resourceClaimName": Text(grammar=names.dns_subdomain, pointer=True),
            "resourceClaimTemplateName": Text(grammar=names.dns_subdomain, pointer=True),
        },
    },
    "invalid-container": {
        "Container": {
            "env": "[]EnvVar",
            "envFrom": "[]EnvFromSource",
            "image": _NEEDED,
            "imagePullPolicy": Text(("Always", "IfNotPresent", "Never")),
            "name": Text(grammar=names.dns_label, called="container name", required="name of the container"),
            "ports": "[]ContainerPort",
            "resizePolicy": "[]ContainerResizePolicy",
            "terminationMessagePolicy": Text(("FallbackToLogsOnError", "File")),
        },
        "EnvVar": {
            "name": Text(grammar=names.env_name, called="variable name", required="name of the variable"),
            "valueFrom": "EnvVarSource",
        },
        "EnvVarSource": {"configMapKeyRef": "KeySelector", "secretKeyRef": "KeySelector"},
        "KeySelector": {"key": Text(grammar=names.config_key, required=True), "name": _NEEDED_NAME},
        "EnvFromSource": {
            "configMapRef": "EnvSource",
            "prefix": Text(grammar=names.env_name),
            "secretRef": "EnvSource",
        },
        "EnvSource": {"name": Text(grammar=_reference, required=True)},
        "ContainerPort": {
            "containerPort": Number(PORTS[0], PORTS[-1], zero=True),
            "hostPort": Number(PORTS[0], PORTS[-1], unset=0),
            "name": Text(grammar=names.port_name, called="port name"),
            "protocol": _PROTOCOL,
        },
        "ContainerResizePolicy": {
            "resourceName": Text(("cpu", "memory"), required=True),
            "restartPolicy": Text(("NotRequired", "RestartContainer"), required=True),
        },
        "Probe": dict.fromkeys(
            ("failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold", "timeoutSeconds"), _COUNT
        ),
        "HTTPGetAction": {"httpHeaders": "[]HTTPHeader", "scheme": Text(("HTTP", "HTTPS"))},
        "HTTPHeader": {"name": Text(grammar=names.http_header, called="header name", always=True)},
    },
    "invalid-resources": {
        "ResourceClaim": {"name": _NEEDED, "request": Text(grammar=names.dns_label)},
    },
    "invalid-security-context": {
        "SecurityContext": {
            "appArmorProfile": "Profile",
            "procMount": Text(("Default", "Unmasked"), pointer=True),
            "runAsGroup": _ID,
            "runAsUser": _ID,
            "seccompProfile": "Profile",
        },
        "PodSecurityContext": {
            "appArmorProfile": "Profile",
            "fsGroup": _ID,
            "fsGroupChangePolicy": Text(("Always", "OnRootMismatch"), pointer=True),
            "runAsGroup": _ID,
            "runAsUser": _ID,
            # The feature that brings MountOption is off in 1.34.
            # MountOption is a word only with a feature that is off in 1.34.
            "seLinuxChangePolicy": Text(("Recursive",), pointer=True),
            "seccompProfile": "Profile",
            "supplementalGroups": Number(0, INT32_MAX, called="group", each=True),
            "supplementalGroupsPolicy": Text(("Merge", "Strict"), pointer=True),
            "sysctls": "[]Sysctl",
        },
        "Profile": {"type": Text(("Localhost", "RuntimeDefault", "Unconfined"), required=True)},
        "Sysctl": {"name": Text(grammar=names.sysctl_name, called="sysctl", required="name of the sysctl")},
    },
    "invalid-volumes": {
        "Volume": {
            "azureDisk": "AzureDiskVolumeSource",
            "azureFile": "AzureFileVolumeSource",
            "configMap": "ConfigMapVolumeSource",
            "csi": "CSIVolumeSource",
            "downwardAPI": "DownwardAPIVolumeSource",
            "hostPath": "HostPathVolumeSource",
            "name": Text(grammar=names.dns_label, called="volume name", required="name of the volume"),
            "nfs": "NFSVolumeSource",
            "persistentVolumeClaim": "PersistentVolumeClaimVolumeSource",
            "projected": "ProjectedVolumeSource",
            "secret": "SecretVolumeSource",
        },
        "AzureDiskVolumeSource": {
            "cachingMode": Text(("None", "ReadOnly", "ReadWrite"), pointer=True),
            "diskName": _NEEDED,
            "diskURI": _NEEDED,
            "kind": Text(("Dedicated", "Managed", "Shared"), pointer=True),
        },
        "AzureFileVolumeSource": {"secretName": _NEEDED, "shareName": _NEEDED},
        "ConfigMapVolumeSource": {"defaultMode": _MODE, "items": "[]KeyToPath", "name": _NEEDED},
        "SecretVolumeSource": {"defaultMode": _MODE, "items": "[]KeyToPath", "secretName": _NEEDED},
        "KeyToPath": {"key": _NEEDED, "mode": _MODE, "path": _NEEDED},
        "CSIVolumeSource": {
            "driver": Text(grammar=_csi_driver, required=True),
            "nodePublishSecretRef": "LocalObjectReference",
        },
        "LocalObjectReference": {"name": _NEEDED_NAME},
        "DownwardAPIVolumeSource": {"defaultMode": _MODE, "items": "[]DownwardAPIVolumeFile"},
        "DownwardAPIVolumeFile": {"mode": _MODE, "path": _NEEDED},
        "HostPathVolumeSource": {
            "path": _NEEDED,
            "type": Text(
                ("BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
            ),
        },
        "NFSVolumeSource": {"path": _NEEDED, "server": _NEEDED},
        "PersistentVolumeClaimVolumeSource": {"claimName": _NEEDED},
        "ProjectedVolumeSource": {"defaultMode": _MODE, "sources": "[]VolumeProjection"},
        "VolumeProjection": {
            "configMap": "Projection",
            "downwardAPI": "DownwardAPIVolumeSource",
            "secret": "Projection",
            "serviceAccountToken": "ServiceAccountTokenProjection",
        },
        "Projection": {"items": "[]KeyToPath", "name": _NEEDED},
        "ServiceAccountTokenProjection": {
            "expirationSeconds": Number(600, 2**32, called="", bounds="600 and 2^32 seconds"),
            "path": _NEEDED,
        },
        "VolumeMount": {
            "mountPath": _NEEDED,
            "mountPropagation": Text(("Bidirectional", "HostToContainer", "None"), pointer=True),
            "name": Text(required="name of the volume"),
            "recursiveReadOnly": Text(("Disabled", "Enabled", "IfPossible"), pointer=True),
        },
        "VolumeDevice": {"devicePath": _NEEDED, "name": _NEEDED},
        "PersistentVolumeClaimSpec": {
            "accessModes": Text(ACCESS_MODES, each=True),
            "storageClassName": _SUBDOMAIN,
            "volumeAttributesClassName": _SUBDOMAIN,
            "volumeMode": Text(("Block", "Filesystem"), pointer=True),
        },
        "TypedObjectReference": {"apiGroup": _SUBDOMAIN, "kind": _NEEDED, "name": _NEEDED},
    },
    "invalid-scheduling": {
        "Toleration": {
            "effect": Text(("NoExecute", "NoSchedule", "PreferNoSchedule")),
            "key": Text(grammar=names.qualified_name, called="taint key"),
            "operator": Text(("Equal", "Exists")),
        },
        "TopologySpreadConstraint": {
            "matchLabelKeys": _LABEL_KEYS,
            "maxSkew": Number(1, zero=True),
            "nodeAffinityPolicy": _HONOR,
            "nodeTaintsPolicy": _HONOR,
            "topologyKey": _NEEDED,
            "whenUnsatisfiable": Text(("DoNotSchedule", "ScheduleAnyway"), required=True),
        },
        "PodSchedulingGate": {"name": Text(grammar=names.qualified_name, called="gate", always=True)},
        "PreferredTerm": {"weight": Number(1, 100, zero=True)},
        "PodAffinityTerm": {
            "matchLabelKeys": _LABEL_KEYS,
            "mismatchLabelKeys": _LABEL_KEYS,
            "namespaces": Text(grammar=names.dns_label, called="namespace", each=True),
            "topologyKey": Text(grammar=names.qualified_name, required=True),
        },
        "LabelSelector": {"matchExpressions": "[]LabelRequirement"},
        "LabelRequirement": {"key": _LABEL_KEY, "values": _LABEL_VALUES},
        "NodeSelectorTerm": {"matchExpressions": "[]LabelRequirement"},
        # The preference for a node may hold values that no label can have.
        "Preference": {"matchExpressions": "[]PreferredRequirement"},
        "PreferredRequirement": {"key": _LABEL_KEY},
    },
    "invalid-workload": {
        "DeploymentSpec": {
            "minReadySeconds": _COUNT,
            "progressDeadlineSeconds": _COUNT,
            "replicas": _COUNT,
            "revisionHistoryLimit": _COUNT,
            "strategy": "DeploymentStrategy",
        },
        "DeploymentStrategy": {"type": Text(("Recreate", "RollingUpdate"))},
        "ReplicaSetSpec": {"minReadySeconds": _COUNT, "replicas": _COUNT},
        "DaemonSetSpec": {
            "minReadySeconds": _COUNT,
            "revisionHistoryLimit": _COUNT,
            "updateStrategy": "UpdateStrategy",
        },
        "UpdateStrategy": {"type": Text(("OnDelete", "RollingUpdate"))},
        "StatefulSetSpec": {
            "minReadySeconds": _COUNT,
            "ordinals": "StatefulSetOrdinals",
            "persistentVolumeClaimRetentionPolicy": "RetentionPolicy",
            "podManagementPolicy": Text(("OrderedReady", "Parallel")),
            "replicas": _COUNT,
            "serviceName": Text(grammar=names.dns_label),
            "updateStrategy": "UpdateStrategy",
        },
        "StatefulSetOrdinals": {"start": _COUNT},
        "RollingUpdateStatefulSetStrategy": {"partition": _COUNT},
        "RetentionPolicy": {"whenDeleted": _RETAIN, "whenScaled": _RETAIN},
        "JobSpec": {
            "activeDeadlineSeconds": _COUNT,
            "backoffLimit": _COUNT,
            "backoffLimitPerIndex": _COUNT,
            "completionMode": Text(("Indexed", "NonIndexed"), pointer=True),
            "completions": _COUNT,
            "managedBy": Text(grammar=_controller, pointer=True),
            "maxFailedIndexes": _COUNT,
            "parallelism": _COUNT,
            "podFailurePolicy": "PodFailurePolicy",
            "ttlSecondsAfterFinished": _COUNT,
        },
        "PodFailurePolicy": {"rules": "[]PodFailurePolicyRule"},
        "PodFailurePolicyRule": {
            "action": Text(("Count", "FailIndex", "FailJob", "Ignore"), required=True),
            "onExitCodes": "OnExitCodes",
            "onPodConditions": "[]OnPodCondition",
        },
        "OnExitCodes": {"operator": Text(("In", "NotIn"), required=True)},
        "OnPodCondition": {
            "status": Text(("False", "True", "Unknown")),
            "type": Text(grammar=names.qualified_name, always=True),
        },
        "CronJobSpec": {
            "concurrencyPolicy": Text(("Allow", "Forbid", "Replace")),
            "failedJobsHistoryLimit": _COUNT,
            "schedule": _NEEDED,
            "startingDeadlineSeconds": _COUNT,
            "successfulJobsHistoryLimit": _COUNT,
        },
    },
    "invalid-metadata": {
        "ObjectMeta": {"generation": _COUNT},
        "OwnerReference": {"apiVersion": _NEEDED, "kind": _NEEDED, "name": _NEEDED, "uid": _NEEDED},
    },
    "invalid-service": {
        "ServiceSpec": {
            "externalTrafficPolicy": Text(("Cluster", "Local")),
            "internalTrafficPolicy": Text(("Cluster", "Local"), pointer=True),
            "ipFamilies": Text(("IPv4", "IPv6"), each=True),
            "ipFamilyPolicy": Text(("PreferDualStack", "RequireDualStack", "SingleStack"), pointer=True),
            "loadBalancerClass": Text(grammar=names.qualified_name, pointer=True),
            "ports": "[]ServicePort",
            "sessionAffinity": Text(("ClientIP", "None")),
            "trafficDistribution": Text(("PreferClose", "PreferSameNode", "PreferSameZone"), pointer=True),
            "type": Text(("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")),
        },
        "ServicePort": {
            "appProtocol": Text(grammar=names.qualified_name, pointer=True),
            "name": Text(grammar=names.dns_label, called="port name"),
            "port": Number(PORTS[0], PORTS[-1], zero=True),
            "protocol": _PROTOCOL,
        },
    },
}


TYPES: Final = {
    name: Fields(rule, bounds, {field: one for field, one in bounds.items() if not isinstance(one, str) and one.needed})
    for rule, types in _BY_RULE.items()
    for name, bounds in types.items()
}
"""What holds for the fields of each API type."""
