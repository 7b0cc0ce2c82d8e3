"""What holds for the configuration of both device plugins: it is there, it is JSON, and its keys are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.configs import Config, Resource
from aksrdma.checks.plugins.decode import Flaw
from aksrdma.checks.plugins.kubernetes import extended_resource_error
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath

SECTIONS: Final = {
    "rdmaSharedDevicePlugin": "k8s-rdma-shared-dev-plugin",
    "sriovDevicePlugin": "sriov-network-device-plugin",
}
"""The sections of a policy that carry a device plugin's configuration, and the plugin that reads it."""
# A doubled apostrophe is YAML's escape for one, so only an odd run ends the template's quotes.
LONE_APOSTROPHE: Final = re.compile(r"(?<!')'(?:'')*(?!')")


@rule("device-plugin-config-apostrophe", "device-plugin-config-missing", kinds=POLICY_KINDS)
def plugin_config_text(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find device plugins without a configuration, or with one that breaks the operator's ConfigMap template."""
    spec = document.data.get("spec")
    for section in SECTIONS if isinstance(spec, dict) else ():
        if isinstance(spec.get(section), dict):
            yield from _section(document, section, spec[section].get("config"))


def _section(document: Document, section: str, config: Any) -> Iterator[Problem]:
    path = ("spec", section, "config")
    if config is None:
        message = f"{section} has no config, so its DaemonSet mounts a ConfigMap that is never made"
        yield Problem("device-plugin-config-missing", path, message, document=document)
    elif isinstance(config, str) and LONE_APOSTROPHE.search(config):
        message = "an apostrophe in the config ends the quotes that the operator's ConfigMap template puts around it"
        yield Problem("device-plugin-config-apostrophe", path, message, document=document)


def form_problems(document: Document, config: Config, failure: str, flaws: list[Flaw]) -> Iterator[Problem]:
    """Yield what is wrong with the form of a configuration.

    Args:
        document: The policy.
        config: Its configuration.
        failure: What the plugin does then, as `PROGRAM exits`.
        flaws: The flaws of its values.
    """
    if config.error is not None:
        message = f"{failure}: the config is not JSON: {config.error}"
        yield Problem("device-plugin-config-not-json", config.path, message, document=document)
    for flaw in flaws:
        if flaw.kind == "type":
            message = f"{failure}: {_last(flaw)} {flaw.text}"
            yield Problem("device-plugin-config-not-json", _plain(flaw.path), message, document=document)
        else:
            yield unknown_key(document, flaw)


def unknown_key(document: Document, flaw: Flaw, of: str = "the device plugin") -> Problem:
    """Return the problem of a key that a device plugin ignores."""
    fix = f"write {flaw.near!r}" if flaw.near else None
    message = f"{of} ignores {flaw.path[-1]!r}, which it does not know"
    return Problem("device-plugin-config-unknown-key", flaw.path, message, fix=fix, document=document)


def resource_name(document: Document, resource: Resource) -> Iterator[Problem]:
    """Find a resource that Kubernetes would not let a node offer or a pod ask for."""
    reason = extended_resource_error(resource.full_name)
    if reason is not None:
        key = "resourcePrefix" if "prefix" in reason or "kubernetes" in reason else "resourceName"
        message = f"{resource.full_name} is no legal extended resource: {reason}"
        yield Problem("rdma-resource-name-illegal", resource.at(key), message, document=document)


def _plain(path: FieldPath) -> FieldPath:
    return path[:-1] if path[-1] is None else path


def _last(flaw: Flaw) -> str:
    last = flaw.path[-1]
    return "the config" if last is None else str(last) if isinstance(last, str) else f"entry {last}"
