"""The GUID pool of ib-kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma.checks.webhook.facts import pattern
from aksrdma.checks.webhook.refusals import Refusal, section, text

_START, _END = "pKeyGUIDPoolRangeStart", "pKeyGUIDPoolRangeEnd"


def judge(spec: dict[str, Any]) -> Iterator[Refusal]:
    """Yield what the webhook has against the GUIDs of `spec.ibKubernetes`."""
    section_ = section(spec, "ibKubernetes")
    if section_ is None:
        return
    guids = {key: text(section_, key) for key in (_START, _END)}
    valid = {key: guid for key, guid in guids.items() if guid is not None and pattern("guid").fullmatch(guid)}
    for key, guid in guids.items():
        if guid is not None and key not in valid:
            yield _refusal(key, f"must be a valid GUID format, 8 hex bytes with colons; it is {guid!r}")
    if len(valid) == len(guids) and _number(valid[_END]) <= _number(valid[_START]):
        reason = f"{_START}-{_END} must be a valid range: {valid[_END]} is not above {valid[_START]}"
        yield _refusal(_END, reason)


def _number(guid: str) -> int:
    return int(guid.replace(":", ""), 16)


def _refusal(key: str, reason: str) -> Refusal:
    return Refusal("webhook-guid-range", ("spec", "ibKubernetes", key), f"spec.ibKubernetes.{key}", reason)
