"""Check tests/documents/odd_values.json against kubectl's own YAML reader, or make its expectations anew.

    cd tools/yaml_oracle && go build -o /tmp/yaml_oracle . && python table.py /tmp/yaml_oracle [--write]

A new row needs `id` and `yaml` alone before `--write`.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[2] / "tests" / "documents" / "odd_values.json"


def main(arguments: list[str]) -> int:
    """Run the oracle over the table; return 1 where a row is stale and is not to be written."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    judged = judge(arguments[0], rows)
    stale = [row["id"] for row, new in zip(rows, judged, strict=True) if row != new]
    if stale and "--write" in arguments:
        lines = ",\n".join(f"  {json.dumps(row)}" for row in judged)
        TABLE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    for name in stale:
        print(f"not as kubectl reads it: {name}")
    print(f"{len(rows)} rows, {len(stale)} stale")
    return int(bool(stale) and "--write" not in arguments)


def judge(oracle: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with what the oracle says of each."""
    texts = [row["yaml"].encode() for row in rows]
    sent = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    printed = subprocess.run([oracle], input=sent, capture_output=True, check=True).stdout
    verdicts = [json.loads(line) for line in printed.splitlines()]
    return [expected(row, verdict) for row, verdict in zip(rows, verdicts, strict=True)]


def expected(row: dict[str, Any], verdict: dict[str, Any]) -> dict[str, Any]:
    """Return a row with `refused`, or with `json`: the one document that the row may hold."""
    kept = {"id": row["id"], "yaml": row["yaml"]}
    if "error" in verdict:
        return {**kept, "refused": True}
    [document] = verdict["documents"]
    return {**kept, "json": document}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
