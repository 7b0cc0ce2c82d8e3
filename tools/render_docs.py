"""Write what is made from the code again: the cluster file's JSON Schema and the field tables of the documentation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aksrdma.cluster.schema import cluster_schema, schema_text  # noqa: E402 (the checkout's own package)

BEGIN, END = "<!-- made by tools/render_docs.py -->", "<!-- end -->"


def field_table() -> str:
    """Return the Markdown table of every field below `spec`."""
    rows = ["| field | type | default | what it is |", "|---|---|---|---|"]
    rows += _rows(cluster_schema()["properties"]["spec"], "")
    return "\n".join(rows) + "\n"


def _rows(schema: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, field in schema["properties"].items():
        path = f"{prefix}{name}"
        yield f"| `{path}` | {_type(field)} | {_default(field)} | {field['description']} |"
        if "properties" in field:
            yield from _rows(field, f"{path}.")
        elif "properties" in field.get("items", {}):
            yield from _rows(field["items"], f"{path}[].")


def _type(field: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{word}`" for word in field["enum"])
    if field["type"] == "array":
        return f"list of {field['items'].get('type', 'object')}"
    bounds = [str(field[key]) for key in ("minimum", "maximum") if key in field]
    return (
        f"{field['type']} {' to '.join(bounds)}{'' if 'maximum' in field else ' or more'}" if bounds else field["type"]
    )


def _default(field: dict[str, Any]) -> str:
    if "default" not in field:
        return ""
    value = field["default"]
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(value) if isinstance(value, list) else value}`" if value != [] else ""


def between_marks(page: str, text: str) -> str:
    """Return a page with what stands between the marks replaced."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{text}{END}{tail}"


def main() -> None:
    """Write the schema and the page."""
    (ROOT / "schemas" / "aksrdma.dev" / "rdmacluster_v1alpha1.json").write_text(schema_text(), encoding="utf-8")
    page = ROOT / "docs" / "cluster-file.md"
    page.write_text(between_marks(page.read_text(encoding="utf-8"), field_table()), encoding="utf-8")


if __name__ == "__main__":
    main()
