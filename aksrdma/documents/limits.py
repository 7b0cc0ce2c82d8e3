"""How much of a file is read before aksrdma refuses it, so that no input can hang or exhaust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_DEEPEST = 300
_RATIO_RANGE_LOW = 400_000
_RATIO_RANGE_HIGH = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one file; every one has a rule that reports what goes beyond it."""

    max_bytes: int = 64 * 1024 * 1024
    """Size of one file or of stdin, in bytes (`yaml-too-large`)."""
    max_depth: int = 200
    """Levels of nested maps and lists in one document (`yaml-too-deep`), 1 to 300; Kubernetes' own schemas need 40."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_depth <= _DEEPEST:
            raise ValueError(f"max_depth is {self.max_depth}; give 1 to {_DEEPEST}, which Python's own stack holds")


DEFAULT_LIMITS: Final = Limits()


def excessive_aliasing(decoded: int, by_alias: int) -> bool:
    """Return whether go-yaml would refuse a document as an alias bomb.

    Args:
        decoded: Nodes read so far, with every alias counted as the nodes it stands for.
        by_alias: Those of them that an alias brought in.

    Source: `allowedAliasRatio` and `decoder.unmarshal` of go.yaml.in/yaml/v2 v2.4.2, decode.go.
    """
    if by_alias <= 100 or decoded <= 1000:
        return False
    beyond = (decoded - _RATIO_RANGE_LOW) / (_RATIO_RANGE_HIGH - _RATIO_RANGE_LOW)
    return by_alias / decoded > 0.99 - 0.89 * min(1.0, max(0.0, beyond))
