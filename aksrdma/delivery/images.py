"""Every image and chart of a cluster, as their publishers name them, and where the cluster's own registry keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma import catalog
from aksrdma.delivery.references import image_references
from aksrdma.delivery.systems import driver_systems, node_systems
from aksrdma.errors import UsageError
from aksrdma.findings import FieldPath, format_path
from aksrdma.kube.image_names import fault, mirrored, parsed
from aksrdma.plan.chart_images import of_chart, of_network_operator

if TYPE_CHECKING:
    from aksrdma.catalog import Release
    from aksrdma.plan import Decisions, Plan, Planned
    from aksrdma.plan.chart_images import Pulled

_DRIVER: Final = "ofedDriver"
_POD_IMAGES: Final = "catalog/pod_images.yaml"


@dataclass(frozen=True, slots=True)
class ClusterImage:
    """An image that a cluster pulls."""

    reference: str
    """As its publisher names it, `nvcr.io/nvidia/mellanox/doca-driver:TAG`."""
    digest: str | None
    """`sha256:...`; None where its publisher lists none."""
    needed_by: tuple[str, ...]
    """What pulls it: a field of an object, a value of a chart, a workload."""
    source: str
    """Where the reference is from: a file of the catalog, or one of the render."""
    mirror: str | None
    """Where the cluster's registry keeps it; None without a registry."""


@dataclass(frozen=True, slots=True)
class ClusterChart:
    """A Helm chart that a cluster is installed with."""

    name: str
    version: str
    """As `helm --version` takes it."""
    repository: str
    """URL of its Helm repository."""
    mirror: str | None
    """The chart in the cluster's registry, `oci://...`; None without a registry."""


@dataclass(frozen=True, slots=True)
class ClusterImages:
    """Everything that has to be in a registry before a cluster can do without others."""

    registry: str | None
    """Host and path of the cluster's own registry."""
    charts: tuple[ClusterChart, ...]
    images: tuple[ClusterImage, ...]
    notes: tuple[str, ...]
    """What is not certain, and what nodes fetch beside images, a sentence each."""


class _Found(NamedTuple):
    reference: str
    needed_by: str
    source: str


def cluster_images(plan: Plan, registry: str | None = None) -> ClusterImages:
    """Return every image and chart of a cluster.

    Args:
        plan: of the cluster without its registry, so that images have their publishers' names.
        registry: where the cluster pulls from.

    Raises:
        UnknownNameError: a version of an operator whose images are not known.
        UsageError: values or patches that name what can be no image.
    """
    charts = list(_charts(plan))
    found = [one for chart in charts for one in _of_chart(plan, chart)]
    found += [one for planned in _objects(plan) for one in _of_object(plan.decisions, planned)]
    found += [*_of_amd(plan), *_of_workloads(plan.decisions)]
    digests = _digests(plan.decisions.release)
    images: dict[str, ClusterImage] = {}
    for one in found:
        if why := fault(one.reference):  # they become part of commands
            raise UsageError(f"{one.needed_by}: no image can be pulled by the name {one.reference!r}: {why}")
        name = str(parsed(one.reference))
        mirror = mirrored(name, registry) if registry else None
        known = images.get(name) or ClusterImage(name, digests.get(name), (), one.source, mirror)
        images[name] = replace(known, needed_by=tuple(dict.fromkeys((*known.needed_by, one.needed_by))))
    named = (ClusterChart(one.name, one.version, one.url, chart_in(registry, one.url, one.name)) for one in charts)
    return ClusterImages(registry, tuple(named), tuple(images.values()), tuple(_notes(plan, images)))


def chart_in(registry: str | None, url: str, name: str) -> str | None:
    """Return where a registry keeps a chart of a Helm repository: by the rule of images, below its whole name."""
    place = f"{url.partition('://')[2]}/{name}"
    return f"oci://{mirrored(place, registry)}" if registry else None


class _Chart(NamedTuple):
    name: str
    version: str
    url: str
    pulled: tuple[Pulled, ...]
    systems: tuple[str, ...]
    """Operating systems to which the operator fits the tags of its drivers."""


def _charts(plan: Plan) -> Iterator[_Chart]:
    decisions = plan.decisions
    chart = decisions.release.chart
    if plan.needs_network_operator:
        pulled = of_network_operator(decisions.release, plan.network_operator_values.data, driver=decisions.driver)
        yield _Chart(chart.name, chart.version, chart.repository, pulled, ())
    for vendor, values in (("nvidia", plan.gpu_operator_values), ("amd", plan.amd.values if plan.amd else None)):
        if values is None:
            continue
        operator, version = catalog.gpu_operators()[vendor], decisions.gpu_operator_version(vendor)
        for first in operator.first:
            needed = of_chart(first.chart, first.version, first.values)
            yield _Chart(first.chart, first.version, first.repository.url, needed, ())
        systems = (
            node_systems(decisions, decisions.operated(vendor)) if decisions.per_pool else driver_systems(decisions)
        )
        pulled = of_chart(operator.chart, version, values.data)
        yield _Chart(
            operator.chart, version, operator.repository.url, pulled, tuple(sorted({one.os for one in systems}))
        )


