"""The examples are what the command prints."""

import importlib.util

import pytest

from aksrdma.validation import validate
from tests.workloads.inject.inject_props import EXAMPLES, NAMES


@pytest.fixture(scope="module")
def regenerate():
    spec = importlib.util.spec_from_file_location("regenerate", EXAMPLES / "regenerate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_example_has_its_arguments(regenerate):
    assert sorted(regenerate.ARGUMENTS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_current(name, regenerate, monkeypatch):
    monkeypatch.delenv("AKSRDMA_PROFILE", raising=False)

    assert (EXAMPLES / name / "after.yaml").read_text("utf-8") == regenerate.after(name), "run regenerate.py"


@pytest.mark.parametrize("name", NAMES)
def test_before_and_after_pass_validate(name, regenerate):
    arguments = regenerate.ARGUMENTS[name]
    sizes = (arguments[arguments.index("--vm-size") + 1],) if "--vm-size" in arguments else ()

    for file in ("before.yaml", "after.yaml"):
        lacks = ("gpu-pod-without-rdma-resource", "mpi-pods-without-rdma-resource") if file == "before.yaml" else ()
        report = validate(EXAMPLES / name / file, vm_sizes=sizes, fail_on="warning", ignore=lacks)
        assert report.ok, report.findings
