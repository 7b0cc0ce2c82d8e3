"""What a pod asks for: amounts of its containers, and what the scheduler makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document


def pod(spec: dict[str, Any]) -> PodView:
    document = Document.from_data({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec})
    return pods_of(ManifestSet([document], release="v26.4.1"))[0]


def asks(amount: Any, **more: Any) -> dict[str, Any]:
    return {"name": "x", "resources": {"limits": {"rdma/ib": amount}}, **more}


SIDECAR = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("spec", "units"),
    [
        pytest.param({"containers": [asks(2), asks("3")]}, 5, id="containers-run-together"),
        pytest.param({"containers": [asks(2)], "initContainers": [asks(8)]}, 8, id="init-containers-run-before"),
        pytest.param({"containers": [asks(2)], "initContainers": [asks(1), asks(1)]}, 2, id="and-one-by-one"),
        pytest.param({"containers": [asks(2)], "initContainers": [asks(1, **SIDECAR)]}, 3, id="sidecars-stay"),
        pytest.param({"initContainers": [asks(4, **SIDECAR), asks(5)]}, 9, id="sidecars-stay-beside-init-containers"),
        pytest.param({"initContainers": [asks(5), asks(4, **SIDECAR)]}, 5, id="but-not-beside-those-before-them"),
        pytest.param({"containers": [asks("1k")]}, 1000, id="a-quantity-with-a-suffix"),
        pytest.param({"containers": [{"resources": {"requests": {"rdma/ib": 2}}}]}, 2, id="a-request-alone"),
    ],
)
def test_the_scheduler_reserves(spec: dict[str, Any], units: int) -> None:
    assert pod(spec).total("rdma/ib").units == units


@pytest.mark.parametrize(
    "container",
    [
        pytest.param(asks(0), id="none-of-it"),
        pytest.param(asks(-1), id="less-than-none"),
        pytest.param(asks("one"), id="no-quantity"),
        pytest.param({"resources": {"limits": {"cpu": 1}}}, id="no-extended-resource"),
    ],
)
def test_nothing_is_taken_by(container: dict[str, Any]) -> None:
    assert pod({"containers": [container]}).resources == frozenset()


def test_the_place_of_a_total_is_that_of_the_largest_amount() -> None:
    found = pod({"containers": [asks(1), asks(4), asks(2)]}).total("rdma/ib")

    assert found.path == ("spec", "containers", 1, "resources", "limits", "rdma/ib")


@pytest.mark.parametrize(
    ("added", "index"),
    [
        pytest.param(["SYS_PTRACE", "IPC_LOCK"], 1, id="by-name"),
        pytest.param(["ipc_lock"], 0, id="in-lower-case-as-the-runtime-takes-it"),
        pytest.param(["ALL"], 0, id="with-all-others"),
        pytest.param(["SYS_PTRACE"], None, id="not-at-all"),
        pytest.param("IPC_LOCK", None, id="not-by-a-string-that-is-no-list"),
    ],
)
def test_a_container_adds_ipc_lock(added: Any, index: int | None) -> None:
    container = pod({"containers": [{"securityContext": {"capabilities": {"add": added}}}]}).containers[0]

    assert (container.adds("IPC_LOCK") or (None,))[-1] == index


def test_pods_are_found_once_for_a_set() -> None:
    manifests = ManifestSet([], release="v26.4.1")

    assert pods_of(manifests) is pods_of(manifests)
