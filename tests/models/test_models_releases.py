"""What a release does not know is an error that names the release that added or removed it."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma import catalog, models
from aksrdma.errors import ModelError, UnknownNameError
from aksrdma.models import check_release

IMAGE = {"repository": "nvcr.io/nvidia/mellanox", "image": "some", "version": "v1"}


def policy(**spec: Any) -> models.NicClusterPolicy:
    return models.NicClusterPolicy(metadata=models.ObjectMeta(name="p"), spec=models.NicClusterPolicySpec(**spec))


def rule(**expression: Any) -> models.NodeFeatureRule:
    term = models.FeatureMatcherTerm(
        feature="pci.device", match_expressions={"class": models.MatchExpression(value=["1"], **expression)}
    )
    spec = models.NodeFeatureRuleSpec(rules=[models.Rule(name="r", match_features=[term])])
    return models.NodeFeatureRule(metadata=models.ObjectMeta(name="r"), spec=spec)


def probe(**fields: int) -> models.NicClusterPolicy:
    startup = models.DriverProbe(initial_delay_seconds=10, period_seconds=20, **fields)
    return policy(ofed_driver=models.OfedDriver(startup_probe=startup, **IMAGE))


def pool(**fields: Any) -> models.IPPool:
    spec = models.IPPoolSpec(subnet="10.0.0.0/16", per_node_block_size=8, **fields)
    return models.IPPool(metadata=models.ObjectMeta(name="p"), spec=spec)


WHEREABOUTS = policy(secondary_network=models.SecondaryNetwork(ipam_plugin=models.ImageSpec(**IMAGE)))
SPECTRUM = policy(spectrum_x_operator=models.SpectrumXOperator(sriov_obj_namespace="x", **IMAGE))
EXPRESSION = "spec.rules[0].matchFeatures[0].matchExpressions.class"


@pytest.mark.parametrize(
    ("obj", "release", "problems"),
    [
        pytest.param(
            policy(deployment_tolerations=[]),
            "v25.4.0",
            ["spec.deploymentTolerations: v25.4.0 has no such field; added in v25.7.0"],
            id="a-field-that-came-later",
        ),
        pytest.param(
            WHEREABOUTS,
            "v25.10.0",
            ["spec.secondaryNetwork.ipamPlugin: v25.10.0 has no such field; removed in v25.10.0"],
            id="a-field-that-this-release-removed",
        ),
        pytest.param(
            WHEREABOUTS,
            "v26.4.1",
            ["spec.secondaryNetwork.ipamPlugin: v26.4.1 has no such field; removed in v25.10.0"],
            id="a-field-that-an-older-release-removed",
        ),
        pytest.param(
            SPECTRUM,
            "v25.1.0",
            ["spec.spectrumXOperator: v25.1.0 has no such field; added in v25.4.0"],
            id="before-a-field-that-came-and-went",
        ),
        pytest.param(
            SPECTRUM,
            "v26.1.2",
            ["spec.spectrumXOperator.sriovObjNamespace: v26.1.2 has no such field; removed in v25.7.0"],
            id="after-a-field-that-came-and-went",
        ),
        pytest.param(
            probe(failure_threshold=3, timeout_seconds=5),
            "v25.7.0",
            [
                "spec.ofedDriver.startupProbe.failureThreshold: v25.7.0 has no such field; added in v25.10.0",
                "spec.ofedDriver.startupProbe.timeoutSeconds: v25.7.0 has no such field; added in v25.10.0",
            ],
            id="every-field-has-a-line",
        ),
        pytest.param(
            policy(ofed_driver=models.OfedDriver(image="doca-driver")),
            "v26.1.2",
            [
                "spec.ofedDriver.repository: v26.1.2 requires it; optional from v26.4.1",
                "spec.ofedDriver.version: v26.1.2 requires it; optional from v26.4.1",
            ],
            id="a-field-that-this-release-still-requires",
        ),
        pytest.param(
            rule(op="GeLe"),
            "v25.4.0",
            [f"{EXPRESSION}.op: v25.4.0 does not allow 'GeLe'; added in v25.7.0"],
            id="a-value-that-came-later",
        ),
        pytest.param(
            models.NicNodePolicy(metadata=models.ObjectMeta(name="h100")),
            "v25.10.0",
            ["v25.10.0 has no NicNodePolicy; added in v26.4.1"],
            id="a-kind-that-came-later",
        ),
        pytest.param(
            pool(per_node_exclusions=[models.ExcludeIndexRange(start_index=0, end_index=1)]),
            "v25.10.0",
            ["spec.perNodeExclusions: v25.10.0 has no such field; added in v26.1.2"],
            id="a-pool",
        ),
    ],
)
def test_an_object_that_a_release_does_not_know(obj: models.K8sObject, release: str, problems: list[str]) -> None:
    with pytest.raises(ModelError) as error:
        check_release(obj, release)

    assert error.value.problems == problems


@pytest.mark.parametrize(
    ("obj", "release"),
    [
        pytest.param(WHEREABOUTS, "v25.7.0", id="before-it-was-removed"),
        pytest.param(SPECTRUM, "v25.4.0", id="in-the-one-release-that-has-it"),
        pytest.param(probe(failure_threshold=3), "v25.10.0", id="in-the-release-that-added-it"),
        pytest.param(policy(ofed_driver=models.OfedDriver(image="doca-driver")), "v26.4.1", id="where-it-is-optional"),
        pytest.param(rule(op="GeLe", type="version"), "v25.7.0", id="in-the-release-that-added-the-value"),
        pytest.param(models.NicNodePolicy(metadata=models.ObjectMeta(name="h100")), "v26.4.1", id="kind"),
        pytest.param(models.Namespace(metadata=models.ObjectMeta(name="n")), "v25.1.0", id="a-kind-of-no-release"),
        pytest.param(models.Kustomization(resources=["nic.yaml"]), "v25.1.0", id="a-kustomization"),
    ],
)
def test_an_object_that_fits_is_returned(obj: models.K8sObject, release: str) -> None:
    assert obj.for_release(release) is obj


@pytest.mark.parametrize("release", catalog.releases())
def test_a_plain_policy_fits_every_release(release: str) -> None:
    obj = probe()

    assert obj.for_release(release) is obj


def test_a_release_that_does_not_exist() -> None:
    with pytest.raises(UnknownNameError, match=r"v25\.2\.0"):
        policy().for_release("v25.2.0")
