"""Make the keys of a chart's values again: `python tools/helm_charts.py NAME RELEASE=FOLDER ...`, oldest release first.

A folder is the chart at the git tag of a release, its sub-charts in `charts/`. What is known of a value comes from the
`values.yaml` of the chart and from every `.Values...` of its templates; releases of one minor version are one. Releases
before the first of the catalog may be given as `old:RELEASE=FOLDER`: of them only what is gone is kept.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aksrdma.paths import CATALOG  # noqa: E402 (the checkout's own package, wherever it is run)

Keys: TypeAlias = "dict[str, Any]"
"""Values by key: what is below, or a word for a value of its own."""

_ACTION: Final = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_VALUE: Final = re.compile(r"\$?\.Values((?:\.[A-Za-z0-9_]+)+)")
_INDEX: Final = re.compile(r"index\s+\$?\.Values((?:\.\w+)*)((?:\s+\"[^\"]+\")+)")
_WHOLE: Final = re.compile(r"\b(?:toYaml|toJson|toRawJson|range|include|tpl|merge\w*|index|join|first|dict|list)\b|:=")
_NAMES: Final = re.compile(
    r"range \.Values((?:\.\w+)+)\s*-?\}\}(?:(?!\bend\b).)*?(?:name: \{\{ \. \}\}|dict \"name\" \.)", re.DOTALL
)
"""A list of which each item is written as a name."""
_OWN: Final = re.compile(r"(?<![\w)])\.([A-Za-z]\w*)")


def keys_of(chart: Path) -> Keys:
    """Return the values that a chart reads, those of its sub-charts below their names."""
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8")) or {}
    uses = _Uses()
    for file in sorted((chart / "templates").rglob("*")):
        if file.is_file():
            uses.read(file.read_text(encoding="utf-8"))
    tree: Keys = _typed(values, (), uses.whole)
    for path in sorted(uses.whole | uses.asked | uses.written):
        _add(tree, path, "text" if path in uses.written and path not in uses.whole else "any")
    _mark(tree, uses, _conditions(chart))
    if (spec := _custom_resource(chart)) is not None:
        _expand(tree, spec)
    for sub in sorted(one.parent for one in chart.glob("charts/*/Chart.yaml")):
        below = keys_of(sub)
        own = tree.get(sub.name)
        tree[sub.name] = _over(below, own) if isinstance(own, dict) else below
    return tree


class _Uses:
    """How templates use values: paths that are used as they are, asked for in conditions, written as text."""

    def __init__(self) -> None:
        self.whole: set[tuple[str, ...]] = set()
        self.asked: set[tuple[str, ...]] = set()
        self.written: set[tuple[str, ...]] = set()
        self.names: set[tuple[str, ...]] = set()

    def read(self, text: str) -> None:
        """Add the values that a template names."""
        self.names.update(tuple(path.split(".")[1:]) for path in _NAMES.findall(text))
        for action in _ACTION.finditer(text):
            code = action[1]
            word = code.split(" ", 1)[0].lstrip("(")
            for base, names in _INDEX.findall(code):
                self.written.add((*base.split(".")[1:], *re.findall(r'"([^"]+)"', names)))
            code = _INDEX.sub("", code)
            for found in _VALUE.finditer(code):
                path = tuple(found[1].split(".")[1:])
                if word == "with":
                    self._read_block(path, text[action.end() :].split("end", 1)[0])
                elif word in ("if", "else") or re.search(r"\b(?:ternary|empty|hasKey)\b", code):
                    self.asked.add(path)
                elif _WHOLE.search(code):
                    self.whole.add(path)
                else:
                    self.written.add(path)

    def _read_block(self, path: tuple[str, ...], body: str) -> None:
        if "toYaml ." in body or "range" in body or re.search(r"include \S+ \.\s", body):
            self.whole.add(path)
            return
        names = {name for inner in _ACTION.findall(body) for name in _OWN.findall(inner)}
        self.written.update((*path, name) for name in names - {"Values", "Chart", "Release", "Capabilities"})


def _typed(value: Any, path: tuple[str, ...], whole: set[tuple[str, ...]]) -> Any:
    """Return the word for a default, or what is below it; a map that is used as a whole takes any key."""
    if isinstance(value, dict):
        if not path or (value and path not in whole):
            return {str(key): _typed(part, (*path, str(key)), whole) for key, part in value.items()}
        return "map"
    for kind, word in ((bool, "bool"), (int, "number"), (float, "number"), (str, "text"), (list, "list")):
        if isinstance(value, kind):
            return word
    return "any"


def _add(tree: Keys, path: tuple[str, ...], word: str) -> None:
    """Add a value that has no default, unless what holds it takes any key."""
    for key in path[:-1]:
        if tree.setdefault(key, {}) in ("any", "text"):
            tree[key] = {}
        if not isinstance(tree[key], dict):
            return
        tree = tree[key]
    tree.setdefault(path[-1], word)


def _conditions(chart: Path) -> set[tuple[str, ...]]:
    """Return the values that decide whether a sub-chart is installed, which Helm takes as booleans alone."""
    dependencies = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8")).get("dependencies") or []
    return {tuple(one.split(".")) for row in dependencies for one in str(row.get("condition", "")).split(",") if one}


def _mark(tree: Keys, uses: _Uses, conditions: set[tuple[str, ...]], above: tuple[str, ...] = ()) -> None:
    """Tell the booleans apart: see the head of what this writes."""
    for key, value in tree.items():
        path = (*above, key)
        if isinstance(value, dict):
            _mark(value, uses, conditions, path)
        elif path in uses.names:
            tree[key] = "names"
        elif value == "bool" and path in conditions:
            tree[key] = "condition"
        elif value == "bool" and path in uses.asked and path not in uses.written:
            tree[key] = "switch"


def _custom_resource(chart: Path) -> dict[str, Any] | None:
    """Return the schema of the spec of the object that the values become, for a chart that writes one."""
    for file in (chart / "crds").glob("*clusterpolicies*.yaml"):
        versions = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]["versions"]
        schema: dict[str, Any] = versions[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        return schema
    return None


_BOOLEANS: Final = frozenset({"bool", "switch", "condition"})
_NOT_EXPANDED: Final = ("resources", "affinity", "podSecurityContext")
_WORDS: Final = {"boolean": "bool", "string": "text", "integer": "number", "array": "list", "object": "map"}


def _expand(tree: Keys, schema: dict[str, Any]) -> None:
    """Name the keys of a map that goes into the object as it is, as the object's schema has them."""
    for key, part in schema.get("properties", {}).items():
        if isinstance(tree.get(key), dict):
            _expand(tree[key], part)
        elif tree.get(key) in ("list", "any") and _of_schema(part) == "names":
            tree[key] = "names"
        elif tree.get(key) in ("map", "any") and part.get("properties") and key not in _NOT_EXPANDED:
            tree[key] = _of_schema(part)


