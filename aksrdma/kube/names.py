"""The grammars of Kubernetes names; each function says why a value breaks it, or None.

Source: k8s.io/apimachinery/pkg/util/validation/validation.go@v0.34.2. Lengths count bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

NameRule: TypeAlias = Callable[[str], str | None]

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_LOOSE_LABEL = r"_?[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?"
_is_label: Final = re.compile(rf"{_LABEL}\Z").match
_is_subdomain: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z").match
_is_loose_subdomain: Final = re.compile(rf"{_LOOSE_LABEL}(?:\.{_LOOSE_LABEL})*\Z").match
_is_service_label: Final = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?\Z").match
_is_qualified: Final = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z").match
_is_config_key: Final = re.compile(r"[-._a-zA-Z0-9]+\Z").match
_is_port_name: Final = re.compile(r"(?=[-0-9]*[a-z])(?!-)[-a-z0-9]+(?<!-)\Z").match
_is_header: Final = re.compile(r"[-A-Za-z0-9]+\Z").match
_is_env_name: Final = re.compile(r"[ -<>-~]+\Z").match
_is_domain_path: Final = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+\Z").match
_is_sysctl: Final = re.compile(r"(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?\Z").match

LABEL_MAX: Final = 63
SUBDOMAIN_MAX: Final = 253
_SHORT: Final = 3
"""Letters; of so few capitals a name may well be meant."""
_GENERATED_BASE_MAX: Final = LABEL_MAX - 5


def fix(value: object, rule: NameRule) -> str:
    """Say what to write for a name that breaks a rule: the nearest one that does not, where a few letters decide.

    >>> fix("My_Pod", dns_label)
    "write 'my-pod'"
    """
    name = value if isinstance(value, str) else ""
    if not name:
        return "give it a value, or leave it out"
    kept = re.sub(r"[^-A-Za-z0-9_./]+", "-", name).strip("-_.")
    plain = re.sub(r"[^-a-z0-9]+", "-", kept.lower()).strip("-")
    for near in (kept, kept.lower(), re.sub(r"[^-a-z0-9./]+", "-", kept.lower()), plain):
        if len(near) <= LABEL_MAX and near.strip("-.") and rule(near) is None:
            # NAMESPACE and the like stand for a name, and are none.
            stands_for_one = name.isupper() and name.isascii() and len(name) > _SHORT
            return "write the one that is meant, in lower case" if stands_for_one else f"write {near!r}"
    return "shorten it" if len(plain) > 1 and rule(plain[:1]) is None else "write one of that form"


def dns_label(value: str) -> str | None:
    """RFC 1123 label: names of namespaces, containers, volumes."""
    if _is_label(value) and len(value) <= LABEL_MAX:
        return None
    if len(value) > LABEL_MAX:
        return f"is longer than {LABEL_MAX} characters"
    return "must be lower-case letters, digits and '-', starting and ending with a letter or digit"


def dns_subdomain(value: str) -> str | None:
    """RFC 1123 subdomain: names of most objects."""
    if _is_subdomain(value) and len(value) <= SUBDOMAIN_MAX:
        return None
    if len(value) > SUBDOMAIN_MAX:
        return f"is longer than {SUBDOMAIN_MAX} characters"
    return "must be lower-case letters, digits, '-' and '.', each part starting and ending with a letter or digit"


def search_domain(value: str) -> str | None:
    """RFC 1123 subdomain in which '_' is allowed: a DNS search path."""
    if _is_loose_subdomain(value) and len(value) <= SUBDOMAIN_MAX:
        return None
    return "is no DNS search domain"


def service_label(value: str) -> str | None:
    """RFC 1035 label, which starts with a letter: names of Services."""
    if _is_service_label(value) and len(value) <= LABEL_MAX:
        return None
    if len(value) > LABEL_MAX:
        return f"is longer than {LABEL_MAX} characters"
    return "must be lower-case letters, digits and '-', starting with a letter and ending with a letter or digit"


@lru_cache(maxsize=4096)
def qualified_name(value: str) -> str | None:
    """`[prefix/]name`: keys of labels, annotations, taints and extended resources."""
    prefix, slash, name = value.rpartition("/")
    if slash and (reason := _prefix(prefix)):
        return reason
    if len(name) > LABEL_MAX:
        return f"has a name part longer than {LABEL_MAX} characters"
    if not _is_qualified(name):
        return "needs a name part of letters, digits, '-', '_' and '.', starting and ending with a letter or digit"
    return None


def _prefix(prefix: str) -> str | None:
    if "/" in prefix:
        return "holds more than one '/'"
    if reason := dns_subdomain(prefix):
        return f"has the prefix {prefix!r}, which {reason}" if prefix else "starts with '/'"
    return None


@lru_cache(maxsize=4096)
def label_value(value: str) -> str | None:
    """Value of a label: empty, or letters, digits, '-', '_' and '.'."""
    if not value or (_is_qualified(value) and len(value) <= LABEL_MAX):
        return None
    if len(value) > LABEL_MAX:
        return f"is longer than {LABEL_MAX} characters"
    return "must be letters, digits, '-', '_' and '.', starting and ending with a letter or digit"


def annotation_key(value: str) -> str | None:
    """A qualified name of any case."""
    return qualified_name(value.lower())


def config_key(value: str) -> str | None:
    """Key of a ConfigMap or Secret."""
    if len(value) > SUBDOMAIN_MAX:
        return f"is longer than {SUBDOMAIN_MAX} characters"
    if not _is_config_key(value):
        return "must be letters, digits, '-', '_' and '.'"
    if value == "." or value.startswith(".."):
        return "must be neither '.' nor start with '..'"
    return None


def env_name(value: str) -> str | None:
    """Name of an environment variable, by the relaxed rule of Kubernetes 1.32 and later."""
    return None if _is_env_name(value) else "must be printable ASCII without '='"


def port_name(value: str) -> str | None:
    """IANA service name: name of a container port, or a port that names one."""
    if _is_port_name(value) and len(value) <= 15 and "--" not in value:
        return None
    return "must be at most 15 of a-z, 0-9 and '-', with a letter, without '--' and without '-' at an end"


def http_header(value: str) -> str | None:
    """Name of an HTTP header."""
    return None if _is_header(value) else "must be letters, digits and '-'"


def sysctl_name(value: str) -> str | None:
    """Name of a sysctl, its parts separated by '.' or '/'."""
    return None if len(value) <= SUBDOMAIN_MAX and _is_sysctl(value) else "is no sysctl name"


def domain_path(value: str) -> str | None:
    """`example.com/path`: the name of a controller."""
    host, _, rest = value.partition("/")
    if not host or not rest or dns_subdomain(host) or not _is_domain_path(rest):
        return "must be a path with a domain in front, such as example.com/controller"
    return None


def generated(base: str) -> str:
    """Return a name as the server makes it from `metadata.generateName`."""
    return base[:_GENERATED_BASE_MAX] + "x" * (LABEL_MAX - _GENERATED_BASE_MAX)


def mask_trailing_dash(base: str) -> str:
    """Return a generateName as the server judges it, its final dash taken away."""
    return base[:-2] + "a" if len(base) > 1 and base.endswith("-") else base
