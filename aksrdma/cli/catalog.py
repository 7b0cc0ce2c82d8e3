"""`aksrdma catalog`: the facts, as tables or data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from aksrdma import catalog
from aksrdma.cli import aks
from aksrdma.cli.catalog_import import command as import_command
from aksrdma.cli.config import configured, use_own_facts, use_own_rules
from aksrdma.cli.options import output_option
from aksrdma.cli.table import details, table, text_of
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint


@dataclass(frozen=True)
class Section:
    """One kind of fact: what it lists, and the columns of its table."""

    names: Callable[[], Sequence[str]]
    row: Callable[[str], Any]
    columns: dict[str, Callable[[Any], Any]]
    data: Callable[[Any], Any] = catalog.to_data
    """What `-o json` and `-o yaml` have of a row."""
    shown: Callable[[Any], str] = lambda row: details(catalog.to_data(row))
    """What the terminal shows of one row."""


def _release_data(row: catalog.Release) -> dict[str, Any]:
    return {**catalog.to_data(row), "aks_versions": [catalog.to_data(one) for one in row.aks_versions]}


def _aks_cell(row: catalog.Release) -> str:
    """Return the versions of Kubernetes that AKS makes clusters of and that a release is for."""
    parts = []
    for support, words in (("community", ""), ("lts", "LTS ")):
        minors = [one.minor for one in row.aks_versions if one.support == support]
        if minors:
            parts.append(f"{words}{minors[0]} - {minors[-1]}" if len(minors) > 1 else f"{words}{minors[0]}")
    return ", ".join(parts) or "none"


def _release_text(row: catalog.Release) -> str:
    """Return what one asks first of a release, then its driver images, the chart's defaults, doubts and sources."""
    data, images = catalog.to_data(row), catalog.images(row.name)
    with_digest = sum(image.digest is not None for image in images)
    facts = [
        ("support", f"{row.support.state} since {row.support.since}" if row.support else None),
        ("kubernetes", f"{row.kubernetes}{_doubt(row, 'kubernetes')}"),
        ("aks has of it", f"{_aks_cell(row)} ({catalog.aks().checked})"),
        ("date", f"{row.date}{_doubt(row, 'date')}" if row.date else None),
        (
            "chart",
            f"{row.chart.version} of {row.chart.repository}; helm installs it on Kubernetes {row.chart.kube_version}",
        ),
        *(("driver", one) for one in _drivers(row)),
        *(("precompiled", tag) for tag in row.precompiled_azure_driver_tags or ()),
        ("images", f"{len(images)}, {with_digest} of them with digests: `aksrdma catalog images {row.name}`"),
        *([("schemas", f"those of {row.schemas}{_doubt(row, 'schemas')}")] if row.schemas else []),
    ]
    tags = [(one.os, one.arch, one.tag, one.digest) for one in row.driver_tags or ()]
    rest = {key: data[key] for key in ("other_patches", "field_notes", "unsure") if data[key]}
    fields: dict[str, list[str]] = {}
    for field, texts in data["sources"].items():
        for text in texts:
            fields.setdefault(text, []).append(field)
    parts = [
        table([row.name, ""], facts),
        table(["OS", "ARCH", "DRIVER IMAGE", "DIGEST"], tags) if tags else "",
        table(["CHART VALUE", "DEFAULT"], [*row.helm_defaults.items()]),
        details(rest) if rest else "",
        "".join(f"{text}\n    for {', '.join(names)}\n" for text, names in fields.items()),
    ]
    return "\n".join(part for part in parts if part)


def _drivers(row: catalog.Release) -> list[str]:
    """Return the versions of the driver that go with a release, each with what it is for."""
    lines = [f"{one.version}: {one.why}" for one in row.driver_versions] or [row.components["ofedDriver"].version]
    return [*lines, f"{row.lts_driver}: the long-term line"] if row.lts_driver else lines


def _doubt(row: catalog.Release, field: str) -> str:
    why = catalog.unsure_of(row, field)
    return f" (unsure: {why})" if why else ""


_RELEASES: Final = Section(
    catalog.releases,
    catalog.release,
    {
        "RELEASE": lambda row: row.name,
        "SUPPORT": lambda row: row.support and row.support.state,
        "KUBERNETES": lambda row: f"{row.kubernetes.min} - {row.kubernetes.max or '?'}",
        "AKS HAS OF IT": _aks_cell,
        "DATE": lambda row: row.date,
        "DRIVER": lambda row: row.components["ofedDriver"].version,
        "NFD": lambda row: row.nfd.image.version,
        "IPAM": lambda row: "whereabouts, nv-ipam" if "ipamPlugin" in row.components else "nv-ipam",
    },
    _release_data,
    _release_text,
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
_DRIVERS: Final = Section(
    lambda: [row.name for row in catalog.driver_combinations()],
    lambda name: _combination(name),
    {
        "GPUS": lambda row: row.gpu_vendor,
        "GPU DRIVER": lambda row: row.gpu_driver,
        "NIC DRIVER": lambda row: row.nic_driver,
        "VERDICT": lambda row: row.verdict,
        "az aks nodepool add": lambda row: " ".join(row.az) or None,
        "GPUDIRECT BY": lambda row: row.gpudirect,
        "DEVICE PLUGIN BY": lambda row: row.device_plugin,
        "WHY": lambda row: f"{row.why}; write {row.instead}" if row.instead else row.why,
    },
)


def _combination(name: str) -> catalog.DriverCombination:
    """Return the row of `nvidia aks doca`, or of these words with commas between them.

    Raises:
        UnknownNameError: no such combination.
    """
    known = {row.name: row for row in catalog.driver_combinations()}
    wanted = " ".join(name.replace(",", " ").split())
    if wanted not in known:
        raise UnknownNameError(
            f"no combination of drivers named {name!r}{hint(wanted, known)} (vendor, GPU driver, NIC driver)"
        )
    return known[wanted]


_SECTIONS: Final = {
    "releases": _RELEASES,
    "drivers": _DRIVERS,
    "vm-sizes": _VM_SIZES,
    "profiles": _PROFILES,
    "presets": _PRESETS,
    "rules": _RULES,
}


@click.group("catalog")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show the facts that aksrdma renders and judges with: as a table, or `-o json` and `-o yaml` with their sources.

    \b
    aksrdma catalog vm-sizes
    aksrdma catalog vm-sizes Standard_ND96isr_H100_v5
    aksrdma catalog images v25.10.0 -o json
    aksrdma catalog import network-operator-26.7.0.tgz --out-dir facts
    """
    folder = configured().get("catalog")
    if ctx.invoked_subcommand != import_command.name or (folder and Path(folder).is_dir()):
        use_own_facts()


def _section_command(name: str, section: Section) -> click.Command:
    @click.argument("name", required=False, metavar="[NAME]")
    @output_option("table", "json", "yaml")
    def show(name: str | None, output: str) -> int:
        if section is _RULES:
            use_own_rules()
        rows = [section.row(one) for one in (section.names() if name is None else [name])]
        if output != "table":
            data = [section.data(row) for row in rows]
            click.echo(text_of(data if name is None else data[0], output), nl=False)
        elif name is None:
            cells = [[column(row) for column in section.columns.values()] for row in rows]
            click.echo(table(list(section.columns), cells), nl=False)
        else:
            click.echo(section.shown(rows[0]), nl=False)
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
command.add_command(import_command)
