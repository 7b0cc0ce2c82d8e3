"""The commands that bring images and charts into a registry, as lines that run as copied."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.delivery.images import ClusterImage, ClusterImages
from aksrdma.errors import UsageError
from aksrdma.kube.image_names import parsed

if TYPE_CHECKING:
    from aksrdma.catalog import MirrorUpstream

_ACR_HOSTS: Final = (".azurecr.io", ".azurecr.cn", ".azurecr.us")
"""Login servers of Azure Container Registry, in each of Azure's clouds."""
_TOKEN_USER: Final = "00000000-0000-0000-0000-000000000000"
"""User name that goes with an access token (azure-management-docs container-registry-helm-repos.md)."""
_RULE_NAME_LIMIT: Final = 50


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines for a shell, and what to know of them."""

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


def acr_name(registry: str) -> str | None:
    """Return the name of an Azure Container Registry, as `az acr` takes it; None for another registry."""
    host = registry.partition("/")[0]
    # What follows a hyphen is the hash of a registry with a domain name label, and no part of its name.
    return host.partition(".")[0].partition("-")[0] if host.endswith(_ACR_HOSTS) else None


def acr_import(images: ClusterImages) -> Commands:
    """Return the lines that import every image and push every chart into an Azure Container Registry.

    Raises:
        UsageError: no registry, or another one.
    """
    name, host = _acr(images, "acr-import")
    return Commands((_login(name, host), *_charts(images), *(_import(image, name, host) for image in images.images)))


def acr_cache(images: ClusterImages) -> Commands:
    """Return the lines that let an Azure Container Registry fetch images when they are pulled, and push every chart.

    A rule is for a folder of a registry, and below the registry's name in the cache, so that no two overlap.

    Raises:
        UsageError: no registry, or another one.
    """
    name, host = _acr(images, "acr-cache")
    above = _registry(images).removeprefix(host).lstrip("/")
    lines, notes = [_login(name, host), *_charts(images)], []
    rules: dict[str, MirrorUpstream] = {}
    for image in images.images:
        name_there = parsed(image.reference)
        if upstream := catalog.mirror_upstreams().get(name_there.registry):
            folder, slash, _ = name_there.path.partition("/")
            rules[f"{name_there.registry}/{folder}{'/*' if slash else ''}"] = upstream
        else:
            notes.append(f"{name_there.registry} cannot be cached, so {image.reference} is imported")
            lines.append(_import(image, name, host))
    for source, upstream in rules.items():
        rule = source.removesuffix("/*").replace(".", "-").replace("/", "-")[:_RULE_NAME_LIMIT]
        target = f"{above}/{source}" if above else source
        line = f"az acr cache create --registry {name} --name {rule}"
        line += f" --source-repo {shlex.quote(source)} --target-repo {shlex.quote(target)}"
        if upstream.credentials == "needed":
            credentials = upstream.host.replace(".", "-")
            notes.append(
                f"{upstream.host} wants credentials: before its rules, run `az acr credential-set create --registry {name} "
                f"--name {credentials} --login-server {upstream.host} --username-id SECRET_ID --password-id SECRET_ID` with "
                "two secrets of a Key Vault, and let the set's identity read them"
            )
            line += f" --cred-set {credentials}"
        lines.append(line)
    notes.append(
        "a cache lists only the tags that were pulled through it, so the operator finds no precompiled driver there: leave "
        "ofedDriver.forcePrecompiled false, or import the driver"
    )
    return Commands(tuple(lines), tuple(dict.fromkeys(notes)))


def skopeo(images: ClusterImages) -> Commands:
    """Return the lines that copy every image and chart into any registry.

    Raises:
        UsageError: no registry.
    """
    _registry(images)
    lines = [*_charts(images)]
    lines += [
        f"skopeo copy --all --preserve-digests docker://{_pinned(image)} docker://{image.mirror}"
        for image in images.images
    ]
    return Commands(tuple(lines))


FORMATS: Final[Mapping[str, Callable[[ClusterImages], Commands]]] = {
    "acr-import": acr_import,
    "acr-cache": acr_cache,
    "skopeo": skopeo,
}
"""The ways into a registry, by name."""


def _registry(images: ClusterImages) -> str:
    if images.registry is None:
        raise UsageError("the cluster has no registry to bring images to; write spec.registry, or give --registry")
    return images.registry


def _acr(images: ClusterImages, wanted: str) -> tuple[str, str]:
    """Return the name and the host of the registry."""
    registry = _registry(images)
    if (name := acr_name(registry)) is None:
        raise UsageError(f"{wanted} is for an Azure Container Registry (NAME.azurecr.io), not {registry}; use skopeo")
    return name, registry.partition("/")[0]


def _login(acr: str, host: str) -> str:
    return (
        f"az acr login --name {acr} --expose-token --query accessToken --output tsv | "
        f"helm registry login {host} --username {_TOKEN_USER} --password-stdin"
    )


def _charts(images: ClusterImages) -> Iterator[str]:
    """Yield the lines that push the charts, which neither a cache nor an import takes from an HTTP repository."""
    for chart in images.charts:
        folder = str(chart.mirror).rpartition("/")[0]
        yield f"helm pull {chart.name} --repo {chart.repository} --version {chart.version}"
        yield f"helm push {chart.name}-{chart.version}.tgz {folder}"


def _import(image: ClusterImage, acr: str, host: str) -> str:
    place = str(image.mirror).removeprefix(f"{host}/")
    # What has no tag is copied as it is, by its digest.
    target = f"--image {place}" if parsed(image.reference).tag else f"--repository {place.partition('@')[0]}"
    return f"az acr import --name {acr} --force --source {_pinned(image)} {target}"


def _pinned(image: ClusterImage) -> str:
    """Return the source of a copy: by digest where one is known, so that nothing else can come."""
    name = parsed(image.reference)
    return f"{name.repository}@{image.digest}" if image.digest else image.reference
