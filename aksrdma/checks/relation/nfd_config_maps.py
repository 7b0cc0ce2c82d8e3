"""ConfigMaps and NodeFeatureDiscoveries with configurations of NFD: found by their key, before anything else is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

Program: TypeAlias = Literal["nfd-master", "nfd-worker"]
NFD_FILES: Final[Mapping[str, Program]] = {
    "nfd-master-conf": "nfd-master",
    "nfd-master.conf": "nfd-master",
    "nfd-worker-conf": "nfd-worker",
    "nfd-worker.conf": "nfd-worker",
}
"""Keys of ConfigMaps under which NFD's chart and its operator mount the configurations of its programs."""


@rule("nfd-config-hides-label", "nfd-config-invalid", kinds={"ConfigMap", "NodeFeatureDiscovery"})
def nfd_configs(manifests: ManifestSet) -> Iterator[Problem]:
    """Find configurations of NFD with which nodes do not get the label of an InfiniBand NIC."""
    maps = [one for one in manifests.of("ConfigMap") if not NFD_FILES.keys().isdisjoint(mapping(one.value(("data",))))]
    kind = "NodeFeatureDiscovery"
    of_operator = [*manifests.by_kind.get(kind, ()), *manifests.unknown_by_kind.get(kind, ())]
    if maps or of_operator:
        from aksrdma.checks.relation.nfd_configs import judged

        yield from judged(maps, of_operator, manifests)
