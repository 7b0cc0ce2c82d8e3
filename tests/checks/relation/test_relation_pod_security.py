"""Pods against the pod security levels of their namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.pod_security import refused_by_namespace
from aksrdma.documents import Document
from tests.checks.relation.relation_props import container, job, manifest, pod, rules, said

PREFIX = "pod-security.kubernetes.io/"
REFUSED = "pod-refused-by-namespace-level"
WARNED = "pod-below-warned-level"
LOCKED = "ipc-lock-refused-by-namespace-level"
PLAIN = container(lock=False)
PROBED = {**PLAIN, "livenessProbe": {"tcpSocket": {"host": "10.0.0.4", "port": 1}}}


def namespace(name: str, level: str | None = None, **labels: str) -> Document:
    given = {**({"enforce": level} if level else {}), **labels}
    named = {PREFIX + key.replace("_", "-"): value for key, value in given.items()}
    return Document.from_data({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": named}})


@pytest.mark.parametrize(
    ("documents", "broken"),
    [
        pytest.param([namespace("team", "baseline"), pod(container(), namespace="team")], [LOCKED], id="at-baseline"),
        pytest.param([namespace("team", "privileged"), pod(container(), namespace="team")], [], id="at-privileged"),
        pytest.param([namespace("team"), pod(container(), namespace="team")], [], id="at-no-level"),
        pytest.param([namespace("other", "baseline"), pod(container(), namespace="team")], [], id="of-others"),
        pytest.param([namespace("default", "baseline"), pod(container())], [LOCKED], id="that-is-the-default-one"),
        pytest.param([namespace("team", "baseline"), pod(PLAIN, namespace="team")], [], id="not-asked"),
        pytest.param([namespace("default", "baseline"), pod(PLAIN, hostPID=True)], [REFUSED], id="host-processes"),
        pytest.param([namespace("default", "restricted"), job(1, PLAIN)], [REFUSED] * 4, id="nothing-said"),
        pytest.param([namespace("default", "strict"), pod(PLAIN, hostPID=True)], [], id="told-of-the-label"),
        pytest.param([namespace("default", "strict"), pod(container())], [LOCKED], id="restricted-until-then"),
    ],
)
def test_a_pod_is_refused_in_a_namespace(documents: list[Document], broken: list[str]) -> None:
    assert rules(refused_by_namespace, *documents) == broken


def test_what_is_against_a_pod_is_said_in_the_words_of_the_api_server_where_it_stands() -> None:
    (found,) = said(refused_by_namespace, namespace("default", "baseline"), pod(PLAIN, hostPID=True))

    assert found.path == "spec.hostPID"
    assert found.message == (
        "namespace default enforces pod security level 'baseline', which refuses the pod: host namespaces (hostPID=true)"
    )
    assert found.fix == (
        "leave hostNetwork, hostPID and hostIPC out, or let it run in a namespace whose level allows that"
    )


def test_a_workload_is_taken_and_its_pods_are_refused() -> None:
    (found,) = said(refused_by_namespace, namespace("default", "baseline"), job(1, PLAIN, hostPID=True))

    assert (found.path, found.severity) == ("spec.template.spec.hostPID", None)
    assert "which refuses its pods: host namespaces" in found.message


def test_a_workload_with_ipc_lock_needs_the_open_level_which_takes_all_else() -> None:
    space = namespace("default", "restricted", enforce_version="v1.34")
    (found,) = said(refused_by_namespace, space, pod(container(), PLAIN, hostPID=True))

    assert found.rule == LOCKED
    assert found.message == (
        "namespace default enforces pod security level 'restricted' of v1.34, which refuses a pod with IPC_LOCK "
        "(and has against them: host namespaces, allowPrivilegeEscalation != false, runAsNonRoot != true, seccompProfile)"
    )


def test_the_launcher_of_a_job_with_ipc_lock_is_not_told_apart() -> None:
    groups = {"Launcher": PLAIN, "Worker": container()}
    replicas = {name: {"template": {"spec": {"containers": [one]}}} for name, one in groups.items()}
    mpi = manifest("MPIJob", "kubeflow.org/v2beta1", {"mpiReplicaSpecs": replicas})

    assert rules(refused_by_namespace, namespace("default", "restricted"), mpi) == [LOCKED]


@pytest.mark.parametrize(
    ("kubernetes", "version", "severities"),
    [
        pytest.param(None, {}, [None], id="by-any-server-that-aks-makes-new"),
        pytest.param("v1.33", {}, [], id="not-by-an-old-server"),
        pytest.param("v1.34", {}, [None], id="by-a-new-server"),
        pytest.param("v1.37", {"enforce_version": "latest"}, [None], id="by-the-newest-policy"),
        pytest.param(None, {"enforce_version": "v1.33"}, [], id="not-by-an-old-policy"),
        pytest.param("v1.37", {"enforce_version": "v1.33"}, [], id="not-by-an-old-policy-on-a-new-server"),
        pytest.param("v1.33", {"enforce_version": "v1.34"}, [], id="not-by-a-server-older-than-the-policy"),
        pytest.param("v1.34", {"enforce_version": "v1.999999999999"}, [None], id="by-a-policy-of-the-future"),
        pytest.param("v1.34", {"enforce_version": "1.33"}, [None], id="by-the-newest-where-the-label-is-none"),
    ],
)
def test_hosts_of_probes_are_refused(
    kubernetes: str | None, version: dict[str, str], severities: list[str | None]
) -> None:
    space = namespace("default", "baseline", **version)
    found = said(refused_by_namespace, space, pod(PROBED), kubernetes=kubernetes)

    assert [one.severity for one in found] == severities
    assert all(one.message.endswith("; from Kubernetes v1.34 on") is (kubernetes is None) for one in found)


def test_what_newer_servers_let_pass_may_be_refused() -> None:
    box = {**PLAIN, "securityContext": {"procMount": "Unmasked"}}
    space = namespace("default", "baseline")

    (found,) = said(refused_by_namespace, space, pod(box, hostUsers=False))
    assert (found.severity, found.message[-24:]) == ("warning", "; up to Kubernetes v1.34")
    assert rules(refused_by_namespace, space, pod(box, hostUsers=False), kubernetes="v1.35") == []


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        pytest.param({"warn": "baseline"}, "warns of", id="warned"),
        pytest.param({"audit": "baseline", "audit_version": "v1.30"}, "audits", id="audited"),
        pytest.param({"audit": "baseline", "warn": "baseline"}, "warns of", id="both"),
        pytest.param({"warn": "privileged"}, None, id="let-pass"),
        pytest.param({"warn": "strict"}, None, id="no-level"),
        pytest.param({"warn_version": "v1.30"}, None, id="a-version-alone"),
    ],
)
def test_a_namespace_that_takes_a_pod_may_warn_of_it(labels: dict[str, str], says: str | None) -> None:
    found = said(refused_by_namespace, namespace("default", "privileged", **labels), pod(PLAIN, hostPID=True))

    assert [one.rule for one in found] == ([WARNED] if says else [])
    assert all(f"namespace default {says} what is below pod security level 'baseline'" in one.message for one in found)
    assert all(one.message.endswith("as the pod is: host namespaces (hostPID=true)") for one in found)


def test_who_is_refused_is_not_warned_as_well() -> None:
    space = namespace("default", "baseline", warn="restricted")

    assert rules(refused_by_namespace, space, pod(PLAIN, hostPID=True)) == [REFUSED]
    assert rules(refused_by_namespace, space, pod(PLAIN)) == [WARNED]


def test_pods_of_a_runtime_of_the_cluster_are_in_no_known_namespace() -> None:
    one = {"name": "node", "template": {"spec": {"template": {"spec": {"containers": [container()]}}}}}
    spec = {"template": {"spec": {"replicatedJobs": [one]}}}
    group = "trainer.kubeflow.org/v1alpha1"
    strict = namespace("default", "baseline")

    assert rules(refused_by_namespace, strict, manifest("ClusterTrainingRuntime", group, spec)) == []
    (found,) = said(refused_by_namespace, strict, manifest("TrainingRuntime", group, spec))
    assert "which refuses pods with IPC_LOCK" in found.message


@pytest.mark.parametrize("odd", [None, 1, [], {"labels": 1}, {"labels": {f"{PREFIX}enforce": 1}}])
def test_a_namespace_with_odd_labels_says_nothing(odd: Any) -> None:
    space = Document.from_data({"apiVersion": "v1", "kind": "Namespace", "metadata": odd})

    assert rules(refused_by_namespace, space, pod(PLAIN, hostPID=True)) == []
