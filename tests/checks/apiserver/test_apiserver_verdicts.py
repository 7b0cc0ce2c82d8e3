"""What the API server refuses is found, where it is; what it takes is not. The tables are YAML, and so can be judged.

With AKSRDMA_APISERVER_JUDGE naming the program of tools/apiserver_judge, a real API server confirms every row.
"""

import copy
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from aksrdma.checks.register import document_checks
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document
from aksrdma.findings import format_path

HERE = Path(__file__).parent
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
ENDING = {"spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
OWN = {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}


def base(version, kind, **fields):
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, **fields}


BASES = {
    "claim": base("v1", "PersistentVolumeClaim", spec=CLAIM),
    "configmap": base("v1", "ConfigMap"),
    "cronjob": base("batch/v1", "CronJob", spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": ENDING}}}),
    "daemonset": base("apps/v1", "DaemonSet", spec=OWN),
    "deployment": base("apps/v1", "Deployment", spec=OWN),
    "job": base("batch/v1", "Job", spec={"template": ENDING}),
    "namespace": base("v1", "Namespace"),
    "pod": base("v1", "Pod", spec=TEMPLATE["spec"]),
    "policy": base("mellanox.com/v1alpha1", "NicClusterPolicy", spec={}),
    "replicaset": base("apps/v1", "ReplicaSet", spec=OWN),
    "secret": base("v1", "Secret"),
    "service": base("v1", "Service", spec={"ports": [{"port": 80}]}),
    "statefulset": base("apps/v1", "StatefulSet", spec=OWN),
}


def expand(value):
    if isinstance(value, str):
        return re.sub(r"\{a\*(\d+)\}", lambda match: "a" * int(match[1]), value)
    if isinstance(value, list):
        return [expand(one) for one in value]
    return {expand(key): expand(one) for key, one in value.items()} if isinstance(value, dict) else value


def put(data, dotted, value):
    """Set the field at a dotted path, making what is missing on the way; null removes it."""
    *steps, last = [int(step) if step.isdigit() else step for step in dotted.split(".")]
    for step, after in zip(steps, (*steps[1:], last), strict=False):
        if isinstance(step, int) and step == len(data):
            data.append([] if isinstance(after, int) else {})
        elif isinstance(data, dict):
            data.setdefault(step, [] if isinstance(after, int) else {})
        data = data[step]
    if isinstance(data, list):
        data[last:] = [expand(value)]
    elif value is None:
        data.pop(last, None)
    else:
        data[last] = expand(value)


def build(base, changes):
    data = copy.deepcopy(BASES[base])
    for dotted, value in changes.items():
        put(data, dotted, value)
    return data


def load(name):
    return yaml.safe_load((HERE / f"{name}.yaml").read_text())


def rows(name):
    return [pytest.param(row, id=row["id"]) for row in load(name)]


def fields(kind):
    """Yield an object for each value in fields.yaml that is taken or refused, and what is said of it."""
    for row in load("fields"):
        for value in row[kind]:
            value, said = value if kind == "refused" else (value, None)
            shown = f"{value[:20]}..." if isinstance(value, str) and len(value) > 30 else json.dumps(value)
            data = build(row["base"], {**row.get("with", {}), row["at"]: value})
            yield pytest.param(data, said, id=f"{row['base']} {row['at']} {shown}")


def problems(data):
    """Return what the schema says of an object, and the checks beyond it."""
    document = Document.from_data(data)
    manifests = ManifestSet([document], release="v26.4.1", kubernetes="v1.34")  # the tables are of that version
    checks = [check for check in document_checks(document.kind, webhook=False) if ".plugins." not in check.__module__]
    return [one for check in checks for one in check(document, manifests)]


def found(data):
    return [f"{one.rule} {format_path(one.path)}" for one in problems(data)]


def said(data):
    """Return the one problem as refused.yaml has it: rule and path, message, and fix where the check has its own."""
    (one,) = problems(data)
    return [f"{one.rule} {format_path(one.path)}", one.message, *([one.fix] if one.fix else [])]


@pytest.mark.parametrize("row", rows("refused"))
def test_refused(row):
    assert said(build(row["base"], row["set"])) == expand([row["expect"], *row["says"]])


@pytest.mark.parametrize(("data", "expected"), list(fields("refused")))
def test_a_value_that_a_field_cannot_have(data, expected):
    assert said(data)[1:] == expand(expected)


@pytest.mark.parametrize("row", rows("taken"))
def test_taken(row):
    assert found(build(row["base"], row["set"])) == []


@pytest.mark.parametrize(("data", "_"), list(fields("taken")))
def test_a_value_that_a_field_can_have(data, _):
    assert found(data) == []


@pytest.mark.parametrize("name", sorted(BASES))
def test_the_least_object_of_a_kind_is_taken(name):
    assert found(BASES[name]) == []


def whole(file):
    objects = enumerate(yaml.safe_load_all(file.read_text()), 1)
    return [pytest.param(data, id=f"{file.stem} {index} {data['kind']}") for index, data in objects]


ACCEPTED = [row for file in sorted((HERE / "accepted").glob("*.yaml")) for row in whole(file)]


@pytest.mark.parametrize("data", ACCEPTED)
def test_an_object_with_every_field_is_taken(data):
    assert found(data) == []


WRONG_TYPES = [None, True, 1, 1.5, "text", [], [None], ["text"], [1], {}, {"text": None}, {"text": [1]}]


def broken(data):
    """Yield the object with each of its values, one after the other, of each wrong type."""
    places = [(data, key) for key in data]
    while places:
        parent, key = places.pop()
        value = parent[key]
        for wrong in WRONG_TYPES:
            parent[key] = wrong
            yield data
        parent[key] = value
        if isinstance(value, (dict, list)):
            places += [(value, one) for one in (value if isinstance(value, dict) else range(len(value)))]


@pytest.mark.parametrize("data", ACCEPTED)
def test_wrong_types_never_raise(data):
    for one in broken(copy.deepcopy(data)):
        problems(one)


def test_what_the_schema_refuses_is_not_reported_again():
    data = base("v1", "Pod", spec={"containers": None})
    assert found(data) == ["missing-field spec.containers"]


@pytest.mark.parametrize(
    ("version", "problem", "noted"),
    [
        (None, [], "v1.36 v1.37"),
        ("v1.36", [], None),
        ("v1.35", ["invalid-metadata metadata.name"], None),
    ],
)
def test_a_grammar_that_was_relaxed_is_that_of_the_version(version, problem, noted):
    document = Document.from_data(build("service", {"metadata.name": "1a"}))
    manifests = ManifestSet([document], release="v26.4.1", kubernetes=version)

    checks = document_checks(document.kind, webhook=False)
    reported = [f"{one.rule} {format_path(one.path)}" for check in checks for one in check(document, manifests)]

    assert reported == problem
    marks = [(one.kind, format_path(mark.path), mark.message) for one, mark in manifests.of_some_versions]
    assert marks == ([("Service", "metadata.name", noted)] if noted else [])


@pytest.mark.parametrize(
    ("version", "problem"),
    [(None, []), ("v1.35", []), ("v1.34", ["invalid-container spec.containers[0].env[0].valueFrom"])],
)
def test_a_variable_from_a_file_alone_is_taken_where_the_feature_is_on(version, problem):
    source = {"fileKeyRef": {"volumeName": "a", "path": "b", "key": "c"}}
    document = Document.from_data(build("pod", {"spec.containers.0.env": [{"name": "A", "valueFrom": source}]}))
    manifests = ManifestSet([document], release="v26.4.1", kubernetes=version)

    checks = document_checks(document.kind, webhook=False)

    assert [f"{one.rule} {format_path(one.path)}" for check in checks for one in check(document, manifests)] == problem


@pytest.mark.parametrize(("version", "rules"), [(None, []), ("v1.36", []), ("v1.35", ["invalid-metadata"])])
@pytest.mark.parametrize("name", [None, "a"])
def test_a_name_that_is_to_be_generated_is_judged_by_the_same_grammar(version, rules, name):
    changes = {"metadata.generateName": "1e-", "metadata.name": name}
    document = Document.from_data(build("service", changes))
    manifests = ManifestSet([document], release="v26.4.1", kubernetes=version)

    checks = document_checks(document.kind, webhook=False)

    assert [one.rule for check in checks for one in check(document, manifests)] == rules


def test_a_name_that_both_grammars_refuse_is_refused_whatever_the_version():
    document = Document.from_data(build("service", {"metadata.name": "A"}))
    manifests = ManifestSet([document], release="v26.4.1")

    checks = document_checks(document.kind, webhook=False)

    assert [one.rule for check in checks for one in check(document, manifests)] == ["invalid-metadata"]


def test_other_kinds_of_the_same_name_are_left_alone():
    assert found(base("batch.volcano.sh/v1alpha1", "Job", spec={"tasks": []})) == []


@pytest.fixture(scope="module")
def judge():
    binary = os.environ.get("AKSRDMA_APISERVER_JUDGE")
    if not binary or not shutil.which(binary):
        pytest.skip("AKSRDMA_APISERVER_JUDGE does not name the program of tools/apiserver_judge")

    def ask(objects):
        lines = "".join(json.dumps({"name": "", "object": one}) + "\n" for one in objects)
        done = subprocess.run([binary], input=lines, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def test_a_real_api_server_agrees(judge):
    cases = [
        (row["id"], build(row["base"], row["set"]), name == "taken")
        for name in ("refused", "taken")
        for row in load(name)
    ]
    cases += [(one.id, one.values[0], name == "taken") for name in ("refused", "taken") for one in fields(name)]
    cases += [(one.id, one.values[0], True) for one in ACCEPTED]
    cases = [case for case in cases if case[1]["apiVersion"] in ("v1", "apps/v1", "batch/v1", "resource.k8s.io/v1")]
    verdicts = judge([data for _, data, _ in cases])
    differing = [
        name for (name, _, taken), verdict in zip(cases, verdicts, strict=True) if verdict["accepted"] != taken
    ]
    assert differing == []
