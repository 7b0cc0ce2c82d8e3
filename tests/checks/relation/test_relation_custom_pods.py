"""What the API server will refuse in the pods of custom resources, as far as their controllers let one know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aksrdma.checks.relation.custom_pods import refused_pods
from aksrdma.documents import Document, read
from aksrdma.kube.kinds import kind_of
from tests.checks.relation.relation_props import container, manifest, rules, said

HAS = {"name": "data", "emptyDir": {}}


def mounts(*names: str) -> dict[str, Any]:
    return {**container(ib=8), "volumeMounts": [{"name": name, "mountPath": f"/{name}"} for name in names]}


def mpi_job(*boxes: dict[str, Any], **spec: Any) -> Document:
    template = {"spec": {"containers": list(boxes), **spec}}
    return manifest("MPIJob", "kubeflow.org/v2beta1", {"mpiReplicaSpecs": {"Worker": {"template": template}}})


def job_set(*boxes: dict[str, Any], **spec: Any) -> Document:
    template = {"spec": {"template": {"spec": {"containers": list(boxes)}}}}
    return manifest(
        "JobSet", "jobset.x-k8s.io/v1alpha2", {"replicatedJobs": [{"name": "w", "template": template}], **spec}
    )


def leader_workers(*boxes: dict[str, Any], **spec: Any) -> Document:
    template = {"workerTemplate": {"spec": {"containers": list(boxes), **spec}}, "size": 2}
    return manifest("LeaderWorkerSet", "leaderworkerset.x-k8s.io/v1", {"leaderWorkerTemplate": template})


def service(*boxes: dict[str, Any], **spec: Any) -> Document:
    template = {"containers": list(boxes), **spec}
    return manifest("LLMInferenceService", "serving.kserve.io/v1alpha2", {"template": template})


def of_nobody(*boxes: dict[str, Any], **spec: Any) -> Document:
    return manifest("Trainer", "example.com/v1", {"template": {"spec": {"containers": list(boxes), **spec}}})


def judged(document: Document) -> list[str]:
    """Judge the text of a document, in which fields are looked for, and which a kind without schema stands beside."""
    (written,) = read(json.dumps(document.data)).documents
    known = kind_of(written.api_version, written.kind)
    has_schema = known is not None and known.has_schema
    return rules(refused_pods, *([written] if has_schema else []), unknown=[] if has_schema else [written])


VOLUMES, PLACE, BOX = ["invalid-volumes"], ["invalid-scheduling"], ["invalid-container"]
TOLERATES = {"tolerations": [{"key": "sku", "operator": "Equals", "value": "gpu"}]}
TWICE = {"env": [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        pytest.param(leader_workers(mounts("dshm")), VOLUMES, id="a-mount-of-no-volume"),
        pytest.param(leader_workers(mounts("data"), volumes=[HAS]), [], id="a-mount-of-a-volume"),
        pytest.param(mpi_job(mounts("dshm")), VOLUMES, id="a-mount-of-no-volume-of-an-mpi-job"),
        pytest.param(mpi_job(mounts("ssh-auth", "mpi-job-config")), [], id="volumes-that-the-controller-adds"),
        pytest.param(job_set(mounts("data")), VOLUMES, id="no-claims"),
        pytest.param(job_set(mounts("data"), volumeClaimPolicies=[]), [], id="claims-become-volumes"),
        pytest.param(service(mounts("dshm")), [], id="a-template-that-is-completed"),
        pytest.param(of_nobody(mounts("dshm")), [], id="a-kind-that-nobody-knows"),
        pytest.param(leader_workers(container(ib=8), **TOLERATES), PLACE, id="no-such-operator"),
        pytest.param(service(container(ib=8), **TOLERATES), PLACE, id="placement-of-a-template-that-is-completed"),
        pytest.param(of_nobody(container(ib=8), **TOLERATES), PLACE, id="placement-in-a-kind-that-nobody-knows"),
        pytest.param(manifest("Pod", "v1", {"containers": [container(ib=8)], **TOLERATES}), [], id="left-to-the-server"),
        pytest.param(leader_workers({**container(ib=8), **TWICE}), BOX, id="a-value-from-two-sources"),
        pytest.param(service({**container(ib=8), **TWICE}), [], id="a-container-that-is-completed"),
        pytest.param(leader_workers(container(ib=8), container(ib=8)), BOX, id="a-name-twice"),
        pytest.param(mpi_job(container(ib=8), nodeSelector={"pool": "__POOL__"}), [], id="a-placeholder"),
        pytest.param(mpi_job(container(ib=8), nodeSelector={"pool": "_POOL_"}), PLACE, id="no-placeholder"),
        pytest.param(job_set(container(cpu=None)), [], id="no-amount"),
    ],
)  # fmt: skip
def test_what_the_server_refuses_is_told_where_the_controller_adds_nothing_that_mends_it(
    document: Document, found: list[str]
) -> None:
    assert judged(document) == found


def test_an_amount_is_compared_with_its_limit_unless_one_of_them_is_null() -> None:
    asked = {"requests": {"cpu": "128"}, "limits": {"cpu": "1"}}
    null = {"requests": {"cpu": "128"}, "limits": {"cpu": None}}
    filled_in = {"requests": {"cpu": "128"}, "limits": {"cpu": "${CPU}"}}

    (told,) = said(refused_pods, job_set({**container(), "resources": asked}))

    assert (told.rule, told.path.rpartition(".")[2]) == ("invalid-resources", "cpu")
    assert rules(refused_pods, job_set({**container(), "resources": null})) == []
    assert rules(refused_pods, job_set({**container(), "resources": filled_in})) == []


def test_a_problem_that_the_schema_has_is_not_told_twice() -> None:
    assert rules(refused_pods, mpi_job(container(ib="x"))) == []
    assert rules(refused_pods, mpi_job(container(ib="500m"))) == ["rdma-quantity-not-whole"]


def workflow(**spec: Any) -> Document:
    template = {"name": "a", "container": {"image": "b", "resources": {"claims": [{"name": "nic"}]}}}
    return manifest("Workflow", "argoproj.io/v1alpha1", {"entrypoint": "a", "templates": [template], **spec})


@pytest.mark.parametrize(
    ("claims", "of_the_pod"),
    [
        pytest.param({"resourceClaims": [{"name": "nic", "resourceClaimTemplateName": "t"}]}, [], id="one-of-the-pod"),
        pytest.param({}, [], id="one-that-the-controller-may-add"),
        pytest.param(
            {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "t"}]}, ["invalid-resources"], id="another"
        ),
    ],
)
def test_a_claim_is_looked_for_among_those_of_the_pod(claims: dict[str, Any], of_the_pod: list[str]) -> None:
    box = {"name": "a", "image": "b", "resources": {"claims": [{"name": "nic"}]}}
    assert judged(of_nobody(box, **claims)) == of_the_pod
    assert judged(workflow(**claims)) == of_the_pod
