"""Image references as Docker's `reference.ParseNormalizedNamed` reads them."""

from __future__ import annotations

import re
from typing import Final

_PATH_COMPONENT: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH: Final = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
_HOST_LABEL: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN: Final = rf"(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_DIGEST: Final = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"

_REFERENCE = re.compile(
    rf"(?P<name>(?:{_DOMAIN}/)?{_PATH})(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII
)
_NAME = re.compile(rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH})")
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_KNOWN_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")
_PATH_LIMIT: Final = 255
_HUB: Final = "docker.io"
_FORMER_HUB: Final = "index.docker.io"


def fault(reference: str) -> str | None:
    """Return why `reference` does not name an image, or None where it does.

    A tag or a digest is part of a reference; a name without a registry is one of Docker Hub.
    """
    if not reference:
        return "it is empty"
    if _IDENTIFIER.fullmatch(reference):
        return "64 hex digits are an image id, not a name"
    domain, remainder = _split_domain(reference)
    name = remainder.partition(":")[0]
    if name != name.lower():
        return "the path must be lower case"
    match = _REFERENCE.fullmatch(f"{domain}/{remainder}")
    if match is None:
        return _likely_fault(reference)
    parts = _NAME.fullmatch(match["name"])
    if len(parts["path"] if parts else match["name"]) > _PATH_LIMIT:
        return f"the path is longer than {_PATH_LIMIT} characters"
    if match["digest"] is not None and not _KNOWN_DIGEST.fullmatch(match["digest"]):
        return "the digest is none of sha256, sha384 and sha512 in lower-case hex"
    return None


def _split_domain(reference: str) -> tuple[str, str]:
    """Split off the registry; what could be a folder of Docker Hub is one: `splitDockerDomain` of distribution/reference."""
    first, slash, rest = reference.partition("/")
    if not slash:
        return _HUB, f"library/{reference}"
    if first == _FORMER_HUB:
        first = _HUB
    elif first != "localhost" and not set(".:") & set(first) and first == first.lower():
        return _HUB, reference
    return first, rest if first != _HUB or "/" in rest else f"library/{rest}"


def _likely_fault(reference: str) -> str:
    if "://" in reference:
        return "it must not have a scheme"
    if reference.endswith("/"):
        return "it must not end with a slash"
    if "//" in reference or reference.startswith("/"):
        return "a part between slashes is empty"
    return (
        "only lower-case letters and digits, with single . or _, __ or dashes between them, may stand between slashes"
    )
