"""In what answers of Node Feature Discovery are none that aksrdma holds possible."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aksrdma import catalog
from aksrdma.kube.go_template_run import HOLE
from aksrdma.kube.node_feature_outputs import Outputs, RuleMatch, Version
from aksrdma.kube.node_feature_rules import FAILS, NO, YES, full_label
from aksrdma.kube.node_features import Seen

BITS = {"match": YES, "no match": NO, "error": FAILS}


def version_of(nfd: str) -> Version:
    """Return what a version of NFD knows, such as v0.17.0."""
    newer = tuple(map(int, nfd.removeprefix("v").split(".")[:2])) >= (0, 18)
    # The first release's NFD is 0.17, that of the newest knows all that 0.18 brought.
    release = catalog.newest() if newer else catalog.releases()[0]
    return Version(comparisons=newer, functions=catalog.template_functions(release))


def keep(path: Path, nfd: str, asked: Sequence[Mapping[str, Any]], answers: Sequence[Sequence[Any]]) -> None:
    """Write questions with the answers of NFD, one a line; those where no rule matched or failed tell little."""
    lines = [
        json.dumps({"nfd": nfd, "objects": one["objects"], "features": one["features"], "answers": list(answer)})
        for one, answer in zip(asked, answers, strict=True)
        if any(rule["outcome"] != "no match" for each in answer for rule in each["rules"])
    ]
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))


def kept(path: Path) -> list[dict[str, Any]]:
    """Return what `keep` wrote."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def differences(ours: Outputs, answers: Sequence[Mapping[str, Any]], *, whole: bool) -> Iterator[str]:
    """Yield in what answers of the judge are none that ours hold possible.

    Args:
        ours: what aksrdma says.
        answers: what NFD did.
        whole: whether everything is known of the node, so that what ours hold possible must have been seen.
    """
    for number, rule in enumerate(ours.rules):
        seen = 0
        for answer in answers:
            theirs = answer["rules"][number]
            seen |= BITS[theirs["outcome"]]
            if theirs["outcome"] == "match":
                yield from _of_rule(number, rule, theirs)
        if seen & ~rule.outcomes or (whole and not rule.unknown and rule.outcomes & ~seen):
            yield f"rule {number}: we say {named(rule.outcomes)}, NFD {named(seen)}"
    for answer in answers:
        yield from _unlike("labels", ours.labels, answer["labels"], ours.patterns)
        yield from _unlike("annotations", ours.annotations, answer["annotations"])
        yield from _unlike("extendedResources", ours.extended_resources, answer["extendedResources"])
        certain = [json.dumps(_taint(taint)) for taint, sure in ours.taints if sure]
        possible = [json.dumps(_taint(taint)) for taint, _ in ours.taints]
        theirs = [json.dumps(_taint(taint)) for taint in answer["taints"] or ()]
        if Counter(certain) - Counter(theirs) or Counter(theirs) - Counter(possible):
            yield f"taints: we say {possible}, NFD {theirs}"


def _of_rule(number: int, rule: RuleMatch, theirs: Mapping[str, Any]) -> Iterator[str]:
    yield from _unlike(f"labels of rule {number}", rule.labels, theirs.get("labels", {}), rule.patterns)
    if not rule.unknown:
        yield from _unlike(f"vars of rule {number}", rule.vars, theirs.get("vars", {}))


def _unlike(
    what: str, ours: Mapping[str, Seen], theirs: Mapping[str, str], patterns: Sequence[tuple[str, str]] = ()
) -> Iterator[str]:
    for key, seen in ours.items():
        value = theirs.get(key)
        if value is not None and _fits(key, value, patterns):
            continue
        if isinstance(seen, str):
            wrong = value != seen
        else:
            wrong = seen.there and value is None
            wrong = wrong or (value is not None and seen.values is not None and value not in seen.values)
        if wrong:
            yield f"{what}: {key!r} is {seen!r} to us, {value!r} to NFD"
    for key in theirs.keys() - ours.keys():
        if _fits(key, theirs[key], patterns):
            continue
        yield f"{what}: NFD sets {key!r} to {theirs[key]!r}"


def _fits(key: str, value: str, patterns: Sequence[tuple[str, str]]) -> bool:
    """Say whether a label is one of those of which a part is not known."""

    def like(pattern: str, text: str) -> bool:
        parts = [re.escape(part) for part in pattern.split(HOLE)]
        return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None

    return any((like(one, key) or like(full_label(one), key)) and like(other, value) for one, other in patterns)


def _taint(taint: Mapping[str, Any]) -> dict[str, Any]:
    return {key: taint.get(key) for key in ("key", "value", "effect")}


def named(outcomes: int) -> str:
    """Return outcomes in words."""
    return " or ".join(name for name, bit in BITS.items() if outcomes & bit) or "nothing"
