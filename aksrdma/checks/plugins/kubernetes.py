"""The names and values that Kubernetes' own validation allows, as far as the components judged here ask for them."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
_QUANTITY = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?\Z", re.ASCII)


def is_dns_label(text: str) -> bool:
    """Say whether a text is a DNS-1123 label, apart from its length."""
    return bool(_LABEL.match(text))


def is_dns_subdomain(text: str) -> bool:
    """Say whether a text is a DNS-1123 subdomain of at most 253 characters."""
    return len(text) <= 253 and bool(_SUBDOMAIN.match(text))


def is_label_value(text: str) -> bool:
    """Say whether a text may be the value of a label."""
    return len(text) <= 63 and (not text or bool(_NAME.match(text)))


def is_quantity(text: str) -> bool:
    """Say whether a text is a resource quantity."""
    return bool(_QUANTITY.match(text))


def qualified_name_error(text: str) -> str | None:
    """Return what keeps a text from being a qualified name (`[prefix/]name`), or None."""
    prefix, slash, name = text.rpartition("/")
    if slash and not is_dns_subdomain(prefix):
        return f"the prefix {prefix!r} is no lowercase DNS subdomain"
    if not name or len(name) > 63:
        return f"the name part {name!r} is {'empty' if not name else 'longer than 63 characters'}"
    if not _NAME.match(name):
        return (
            f"the name part {name!r} must start and end with a letter or digit, with only letters, digits, - _ . inside"
        )
    return None


def extended_resource_error(text: str) -> str | None:
    """Return what keeps a text from being the name of an extended resource, or None."""
    if "/" not in text:
        return "it has no prefix"
    if "kubernetes.io/" in text:
        return "kubernetes.io is kept for Kubernetes' own resources"
    if text.startswith("requests."):
        return "a name that starts with `requests.` is kept for quotas"
    return qualified_name_error(text) or _quota_error(text)


def _quota_error(text: str) -> str | None:
    # A quota names the resource requests.<name>, and that must be a qualified name as well.
    return "the prefix is longer than 244 characters" if qualified_name_error(f"requests.{text}") else None
