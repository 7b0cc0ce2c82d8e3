"""Objects with many fields each, which a real API server takes: the ground in which random changes are made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from aksrdma.schemas import Kind, kinds, load
from aksrdma.schemas.judge.compiler import Compiler
from aksrdma.schemas.store import BUILTIN, as_list, definition

from .samples import Sampler, Schema, Step

ACCEPTED: Final = Path(__file__).parents[2] / "tests" / "checks" / "apiserver" / "accepted"
"""Objects of Kubernetes' own kinds, written by hand: what they hold is judged by value."""
_SHARES: Final = (1.0, 1.0, 0.8, 0.5, 0.5, 0.2)
"""Which part of the optional fields each base of a kind holds."""
_TRIES: Final = 12


def bases(folder: str) -> list[dict[str, Any]]:
    """Return rich objects of each kind of a folder of schemas, the same in every run."""
    if folder.startswith(BUILTIN):
        return [one for file in sorted(ACCEPTED.glob("*.yaml")) for one in yaml.safe_load_all(file.read_text()) if one]
    return [one for kind in kinds(folder) for one in _of_kind(folder, kind)]


def _of_kind(folder: str, kind: Kind) -> Iterator[dict[str, Any]]:
    root = load(folder, kind.group, kind.kind, kind.version)
    for number, share in enumerate(_SHARES):
        filler = Filler(root, random.Random(f"{kind} {number}"))
        found = filler.fill(root, share)
        yield {**found, "metadata": {"name": "sample", "labels": {"app": "sample"}, "annotations": {"a/b": "c"}}}


class Filler(Sampler):
    """Makes objects with more than what is needed."""

    def __init__(self, root: Schema, chance: random.Random) -> None:
        """Fill by the schema of one kind."""
        super().__init__(root)
        self._chance = chance
        self._compiler = Compiler(root)

    def fill(self, schema: Schema, share: float, name: Step = "", depth: int = 0) -> Any:
        """Return a value with about `share` of its optional fields; the least one where no such value is taken."""
        for attempt in range(_TRIES):
            value = self._filled(schema, share * (1 - attempt / _TRIES), name, depth)
            facet = self._compiler.compile(schema)[type(value)]
            if facet is None or not facet(value):
                return value
        return self._least(schema, name)

    def _filled(self, holder: Schema, share: float, name: Step, depth: int) -> Any:
        schema = definition(holder, self._definitions)
        types = as_list(schema.get("type", "object" if "properties" in schema else None))
        if types[:1] == ["object"] and "const" not in schema:
            return self._object(schema, share, depth)
        if types[:1] == ["array"]:
            count = max(schema.get("minItems", 1), 1)
            return [self.fill(schema["items"], share, depth=depth + 1) for _ in range(count)]
        return self._chance.choice(schema["enum"]) if schema.get("enum") else self._least(holder, name)

    def _object(self, schema: Schema, share: float, depth: int) -> dict[str, Any]:
        out, needed = {}, set(schema.get("required", ()))
        for name, child in schema.get("properties", {}).items():
            if name == "metadata" and not depth:
                continue
            if name in needed or self._chance.random() < share:
                out[name] = self.fill(child, share, name, depth + 1)
        if isinstance(schema.get("additionalProperties"), dict):
            out["sample"] = self.fill(schema["additionalProperties"], share, depth=depth + 1)
        return {name: value for name, value in out.items() if value is not None}
