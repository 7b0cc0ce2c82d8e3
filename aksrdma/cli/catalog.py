"""`aksrdma catalog`: the facts, as tables or data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from aksrdma import catalog
from aksrdma.cli import aks
from aksrdma.cli.config import use_own_rules
from aksrdma.cli.options import output_option
from aksrdma.cli.table import details, table, text_of


@dataclass(frozen=True)
class Section:
    """One kind of fact: what it lists, and the columns of its table."""

    names: Callable[[], Sequence[str]]
    row: Callable[[str], Any]
    columns: dict[str, Callable[[Any], Any]]


_RELEASES: Final = Section(
    catalog.releases,
    catalog.release,
    {
        "RELEASE": lambda row: row.name,
        "DATE": lambda row: row.date,
        "CHART": lambda row: row.chart.version,
        "KUBERNETES": lambda row: f"{row.kubernetes.min} - {row.kubernetes.max}",
        "DRIVER": lambda row: row.components["ofedDriver"].version,
        "NFD": lambda row: row.nfd.image.version,
        "IPAM": lambda row: "whereabouts, nv-ipam" if "ipamPlugin" in row.components else "nv-ipam",
    },
)
_STATES: Final = {"available": "available", "retirement announced": "retires {}", "retired": "retired {}"}
_VM_SIZES: Final = Section(
    catalog.vm_sizes,
    catalog.vm_size,
    {
        "VM SIZE": lambda row: row.name,
        "NICS": lambda row: row.infiniband.nic_count,
        "Gb/s A NIC": lambda row: row.infiniband.gbps_per_nic,
        "DEVICE": lambda row: row.infiniband.device_id,
        "GPUS": lambda row: f"{row.gpu.count} x {row.gpu.model}" if row.gpu else None,
        "ARCH": lambda row: row.arch,
        "STATE": lambda row: _STATES[row.state].format(row.retirement_date),
        "FEATURE FLAG": lambda row: row.infiniband_feature if row.state != "retired" else None,
        "OS SKU": lambda row: (row.os_sku or "any") if row.state != "retired" else None,
        "UNSURE FACTS": lambda row: len(row.unsure),
    },
)
_PROFILES: Final = Section(
    catalog.profiles,
    catalog.profile,
    {
        "PROFILE": lambda row: row.name,
        "RESOURCE": lambda row: row.resource and row.resource.name,
        "ONE UNIT": lambda row: row.resource and row.resource.unit,
        "BUILDS ON": lambda row: row.builds_on,
        "WHAT": lambda row: row.title,
    },
)
_RULES: Final = Section(
    catalog.rules,
    catalog.rule,
    {
        "RULE": lambda row: row.id,
        "SEVERITY": lambda row: row.severity,
        "LAYER": lambda row: row.layer,
        "WHAT": lambda row: row.statement,
    },
)
_PRESETS: Final = Section(
    catalog.preset_names,
    catalog.preset,
    {
        "PRESET": lambda row: row.name,
        "LIBRARY": lambda row: row.library,
        "VARIABLES": lambda row: len(row.variables),
        "BY DEFAULT": lambda row: len(row.environment),
        "WHAT": lambda row: row.title,
    },
)
_SECTIONS: Final = {
    "releases": _RELEASES,
    "vm-sizes": _VM_SIZES,
    "profiles": _PROFILES,
    "presets": _PRESETS,
    "rules": _RULES,
}


@click.group("catalog")
def command() -> None:
    """Show the facts that aksrdma renders and judges with: as a table, or `-o json` and `-o yaml` with their sources.

    \b
    aksrdma catalog vm-sizes
    aksrdma catalog vm-sizes Standard_ND96isr_H100_v5
    aksrdma catalog images v25.10.0 -o json
    """


def _section_command(name: str, section: Section) -> click.Command:
    @click.argument("name", required=False, metavar="[NAME]")
    @output_option("table", "json", "yaml")
    def show(name: str | None, output: str) -> int:
        if section is _RULES:
            use_own_rules()
        rows = [section.row(one) for one in (section.names() if name is None else [name])]
        if output != "table":
            data = [catalog.to_data(row) for row in rows]
            click.echo(text_of(data if name is None else data[0], output), nl=False)
        elif name is None:
            cells = [[column(row) for column in section.columns.values()] for row in rows]
            click.echo(table(list(section.columns), cells), nl=False)
        else:
            click.echo(details(catalog.to_data(rows[0])), nl=False)
        return 0

    show.__doc__ = f"List the {name}; NAME shows one with its sources."
    return click.command(name)(show)


@click.command("images")
@click.argument("release", required=False, metavar="[RELEASE]")
@output_option("table", "json", "yaml")
def _images(release: str | None, output: str) -> int:
    """List every image of a release (the newest, unless named), for mirroring into a registry of your own."""
    images = catalog.images(release or catalog.newest())
    if output == "table":
        rows = [(image.name, image.reference, image.digest, image.path) for image in images]
        click.echo(table(["IMAGE", "REFERENCE", "DIGEST", "SET BY"], rows), nl=False)
    else:
        click.echo(text_of([catalog.to_data(image) for image in images], output), nl=False)
    return 0


for _name, _section in _SECTIONS.items():
    command.add_command(_section_command(_name, _section))
command.add_command(_images)
command.add_command(aks.command)
