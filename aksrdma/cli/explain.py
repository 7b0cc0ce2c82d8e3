"""`aksrdma explain`: why, for a rule, a field, a profile or a VM size."""

from __future__ import annotations

from dataclasses import asdict

import click

from aksrdma import catalog
from aksrdma.cli.config import use_own_rules
from aksrdma.cli.table import details
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint


@click.command("explain")
@click.argument("name")
def command(name: str) -> int:
    """Say why: NAME is a rule, a field of an object or of the cluster file, a profile, a release or a VM size.

    \b
    aksrdma explain whereabouts-gateway-allocatable
    aksrdma explain nicclusterpolicy.spec.ofedDriver.forcePrecompiled
    aksrdma explain Standard_ND96isr_H100_v5
    """
    use_own_rules()
    click.echo(_explained(name), nl=False)
    return 0


def _explained(name: str) -> str:
    if name in catalog.profiles():
        return details(catalog.to_data(catalog.profile(name)))
    if name in catalog.rules():
        return _rule(catalog.rule(name))
    if "." in name and not name.removeprefix("v")[:1].isdigit():
        return _field(name)
    for row in (catalog.release, catalog.vm_size):
        try:
            return details(catalog.to_data(row(name)))
        except UnknownNameError as error:
            if row is catalog.vm_size and name.lower().startswith("standard_"):
                raise error from None
    known = (*catalog.rules(), *catalog.profiles(), *catalog.releases(), *catalog.vm_sizes())
    raise UnknownNameError(
        f"nothing named {name!r}{hint(name, known)}; it takes a rule, a field path, a profile, a release or a VM size"
    )


def _rule(row: catalog.Rule) -> str:
    releases = row.releases if isinstance(row.releases, str) else ", ".join(row.releases)
    lines = [
        f"{row.id} ({row.severity}, layer {row.layer})",
        "",
        row.statement,
        "",
        f"Why:      {row.why}",
        f"Fix:      {row.fix}",
        f"Kinds:    {', '.join(row.kinds) or 'any'}",
        f"Needs:    {', '.join(row.needs) or 'the manifests alone'}",
        f"Releases: {releases}",
        f"Source:   {row.source}",
    ]
    return "\n".join(lines) + "\n"


def _field(name: str) -> str:
    from aksrdma.models.describe import describe

    found = describe(name)
    rows = asdict(found) | {"doc": " ".join(found.doc.split())}
    return details({key: list(value) if isinstance(value, tuple) else value for key, value in rows.items() if value})
