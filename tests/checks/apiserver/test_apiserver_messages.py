"""A message holds the value and the nearest right one; every rule that is reported has a row."""

import re
from pathlib import Path

import pytest
import yaml

from aksrdma.checks import apiserver
from aksrdma.checks.apiserver.pod import check_pod
from aksrdma.checks.register import every_check
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document

PACKAGE = Path(apiserver.__file__).parents[2]


def only(**spec):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}
    document = Document.from_data(pod)
    (problem,) = check_pod(document, ManifestSet([document], release="v26.4.1"))
    return problem


@pytest.mark.parametrize(
    ("container", "message"),
    [
        pytest.param(
            {"resources": {"limits": {"rdma/a": 1}, "requests": {"edma/a": 1}}},
            "requests name edma/a and limits name rdma/a, which are two different resources",
            id="names-both-resources",
        ),
        pytest.param(
            {"volumeMounts": [{"name": "sm", "mountPath": "/dev/shm"}]},
            "the pod has no volume 'sm'; did you mean shm?",
            id="names-the-volume-that-was-meant",
        ),
        pytest.param(
            {"resources": {"limits": {"rdma/ib": "0.5"}}}, "rdma/ib 0.5 is not a whole number", id="shows-the-amount"
        ),
    ],
)
def test_message(container, message):
    containers = [{"name": "a", "image": "a", **container}]
    assert only(containers=containers, volumes=[{"name": "shm"}]).message == message


RULES = {name for check in every_check() if check.module.startswith(apiserver.__name__) for name in check.rules}


def test_every_rule_of_the_code_is_registered():
    files = Path(apiserver.__file__).parent.glob("*.py")
    named = {name for file in files for name in re.findall(r'"((?:invalid|rdma)-[a-z-]+)"', file.read_text())}
    assert named == RULES


def test_every_rule_has_a_row():
    rows = [row for file in (PACKAGE / "catalog" / "rules").glob("*.yaml") for row in yaml.safe_load(file.read_text())]
    assert {row["id"] for row in rows} >= RULES
