"""Odd values of YAML: what aksrdma reads is what kubectl reads.

`odd_values.json` was made with a Go program that runs kubectl's own decoder (see tools/yaml_oracle); the last tests ask
the kubectl at hand again.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aksrdma import documents
from aksrdma.documents import fast, full
from aksrdma.documents.source_text import Chunk

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("odd_values.json").read_text(encoding="utf-8"))
READ = [row for row in ROWS if "refused" not in row]
REFUSED = [row for row in ROWS if "refused" in row]


def as_json(value: Any) -> str:
    """Write a value so that values compare by kind too; Go writes floats beyond 64 bits without a point."""
    return json.dumps(json.loads(json.dumps(value), parse_int=number), sort_keys=True)


def number(text: str) -> float:
    return int(text) if abs(int(text)) < 1 << 63 else float(text)


def by_id(rows: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(row, id=row["id"]) for row in rows]


def kubectl_reads(kubectl: str, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Let kubectl read a file and print the objects; it needs no cluster for that."""
    file = folder / "objects.yaml"
    file.write_bytes(text.encode())
    command = [kubectl, "label", "--local", "-f", str(file), "read=yes", "-o", "json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def in_object(row: dict[str, Any], name: str) -> str:
    """Put a row's YAML, which has to be block style without a `---`, below the spec of an object."""
    lines = row["yaml"].replace("\r\n", "\n").splitlines()
    return "\n".join(
        ["apiVersion: v1", "kind: Odd", f"metadata: {{name: {name}}}", "spec:", *(f"  {x}" for x in lines), ""]
    )


def fits_in_object(row: dict[str, Any]) -> bool:
    text = row["yaml"]
    odd_whole = "---" in text or "\r" in text or text.startswith("{")  # odd as a file, not as a value
    return text.isascii() and text.isprintable() is False and not odd_whole


@pytest.mark.parametrize("row", by_id(READ))
def test_value_is_the_one_that_kubectl_reads(row):
    stream = documents.read(row["yaml"])

    assert as_json([document.data for document in stream.documents]) == as_json([row["json"]])
    assert stream.problems == []


@pytest.mark.parametrize("row", by_id(REFUSED))
def test_what_kubectl_refuses_is_a_problem(row):
    stream = documents.read(row["yaml"])

    assert stream.documents == []
    assert stream.problems


@pytest.mark.parametrize("row", by_id(ROWS))
def test_both_parsers_agree(row):
    value = fast.parse(row["yaml"], 200) if row["yaml"].isascii() and "\r" not in row["yaml"] else fast.UNUSUAL
    if value is not fast.UNUSUAL:
        assert as_json(full.parse(Chunk(row["yaml"], 1), 200)[0]) == as_json(value)


def test_kubectl_still_reads_the_table_so(kubectl, tmp_path):
    rows = [row for row in READ if fits_in_object(row)]
    text = "---\n".join(in_object(row, f"row-{number}") for number, row in enumerate(rows))

    result = kubectl_reads(kubectl, tmp_path, text)

    assert result.returncode == 0, result.stderr
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(result.stdout.rstrip()):
        value, at = decoder.raw_decode(result.stdout, at)
        found.append(value["spec"])
        at += len(result.stdout[at:]) - len(result.stdout[at:].lstrip())
    assert [as_json(spec) for spec in found] == [as_json(row["json"]) for row in rows]


@pytest.mark.parametrize("row", by_id([row for row in REFUSED if fits_in_object(row)]))
def test_kubectl_still_refuses(row, kubectl, tmp_path):
    assert kubectl_reads(kubectl, tmp_path, in_object(row, "row")).returncode != 0