def _of_schema(schema: dict[str, Any]) -> Any:
    if schema.get("properties"):
        return {key: _of_schema(part) for key, part in schema["properties"].items()}
    if schema.get("type") == "array" and schema.get("items", {}).get("type") == "string":
        return "names"
    return _WORDS.get(schema.get("type", ""), "any")


def _over(below: Keys, own: Keys) -> Keys:
    """Return the values of a sub-chart with those that its parent names beside them."""
    made = dict(below)
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = _over(made[key], value)
        elif key not in made or (made[key] == "any" and not isinstance(value, dict)):
            made[key] = value
    return made


def merged(trees: Mapping[str, Keys], order: list[str]) -> Keys:
    """Return the values of all releases, each with the release that it came with and the first that lacks it."""
    found: Keys = {}
    for key in dict.fromkeys(key for name in reversed(order) for key in trees.get(name, {})):
        values = {name: trees[name][key] for name in order if name in trees and key in trees[name]}
        if all(isinstance(value, dict) for value in values.values()):
            found[key] = merged(values, order)
            continue
        words = {name: "map" if isinstance(value, dict) else value for name, value in values.items()}
        newest = next(reversed(words.values()))
        word = newest if len({*words.values()} - {"any"}) == 1 or {*words.values()} <= _BOOLEANS else "any"
        if "map" in words.values() and len({*words.values()}) == 1:
            word = "map"
        found[key] = word + _between(list(values), order)
    return found


def _between(held: list[str], order: list[str]) -> str:
    """Return ` since X` and ` until Y` of a value that not every release has."""
    first, last = order.index(held[0]), order.index(held[-1])
    text = f" since {order[first]}" if first else ""
    return text + (f" until {order[last + 1]}" if last + 1 < len(order) else "")


def gone(old: Mapping[str, Keys], now: Keys, first: str) -> Iterator[tuple[str, str]]:
    """Yield each value that only releases before `first` have, with the first release that lacks it."""
    order = [*old, first]
    for key in sorted({key for tree in old.values() for key in tree}):
        values = {name: tree[key] for name, tree in old.items() if key in tree}
        if key not in now:
            yield key, order[order.index(next(reversed(values))) + 1]
        elif isinstance(now[key], dict):
            below = {name: value if isinstance(value, dict) else {} for name, value in values.items()}
            yield from ((f"{key}.{name}", release) for name, release in gone(below, now[key], first))


def _minor(release: str) -> str:
    return ".".join(release.split(".")[:2])


def _dump(keys: Keys, indent: str = "") -> Iterator[str]:
    for key in sorted(keys):
        if isinstance(keys[key], dict):
            yield f"{indent}{key}:"
            yield from _dump(keys[key], f"{indent}  ")
        else:
            yield f"{indent}{key}: {keys[key]}"


def _with_schema(pairs: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield each sub-chart that has a schema, with the first release that has it."""
    found: dict[str, str] = {}
    for release, folder in pairs:
        for file in Path(folder).glob("charts/*/values.schema.json"):
            found.setdefault(file.parent.name, release)
    yield from found.items()


def _pairs(key: str, values: Mapping[str, str]) -> list[str]:
    return [f"{key}:", *(f"  {name}: {value}" for name, value in values.items())] if values else [f"{key}: {{}}"]


def main(name: str, *charts: str) -> None:
    """Write the keys of a chart's releases into the catalog."""
    pairs = [one.rsplit("=", 1) for one in charts]
    old = {_minor(key.removeprefix("old:")): keys_of(Path(path)) for key, path in pairs if key.startswith("old:")}
    trees = {_minor(key): keys_of(Path(path)) for key, path in pairs if not key.startswith("old:")}
    keys = merged(trees, list(trees))
    lines = [
        f"# Values of the chart {name}, by tools/helm_charts.py: text, number, bool, list, names (a list of texts), map (of",
        "# any keys), any; switch: a boolean of an `if`, for which any text is true; condition: decides on a sub-chart, and is",
        "# a boolean or ignored.",
        "# strict: the sub-charts with a schema, by which helm refuses a value of a wrong type, and since when.",
        f"releases: [{', '.join(key for key, _ in pairs if not key.startswith('old:'))}]",
        "keys:",
        *_dump(keys, "  "),
        *_pairs("strict", {sub: _minor(release) for sub, release in _with_schema(pairs)}),
        *_pairs("gone", dict(gone(old, keys, next(iter(trees))))),
    ]
    (CATALOG / "helm_charts" / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
