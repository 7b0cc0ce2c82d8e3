"""What inject makes is what a cluster takes: by our own judge in every run, by other programs where they are there."""

import os
import shutil

import pytest

import aksrdma
from tests.workloads.inject.inject_props import H100


def test_our_own_judge_takes_a_sample_of_all(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root))
    from tools.conformance.injected import results

    found = results()

    made_for = [name for one in found for name in one.made_for]
    assert len(found) > 700
    assert len(made_for) > 6000
    assert f"{H100} sriov-device-plugin, pool rdma1, 1 GPUs" in made_for
    told = {
        f"{one.made_for[0]}: {finding.message}"
        for one in found[::15]
        for finding in aksrdma.validate(one.data, select=("yaml", "schema")).findings
    }
    assert told == set()


def test_kubectl_validate_and_a_real_api_server_take_all(monkeypatch, root, shared, capsys):
    judge = shutil.which(os.environ.get("AKSRDMA_APISERVER_JUDGE", ""))
    program = shutil.which("kubectl-validate")
    if not program or not judge:
        pytest.skip(
            "AKSRDMA_APISERVER_JUDGE does not name the program of tools/apiserver_judge, or no kubectl-validate"
        )
    monkeypatch.syspath_prepend(str(root))
    from tools.conformance.__main__ import main

    asked = ["--shared", str(shared), "--kubectl-validate", program, "--apiserver-judge", judge, "--injected"]
    assert main(asked) == 0
    assert capsys.readouterr().out.count(" accepted, 0 refused by ") == 2