def _of_chart(plan: Plan, chart: _Chart) -> Iterator[_Found]:
    release = plan.decisions.release
    own = chart.name == release.chart.name
    source = f"catalog/releases/{release.name}.yaml" if own else f"catalog/operator_charts/{chart.name}.yaml"
    for image, reference in chart.pulled:
        needed_by = f"chart {chart.name}: {image.value} ({image.what})"
        tags = [f"{reference}-{os}" for os in chart.systems] if image.of_node else [reference]
        yield from (_Found(tagged, needed_by, source) for tagged in tags)


def _objects(plan: Plan) -> tuple[Planned, ...]:
    return (*plan.objects, *plan.further)


def _of_amd(plan: Plan) -> Iterator[_Found]:
    """Yield what AMD GPU Operator pulls that no field of the DeviceConfig names."""
    if plan.amd:
        row = catalog.pod_images()["amd-init"]
        yield _Found(row.reference, "DeviceConfig gpu-operator: spec.commonConfig.initContainerImage", _POD_IMAGES)


def _of_object(decisions: Decisions, planned: Planned) -> Iterator[_Found]:
    """Yield the images that an object names, that of the driver once for each kind of node."""
    release = decisions.release
    for path, reference in image_references(planned.data):
        whose = f"{planned.data['kind']} {planned.data['metadata']['name']}"
        needed_by = whose if path[-1] == "image" else f"{whose}: {format_path(path)}"
        source = f"catalog/releases/{release.name}.yaml"
        if path[-1] not in release.components:
            source = _source(planned, path, reference)
        if path[-1] != _DRIVER or "@" in reference:
            yield _Found(reference, needed_by, source)
        else:
            yield from (_Found(tagged, needed_by, source) for tagged in _drivers(decisions, reference))


def _drivers(decisions: Decisions, reference: str) -> Iterator[str]:
    """Yield the images of a driver: the operator adds system and architecture of each kind of node, or its kernel, too."""
    for os, arch in driver_systems(decisions):
        if not decisions.cluster.ofed_driver.force_precompiled:
            yield f"{reference}-{os}-{arch}"
            continue
        repository, _, version = reference.rpartition(":")
        for tag in decisions.release.precompiled_azure_driver_tags or ():
            if tag.startswith(f"{version}-") and tag.endswith(f"-{os}-{arch}"):
                yield f"{repository}:{tag}"


def _source(planned: Planned, path: FieldPath, reference: str) -> str:
    if any(row.reference == reference for row in catalog.pod_images().values()):
        return _POD_IMAGES
    above = (planned.reasons[path[:length]] for length in range(len(path), 0, -1) if path[:length] in planned.reasons)
    reason = next(above, None)
    return reason.source if reason else "spec.patches of the cluster file"


def _of_workloads(decisions: Decisions) -> Iterator[_Found]:
    """Yield the images of the jobs that can run on a pool of the cluster."""
    pools = {(one.profile, one.gpu_vendor) for one in decisions.per_pool} or {(decisions.cluster.profile, "nvidia")}
    for job in catalog.jobs().values():
        if any(profile in job.profiles and job.gpu_vendor in (None, vendor) for profile, vendor in pools):
            yield _Found(job.image, f"aksrdma workload {job.name}", "catalog/workloads/jobs.yaml")


def _digests(release: Release) -> dict[str, str]:
    """Return the digests that a release lists, by reference."""
    rows = (release.operator, *release.components.values(), *release.helm_images.values(), release.nfd.image)
    found = {row.reference: row.digest for row in rows if row.digest and row.name != _DRIVER}
    driver = release.components[_DRIVER]
    for tag in release.driver_tags or ():
        if tag.digest:
            found[f"{driver.repository}/{driver.image}:{tag.tag}"] = tag.digest
    return found


def _notes(plan: Plan, images: Mapping[str, ClusterImage]) -> Iterator[str]:
    decisions = plan.decisions
    several = [one.name for one in decisions.per_pool if len(decisions.systems(one)) > 1]
    if several:
        yield (
            f"kubernetesVersion decides which Ubuntu the nodes of {' and '.join(several)} have, and the cluster file has "
            "none: driver images of each are listed"
        )
    if moving := [name for name in images if parsed(name).tag and "latest" in str(parsed(name).tag)]:
        yield f"{', '.join(moving)}: these tags move, so what is copied is what they are on that day"
    if decisions.cluster.ofed_driver.force_precompiled:
        yield (
            "with forcePrecompiled a node gets the driver image for its own kernel; those that "
            f"{decisions.release.name} publishes for azure kernels are listed"
        )
