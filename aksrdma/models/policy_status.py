"""`status` of NicClusterPolicy, NicNodePolicy and the networks: what the operator reports."""

from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.types import ListOf


class AppliedState(Model):
    """One entry of `status.appliedStates`: one component."""

    name: str
    """Name of the component's state, such as state-OFED or state-RDMA-device-plugin."""
    state: Literal["ready", "notReady", "ignore", "error"]
    """ignore: not in the spec."""
    message: str | None = None
    """Why it is so, from the operator's second pass on."""


class PolicyStatus(Model):
    """`status` of NicClusterPolicy and NicNodePolicy."""

    state: Literal["ignore", "notReady", "ready", "error"]
    """ready when no component is notReady or error; ignore for a NicClusterPolicy of another name."""
    reason: str | None = None
    """Why it is ignore or error."""
    applied_states: ListOf[AppliedState] | None = None
    """The components one by one."""


class NetworkStatus(Model):
    """What the status of IPoIBNetwork, MacvlanNetwork and HostDeviceNetwork have in common."""

    state: Literal["notReady", "ready", "error"]
    """Whether the NetworkAttachmentDefinition exists."""
    reason: str | None = None
    """Why it is error."""
