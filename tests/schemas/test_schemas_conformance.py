"""The engine, plain jsonschema and kubectl-validate say the same of thousands of objects, each with one change."""

import importlib
import os
import shutil

import pytest

from aksrdma import schemas
from aksrdma.schemas.judge import compile_schema
from tools.conformance.reference import reference_validator

A_FEW = 400


@pytest.fixture
def conformance(monkeypatch, root):
    """The modules of tools/conformance."""
    monkeypatch.syspath_prepend(str(root))
    return importlib.import_module


@pytest.mark.parametrize("folder", schemas.folders())
def test_plain_jsonschema_agrees_with_the_engine(conformance, folder):
    cases = conformance("tools.conformance.corpus").cases(folder, A_FEW)
    judges = {kind: judges_of(folder, kind) for kind in {case.kind for case in cases}}

    differ = [
        (case.kind.kind, case.path, case.change)
        for case in cases
        if (judges[case.kind][0](case.data) == []) is not judges[case.kind][1].is_valid(case.data)
    ]

    assert len(cases) == A_FEW
    assert differ == []


def judges_of(folder, kind):
    schema = schemas.load(folder, kind.group, kind.kind, kind.version)
    return compile_schema(schema), reference_validator(schema)


@pytest.mark.parametrize("folder", schemas.folders())
def test_the_smallest_object_of_each_kind_is_fine(conformance, folder):
    sampler = conformance("tools.conformance.samples").Sampler
    wrong = []
    for kind in schemas.kinds(folder):
        schema = schemas.load(folder, kind.group, kind.kind, kind.version)
        wrong += compile_schema(schema)(sampler(schema).least())

    assert wrong == []


@pytest.mark.parametrize("folder", ["v25.1.0", "v26.7.0", "kubernetes-v1.34"])
def test_kubectl_validate_agrees(conformance, shared, capsys, monkeypatch, folder):
    monkeypatch.delenv("AKSRDMA_APISERVER_JUDGE", raising=False)
    program = shutil.which("kubectl-validate")
    if not program:
        pytest.skip("kubectl-validate is not on PATH")
    main = conformance("tools.conformance.__main__").main

    assert main([folder, "--shared", str(shared), "--kubectl-validate", program, "--limit", "600"]) == 0
    assert "0 differences without a reason" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["v25.1.0", "v26.7.0", "kubernetes-v1.34"])
def test_a_real_api_server_agrees(conformance, shared, capsys, folder):
    programs = shutil.which("kubectl-validate"), shutil.which(os.environ.get("AKSRDMA_APISERVER_JUDGE", ""))
    if not all(programs):
        pytest.skip(
            "AKSRDMA_APISERVER_JUDGE does not name the program of tools/apiserver_judge, or no kubectl-validate"
        )
    main = conformance("tools.conformance.__main__").main
    few = ["--limit", "400", "--changed", "800", "--texts", "300"]

    assert main([folder, "--shared", str(shared), "--apiserver-judge", programs[1], *few]) == 0
    assert "for the API server" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["v26.7.0", "workloads"])
def test_rich_objects_are_fine(conformance, folder):
    wrong = [
        problem
        for data in conformance("tools.conformance.rich").bases(folder)
        for problem in compile_schema(load_of(folder, data))(data)
    ]

    assert wrong == []


def load_of(folder, data):
    group, _, version = data["apiVersion"].rpartition("/")
    return schemas.load(folder, group, data["kind"], version)


def test_random_changes_are_the_same_in_every_run(conformance):
    bases = conformance("tools.conformance.rich").bases("kubernetes-v1.34")
    changed, texts = (conformance(f"tools.conformance.{name}") for name in ("changes", "texts"))

    assert list(changed.changed_objects(bases, 200, 1)) == list(changed.changed_objects(bases, 200, 1))
    assert list(texts.changed_texts(bases, 50, 1)) == list(texts.changed_texts(bases, 50, 1))
    assert list(changed.changed_objects(bases, 200, 1)) != list(changed.changed_objects(bases, 200, 2))
