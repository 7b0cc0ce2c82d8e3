"""What the release of a cluster means for it: its end of support, and the versions of Kubernetes that it is for."""

from __future__ import annotations

from collections.abc import Iterator

from aksrdma import catalog
from aksrdma.findings import Problem
from aksrdma.plan.decisions import UNSERVABLE, Decisions


def refused(decisions: Decisions) -> Iterator[Problem]:
    """Say where helm refuses the chart of the release on the cluster's version of Kubernetes."""
    version, release = decisions.cluster.kubernetes_version, decisions.release
    if version is not None and not release.chart.takes(version):
        wanted = ", ".join(row.minor for row in release.aks_versions)
        yield Problem(
            UNSERVABLE,
            ("kubernetesVersion",),
            f"helm refuses the chart of Network Operator {release.name} on Kubernetes {version}: it wants "
            f"{release.chart.kube_version}",
            f"upgrade the cluster first, to one of {wanted}{_or_a_release_for(version)}",
        )


def notes(decisions: Decisions) -> Iterator[str]:
    """Say where a release is past its support, where AKS has no version that it is for, and where the cluster has another."""
    release, version = decisions.release, decisions.cluster.kubernetes_version
    gone = f"AKS makes no cluster of the versions that it is documented for, Kubernetes {release.kubernetes}"
    orphaned = not release.aks_versions
    if release.support is not None and release.support.state == "end-of-support":
        more = f", and {gone}" if orphaned else ""
        yield f"Network Operator {release.name} is out of support since {release.support.since}{more}{_supported()}"
    elif orphaned:
        yield f"Network Operator {release.name}: {gone}"
    if version is not None and not release.kubernetes.holds(version):
        yield (
            f"Network Operator {release.name} is documented for Kubernetes {release.kubernetes}, not for {version}"
            f"{_or_a_release_for(version)}"
        )


def _supported() -> str:
    """Return the newest release that is in support, as the end of a sentence."""
    known = (catalog.release(name) for name in reversed(catalog.releases()))
    found = next((one.name for one in known if one.support and one.support.state == "supported"), None)
    return f"; {found} is in support" if found else ""


def _or_a_release_for(version: str) -> str:
    """Return the newest release that is documented for a version of Kubernetes, as the end of a sentence."""
    known = (catalog.release(name) for name in reversed(catalog.releases()))
    found = next((one.name for one in known if one.kubernetes.max and one.kubernetes.holds(version)), None)
    return f"; {found} is documented for {version}" if found else ""
