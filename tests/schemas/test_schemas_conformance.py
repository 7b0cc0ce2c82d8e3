"""The engine, plain jsonschema and kubectl-validate say the same of thousands of objects, each with one change."""

import importlib
import shutil

import pytest

from aksrdma import schemas
from aksrdma.schemas.compiler import compile_schema
from aksrdma.schemas.reference import reference_validator

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


@pytest.mark.parametrize("folder", ["v25.1.0", "v26.4.1", "kubernetes-v1.34"])
def test_kubectl_validate_agrees(conformance, shared, capsys, folder):
    program = shutil.which("kubectl-validate")
    if not program:
        pytest.skip("kubectl-validate is not on PATH")
    main = conformance("tools.conformance.__main__").main

    assert main([folder, "--shared", str(shared), "--kubectl-validate", program, "--limit", "600"]) == 0
    assert "0 differences without a reason" in capsys.readouterr().out
