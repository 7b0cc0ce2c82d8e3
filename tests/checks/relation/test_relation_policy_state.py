"""What a policy says that was read from a cluster: the operator's own verdict is passed on."""

from __future__ import annotations

import json
from typing import Any

import pytest

import aksrdma


def said(status: Any, name: str = "nic-cluster-policy", kind: str = "NicClusterPolicy") -> list[str]:
    about = {"apiVersion": "mellanox.com/v1alpha1", "kind": kind, "metadata": {"name": name}}
    report = aksrdma.validate(json.dumps({**about, "spec": {}, "status": status}), release="v26.4.1")
    return [f"{one.severity} {one.message}" for one in report.findings if one.rule == "policy-not-ready"]


@pytest.mark.parametrize("kind", ["NicClusterPolicy", "NicNodePolicy"])
def test_the_components_that_are_not_ready_are_named_with_their_messages(kind: str) -> None:
    parts = [
        {"name": "state-OFED", "state": "notReady", "message": " pods\n are starting "},
        {"name": "state-multus-cni", "state": "ready"},
        {"name": "state-nv-ipam-cni", "state": "ignore"},
        {"name": "state-RDMA-device-plugin", "state": "error"},
    ]

    assert said({"state": "notReady", "reason": "not yet", "appliedStates": parts}, kind=kind) == [
        "warning the operator says that the policy is notReady: not yet "
        "(state-OFED notReady: pods are starting, state-RDMA-device-plugin error)"
    ]


def test_of_many_components_five_are_named_and_a_long_reason_is_cut() -> None:
    parts = [{"name": f"s{number}", "state": "error"} for number in range(7)]

    assert said({"state": "error", "reason": "x" * 301, "appliedStates": parts}) == [
        f"error the operator says that the policy is error: {'x' * 300} "
        "(s0 error, s1 error, s2 error, s3 error, s4 error and 2 more)"
    ]


def test_an_ignored_policy_is_told_by_its_name_or_else_by_its_state() -> None:
    assert said({"state": "ignore"}) == ["error the operator says that the policy is ignore"]
    assert said({"state": "ignore"}, name="other") == []


@pytest.mark.parametrize("status", [{}, None, {"state": "ready"}, {"state": 5}, {"state": ["notReady"]}, "notReady"])
def test_nothing_is_said_of_a_policy_that_is_ready_or_was_never_deployed(status: Any) -> None:
    assert said(status) == []
