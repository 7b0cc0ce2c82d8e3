"""Image references as Docker's `reference.ParseNormalizedNamed` reads them, and where a mirror keeps an image."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

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


class ImageName(NamedTuple):
    """An image reference in its parts."""

    registry: str
    """Host, with the port where there is one; `docker.io` where none is written."""
    path: str
    """What follows the host: `nvidia/mellanox/doca-driver`, of Docker Hub also `library/ubuntu`."""
    tag: str | None
    digest: str | None
    """`sha256:...`."""

    @property
    def repository(self) -> str:
        """Registry and path."""
        return f"{self.registry}/{self.path}"

    def __str__(self) -> str:
        tag, digest = f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


def parsed(reference: str) -> ImageName:
    """Split a reference that has no fault; a name without a registry is one of Docker Hub."""
    domain, remainder = _split_domain(reference)
    named, _, digest = remainder.partition("@")
    path, _, tag = named.partition(":")
    return ImageName(domain, path, tag or None, digest or None)


def mirrored(reference: str, registry: str) -> str:
    """Return where a mirror keeps an image, or the repository of images: REGISTRY, then the whole name it has elsewhere.

    The host stays in the name, so two images never share a place, and `original` finds the name back.

    Args:
        reference: of the image, or the registry and folder of several.
        registry: host of the mirror, with a path below it or without.
    """
    name = parsed(reference)
    # A colon cannot stand in a path, and an underscore not in a host.
    return f"{registry}/{name._replace(registry=name.registry.lower().replace(':', '_'))}"


def original(reference: str, registry: str) -> str | None:
    """Return which image a reference into a mirror stands for; None for one that `mirrored` does not make."""
    if not reference.startswith(f"{registry}/"):
        return None
    host, slash, rest = reference.removeprefix(f"{registry}/").partition("/")
    named = f"{host.replace('_', ':')}{slash}{rest}"
    return named if slash and mirrored(named, registry) == reference else None


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
