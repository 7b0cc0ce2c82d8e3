"""What holds for the text of single fields of Kubernetes' objects: the table by API type, and its one reader.

Here stand the grammars alone. Bounds, words and required fields are data of the schemas, `schemas/make/kubernetes.yaml`;
what two fields have to do with each other stands in the checks. A type is called what the API reference calls it.
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

PORTS: Final = range(1, 65536)
ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


class Text(NamedTuple):
    """What holds for a string; a value of another type is left to the schema."""

    grammar: NameRule
    called: str | None = None
    """How a message calls the value, where that is not the name of the field; empty: not at all."""
    empty: bool = False
    """Whether an empty string is judged as well: Go keeps it as a pointer, or calls the grammar in any case."""
    each: bool = False
    """Whether it is a list, of which each item is judged, null as an empty string."""

    def problem(self, field: str, value: Any) -> str | None:
        """Return the message for a value that is not taken."""
        if value is None and self.each:
            value = ""
        if not isinstance(value, str) or not (value or self.empty or self.each):
            return None
        reason = self.grammar(value)
        return f"{field if self.called is None else self.called} {value!r} {reason}".lstrip() if reason else None


class Fields(NamedTuple):
    """What holds for the fields of one API type."""

    rule: str
    """Which rule they break; another one where the type is used by another part of an object."""
    bounds: Mapping[str, Text | str]
    """By name; a string is the API type of a mapping, or `[]` and that of the mappings of a list, as Go has it."""


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
                if message := bound.problem(field, item):
                    report.add(rule, (*path, field, index), message, names.fix(item, bound.grammar))
        elif message := bound.problem(field, value):
            report.add(rule, (*path, field), message, names.fix(value, bound.grammar))


def _search_domain(value: str) -> str | None:
    return None if value == "." else names.search_domain(value.removesuffix("."))


def _reference(value: str) -> str | None:
    """The name of an object as `envFrom` has it: a dash at its end is let pass."""
    return names.dns_subdomain(names.mask_trailing_dash(value))


def _short(grammar: NameRule) -> NameRule:
    """A grammar of longer names, for one that may not be longer than a label."""
    too_long = f"is longer than {names.LABEL_MAX} characters"
    return lambda value: grammar(value) or (too_long if len(value) > names.LABEL_MAX else None)


_SUBDOMAIN: Final = Text(names.dns_subdomain)
_QUALIFIED: Final = Text(names.qualified_name, empty=True)
_LABEL_KEY: Final = Text(names.qualified_name, "label key", empty=True)
_LABEL_KEYS: Final = Text(names.qualified_name, "label key", each=True)
_LABEL_VALUES: Final = Text(names.label_value, "label value", each=True)

_BY_RULE: Final[dict[str, dict[str, Mapping[str, Text | str]]]] = {
    "invalid-pod": {
        "PodSpec": {
            "dnsConfig": "PodDNSConfig",
            "hostAliases": "[]HostAlias",
            "nodeName": _SUBDOMAIN,
            "priorityClassName": _SUBDOMAIN,
            "readinessGates": "[]PodReadinessGate",
            "resourceClaims": "[]PodResourceClaim",
            "runtimeClassName": Text(names.dns_subdomain, empty=True),
            "serviceAccountName": _SUBDOMAIN,
        },
        "PodDNSConfig": {
            "nameservers": Text(ip_problem, "nameserver", each=True),
            "searches": Text(_search_domain, "", each=True),
        },
        "HostAlias": {
            "hostnames": Text(names.dns_subdomain, "host name", each=True),
            "ip": Text(ip_problem, "", empty=True),
        },
        "PodReadinessGate": {"conditionType": _QUALIFIED},
        "PodResourceClaim": {
            "name": Text(names.dns_label, "claim name"),
            "resourceClaimName": Text(names.dns_subdomain, empty=True),
            "resourceClaimTemplateName": Text(names.dns_subdomain, empty=True),
        },
    },
    "invalid-container": {
        "Container": {
            "env": "[]EnvVar",
            "envFrom": "[]EnvFromSource",
            "name": Text(names.dns_label, "container name"),
            "ports": "[]ContainerPort",
        },
        "EnvVar": {"name": Text(names.env_name, "variable name"), "valueFrom": "EnvVarSource"},
        "EnvVarSource": {"configMapKeyRef": "KeySelector", "secretKeyRef": "KeySelector"},
        "KeySelector": {"key": Text(names.config_key), "name": _SUBDOMAIN},
        "EnvFromSource": {"configMapRef": "EnvSource", "prefix": Text(names.env_name), "secretRef": "EnvSource"},
        "EnvSource": {"name": Text(_reference)},
        "ContainerPort": {"name": Text(names.port_name, "port name")},
        "HTTPGetAction": {"httpHeaders": "[]HTTPHeader"},
        "HTTPHeader": {"name": Text(names.http_header, "header name", empty=True)},
    },
    "invalid-resources": {"ResourceClaim": {"request": Text(names.dns_label)}},
    "invalid-security-context": {
        "PodSecurityContext": {"sysctls": "[]Sysctl"},
        "Sysctl": {"name": Text(names.sysctl_name, "sysctl")},
    },
    "invalid-volumes": {
        "Volume": {"csi": "CSIVolumeSource", "name": Text(names.dns_label, "volume name")},
        "CSIVolumeSource": {
            "driver": Text(_short(lambda value: names.dns_subdomain(value.lower()))),
            "nodePublishSecretRef": "LocalObjectReference",
        },
        "LocalObjectReference": {"name": _SUBDOMAIN},
        "PersistentVolumeClaimSpec": {"storageClassName": _SUBDOMAIN, "volumeAttributesClassName": _SUBDOMAIN},
        "TypedObjectReference": {"apiGroup": _SUBDOMAIN},
    },
    "invalid-scheduling": {
        "Toleration": {"key": Text(names.qualified_name, "taint key")},
        "TopologySpreadConstraint": {"matchLabelKeys": _LABEL_KEYS},
        "PodSchedulingGate": {"name": Text(names.qualified_name, "gate", empty=True)},
        "PodAffinityTerm": {
            "matchLabelKeys": _LABEL_KEYS,
            "mismatchLabelKeys": _LABEL_KEYS,
            "namespaces": Text(names.dns_label, "namespace", each=True),
            "topologyKey": Text(names.qualified_name),
        },
        "LabelSelector": {"matchExpressions": "[]LabelRequirement"},
        "LabelRequirement": {"key": _LABEL_KEY, "values": _LABEL_VALUES},
        "NodeSelectorTerm": {"matchExpressions": "[]LabelRequirement"},
        # The preference for a node may hold values that no label can have.
        "Preference": {"matchExpressions": "[]PreferredRequirement"},
        "PreferredRequirement": {"key": _LABEL_KEY},
    },
    "invalid-workload": {
        "StatefulSetSpec": {"serviceName": Text(names.dns_label)},
        "JobSpec": {"managedBy": Text(_short(names.domain_path), empty=True), "podFailurePolicy": "PodFailurePolicy"},
        "PodFailurePolicy": {"rules": "[]PodFailurePolicyRule"},
        "PodFailurePolicyRule": {"onPodConditions": "[]OnPodCondition"},
        "OnPodCondition": {"type": _QUALIFIED},
    },
    "invalid-service": {
        "ServiceSpec": {"loadBalancerClass": _QUALIFIED, "ports": "[]ServicePort"},
        "ServicePort": {"appProtocol": _QUALIFIED, "name": Text(names.dns_label, "port name")},
    },
}

TYPES: Final = {name: Fields(rule, bounds) for rule, types in _BY_RULE.items() for name, bounds in types.items()}
"""What holds for the fields of each API type."""
