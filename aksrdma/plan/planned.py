"""An object as it is planned: its data, and why the values that a reader would ask about are what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aksrdma.findings import FieldPath


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is what it is."""

    text: str
    """What the comment above the value says."""
    source: str
    """Where the value comes from: a file and release, or a row of the catalog."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An object, a patch of one, or a values file: wire data with the reasons of its values."""

    data: Mapping[str, Any]
    reasons: Mapping[FieldPath, Reason] = field(default_factory=dict)

    @property
    def comments(self) -> dict[FieldPath, str]:
        """The text of each reason, as the YAML writer takes it."""
        return {path: reason.text for path, reason in self.reasons.items()}


def merged(parts: list[Planned]) -> Planned:
    """Join patches of one object whose fields do not collide, as kustomize would apply them in turn."""
    data: dict[str, Any] = {}
    reasons: dict[FieldPath, Reason] = {}
    for part in parts:
        _merge(data, part.data)
        reasons |= part.reasons
    return Planned(data, reasons)


def _merge(into: dict[str, Any], data: Mapping[str, Any]) -> None:
    for key, value in data.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value
