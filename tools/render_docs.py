"""Write what is made from the code again: the cluster file's JSON Schema and the field tables of the documentation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aksrdma import catalog  # noqa: E402 (the checkout's own package)
from aksrdma.checks.register import index_text  # noqa: E402
from aksrdma.cli.aks import tables  # noqa: E402
from aksrdma.cli.node import drawing  # noqa: E402
from aksrdma.cluster.schema import cluster_schema, schema_text  # noqa: E402
from aksrdma.workloads.fit.resource_table import resource_table  # noqa: E402

BEGIN, END = "<!-- made by tools/render_docs.py -->", "<!-- end -->"


def mistakes(name: str) -> str:
    """Return the findings on an example with mistakes, without file and object."""
    text = (ROOT / "examples" / "mistakes" / f"{name}.txt").read_text(encoding="utf-8")
    lines = [_shortened(line) for line in text.splitlines()]
    return "\n".join(["```text", *lines, "```", ""])


def _shortened(line: str) -> str:
    place, severity, rule, _, rest = line.split(" ", 4)
    return f"{place.split(':')[1]:>3}: {severity} {rule} {rest}"


def rules_page() -> str:
    """Return the page of every rule, by theme."""
    intro = (
        "# Rules\n\n"
        "What `aksrdma validate` looks for; `aksrdma explain RULE` shows one with its source. Layers: `yaml` nobody can "
        "read it; `schema` the API server refuses it; `admission` the operator's webhook does, judged only with "
        "`--admission-controller`; `component` the program that reads the config does; `relation` objects that do not fit "
        "each other, the VM size, the release or AKS; `practice` it works, but.\n"
    )
    return intro + "".join(_theme(theme) for theme in catalog.themes())


def _theme(theme: str) -> str:
    rows = catalog.rules_of(theme)
    parts = [f"\n## {theme.replace('_', ' ').capitalize()}\n"]
    for row in sorted(rows, key=lambda row: row.id):
        releases = "" if row.releases == "all" else f", {', '.join(row.releases)}"
        needs = f", needs {', '.join(row.needs)}" if row.needs else ""
        parts.append(
            f"\n### {row.id}\n\n*{row.severity}, {row.layer}{needs}{releases}*: {_sentence(row.statement)}\n\n"
            f"{_sentence(row.why)} **Fix**: {_sentence(row.fix)}\n\n`{row.source}`\n"
        )
    return "".join(parts)


def _sentence(text: str) -> str:
    first = text.split(" ", 1)[0]
    whole = f"{text[:1].upper()}{text[1:]}" if first.isalpha() and first.islower() else text
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def aks_page() -> str:
    """Return the page of what AKS offers, and of the nodes of each series that has a topology."""
    parts = [
        "# AKS\n\nWhat AKS offers to clusters with InfiniBand, and what its nodes look like: `aksrdma catalog aks` and "
        f"`aksrdma explain SIZE` as a page, made from the catalog as of {catalog.aks().checked}.\n"
    ]
    for part in tables():
        lines = [part.head, ["---"] * len(part.head), *part.rows]
        cells = [["" if cell is None else _cell(cell) for cell in row] for row in lines]
        parts.append(f"\n## {part.title}\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in cells))
        parts += [f"\n{note}\n" for note in part.notes]
    parts.append("\n## Nodes\n\nWith more than one NIC or with GPUs; `aksrdma explain SIZE` draws any.\n")
    sold = [size for size in map(catalog.vm_size, catalog.vm_sizes()) if size.state != "retired" and size.topology]
    several = {size.topology for size in sold if size.gpu or size.infiniband.nic_count > 1}
    for topology in sorted(filter(None, several)):
        alike = [size for size in sold if size.topology == topology]
        series = ", ".join(dict.fromkeys(size.series for size in alike))
        parts.append("\n".join([f"\n### {series}\n", "```text", *drawing(alike[0]), "```", ""]))
    return "".join(parts)


def _cell(cell: Any) -> str:
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell)


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


def between_marks(page: str, *texts: str) -> str:
    """Return a page with what stands between the marks replaced, one text for each pair of marks."""
    head, *parts = page.split(BEGIN)
    made = (f"{BEGIN}\n{text}{END}{part.partition(END)[2]}" for text, part in zip(texts, parts, strict=True))
    return "".join([head, *made])


def main() -> None:
    """Write the schema and the pages."""
    for path, text in made().items():
        (ROOT / path).write_text(text, encoding="utf-8")


def made() -> dict[str, str]:
    """Return what is made from the code, as path to text."""
    page = "docs/cluster-file.md"
    return {
        "schemas/aksrdma.dev/rdmacluster_v1alpha1.json": schema_text(),
        page: between_marks((ROOT / page).read_text(encoding="utf-8"), field_table()),
        "docs/rules.md": rules_page(),
        "docs/aks.md": aks_page(),
        "aksrdma/checks/index.json": index_text(),
        "docs/resources.md": between_marks((ROOT / "docs/resources.md").read_text(encoding="utf-8"), resource_table()),
        "README.md": between_marks((ROOT / "README.md").read_text(encoding="utf-8"), mistakes("tcp"), mistakes("ten")),
    }


if __name__ == "__main__":
    main()
