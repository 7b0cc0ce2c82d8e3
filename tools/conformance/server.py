"""Asks a real API server, by way of tools/apiserver_judge, and aksrdma as a user would ask it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import aksrdma
from aksrdma.validation import Options

from .judges import Verdict

Given: TypeAlias = "dict[str, Any] | str"
"""An object, or the text of one."""
_LAYERS = ("yaml", "schema")


@dataclass(frozen=True)
class Answer:
    """What the server says of one object."""

    verdict: Verdict
    status: int
    reason: str


def server_answers(program: Path, given: Iterable[Given], *, crds: Iterable[Path]) -> list[Answer]:
    """Return the server's answer to the creation of each object, in a dry run with strict field validation."""
    command = [str(program), "-crds", ",".join(map(str, crds))]
    with tempfile.TemporaryFile("w+") as lines:
        count = sum(1 for number, one in enumerate(given) if lines.write(_line(number, one)))
        lines.seek(0)
        done = subprocess.run(command, stdin=lines, capture_output=True, text=True, check=False)
    answers = [_answer(json.loads(line)) for line in done.stdout.splitlines()]
    if len(answers) != count:
        raise RuntimeError(f"the server gave {len(answers)} answers to {count} objects: {done.stderr[-2000:]}")
    return answers


def _line(number: int, given: Given) -> str:
    key = "yaml" if isinstance(given, str) else "object"
    return json.dumps({"name": str(number), key: given}) + "\n"


def _answer(row: dict[str, Any]) -> Answer:
    causes = tuple((cause.get("field", ""), cause.get("message", "")) for cause in row.get("causes") or ())
    verdict = Verdict(row["accepted"], row.get("message", ""), causes)
    return Answer(verdict, row["status"], row.get("reason", ""))


def is_patch(given: Given, options: Options) -> bool:
    """Tell whether aksrdma takes an object for a patch, in which nothing is missing."""
    return any("is a patch" in note for note in aksrdma.validate(given, options=options).notes)


def our_verdict(given: Given, options: Options) -> Verdict:
    """Return what `aksrdma validate` says of one object in the layers that speak for the API server."""
    report = aksrdma.validate(given, options=replace(options, select=_LAYERS))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    text = "; ".join(f"{finding.path}: {finding.rule}: {finding.message}" for finding in errors)
    return Verdict(not errors, text, tuple((finding.path, finding.rule) for finding in errors))
