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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aksrdma import catalog
from aksrdma.kube.node_feature_outputs import Outputs, execute
from aksrdma.kube.node_feature_rules import YES
from aksrdma.kube.node_features import features_of
from tools.node_feature_judge.comparison import differences, keep, named, version_of
from tools.node_feature_judge.questions import Dice

AGAIN = (3000, 200_000)
"""Runs where fewer did not show all outcomes that depend on the order in which Go walks a map."""


def main() -> int:
    """Compare, and return 1 where there is a difference."""
    options = argparse.ArgumentParser(prog="python -m tools.node_feature_judge")
    options.add_argument("judge")
    options.add_argument("--count", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=3, help="differences to print whole")
    options.add_argument("--keep", type=Path, help="file for the questions about nodes with NFD's answers")
    chosen = options.parse_args()
    name = subprocess.run([chosen.judge, "version"], capture_output=True, text=True, check=True).stdout.strip()
    version = version_of(name)
    newer = version.comparisons
    dice, wrong = Dice(chosen.seed), 0
    asked = [dice.question(newer) for _ in range(chosen.count)]
    told = [execute(one["objects"], features_of(one["features"]), version) for one in asked]
    answers = answered(chosen.judge, asked, told)
    wrong += compare("nodes", asked, told, answers, whole=True, show=chosen.show)
    if chosen.keep:
        keep(chosen.keep, name, asked, answers)
    sizes = [catalog.size_features(catalog.vm_size(one)) for one in catalog.vm_sizes()]
    known = [[*sizes, catalog.features_without_infiniband()][n % (len(sizes) + 1)] for n in range(chosen.count)]
    asked = [dice.of_size(features, newer) for features in known]
    told = [execute(one["objects"], features, version) for one, features in zip(asked, known, strict=True)]
    wrong += compare("VM sizes", asked, told, ask(chosen.judge, asked), whole=False, show=chosen.show)
    print(f"NFD {name}: {2 * chosen.count} questions, {wrong} differ")
    return 1 if wrong else 0


def answered(judge: str, asked: Sequence[dict[str, Any]], told: Sequence[Outputs]) -> list[list[dict[str, Any]]]:
    """Return the judge's answers, asked again where they are not yet all that we hold possible."""
    answers = ask(judge, asked)
    for times in AGAIN:
        unlike = [n for n in range(len(asked)) if any(differences(told[n], answers[n], whole=True))]
        for number, answer in zip(unlike, ask(judge, [{**asked[n], "times": times} for n in unlike]), strict=True):
            answers[number] = answer
    return answers


def compare(
    what: str,
    asked: Sequence[dict[str, Any]],
    told: Sequence[Outputs],
    answers: Sequence[list[dict[str, Any]]],
    *,
    whole: bool,
    show: int,
) -> int:
    """Print what is other than what we say, and return how often it is."""
    counted, wrong = Counter[str](), 0
    for number, (question, outputs) in enumerate(zip(asked, told, strict=True)):
        found = list(differences(outputs, answers[number], whole=whole))
        wrong += bool(found)
        counted.update(named(one.outcomes) for one in outputs.rules)
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


if __name__ == "__main__":
    raise SystemExit(main())
