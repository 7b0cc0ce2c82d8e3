"""Runs the programs whose verdicts are compared with ours."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

from aksrdma.schemas.store import BUILTIN

_PER_FILE: Final = 400

Objects: TypeAlias = "list[dict[str, Any]]"


@dataclass(frozen=True)
class Verdict:
    """What a program says of one object."""

    accepts: bool
    text: str = ""
    causes: tuple[tuple[str, str], ...] = ()
    """Field and message of each complaint, where the program tells them apart."""


def kubectl_validate(program: Path, objects: Objects, *, crds: Path | None, openapi: Path) -> list[Verdict]:
    """Return kubectl-validate's verdict on each object."""
    command = [str(program), "-o", "json", "--local-schemas", str(openapi)]
    if crds:
        command += ["--local-crds", str(crds)]
    with tempfile.TemporaryDirectory() as folder:
        files = list(_write(Path(folder), objects))
        done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
        if not done.stdout.startswith("{"):
            raise RuntimeError(f"kubectl-validate failed: {done.stderr.strip()}")
        report = json.JSONDecoder().raw_decode(done.stdout)[0]
        return list(chain.from_iterable(map(_status, report[str(file)]) for file in files))


def openapi_of(shared: Path, folder: str) -> Path:
    """Return the folder of OpenAPI documents: of the version of Kubernetes that is judged, or the newest that is there."""
    version = folder.removeprefix(f"{BUILTIN}-") if folder.startswith(BUILTIN) else ""
    return shared / "kubernetes" / (version or sorted(path.name for path in (shared / "kubernetes").iterdir())[-1])


def _status(status: dict[str, Any]) -> Verdict:
    causes = status.get("details", {}).get("causes", ())
    pairs = tuple((cause.get("field", ""), cause.get("message", "")) for cause in causes)
    return Verdict(status["status"] == "Success", status.get("message", ""), pairs)


def kubeconform(program: Path, objects: Objects, *, location: str) -> list[Verdict]:
    """Return kubeconform's verdict on each object."""
    command = [str(program), "-strict", "-output", "json", "-verbose", "-schema-location", location]
    with tempfile.TemporaryDirectory() as folder:
        files = list(_write(Path(folder), objects, per_file=1))
        done = subprocess.run([*command, folder], capture_output=True, text=True, check=False)
        rows = {row["filename"]: row for row in json.loads(done.stdout)["resources"]}
        return [_resource(rows[str(file)]) for file in files]


def _resource(row: dict[str, Any]) -> Verdict:
    return Verdict(row["status"] == "statusValid", row.get("msg", ""))


def _write(folder: Path, objects: Objects, per_file: int = _PER_FILE) -> Iterator[Path]:
    """Write the objects as YAML streams, each object as JSON, which is YAML."""
    for start in range(0, len(objects), per_file):
        file = folder / f"{start:06}.yaml"
        some = objects[start : start + per_file]
        file.write_text("\n---\n".join(json.dumps(data) for data in some), encoding="utf-8")
        yield file
