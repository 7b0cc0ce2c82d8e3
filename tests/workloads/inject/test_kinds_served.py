"""Kinds without a schema, each by an example as it is written in public: judged, injected and counted.

A file of `tests/cases/kinds/` says which pods its object makes (`# pods: ROLE COUNT, ...`) and which of them do the work
(`# rdma: ROLE, ...`).
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import aksrdma
from aksrdma.documents import Document
from aksrdma.errors import UsageError
from aksrdma.kube.kinds import KINDS, kind_of
from aksrdma.kube.templates import pod_count, pod_templates
from aksrdma.kube.values import step
from aksrdma.workloads.fit.workloads import read_workloads
from aksrdma.workloads.inject import InjectionError, inject
from tests.workloads.inject.inject_props import injection

FILES = sorted((Path(__file__).parents[2] / "cases" / "kinds").glob("*.yaml"))
SIZE = "Standard_ND96isr_H100_v5"
every_kind = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def told(file: Path, key: str) -> list[str]:
    (line,) = re.findall(rf"(?m)^# {key}: (.+)$", file.read_text(encoding="utf-8"))
    return line.split(", ")


def load(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return data


def injected(data: dict[str, Any]) -> dict[str, Any]:
    return inject(data, injection(taints=()))


def rules(data: dict[str, Any], **options: Any) -> set[str]:
    found = aksrdma.validate(json.loads(json.dumps(data)), release="v26.4.1", vm_sizes=(SIZE,), **options).findings
    return {one.rule for one in found if one.severity != "info"}


def test_every_kind_without_a_schema_has_an_example() -> None:
    others = {
        "ReplicationController",
        "PodTemplate",
        "RoleSet",
        "DynamoComponentDeployment",
        "WorkflowTemplate",
        "ClusterWorkflowTemplate",
        "CronWorkflow",
        "RayClusterReplicaSet",
    }
    known = {row.kind for row in KINDS if (row.places or row.wraps) and not row.has_schema} - others

    assert {load(file)["kind"] for file in FILES} == known
    for row in KINDS:
        assert row.source or row.has_schema or row.builtin, row.kind


@every_kind
def test_its_pods_have_the_roles_and_numbers_that_its_controller_gives_them(file: Path) -> None:
    data = load(file)

    found = [f"{one.role} {pod_count(data, one, None)}" for one in pod_templates(data)]

    assert sorted(found) == sorted(told(file, "pods"))


@every_kind
def test_the_pods_that_work_get_rdma_and_the_others_do_not(file: Path) -> None:
    data = load(file)
    after = injected(data)

    given = {}
    for one in pod_templates(after):
        asked = [step(box, ("resources", "limits", "rdma/ib")) for box in one.spec["containers"]]
        given[one.role] = any(str(amount) == "8" for amount in asked)
    # A pod without GPUs gets none either, whatever its role.
    with_gpus = {one.role for one in pod_templates(data) if "gpu" in json.dumps(one.spec["containers"])}
    assert {role for role, asked in given.items() if asked and role in with_gpus} == set(told(file, "rdma"))


@every_kind
def test_what_inject_adds_is_all_that_validate_asks_for(file: Path) -> None:
    after = injected(load(file))

    assert rules(after) == set()
    assert injected(after) == after


@every_kind
def test_its_pods_lock_memory_and_share_it_after_inject(file: Path) -> None:
    text = json.dumps(injected(load(file)))

    assert "IPC_LOCK" in text
    for one in pod_templates(injected(load(file))):
        if one.role in told(file, "rdma"):
            (mount,) = [
                mount
                for box in one.spec["containers"]
                for mount in box.get("volumeMounts", ())
                if mount["mountPath"] == "/dev/shm"
            ]
            volumes = {volume["name"]: volume for volume in one.spec["volumes"]}
            assert volumes[mount["name"]]["emptyDir"]["medium"] == "Memory"


@every_kind
def test_a_limit_that_is_not_the_request_is_found_where_it_stands(file: Path) -> None:
    data = injected(load(file))
    text = yaml.safe_dump(data).replace("rdma/ib: 8", "rdma/ib: 9", 1).replace("rdma/ib: '8'", "rdma/ib: '9'", 1)
    report = aksrdma.validate(text, release="v26.4.1")

    found = [one for one in report.findings if one.rule == "rdma-requests-differ-from-limits"]
    assert found
    for one in found:
        assert "rdma/ib" in text.splitlines()[one.line - 1]


@every_kind
def test_it_is_said_that_its_pods_alone_are_judged(file: Path) -> None:
    data = load(file)
    row = kind_of(data["apiVersion"], data["kind"])
    report = aksrdma.validate(data, release="v26.4.1")

    assert row is not None
    assert report.summary.by_pods_alone == ((f"{data['apiVersion']} {data['kind']}", 1),)
    assert report.summary.unknown_kinds == ()


ODD: tuple[Any, ...] = (None, True, -1, 2**70, 0.5, "", "{{x}}", [], [None], [[]], {}, {"": None}, {"name": []})


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


@every_kind
def test_no_odd_value_is_too_much(file: Path) -> None:
    data = load(file)
    for path in places(data):
        for value in ODD:
            odd = copy.deepcopy(data)
            step(odd, path[:-1])[path[-1]] = value
            aksrdma.validate(odd, release="v26.4.1", vm_sizes=(SIZE,))
            with contextlib.suppress(InjectionError):
                injected(odd)
            with contextlib.suppress(UsageError):
                read_workloads([Document.from_data(odd)])
