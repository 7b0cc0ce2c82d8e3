"""`aksrdma catalog aks`: what AKS offers, as tables or data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from aksrdma import catalog
from aksrdma.cli.options import output_option
from aksrdma.cli.table import table, text_of

_WIDTH: Final = 100
"""Columns of the notes below a table."""


@dataclass(frozen=True, slots=True)
class AksTable:
    """A part of what AKS offers."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str]
    """What holds for the part as a whole, and what is unsure of it."""


@click.command("aks")
@output_option("table", "json", "yaml")
def command(output: str) -> int:
    """Show what AKS offers: Kubernetes versions, OS SKUs, GPU drivers, managed parts, flags of az."""
    if output != "table":
        fabric = catalog.defaults()
        limits = {name: getattr(fabric, name) for name in ("fabric_nodes", "fabric_nodes_on_request")}
        click.echo(text_of({**catalog.to_data(catalog.aks()), "limits": limits}, output), nl=False)
        return 0
    parts = [f"{part.title}\n\n{table(part.head, part.rows)}{_notes(part)}" for part in tables()]
    click.echo("\n".join(parts), nl=False)
    return 0


def tables() -> Iterator[AksTable]:
    """Yield what AKS offers, a part at a time."""
    yield _kubernetes()
    yield _os_skus()
    yield _gpu_drivers()
    yield _managed()
    yield _limits()
    yield _flags()


def _kubernetes() -> AksTable:
    aks = catalog.aks()
    releases = [catalog.release(name) for name in catalog.releases()]
    skus = [aks.os_sku(name) for name in ("Ubuntu", "Ubuntu2204", "Ubuntu2404")]
    rows = [
        [
            row.minor,
            row.support,
            row.ga,
            row.end_of_life,
            row.end_of_lts,
            *(sku and sku.os(row.minor) for sku in skus),
            ", ".join(release.name for release in releases if release.kubernetes.holds(row.minor)) or None,
        ]
        for row in aks.kubernetes
    ]
    head = ["KUBERNETES", "SUPPORT", "GA", "COMMUNITY UNTIL", "LTS UNTIL", "Ubuntu", "Ubuntu2204", "Ubuntu2404"]
    support = aks.long_term_support
    notes = [
        f"SUPPORT is that of {aks.checked}. lts: with {' '.join(support.flags)} alone; {support.note}.",
        f"A new cluster whose version is not named gets {aks.default_kubernetes}.",
        *(f"Kubernetes {row.minor} is unsure: {row.unsure}." for row in aks.kubernetes if row.unsure),
    ]
    return AksTable("Kubernetes versions, and the system that each OS SKU is", [*head, "NETWORK OPERATOR"], rows, notes)


def _os_skus() -> AksTable:
    rows = [
        [sku.name, image.os, image.since, image.until, sku.note if at == 0 else None]
        for sku in catalog.aks().os_skus
        for at, image in enumerate(sku.images)
    ]
    return AksTable("Values of --os-sku", ["OS SKU", "SYSTEM", "KUBERNETES FROM", "TO", "NOTE"], rows, [])


def _gpu_drivers() -> AksTable:
    drivers = catalog.aks().gpu_drivers
    rows = [
        [
            series,
            row.installed_by,
            row.version,
            row.fabric_manager,
            row.image and row.image.rpartition("/")[2],
            row.note,
        ]
        for row in drivers
        for series in row.series
    ]
    head = ["SERIES", "INSTALLED BY", "VERSION", "FABRIC MANAGER", "IMAGE", "NOTE"]
    notes = [f"{', '.join(row.series)} is unsure: {row.unsure}." for row in drivers if row.unsure]
    return AksTable("GPU drivers, where --gpu-driver none is not given", head, rows, notes)


def _managed() -> AksTable:
    gpu, dranet = catalog.aks().managed_gpu, catalog.aks().managed_dranet
    rows: list[list[Any]] = [
        ["managed GPU", gpu.state, " ".join(gpu.flags), gpu.azure_cli, gpu.aks_preview, gpu.feature],
        ["managed DRANET", dranet.state, " ".join(dranet.flags), dranet.azure_cli, None, None],
    ]
    notes = [
        f"Managed GPU installs {', '.join(gpu.installs)}. Limits: {'; '.join(gpu.limits)}. API: {gpu.api}.",
        f"Managed GPU is unsure: {gpu.unsure}.",
        f"Managed DRANET: {dranet.what}. Better where {dranet.better_when}. Not beside {', '.join(dranet.instead_of)}. "
        f"Nodes have the label {dranet.label}. API: {dranet.api}.",
        *(f"The better way on {series}: {why}." for series, why in dranet.better_for.items()),
        f"Managed DRANET is unsure: {dranet.unsure}.",
    ]
    head = ["WHAT", "STATE", "FLAG OF az aks nodepool add", "AZURE-CLI", "AKS-PREVIEW", "FEATURE FLAG"]
    return AksTable("What AKS manages itself", head, rows, notes)


def _limits() -> AksTable:
    row = catalog.defaults()
    rows: list[list[Any]] = [
        ["nodes of a pool with InfiniBand, which is one scale set and one fabric", row.fabric_nodes],
        ["the same after a support request", row.fabric_nodes_on_request],
    ]
    notes = [f"Feature {flag.name}, of a {flag.scope}: {flag.what}." for flag in catalog.aks().feature_flags]
    return AksTable("Limits and feature flags", ["LIMIT", "NODES"], rows, notes)


def _flags() -> AksTable:
    flags = catalog.aks().az_flags
    rows = [
        [row.command, row.flag, row.azure_cli, row.aks_preview, ", ".join(row.values) or None, row.note]
        for row in flags
    ]
    notes = [f"{row.flag} is unsure: {row.unsure}." for row in flags if row.unsure]
    head = ["COMMAND", "FLAG", "AZURE-CLI", "AKS-PREVIEW", "VALUES", "NOTE"]
    return AksTable("Flags that not every version of az has", head, rows, notes)


def _notes(part: AksTable) -> str:
    wrapped = (textwrap.fill(note, _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for note in part.notes)
    return "".join(f"{note}\n" for note in ("", *wrapped)) if part.notes else ""
