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
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aksrdma import catalog
from aksrdma.kube.node_feature_outputs import Outputs, RuleMatch, Version, execute
from aksrdma.kube.node_feature_rules import FAILS, NO, YES
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
    dice = Dice(chosen.seed)
    asked = [dice.question(newer) for _ in range(chosen.count)]
    told = [execute(one["objects"], features_of(one["features"]), version) for one in asked]
    answers = dict(enumerate(ask(chosen.judge, asked)))
    for times in AGAIN:
        unlike = [n for n in range(len(asked)) if any(differences(told[n], answers[n], whole=True))]
        more = ask(chosen.judge, [{**asked[n], "times": times} for n in unlike])
        answers.update(zip(unlike, more, strict=True))
    counted, wrong = Counter[str](), 0
    for number, (question, outputs) in enumerate(zip(asked, told, strict=True)):
        answer = answers[number]
        found = list(differences(outputs, answer, whole=True))
        wrong += bool(found)
        counted.update(_named(one.outcomes) for one in outputs.rules)
        counted["templates not run"] += sum(bool(one.unknown) for one in outputs.rules)
        if found and wrong <= chosen.show:
            print(json.dumps(question), *found, json.dumps(answer), sep="\n")
    print(f"NFD {name}: {chosen.count} questions, {wrong} differ")
    print(", ".join(f"{what}: {count}" for what, count in sorted(counted.items())))
    return 1 if wrong else 0


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
        for what, known in (
            ("labels", ours.labels),
            ("annotations", ours.annotations),
            ("extendedResources", ours.extended_resources),
        ):
            yield from _unlike(what, known, answer[what])
        certain = [json.dumps(_taint(taint)) for taint, sure in ours.taints if sure]
        possible = [json.dumps(_taint(taint)) for taint, _ in ours.taints]
        theirs = [json.dumps(_taint(taint)) for taint in answer["taints"] or ()]
        if Counter(certain) - Counter(theirs) or Counter(theirs) - Counter(possible):
            yield f"taints: we say {possible}, NFD {theirs}"


def _of_rule(number: int, rule: RuleMatch, theirs: Mapping[str, Any]) -> Iterator[str]:
    if rule.unknown:
        return
    yield from _unlike(f"labels of rule {number}", rule.labels, theirs.get("labels", {}))
    yield from _unlike(f"vars of rule {number}", rule.vars, theirs.get("vars", {}))


def _unlike(what: str, ours: Mapping[str, Seen], theirs: Mapping[str, str]) -> Iterator[str]:
    for key, seen in ours.items():
        value = theirs.get(key)
        if isinstance(seen, str):
            wrong = value != seen
        else:
            wrong = seen.there and value is None
            wrong = wrong or (value is not None and seen.values is not None and value not in seen.values)
        if wrong:
            yield f"{what}: {key!r} is {seen!r} to us, {value!r} to NFD"
    for key in theirs.keys() - ours.keys():
        yield f"{what}: NFD sets {key!r} to {theirs[key]!r}"


def _taint(taint: Mapping[str, Any]) -> dict[str, Any]:
    return {key: taint.get(key) for key in ("key", "value", "effect")}


def _named(outcomes: int) -> str:
    return " or ".join(name for name, bit in BITS.items() if outcomes & bit) or "nothing"


if __name__ == "__main__":
    raise SystemExit(main())
