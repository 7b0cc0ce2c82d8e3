"""INSTALL.md: the commands for this very cluster, in order, and how to see that each step worked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from aksrdma import catalog
from aksrdma.cluster import NodePool
from aksrdma.cluster.starter import hardware
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.plan import Plan


def install_text(plan: Plan) -> str:
    """Return the Markdown text."""
    steps = [_prepare(plan), _feature(), _node_pools(plan), _namespace(plan), _operator(plan)]
    steps += [_labels(plan), _policy(plan), _gpus(plan), _resources(plan), _try_it(plan)]
    numbered = [f"## {number}. {text}" for number, text in enumerate(filter(None, steps), start=1)]
    return "\n".join([_title(plan), *numbered, _advice()])


def _commands(*lines: str) -> str:
    return "\n".join(["```sh", *lines, "```", ""])


def _title(plan: Plan) -> str:
    cluster, release = plan.decisions.cluster, plan.decisions.release
    pools = [
        f"- `{pool.name}`: {pool.count if pool.count is not None else 'any number of'} x {size.name}, {hardware(size)}"
        for pool, size in ((pool, plan.decisions.sizes[pool.name]) for pool in plan.decisions.pools)
    ]
    notes = [f"> Note: {note}." for note in plan.notes]
    lines = [
        f"# RDMA over InfiniBand for {cluster.name}",
        "",
        f"Network Operator {release.name}, profile `{plan.decisions.profile}`: {catalog.profile(plan.decisions.profile).title}.",
        f"Documented for Kubernetes {release.kubernetes}.",
        "Run the commands in this folder, in this order.",
        "",
        *pools,
        *([""] if pools else []),
        *notes,
        *([""] if notes else []),
    ]
    return "\n".join(lines)


def _prepare(plan: Plan) -> str:
    return "Name the cluster\n\n" + _commands(
        "export RESOURCE_GROUP=...   # the resource group of the AKS cluster",
        f"export CLUSTER={plan.decisions.cluster.name}",
    )


def _feature() -> str:
    return (
        "Register the InfiniBand feature\n\n"
        "Once a subscription; it makes the nodes of a pool land on one InfiniBand fabric.\n\n"
        + _commands(
            "az feature register --namespace Microsoft.ContainerService --name AKSInfinibandSupport",
            "az feature show --namespace Microsoft.ContainerService --name AKSInfinibandSupport "
            "--query properties.state -o tsv   # until it says Registered",
            "az provider register --namespace Microsoft.ContainerService",
        )
    )


def _node_pools(plan: Plan) -> str:
    if not plan.decisions.pools:
        return (
            "Add a node pool with InfiniBand\n\n"
            "Any size of `aksrdma catalog vm-sizes`. One pool is one fabric: nodes of two pools cannot reach each other.\n"
        )
    return (
        "Add the node pools\n\n"
        "One pool is one InfiniBand fabric: nodes of two pools cannot reach each other over RDMA.\n\n"
        + "".join(_commands(*_add_pool(plan, pool)) for pool in plan.decisions.pools)
    )


def _add_pool(plan: Plan, pool: NodePool) -> Iterator[str]:
    size = plan.decisions.sizes[pool.name]
    options = [
        f"--name {pool.name}",
        f"--node-vm-size {size.name}",
        f"--node-count {pool.count if pool.count is not None else '$NODES'}",
        f"--os-sku {pool.os_sku}",
    ]
    options += [f"--node-taints {','.join(pool.taints)}"] if pool.taints else []
    options += ["--gpu-driver none"] if _without_aks_driver(plan, pool) else []
    yield 'az aks nodepool add --resource-group "$RESOURCE_GROUP" --cluster-name "$CLUSTER" \\'
    for option in options[:-1]:
        yield f"  {option} \\"
    yield f"  {options[-1]}"


def _without_aks_driver(plan: Plan, pool: NodePool) -> bool:
    """AMD sizes need it always; NVIDIA sizes where GPU Operator brings the driver, unless the node image has it."""
    size = plan.decisions.sizes[pool.name]
    if size.gpu is None or size.driver_on_node_image:
        return False
    return size.gpu.vendor == "amd" or plan.decisions.cluster.gpu_driver in (None, "gpu-operator")


def _namespace(plan: Plan) -> str:
    name = plan.decisions.cluster.operator_namespace
    return (
        "Make the operator's namespace\n\n"
        + _commands("kubectl apply -k namespace")
        + "\nOn AKS Automatic, also exclude it from Deployment Safeguards: "
        + f'`az aks safeguards update -g "$RESOURCE_GROUP" -n "$CLUSTER" --level Enforce --excluded-ns {name}`.\n'
    )


def _operator(plan: Plan) -> str:
    chart, namespace = plan.decisions.release.chart, plan.decisions.cluster.operator_namespace
    return (
        "Install Network Operator\n\n"
        + _commands(
            f"helm repo add nvidia {chart.repository}",
            "helm repo update nvidia",
            f"helm upgrade --install {chart.name} nvidia/{chart.name} --namespace {namespace} \\",
            f"  --version {chart.version} -f values/network-operator/values.yaml --wait",
        )
        + f"\nIt worked when every pod of `kubectl get pods -n {namespace}` is Running.\n"
    )


def _labels(plan: Plan) -> str:
    apply = ["kubectl apply -k node-feature-rule"] if plan.node_feature_rule else []
    nodes = plan.decisions.nodes
    expected = f"the {nodes} nodes of the pools" if nodes else "the nodes with InfiniBand"
    return (
        "Label the nodes with InfiniBand\n\n"
        + _commands(*apply, f"kubectl get nodes -l {NIC_LABEL}=true")
        + f"\nIt worked when the second command lists {expected}, within a minute or so, and no other.\n"
    )


def _policy(plan: Plan) -> str:
    decisions = plan.decisions
    folder = f"nicclusterpolicy/{decisions.profile}"
    apply = f"kubectl apply -k {folder}"
    if plan.ip_pool:
        apply = f"until {apply}; do sleep 10; done   # nv-ipam brings the kind IPPool itself"
    driver = "\nThe driver is compiled on each node, which takes minutes.\n" if decisions.driver else ""
    return (
        "Deploy driver and device plugin\n\n"
        + _commands(
            apply,
            "kubectl wait nicclusterpolicy/nic-cluster-policy --for=jsonpath='{.status.state}'=ready --timeout=60m",
        )
        + driver
        + "\nWhere it does not get ready, this says which part is waiting:\n\n"
        + _commands(
            "kubectl get nicclusterpolicy nic-cluster-policy -o jsonpath="
            '\'{range .status.appliedStates[*]}{.name}{" "}{.state}{"\\n"}{end}\'',
            f"kubectl get pods -n {decisions.cluster.operator_namespace} -o wide",
        )
    )


def _gpus(plan: Plan) -> str:
    decisions = plan.decisions
    if plan.gpu_operator_values and decisions.pools:
        return (
            "Install GPU Operator\n\n"
            "After the driver, because it builds nvidia-peermem against it. Choose its version from NVIDIA's support matrix.\n\n"
            + _commands(
                "kubectl create namespace gpu-operator",
                "kubectl label namespace gpu-operator pod-security.kubernetes.io/enforce=privileged",
                "helm upgrade --install gpu-operator nvidia/gpu-operator --namespace gpu-operator \\",
                "  -f values/gpu-operator/values.yaml --wait",
            )
        )
    if plan.peermem_reloader and decisions.pools and not decisions.arm64:
        return "Load nvidia-peermem\n\n" + _commands(
            "kubectl create namespace gpu-resources --dry-run=client -o yaml | kubectl apply -f -",
            "kubectl apply -k nvidia-peermem-reloader",
        )
    return ""


def _resources(plan: Plan) -> str:
    name = plan.decisions.resource_name(plan.decisions.profile)
    if name is None:
        return ""
    escaped = name.replace(".", "\\.")
    return (
        "See the resource on the nodes\n\n"
        + _commands(
            f"kubectl get nodes -l {NIC_LABEL}=true -o custom-columns='NODE:.metadata.name,RDMA:.status.allocatable.{escaped}'"
        )
        + f"\nIt worked when each node shows {_expected_units(plan)}.\n"
    )


def _expected_units(plan: Plan) -> str:
    if plan.decisions.profile != "sriov-device-plugin":
        return f"{plan.decisions.cluster.rdma.shared_slots}: the slots of the node"
    counts = sorted({size.infiniband.nic_count for size in plan.decisions.sizes.values()})
    if not counts:
        return "its InfiniBand NICs"
    return f"{' or '.join(map(str, counts))}: the InfiniBand NICs of its VM size"


def _try_it(plan: Plan) -> str:
    profile = plan.decisions.profile
    metadata = plan.example_pod(profile).data["metadata"]
    pod = metadata["name"]
    option = f" -n {metadata['namespace']}" if metadata.get("namespace") else ""
    return (
        "Try it\n\n"
        + _commands(
            f"kubectl apply -f examples/{profile}.yaml",
            f"kubectl wait pod/{pod}{option} --for=condition=Ready --timeout=10m",
            f"kubectl logs {pod}{option}",
            f"kubectl delete -f examples/{profile}.yaml",
        )
        + "\nIt worked when the log shows each port with `PORT_ACTIVE` and `link_layer: InfiniBand`, and `unlimited`.\n"
    )


@cache
def _advice() -> str:
    lines = ["## Which profile when", "", "| profile | use it | not |", "|---|---|---|"]
    for name in catalog.profiles():
        row = catalog.profile(name)
        lines.append(f"| `{name}` | {' '.join(row.use_when)} | {' '.join(row.avoid_when)} |")
    return "\n".join([*lines, ""])
