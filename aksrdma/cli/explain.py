"""`aksrdma explain`: why, for a rule, an environment variable, a field, a profile or a VM size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from aksrdma import catalog
from aksrdma.cli.config import use_own_rules
from aksrdma.cli.table import details
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.catalog._environment import Reading, Test


@click.command("explain")
@click.argument("name")
def command(name: str) -> int:
    """Say why: NAME is a rule, a variable, a field, a value of a chart, a profile, a release or a VM size.

    A field is one of an object or of the cluster file, such as `nicclusterpolicy.spec.ofedDriver`.

    A variable is one of the environment that decides whether RDMA is used: how its value is read, and what turns RDMA off.

    \b
    aksrdma explain NCCL_IB_DISABLE
    aksrdma explain whereabouts-gateway-allocatable
    aksrdma explain nicclusterpolicy.spec.ofedDriver.forcePrecompiled
    aksrdma explain gpu-operator.driver.rdma.useHostMofed
    aksrdma explain Standard_ND96isr_H100_v5
    """
    use_own_rules()
    click.echo(_explained(name), nl=False)
    return 0


def _explained(name: str) -> str:
    if name in catalog.profiles():
        return _profile(catalog.profile(name))
    if name in catalog.rules():
        return _rule(catalog.rule(name))
    if (variable := catalog.environment_variables().get(name)) is not None:
        return _variable(variable)
    chart, _, path = name.partition(".")
    if path and chart in {one.name for one in catalog.helm_charts()}:
        return _chart_value(chart, path)
    if "." in name and not name.removeprefix("v")[:1].isdigit():
        return _field(name)
    try:
        return details(catalog.to_data(catalog.release(name)))
    except UnknownNameError:
        pass
    try:
        size = catalog.vm_size(name)
    except UnknownNameError as error:
        part_of = any(name.casefold() in size.casefold() for size in catalog.vm_sizes())
        if name.lower().startswith("standard_") or (len(name) > 2 and part_of):
            raise error from None
    else:
        from aksrdma.cli.node import node  # what is drawn is needed for this kind of name alone

        return node(size)
    groups = (
        catalog.rules(),
        catalog.environment_variables(),
        catalog.profiles(),
        catalog.releases(),
        catalog.vm_sizes(),
    )
    known = [one for group in groups for one in group]
    raise UnknownNameError(
        f"nothing named {name!r}{hint(name, known, most=None)}; it takes a rule, an environment variable, a field path, a profile, "
        "a release or a VM size"
    )


def _profile(row: catalog.Profile) -> str:
    resource = f"{row.resource.name}: {row.resource.unit}" if row.resource else "none; the scheduler counts nothing"
    parts = {
        "Resource": [resource],
        "Builds on": [row.builds_on or "nothing"],
        "Deploys": [", ".join((*row.components, *([" or ".join(row.ipam_components)] if row.ipam_components else [])))],
        "Use when": row.use_when,
        "Not when": row.avoid_when,
        "Pods need": row.pods_need,
        "Source": catalog.sources_of(row),
    }
    lines = [
        f"{name + ':' if at == 0 else '':<11}{text}" for name, texts in parts.items() for at, text in enumerate(texts)
    ]
    return "\n".join([f"{row.name}: {row.title}", "", *lines]) + "\n"


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


_TYPES: Final[Mapping[str, str]] = {
    "text": "a text or a number",
    "names": "a list of texts",
    "map": "a map of any keys",
    "any": "anything",
    "bool": "a boolean",
    "switch": "a boolean; any text that is not empty is true",
    "condition": "a boolean that decides whether a sub-chart is installed; a text is ignored",
}


def _chart_value(name: str, path: str) -> str:
    """Tell which releases of a chart read a value, and as what."""
    chart = next(one for one in catalog.helm_charts() if one.name == name)
    rows: dict[str, object] = {"value": path, "chart": name}
    if path in chart.keys.gone:
        rows["until"] = chart.keys.gone[path]
    else:
        found: object = chart.keys.keys
        for key in path.split("."):
            known = found if isinstance(found, Mapping) else {}
            if key not in known:
                raise UnknownNameError(f"the chart {name} has no value {path!r}{hint(key, known)}")
            found = known[key]
        if isinstance(found, Mapping):
            rows["keys"] = sorted(found)
        else:
            row = catalog.ChartValue.of(str(found))
            rows |= {"type": _TYPES.get(row.type, f"a {row.type}"), "since": row.since, "until": row.until}
        rows["default"] = chart.defaults.get(path)
    now = "write it into a NicClusterPolicy" if path in chart.policy else chart.moved.get(path)
    rows |= {"now": now, "releases": list(chart.keys.releases), "source": chart.source}
    return details({key: value for key, value in rows.items() if value is not None})


_READ: Final[Mapping[Reading, str]] = {
    "integer": "a number as C reads it: 0x and a leading 0 tell its base, and a word is 0",
    "word": "a word, in capitals or not",
    "presence": "set at all, whatever its value",
    "yes or no": "y, yes, on or 1, and n, no, off or 0",
    "first letter": "no where it begins with 0, n or f, else yes",
    "path level": "LOC, PIX, PXB, PHB, SYS, or the older number",
    "component words": "a list with commas of words, in capitals or not; a ^ before it means all but these",
    "components": "a list with commas; a ^ before it means all but these",
    "transports": "a list with commas of transports and aliases; a ^ before it means all but these",
    "nccl devices": "a list with commas of how names begin, each with :port if need be; = before it: whole names, ^: all but these",
    "ucx devices": "a list with commas of names and ranges, each with :port if need be; a ^ before it: all but these",
    "device names": "a list with commas of whole names, each with :port if need be",
    "interfaces": "a list with commas of how names of interfaces begin; = before it: whole names, ^: all but these",
    "interface names": "a list with commas of whole names of interfaces",
    "topology file": "a path",
    "pci mapping": "a list with commas of GPU=NIC, each a PCI address",
}
_WHEN: Final[Mapping[Test, str]] = {
    "one of": "{values}",
    "none of": "anything but {values}",
    "keeps none of": "a list that leaves none of {values} in use",
    "leaves out": "a list with ^ that names {values}",
    "no device": "names of which no NIC of the node has one",
    "fewer devices": "names of fewer NICs than the container takes",
    "no interface": "names of which no interface in the pod has one",
    "missing interface": "a name that no interface in the pod has",
    "infiniband interface": "the name of an InfiniBand interface",
    "ipoib interface": "an interface that is IP over InfiniBand",
    "no file": "a path that nothing mounts",
    "not brought": "a file that the mounted ConfigMap does not have",
    "other topology": "the file of another VM size",
    "alone": "any, without {values}",
    "wrong addresses": "addresses that are none, or not those of the VM size",
}


def _variable(row: catalog.EnvironmentVariable) -> str:
    """Tell how a variable is read, and which values turn RDMA off or slow it, by which rule."""
    lines = [f"{row.name} ({row.library})", "", f"Read as:  {_READ.get(row.read, row.read)}"]
    if row.default is not None:
        lines.append(f"Default:  {row.default}")
    for effect in row.effects:
        rule = catalog.rule(effect.rule)
        values = ", ".join(value or "an empty value" for value in effect.values)
        when = _WHEN.get(effect.test, effect.test).format(values=values)
        if values and values not in when:
            when += f", such as {values}*"
        lines += [
            f"Value:    {when}",
            f"          {effect.does or rule.statement} ({rule.id}, {effect.severity or rule.severity})",
            *(f"          only beside {name}={value}" for name, value in effect.beside.items()),
            *(
                [f"          on sizes of the family {', '.join(effect.choice_of)}: {effect.choice}"]
                if effect.choice
                else []
            ),
            f"          {effect.fix}; or {effect.otherwise}",
        ]
    if row.note:
        lines.append(f"Note:     {row.note}")
    return "\n".join((*lines, f"Source:   {', '.join(row.source)}")) + "\n"


def _field(name: str) -> str:
    from aksrdma.models.describe import describe

    found = describe(name)
    rows = asdict(found) | {"doc": " ".join(found.doc.split())}
    return details({key: list(value) if isinstance(value, tuple) else value for key, value in rows.items() if value})
