"""The least objects that show a point to the webhook."""

from __future__ import annotations

import json
from typing import Any

from aksrdma import catalog
from aksrdma.checks.webhook.policies import verdict

ALL_RELEASES = catalog.releases()
OLDEST, NEWEST = ALL_RELEASES[0], ALL_RELEASES[-1]
BEFORE_26_4 = ALL_RELEASES[: ALL_RELEASES.index("v26.4.1")]
PLAIN_VERSION = "25.01-0.6.0.0-0"


def image(**fields: Any) -> dict[str, Any]:
    """A component whose image fields are right in every release."""
    return {"image": "some-image", "repository": "nvcr.io/nvidia/mellanox", "version": PLAIN_VERSION, **fields}


def rules(manifest: dict[str, Any], release: str = NEWEST) -> list[str]:
    """The rules for which the webhook of a release refuses an object."""
    return [refusal.rule for refusal in verdict(manifest, release)]


def policy(**spec: Any) -> dict[str, Any]:
    return _object("NicClusterPolicy", "nic-cluster-policy", spec)


def node_policy(name: str = "pool-a", **spec: Any) -> dict[str, Any]:
    return _object("NicNodePolicy", name, spec)


def host_device(**spec: Any) -> dict[str, Any]:
    return _object("HostDeviceNetwork", "hostdev", spec)


def driver(**fields: Any) -> dict[str, Any]:
    return policy(ofedDriver=image(**fields))


def rdma(config: Any) -> dict[str, Any]:
    return policy(rdmaSharedDevicePlugin=image(config=_text(config)))


def sriov(config: Any) -> dict[str, Any]:
    return policy(sriovDevicePlugin=image(config=_text(config)))


def rdma_resource(**fields: Any) -> dict[str, Any]:
    """The config with one resource; a field of None is left out."""
    resource = {"resourceName": "ib", "rdmaHcaMax": 63, "selectors": {"vendors": ["15b3"]}, **fields}
    return rdma({"configList": [_given(resource)]})


def sriov_resource(**fields: Any) -> dict[str, Any]:
    """The config with one resource; a field of None is left out."""
    resource = {"resourceName": "ib", "selectors": {"vendors": ["15b3"]}, **fields}
    return sriov({"resourceList": [_given(resource)]})


def resources(name: str = "mofed-container", **amounts: Any) -> list[dict[str, Any]]:
    return [{"name": name, **amounts}]


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "mellanox.com/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _text(config: Any) -> str:
    return config if isinstance(config, str) else json.dumps(config)
