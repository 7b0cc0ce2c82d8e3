"""UNINSTALL.md: the way back, in the order in which nothing hangs, and what stays."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from aksrdma import catalog
from aksrdma.delivery import steps as delivered
from aksrdma.delivery.steps import attached_registry
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.plan import Plan
from aksrdma.plan.pods import GPU_NAMESPACE
from aksrdma.rendering.guides import Step, guide
from aksrdma.rendering.guides.operators import chart_fields, gpu_daemon_sets, needed, nvidia_operator, serves

_WAIT_LABEL = "network.nvidia.com/operator.mofed.wait"
_UPGRADE_LABEL = "nvidia.com/ofed-driver-upgrade-state"


def uninstall_text(plan: Plan) -> str:
    """Return the Markdown text."""
    return guide("uninstall", [*_title(plan), *_gpus(plan), *_operator(plan), _stays(plan)], numbered_until="stays")


def _title(plan: Plan) -> Iterator[Step]:
    decisions = plan.decisions
    amd = " AMD's DeviceConfig has one, which the running operator takes away." if plan.amd else ""
    yield "title", {"cluster": decisions.cluster.name, "finalizers": amd}
    yield "choose", {"cluster": shlex.quote(decisions.cluster.name)}
    asked = [name for profile in decisions.profiles if (name := decisions.resource_name(profile))]
    columns = [f"{name}:.spec.containers[*].resources.limits.{name.replace('.', chr(92) + '.')}" for name in asked]
    examples = [f"kubectl delete -f examples/{name}.yaml --ignore-not-found" for name in decisions.profiles]
    opened = "A pod that is left keeps its device open, and the driver cannot be unloaded below it."
    found = (
        "kubectl get pods --all-namespaces --output custom-columns="
        f"'NAMESPACE:.metadata.namespace,POD:.metadata.name,{','.join(dict.fromkeys(columns))}' |\n"
        """  awk 'NR == 1 { print; next } { for (i = 3; i <= NF; i++) if ($i != "<none>") { print; break } }'"""
    )
    worked = (
        "It worked when it prints the heading and no pod.\n\n"
        "If not: delete the jobs that these pods are of, and run the step again."
        if columns
        else "It worked when it ends without an error. Pods of your own with InfiniBand are privileged here, and no resource tells "
        "which they are: end them, too."
    )
    yield (
        "pods",
        {
            "examples": "\n".join(examples),
            "found": found if columns else "",
            "worked": worked,
            "open": opened if decisions.driver else "",
        },
    )


def _gpus(plan: Plan) -> Iterator[Step]:
    operators = catalog.gpu_operators()
    if plan.amd:
        row = operators["amd"]
        first = [
            f"{one.chart} was installed for it. Where nothing else uses it: `helm uninstall {one.helm_release} --namespace "
            f"{one.namespace}`."
            for one in row.first
        ]
        yield "amd", {"release": row.helm_release, "namespace": row.namespace, "first": "\n".join(first)}
    if nvidia_operator(plan):
        peermem = any(one.drivers and one.drivers.gpudirect == "gpu-operator" for one in plan.decisions.per_pool)
        why = "It goes before the NIC driver, on which nvidia-peermem hangs. " if peermem else ""
        yield "gpu-operator", {"namespace": operators["nvidia"].namespace, "why": why}
    if folders := gpu_daemon_sets(plan):
        commands = [f"kubectl delete -k {folder} --ignore-not-found --timeout 5m" for folder in reversed(folders)]
        yield "gpu-resources", {"folders": "\n".join(commands), "namespace": GPU_NAMESPACE}


def _operator(plan: Plan) -> Iterator[Step]:
    decisions = plan.decisions
    namespace, asked = decisions.cluster.operator_namespace, decisions.cluster.ipoib
    if plan.ipoib_network:
        pool = (
            f"if there ippools.nv-ipam.nvidia.com; then\n  kubectl delete ippools.nv-ipam.nvidia.com {asked.name} "
            f"--namespace {namespace} --ignore-not-found --timeout 5m\nfi"
        )
        yield "networks", {"network": asked.name, "pool": pool if plan.ip_pool else ""}
    if plan.module_loader:
        yield "modules", {}
    if plan.node_feature_rule and serves(plan):
        yield "label", {"label": NIC_LABEL, "namespace": namespace}
    if serves(plan):
        own = (
            "if there nicnodepolicies.mellanox.com; then\n"
            f"  kubectl delete nicnodepolicies.mellanox.com {' '.join(_names(plan))} --ignore-not-found --timeout 5m\nfi"
        )
        loaded = "The driver's modules stay loaded until a node is restarted." if decisions.driver else ""
        plugins = any(profile != "base" for profile in decisions.profiles)
        what = [*(["the driver"] if decisions.driver else []), *(["the device plugin"] if plugins else [])]
        wait = f"kubectl wait pod --selector nvidia.com/ofed-driver --namespace {namespace} --for=delete --timeout=15m"
        stuck = (
            "If not: a driver pod has five minutes to end (`terminationGracePeriodSeconds`); one that does not end has a pod with "
            "RDMA on its node."
        )
        yield (
            "policy",
            {
                "what": " and ".join(what) or "the NicClusterPolicy",
                "namespace": namespace,
                "node_policies": own if plan.node_policies else "",
                "wait": wait if decisions.driver else "",
                "driver": loaded,
                "stuck": stuck if decisions.driver else "",
            },
        )
    if needed(plan):
        yield "network-operator", _network_operator(plan)


def _names(plan: Plan) -> list[str]:
    return [str(one.data["metadata"]["name"]) for one in plan.node_policies]


def _network_operator(plan: Plan) -> dict[str, str]:
    decisions = plan.decisions
    namespace, chart = decisions.cluster.operator_namespace, decisions.release.chart
    fields = chart_fields(plan, chart.repository, "nvidia", chart.name)
    login = next(
        (line for line in delivered.filling_commands(plan) if "helm registry login" in line), fields["repository"]
    )
    prune = [
        f"  {login}",
        "  # NFD takes its labels and annotations from the nodes, which it does only where it is told to.",
        f"  helm upgrade network-operator {fields['chart']} --namespace {namespace} --version {chart.version} \\",
        "    -f values/network-operator/values.yaml --set node-feature-discovery.postDeleteCleanup=true --wait --timeout 15m",
    ]
    keys = next(one for one in catalog.helm_charts() if one.name == chart.name).keys.keys
    asked = catalog.ChartValue.of(keys["node-feature-discovery"]["postDeleteCleanup"]).is_in(decisions.release.name)
    # Where the chart's own rule sets the label, it goes with the chart, and the operator is not there to take its own.
    labels = [NIC_LABEL, _WAIT_LABEL] if plan.node_feature_rule is None else []
    if decisions.driver and not catalog.capability("driver-upgrade-label-removed").holds_in(decisions.release.name):
        labels.append(_UPGRADE_LABEL)
    pods = decisions.cluster.ipoib.namespace
    own = (
        f'if [ -z "$(kubectl get pods --namespace {pods} --output name)" ]; then\n'
        f"  kubectl delete namespace {pods} --ignore-not-found --timeout 10m\n"
        "fi"
    )
    return {
        "namespace": namespace,
        "prune": "\n".join(filter(str.strip, prune)) if asked else "",
        "labels": f"kubectl label nodes --all {' '.join(f'{one}-' for one in labels)}" if labels else "",
        "pod_namespace": own if plan.ipoib_namespace else "",
    }


def _stays(plan: Plan) -> Step:
    pools = [
        f'az aks nodepool delete --resource-group "$RESOURCE_GROUP" --cluster-name "$CLUSTER" --name {pool.name}'
        for pool in plan.decisions.pools
    ]
    loaded = "The DOCA driver stays loaded on their nodes until these are restarted. " if plan.decisions.driver else ""
    named = 'az aks nodepool delete --resource-group "$RESOURCE_GROUP" --cluster-name "$CLUSTER" --name POOL'
    registry, secrets = plan.decisions.cluster.registry, plan.decisions.cluster.image_pull_secrets
    attached = attached_registry(plan)
    right = f", and the nodes' right to pull from it: `az aks update ... --detach-acr {attached}`" if attached else ""
    kept = f"- *Images and charts* in `{registry}`{right}."
    made = f"- *Pull secrets* in namespaces that stay: `kubectl delete secret {' '.join(secrets)} --namespace NAME`."
    return "stays", {
        "loaded": loaded,
        "delete_pools": "\n".join(pools) or named,
        "registry": kept if registry else "",
        "secrets": made if secrets else "",
    }
