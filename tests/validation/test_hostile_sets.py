"""No value of a stranger's file ends a validation, and none sends it on a wrong way."""

import pytest

import aksrdma

POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec:
  ofedDriver: {repository: r, image: doca-driver, version: '%s'}
"""
MANY = "9" * 5000


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(f"network-operator-v{MANY}.1.0", id="of-the-operator"),
        pytest.param(f"{MANY}.1-0", id="of-the-driver"),
        pytest.param(f"v{MANY}.1.1", id="of-a-project"),
    ],
)
def test_a_version_of_thousands_of_digits_names_no_release(version):
    report = aksrdma.validate(POLICY % version)

    assert "judged by the newest" in report.notes[0]


@pytest.mark.parametrize("containers", ["3", "a", "{a: 1}", "[3, null, [1]]"])
def test_containers_that_are_no_list_of_mappings_are_the_schemas_to_refuse(containers):
    report = aksrdma.validate(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
        f"spec: {{template: {{spec: {{containers: {containers}}}}}}}\n"
    )

    assert {one.layer for one in report.findings if one.severity == "error"} <= {"schema"}


@pytest.mark.parametrize("missing", ["", "apiVersion: ''\n", "apiVersion: null\n"])
def test_an_api_version_that_is_missing_empty_or_null_is_one_finding_that_says_what_to_write(missing):
    report = aksrdma.validate(f"{missing}kind: Namespace\nmetadata: {{name: a}}\n")

    assert [(one.path, one.fix) for one in report.findings] == [("apiVersion", "add apiVersion: v1")]


def test_a_list_of_many_objects_takes_no_square_of_time():
    import time

    items = "".join(
        f"- apiVersion: v1\n  kind: Namespace\n  metadata: {{name: a{number}}}\n" for number in range(10_000)
    )
    began = time.process_time()
    report = aksrdma.validate(f"apiVersion: v1\nkind: List\nitems:\n{items}# ${{a}} aksrdma\n")

    assert (report.findings, report.summary.documents) == ((), 10_000)
    assert time.process_time() - began < 8, "a search of the whole text for each object takes 17 s"
