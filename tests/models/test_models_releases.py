"""What a release does not know is an error that names the release that added or removed it."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma import catalog, models
from aksrdma.errors import ModelError, UnknownNameError

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


def pod(*volumes: dict[str, Any]) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "i"}], "volumes": [*volumes]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


WHEREABOUTS = policy(secondary_network=models.SecondaryNetwork(ipam_plugin=models.ImageSpec(**IMAGE)))
SPECTRUM = policy(spectrum_x_operator=models.SpectrumXOperator(sriov_obj_namespace="x", **IMAGE))
GONE_IPAM = "spec.secondaryNetwork.ipamPlugin: unknown field ipamPlugin: removed in v25.10.0; remove it, or use v25.7.0"
EXPRESSION = "spec.rules[0].matchFeatures[0].matchExpressions.class"


@pytest.mark.parametrize(
    ("obj", "release", "problems"),
    [
        pytest.param(
            policy(deployment_tolerations=[]),
            "v25.4.0",
            [
                "spec.deploymentTolerations: unknown field deploymentTolerations: new in v25.7.0; remove it, or use v25.7.0 or later"
            ],
            id="a-field-that-came-later",
        ),
        pytest.param(
            WHEREABOUTS,
            "v25.10.0",
            [GONE_IPAM],
            id="a-field-that-this-release-removed",
        ),
        pytest.param(
            WHEREABOUTS,
            "v26.4.1",
            [GONE_IPAM],
            id="a-field-that-an-older-release-removed",
        ),
        pytest.param(
            SPECTRUM,
            "v25.1.0",
            [
                "spec.spectrumXOperator: unknown field spectrumXOperator: new in v25.4.0; remove it, or use v25.4.0 or later"
            ],
            id="before-a-field-that-came-and-went",
        ),
        pytest.param(
            SPECTRUM,
            "v26.1.2",
            [
                "spec.spectrumXOperator.sriovObjNamespace: unknown field sriovObjNamespace: removed in v25.7.0; remove it, or use v25.4.0"
            ],
            id="after-a-field-that-came-and-went",
        ),
        pytest.param(
            probe(failure_threshold=3, timeout_seconds=5),
            "v25.7.0",
            [
                "spec.ofedDriver.startupProbe.failureThreshold: unknown field failureThreshold: new in v25.10.0; remove it, or use v25.10.0 or later",
                "spec.ofedDriver.startupProbe.timeoutSeconds: unknown field timeoutSeconds: new in v25.10.0; remove it, or use v25.10.0 or later",
            ],
            id="every-field-has-a-line",
        ),
        pytest.param(
            policy(ofed_driver=models.OfedDriver(image="doca-driver")),
            "v26.1.2",
            [
                "spec.ofedDriver.repository: repository is required before v26.4.1; set repository, or use v26.4.1",
                "spec.ofedDriver.version: version is required before v26.4.1; set version, or use v26.4.1",
            ],
            id="a-field-that-this-release-still-requires",
        ),
        pytest.param(
            rule(op="GeLe"),
            "v25.4.0",
            [
                f'{EXPRESSION}.op: "GeLe" is none of "In", "NotIn", "InRegexp", "Exists", "DoesNotExist", "Gt", "Lt", '
                '"GtLt", "IsTrue", "IsFalse": new in v25.7.0; remove it, or use v25.7.0 or later'
            ],
            id="a-value-that-came-later",
        ),
        pytest.param(
            models.NicNodePolicy(metadata=models.ObjectMeta(name="h100")),
            "v25.10.0",
            ["kind: v25.10.0 has no NicNodePolicy; v26.4.1, v26.4.2, v26.7.0 have"],
            id="a-kind-that-came-later",
        ),
        pytest.param(
            pool(per_node_exclusions=[models.ExcludeIndexRange(start_index=0, end_index=1)]),
            "v25.10.0",
            [
                "spec.perNodeExclusions: unknown field perNodeExclusions: new in v26.1.2; remove it, or use v26.1.2 or later"
            ],
            id="a-pool",
        ),
        pytest.param(
            policy(node_affinity=models.NodeAffinity(), tolerations=[]).model_copy(
                update={"metadata": models.ObjectMeta(labels={"a": "b"}, owner_references=[{"kind": "Pod", "uid": 1}])}
            ),
            "v26.4.1",
            ['metadata.ownerReferences[0].uid: must be a string, is an integer: 1; put it in quotes: "1"'],
            id="what-is-not-typed-is-judged-by-the-schema",
        ),
        pytest.param(
            models.Pod.from_wire(pod({"name": "v", "nfs": {"server": "s", "path": "/", "readonly": True}})),
            "v25.1.0",
            ["spec.volumes[0].nfs.readonly: unknown field readonly; did you mean readOnly?"],
            id="a-typo-below-a-field-that-is-not-typed",
        ),
    ],
)
def test_an_object_that_a_release_does_not_know(obj: models.K8sObject, release: str, problems: list[str]) -> None:
    with pytest.raises(ModelError) as error:
        obj.for_release(release)

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
        pytest.param(
            models.Pod.from_wire(pod({"name": "v", "iscsi": {"targetPortal": "t", "iqn": "i", "lun": 0}})),
            "v25.1.0",
            id="a-volume-that-is-not-typed",
        ),
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
