"""What INSTALL.md says of a cluster with a registry of its own: how to fill it, its secrets, what nodes fetch besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.delivery.commands import acr_import, acr_name, skopeo
from aksrdma.delivery.images import chart_in, cluster_images
from aksrdma.kube.values import step
from aksrdma.plan import make_plan
from aksrdma.plan.chart_images import from_registry, of_chart
from aksrdma.plan.patches import merged

if TYPE_CHECKING:
    from aksrdma.catalog import Egress
    from aksrdma.plan import Plan

_NGC: Final = "nvcr.io"
"""The registry of the operators' images, which takes the user name `$oauthtoken` with a key of NGC."""


def filling_commands(plan: Plan) -> tuple[str, ...]:
    """Return the lines that bring every image and chart into the cluster's registry; none without one."""
    cluster = plan.decisions.cluster
    if cluster.registry is None:
        return ()
    images = cluster_images(make_plan(replace(cluster, registry=None)), cluster.registry)
    return (acr_import if acr_name(cluster.registry) else skopeo)(images).lines


def attached_registry(plan: Plan) -> str | None:
    """Return the Azure Container Registry that the nodes have to be let into; None where pull secrets let them in."""
    cluster = plan.decisions.cluster
    return acr_name(cluster.registry) if cluster.registry and not cluster.image_pull_secrets else None


def secret_variables(plan: Plan) -> tuple[str, ...]:
    """Return the lines that stop where it was not said who may pull; none without pull secrets."""
    cluster = plan.decisions.cluster
    server = _server(plan)
    asked = {"REGISTRY_USER": "who may pull from", "REGISTRY_PASSWORD": "the password, token or key for"}
    if server == _NGC:
        del asked["REGISTRY_USER"]
    return tuple(
        f': "${{{name}:?say it first: export {name}=..., {what} {server}}}"'
        for name, what in (asked.items() if cluster.image_pull_secrets else ())
    )


def _server(plan: Plan) -> str:
    registry = plan.decisions.cluster.registry
    return registry.partition("/")[0] if registry else _NGC


def secret_commands(plan: Plan, *namespaces: str) -> tuple[str, ...]:
    """Return the lines that make the pull secrets in namespaces, which have to be there; none without such secrets."""
    cluster, server = plan.decisions.cluster, _server(plan)
    user = "'$oauthtoken'" if server == _NGC else '"$REGISTRY_USER"'
    return tuple(
        f"kubectl create secret docker-registry {secret} --namespace {namespace} --docker-server {server} "
        f'--docker-username {user} --docker-password "$REGISTRY_PASSWORD" --dry-run=client --output yaml | '
        "kubectl apply --server-side -f -"
        for namespace in dict.fromkeys(namespaces)
        for secret in cluster.image_pull_secrets
    )


def chart_source(plan: Plan, url: str, repository: str, chart: str) -> str:
    """Return what helm installs a chart from: the registry, or the Helm repository by the name that commands give it."""
    return chart_in(plan.decisions.cluster.registry, url, chart) or f"{repository}/{chart}"


def needed_values(plan: Plan, chart: str, version: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a chart that another one needs, with the cluster's registry and pull secrets."""
    cluster = plan.decisions.cluster
    pulled = of_chart(chart, version, values)
    whole: Mapping[str, Any] = merged(values, from_registry(pulled, cluster.registry, cluster.image_pull_secrets))
    return whole


def gpu_driver_sources(plan: Plan) -> str | None:
    """Return the ConfigMap of apt sources that GPU Operator's driver is compiled from; None where none is named."""
    values = plan.gpu_operator_values.data if plan.gpu_operator_values else {}
    name: str | None = step(values, ("driver", "repoConfig", "configMapName"))
    return name or None


def egress_of(plan: Plan) -> Iterator[Egress]:
    """Yield what the nodes of a cluster fetch from the Internet beside images."""
    rows, decisions = catalog.egress(), plan.decisions
    if decisions.driver and decisions.cluster.ofed_driver.repo_config is None:
        yield rows["doca-driver"]
    if plan.gpu_operator_values is not None and gpu_driver_sources(plan) is None:
        yield rows["gpu-driver"]
    if plan.peermem_reloader is not None:
        yield rows["peermem-reloader"]
    if plan.amd is not None:
        yield rows["amd-driver"]
