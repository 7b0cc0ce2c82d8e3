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
            "; ".join(filter(None, (f"upgrade the cluster first, to one of {wanted}", _a_release_for(version)))),
        )


def warnings(decisions: Decisions) -> Iterator[Problem]:
    """Say where the cluster has a version of Kubernetes that the release is not documented for."""
    release, version = decisions.release, decisions.cluster.kubernetes_version
    if version is not None and not release.kubernetes.holds(version):
        message = (
            f"Network Operator {release.name} is documented for Kubernetes {release.kubernetes}, not for {version}"
        )
        fix = _a_release_for(version) or None
        yield Problem("kubernetes-not-of-release", ("kubernetesVersion",), message, fix)


def notes(decisions: Decisions) -> Iterator[str]:
    """Say where a release is past its support, and where AKS has no version that it is for."""
    release = decisions.release
    gone = f"AKS makes no cluster of the versions that it is documented for, Kubernetes {release.kubernetes}"
    orphaned = not release.aks_versions
    if release.support is not None and release.support.state == "end-of-support":
        more = f", and {gone}" if orphaned else ""
        yield f"Network Operator {release.name} is out of support since {release.support.since}{more}{_supported()}"
    elif orphaned:
        yield f"Network Operator {release.name}: {gone}"


def _supported() -> str:
    """Return the newest release that is in support, as the end of a sentence."""
    known = (catalog.release(name) for name in reversed(catalog.releases()))
    found = next((one.name for one in known if one.support and one.support.state == "supported"), None)
    return f"; {found} is in support" if found else ""


def _a_release_for(version: str) -> str:
    """Return the newest release that is documented for a version of Kubernetes, as a sentence; empty where there is none."""
    known = (catalog.release(name) for name in reversed(catalog.releases()))
    found = next((one.name for one in known if one.kubernetes.max and one.kubernetes.holds(version)), None)
    return f"{found} is documented for {version}" if found else ""
