"""Ask Node Feature Discovery and aksrdma about NodeFeatureRules made up at random, and tell where they differ.

    python -m tools.node_feature_judge PROGRAM [--count 2000] [--seed 1] [--show 3]

Half of the questions are about nodes with features made up at random, of which everything is known: what each rule does and
what reaches the node must be the same. The other half are about each VM size in turn, of which less is known than a node
shows: what nodes of the size may show is made up, and NFD must do what aksrdma holds possible, and nothing else.
PROGRAM is built from this folder; see README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aksrdma import catalog
from aksrdma.kube.go_template_run import HOLE
from aksrdma.kube.node_feature_outputs import Outputs, RuleMatch, Version, execute
from aksrdma.kube.node_feature_rules import FAILS, NO, YES, full_label
from aksrdma.kube.node_features import Seen, features_of
from tools.node_feature_judge.questions import Dice

BITS = {"match": YES, "no match": NO, "error": FAILS}
AGAIN = (3000, 200_000)
"""Runs where fewer did not show all outcomes that depend on the order in which Go walks a map."""


def main() -> int:
    """Compare, and return 1 where there is a difference."""
    options = argparse.ArgumentParser(prog="python -m tools.node_feature_judge")
    options.add_argument("judge")
    options.add_argument("--count", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=3, help="differences to print whole")
    chosen = options.parse_args()
    name = subprocess.run([chosen.judge, "version"], capture_output=True, text=True, check=True).stdout.strip()
    newer = tuple(map(int, name.removeprefix("v").split(".")[:2])) >= (0, 18)
    # The first release's NFD is 0.17, that of the newest knows all that 0.18 brought.
    functions = catalog.template_functions(catalog.newest() if newer else catalog.releases()[0])
    version = Version(comparisons=newer, functions=functions)
    dice, wrong = Dice(chosen.seed), 0
    asked = [dice.question(newer) for _ in range(chosen.count)]
    told = [execute(one["objects"], features_of(one["features"]), version) for one in asked]
    wrong += compare(chosen.judge, "nodes", asked, told, whole=True, show=chosen.show)
    sizes = [catalog.size_features(catalog.vm_size(one)) for one in catalog.vm_sizes()]
    known = [[*sizes, catalog.features_without_infiniband()][n % (len(sizes) + 1)] for n in range(chosen.count)]
    asked = [dice.of_size(features, newer) for features in known]
    told = [execute(one["objects"], features, version) for one, features in zip(asked, known, strict=True)]
    wrong += compare(chosen.judge, "VM sizes", asked, told, whole=False, show=chosen.show)
    print(f"NFD {name}: {2 * chosen.count} questions, {wrong} differ")
    return 1 if wrong else 0


def compare(
    judge: str, what: str, asked: Sequence[dict[str, Any]], told: Sequence[Outputs], *, whole: bool, show: int
) -> int:
    """Ask the judge, print what is other than what we say, and return how often it is."""
    answers = dict(enumerate(ask(judge, asked)))
    for times in AGAIN if whole else ():
        unlike = [n for n in range(len(asked)) if any(differences(told[n], answers[n], whole=whole))]
        answers.update(zip(unlike, ask(judge, [{**asked[n], "times": times} for n in unlike]), strict=True))
    counted, wrong = Counter[str](), 0
    for number, (question, outputs) in enumerate(zip(asked, told, strict=True)):
        found = list(differences(outputs, answers[number], whole=whole))
        wrong += bool(found)
        counted.update(_named(one.outcomes) for one in outputs.rules)
        counted["templates not known"] += sum(bool(one.unknown) for one in outputs.rules)
        counted["templates that ran"] += sum(
            bool(one.outcomes & YES and (one.rule.data.get("labelsTemplate") or one.rule.data.get("varsTemplate")))
            for one in outputs.rules
        )
        if found and wrong <= show:
            print(json.dumps(question), *found, json.dumps(answers[number]), sep="\n")
    print(
        f"{what}: {len(asked)} questions, {wrong} differ;",
        ", ".join(f"{one}: {n}" for one, n in sorted(counted.items())),
    )
    return wrong


def ask(judge: str, questions: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the judge's distinct answers to each question."""
    lines = "".join(json.dumps(one) + "\n" for one in questions)
    done = subprocess.run([judge], input=lines, text=True, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


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
            yield f"rule {number}: we say {_named(rule.outcomes)}, NFD {_named(seen)}"
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


def _named(outcomes: int) -> str:
    return " or ".join(name for name, bit in BITS.items() if outcomes & bit) or "nothing"


if __name__ == "__main__":
    raise SystemExit(main())
