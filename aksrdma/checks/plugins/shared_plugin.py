"""The RDMA shared device plugin's configuration, judged as the plugin judges it when it starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.configs import (
    Config,
    SharedResource,
    shared_config,
    shared_resources_of,
)
from aksrdma.checks.plugins.decode import type_flaws
from aksrdma.checks.plugins.fabric import weighed
from aksrdma.checks.plugins.plugin_config import form_problems, resource_name
from aksrdma.checks.plugins.selectors import selector_problems
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_EXITS: Final = "k8s-rdma-shared-dev-plugin exits"
_NAME = re.compile(r"[a-zA-Z0-9_]+\Z")


@rule(
    "device-plugin-config-not-json",
    "device-plugin-config-unknown-key",
    "device-plugin-list-empty",
    "rdma-resource-name-illegal",
    "rdma-selector-ether-on-infiniband",
    "rdma-selector-hex-form",
    "rdma-selector-no-link-type",
    "rdma-shared-devices-deprecated",
    "rdma-shared-hcamax-negative",
    "rdma-shared-hcamax-zero",
    "rdma-shared-name-characters",
    "rdma-shared-name-duplicate",
    "rdma-shared-selectors-and-devices",
    kinds=POLICY_KINDS,
)
def shared_plugin_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find what keeps the RDMA shared device plugin from starting, or its pools from holding the right devices."""
    config = shared_config(document)
    if config is None:
        return
    yield from form_problems(document, config, _EXITS, config.flaws)
    if config.error is None:
        yield from _top(document, config)
        yield from weighed(_resources(document, config), manifests)


def _top(document: Document, config: Config) -> Iterator[Problem]:
    if not config.top.list("configList") and not type_flaws(config.flaws):
        message = f"{_EXITS}: no resources configuration found: configList is empty or missing"
        yield Problem("device-plugin-list-empty", config.top.at("configList"), message, document=document)
    interval = config.top.number("periodicUpdateInterval")
    if interval < 0:
        message = f"{_EXITS}: invalid periodicUpdateInterval {interval}"
        yield Problem(
            "rdma-shared-hcamax-negative", config.top.at("periodicUpdateInterval"), message, document=document
        )


def _resources(document: Document, config: Config) -> Iterator[Problem]:
    broken = {flaw.path for flaw in type_flaws(config.flaws)}
    seen: set[str] = set()
    for resource in shared_resources_of(config):
        if resource.path in broken:
            continue
        if resource.at("resourceName") not in broken:
            yield from _name(document, resource, seen)
        if resource.at("rdmaHcaMax") not in broken:
            yield from _hca_max(document, resource)
        if not any(path[: len(resource.path)] == resource.path for path in broken):
            yield from _choice(document, resource)
        yield from selector_problems(document, resource.selector, sriov=False)


def _name(document: Document, resource: SharedResource, seen: set[str]) -> Iterator[Problem]:
    name, path = resource.name, resource.at("resourceName")
    if not _NAME.match(name):
        message = f"{_EXITS}: resource name {name!r} contains invalid characters"
        yield Problem("rdma-shared-name-characters", path, message, document=document)
    elif name in seen:
        message = f"{_EXITS}: resource name {name!r} already exists; another resourcePrefix does not help"
        yield Problem("rdma-shared-name-duplicate", path, message, document=document)
    else:
        yield from resource_name(document, resource)
    seen.add(name)


def _hca_max(document: Document, resource: SharedResource) -> Iterator[Problem]:
    if resource.hca_max < 0:
        message = f"{_EXITS}: invalid value for rdmaHcaMax: {resource.hca_max}"
        yield Problem("rdma-shared-hcamax-negative", resource.at("rdmaHcaMax"), message, document=document)
    elif resource.hca_max == 0:
        word = "is 0" if "rdmaHcaMax" in resource.entry else "is missing"
        message = f"rdmaHcaMax {word}, so {resource.full_name} has no units and no pod ever gets one"
        yield Problem("rdma-shared-hcamax-zero", resource.at("rdmaHcaMax"), message, document=document)


def _choice(document: Document, resource: SharedResource) -> Iterator[Problem]:
    rule = "rdma-shared-selectors-and-devices"
    if resource.devices and not resource.selector.empty:
        message = f"{_EXITS}: {resource.name!r} has both devices and selectors"
        yield Problem(rule, resource.at("devices"), message, document=document)
    elif resource.devices:
        message = f"{resource.name!r} names its devices in the old form"
        yield Problem("rdma-shared-devices-deprecated", resource.at("devices"), message, document=document)
    elif resource.selector.empty:
        message = f"{_EXITS}: {resource.name!r} has neither devices nor a selector that is not empty"
        yield Problem(rule, resource.at("selectors"), message, document=document)
