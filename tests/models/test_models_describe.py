"""`explain` of a field: what it is, what it holds, and which releases have it."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.models import KINDS, model_of
from aksrdma.models.describe import UNTYPED_DOC, describe
from aksrdma.models.shape import Shape, child_shape

ALL = catalog.releases()


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        pytest.param(
            "nicclusterpolicy.spec.ofedDriver.forcePrecompiled",
            {
                "kind": "NicClusterPolicy",
                "path": "spec.ofedDriver.forcePrecompiled",
                "type": "boolean",
                "default": False,
                "required": False,
                "releases": ALL,
            },
            id="a-boolean-with-a-default",
        ),
        pytest.param(
            "NCP.spec.secondaryNetwork.ipamPlugin",
            {"type": "ImageSpec", "releases": ("v25.1.0", "v25.4.0", "v25.7.0")},
            id="a-short-name-and-a-field-that-is-gone",
        ),
        pytest.param("ncp.spec.global", {"releases": ("v26.4.1", "v26.4.2", "v26.7.0")}, id="a-field-that-came-last"),
        pytest.param(
            "ncp.spec.rdmaSharedDevicePlugin.config",
            {
                "type": "string, the JSON text of SharedDevicePluginConfig",
                "fields": ("periodicUpdateInterval", "configList"),
            },
            id="a-config",
        ),
        pytest.param(
            "ncp.spec.rdmaSharedDevicePlugin.config:configList[3].rdmaHcaMax",
            {
                "path": "spec.rdmaSharedDevicePlugin.config:configList[3].rdmaHcaMax",
                "type": "integer",
                "required": True,
            },
            id="a-colon-steps-into-a-config",
        ),
        pytest.param(
            "ncp.spec.sriovDevicePlugin.config.resourceList.selectors.isRdma",
            {"path": "spec.sriovDevicePlugin.config:resourceList[0].selectors.isRdma", "type": "boolean"},
            id="a-dot-steps-into-a-config-and-indexes-may-be-left-out",
        ),
        pytest.param(
            "ncp.spec.ofedDriver.upgradePolicy.maxParallelUpgrades",
            {"type": "integer", "limits": {"minimum": 0}, "default": 1},
            id="limits",
        ),
        pytest.param(
            "macvlannetwork.spec.mode", {"allowed": ("bridge", "private", "vepa", "passthru")}, id="allowed-values"
        ),
        pytest.param(
            "nfr.spec.rules.matchFeatures.matchExpressions[class].op",
            {"path": "spec.rules[0].matchFeatures[0].matchExpressions.class.op", "releases": ALL},
            id="a-key-of-a-map",
        ),
        pytest.param(
            "pod.spec.containers.resources.limits[rdma/ib]",
            {"path": "spec.containers[0].resources.limits[rdma/ib]", "releases": ()},
            id="a-built-in-kind-has-no-releases",
        ),
        pytest.param(
            "pod.spec.containers.lifecycle", {"type": "any", "doc": UNTYPED_DOC, "fields": ()}, id="not-typed"
        ),
        pytest.param(
            "nicnodepolicy",
            {"path": "", "type": "NicNodePolicy", "releases": ("v26.4.1", "v26.4.2", "v26.7.0")},
            id="a-kind",
        ),
    ],
)
def test_describe(name: str, facts: dict[str, Any]) -> None:
    found = describe(name)

    assert {key: getattr(found, key) for key in facts} == facts
    assert found.doc


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param(
            "nicclusterpolcy.spec", "no kind named 'nicclusterpolcy'; did you mean NicClusterPolicy?", id="kind"
        ),
        pytest.param(
            "ncp.spec.ofedDriver.forcePrecompild",
            "NicClusterPolicy.spec.ofedDriver has no field 'forcePrecompild'; did you mean forcePrecompiled?",
            id="field",
        ),
        pytest.param(
            "ipoibnetwork.spec.zzz",
            "IPoIBNetwork.spec has no field 'zzz'; there are networkNamespace, master, ipam",
            id="a-field-like-no-other",
        ),
        pytest.param(
            "ncp.spec.ofedDriver.version.major",
            "NicClusterPolicy.spec.ofedDriver.version is a string and has no field 'major'",
            id="below-a-plain-value",
        ),
        pytest.param(
            "pod.spec.containers.lifecycle.preStop",
            "Pod.spec.containers[0].lifecycle is not typed, so there is no word about 'preStop'",
            id="below-what-is-not-typed",
        ),
        pytest.param(
            "ncp.spec.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weigth",
            "NicClusterPolicy.spec.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0] has no field 'weigth'; "
            "did you mean weight?",
            id="in-an-item-with-an-index",
        ),
    ],
)
def test_a_name_that_does_not_exist(name: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as error:
        describe(name)

    assert str(error.value) == message


def paths(shape: Shape, prefix: str) -> list[str]:
    while shape.item or shape.value:
        if shape.models:
            break
        prefix, shape = (prefix, shape.item) if shape.item else (f"{prefix}[key]", shape.value or Shape())
    below = [paths(child_shape(shape, name), f"{prefix}.{name}") for name in shape.fields]
    return [prefix, *(path for found in below for path in found)]


@pytest.mark.parametrize(("api_version", "kind"), [pair for pair in KINDS if pair[0] == "mellanox.com/v1alpha1"])
def test_every_field_can_be_described(api_version: str, kind: str) -> None:
    for path in paths(Shape(models=(model_of(api_version, kind),)), kind):
        assert describe(path).doc, path
