"""Rules do what Node Feature Discovery itself does, of random rules on nodes with random features.

The files are written by `python -m tools.node_feature_judge`, which makes up the questions and asks NFD v0.17.0 and v0.19.0.
Where Go's order of a map decides whether a rule fails or does not match, each answer that it came to is right.
"""

from pathlib import Path

import pytest

from aksrdma.kube.node_feature_outputs import execute
from aksrdma.kube.node_features import features_of
from tools.node_feature_judge.comparison import differences, kept, version_of

QUESTIONS = [
    pytest.param(question, id=f"{question['nfd']}-{number}")
    for file in sorted(Path(__file__).parent.glob("node_features_v*.jsonl.gz"))
    for number, question in enumerate(kept(file))
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_rules_do_on_a_node_what_they_do_in_nfd(question):
    told = execute(question["objects"], features_of(question["features"]), version_of(question["nfd"]))

    assert list(differences(told, question["answers"], whole=True)) == []


def test_the_questions_are_wide_enough_to_tell():
    outcomes = [rule["outcome"] for one in QUESTIONS for rule in one.values[0]["answers"][0]["rules"]]
    labelled = [one for one in QUESTIONS if one.values[0]["answers"][0]["labels"]]

    assert {one.values[0]["nfd"] for one in QUESTIONS} == {"v0.17.0", "v0.19.0"}
    assert all(outcomes.count(one) > 200 for one in ("match", "no match", "error"))
    assert len(labelled) > 150
