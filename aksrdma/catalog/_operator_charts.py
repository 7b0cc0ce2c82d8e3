"""Images of the charts that a cluster is installed with: what names each, and what decides whether it is pulled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChartImage:
    """An image that values of a chart name."""

    value: str
    """Dotted path of the value."""
    what: str
    """What it is for."""
    when: tuple[str, ...]
    """Switches of the chart that all have to be true for it to be pulled."""
    form: Literal["parts", "repository-and-tag", "whole"]
    """`parts`: repository, image and version; `repository-and-tag`: the repository ends with the image's name."""
    secrets: str | None
    """Dotted path of the pull secrets; null: those of another image of the same pods count."""
    secret_form: Literal["names", "objects", "name"] = "names"
    """A list of names, a list of `name: NAME`, or one name."""
    of_node: bool = False
    """Whether the operator adds the operating system of the node to the tag."""
    with_driver: bool = False
    """Whether it is pulled only where Network Operator deploys the driver container."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OperatorChart:
    """A chart, its images in each version, and what decides whether they are pulled."""

    name: str
    images: tuple[ChartImage, ...] = field(metadata={"row": ChartImage})
    switches: Mapping[str, bool]
    """Dotted path to the chart's own value."""
    versions: Mapping[str, Mapping[str, str]]
    """Version to value to reference; a value that a version lacks has no entry. Network Operator's are in its releases."""
    unsure: Mapping[str, str]
    source: str
    checked: str

    def references(self, version: str) -> Mapping[str, str]:
        """Return the references of a version by value.

        Raises:
            UnknownNameError: no such version in the catalog.
        """
        if version not in self.versions:
            known = f"{hint(version, self.versions)} (known: {', '.join(self.versions)})"
            raise UnknownNameError(f"the images of {self.name} {version} are not in the catalog{known}")
        return self.versions[version]


@load.cached
def operator_chart(name: str) -> OperatorChart:
    """Return the images of a chart: `network-operator`, `gpu-operator` of NVIDIA, `gpu-operator-charts` of AMD."""
    return load.row(OperatorChart, f"operator_charts/{name}.yaml")
