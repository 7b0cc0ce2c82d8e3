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

from aksrdma.checks.apiserver import problems
from aksrdma.checks.apiserver.pod import check_pod
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
    "secret": base("v1", "Secret"),
    "service": base("v1", "Service", spec={"ports": [{"port": 80}]}),
    "statefulset": base("apps/v1", "StatefulSet", spec=OWN),
}


def expand(value):
    if isinstance(value, str) and (match := re.fullmatch(r"\{a\*(\d+)\}", value)):
        return "a" * int(match[1])
    if isinstance(value, list):
        return [expand(one) for one in value]
    return {key: expand(one) for key, one in value.items()} if isinstance(value, dict) else value


def build(row):
    data = copy.deepcopy(BASES[row["base"]])
    for dotted, value in row["set"].items():
        *steps, last = [int(step) if step.isdigit() else step for step in dotted.split(".")]
        place = data
        for step in steps:
            place = place[step]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = expand(value)
    return data


def rows(name):
    return [pytest.param(row, id=row["id"]) for row in yaml.safe_load((HERE / name).read_text())]


def found(data):
    return [f"{one.rule} {format_path(one.path)}" for one in problems(Document.from_data(data))]


@pytest.mark.parametrize("row", rows("refused.yaml"))
def test_refused(row):
    assert found(build(row)) == [row["expect"]]


@pytest.mark.parametrize("row", rows("taken.yaml"))
def test_taken(row):
    assert found(build(row)) == []


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
        problems(Document.from_data(one))


def test_what_the_schema_refuses_is_not_reported_again():
    data = base("v1", "Pod", spec={**TEMPLATE["spec"], "restartPolicy": "never", "hostname": "A"})
    document = Document.from_data(data)

    assert found(data) == ["invalid-pod spec.restartPolicy", "invalid-pod spec.hostname"]
    (one,) = check_pod(document, ManifestSet([document], release="v26.4.1"))
    assert one.path == ("spec", "hostname")


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
    tables = {name: yaml.safe_load((HERE / f"{name}.yaml").read_text()) for name in ("refused", "taken")}
    cases = [(row["id"], build(row), name == "taken") for name, table in tables.items() for row in table]
    cases += [(one.id, one.values[0], True) for one in ACCEPTED]
    cases = [case for case in cases if case[1]["apiVersion"] in ("v1", "apps/v1", "batch/v1")]
    verdicts = judge([data for _, data, _ in cases])
    differing = [
        name for (name, _, taken), verdict in zip(cases, verdicts, strict=True) if verdict["accepted"] != taken
    ]
    assert differing == []
