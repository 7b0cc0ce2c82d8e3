"""What `az` would do: the state of a subscription, and nodes for the node pools."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools.rehearsal import facts
from tools.rehearsal.api import Object
from tools.rehearsal.flags import Call, UsageError, understand

FEATURE = "AKSInfinibandSupport"
KNOWN_FEATURES = {FEATURE, "ManagedGPUExperiencePreview", "ManagedDRANETPreview"}
SHOWS = 2
"""How often a feature is still on its way when somebody looks."""
FABRIC_LIMIT = 100
"""Nodes of one scale set with a placement group, without a support request (setup-infiniband.md of azure-compute-docs)."""
COMMUNITY, LONG_TERM = ("1.35", "1.36", "1.37"), ("1.32", "1.33", "1.34")
"""Kubernetes versions that AKS creates, and those that need the tier premium (supported-kubernetes-versions.md, 2026-12)."""
POOL_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")
TAINT = re.compile(r"([^=:\s]+)=?([^:\s]*):(NoSchedule|PreferNoSchedule|NoExecute)")


class AzureError(Exception):
    """The service refuses."""


@dataclass
class Azure:
    """One subscription, with one resource group, and what was asked of it."""

    add_node: Callable[[Object, facts.Size], None]
    """Makes one node: its object, its size."""
    remove_nodes: Callable[[str], None]
    """Removes the nodes of a pool."""
    write_kubeconfig: Callable[[str | None, str], None]
    port: int
    """Of the kubelets."""
    features: dict[str, list[str]] = field(default_factory=dict)
    """Name to the states that come next, the last of which stays."""
    carried: dict[str, str] = field(default_factory=dict)
    """State of each feature when the provider was last registered."""
    extensions: set[str] = field(default_factory=set)
    clusters: dict[str, Object] = field(default_factory=dict)
    pools: dict[str, Object] = field(default_factory=dict)
    imported: dict[str, list[str]] = field(default_factory=dict)
    """Registry to the images that were brought into it."""
    excluded: list[str] = field(default_factory=list)
    """Namespaces out of Deployment Safeguards."""

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        """Run a command line: exit status, stdout, stderr."""
        try:
            call = understand("az", argv, frozenset(self.extensions))
            answer = getattr(self, "_" + re.sub(r"[ -]", "_", call.command), self._nothing)(call)
            return 0, printed(answer, call), ""
        except UsageError as error:
            return 2, "", f"ERROR: {error}\n"
        except (AzureError, ValueError) as error:
            return 1, "", f"ERROR: {error}\n"

    def state(self, feature: str) -> str:
        """The state that somebody sees who looks now."""
        states = self.features.get(feature, ["NotRegistered"])
        return states.pop(0) if len(states) > 1 else states[0]

    # Features and providers

    def _feature_register(self, call: Call) -> Object:
        name = call.get("--name")
        if name not in KNOWN_FEATURES:
            raise AzureError(f"(FeatureNotFound) The feature '{name}' could not be found.")
        if self.features.get(name, [""])[-1] != "Registered":
            self.features[name] = ["Registering"] * SHOWS + ["Registered"]
        return self._feature(name)

    def _feature_unregister(self, call: Call) -> Object:
        name = call.get("--name")
        if self.features.get(name, ["NotRegistered"])[-1] == "Registered":
            self.features[name] = ["Unregistering"] * SHOWS + ["Unregistered"]
        return self._feature(name)

    def _feature_show(self, call: Call) -> Object:
        return self._feature(call.get("--name"))

    def _feature_list(self, _: Call) -> list[Object]:
        return [self._feature(name) for name in sorted(KNOWN_FEATURES)]

    def _feature(self, name: str) -> Object:
        return {"name": f"Microsoft.ContainerService/{name}", "properties": {"state": self.state(name)}}

    def _provider_register(self, _: Call) -> None:
        self.carried = {name: states[0] if len(states) > 1 else states[-1] for name, states in self.features.items()}

    def _provider_show(self, call: Call) -> Object:
        return {"namespace": call.get("--namespace"), "registrationState": "Registered"}

    def _extension_add(self, call: Call) -> None:
        self.extensions.add(call.get("--name"))

    def _extension_show(self, call: Call) -> Object:
        if call.get("--name") not in self.extensions:
            raise AzureError(f"The extension {call.get('--name')} is not installed.")
        return {"name": call.get("--name"), "version": "19.0.0b29"}

    # Clusters

    def _aks_create(self, call: Call) -> Object:
        name, version = call.get("--name"), call.get("--kubernetes-version") or COMMUNITY[0]
        minor = ".".join(str(version).split(".")[:2])
        if minor not in COMMUNITY + LONG_TERM:
            raise AzureError(f"(K8sVersionNotSupported) Version {version} is not supported in this region.")
        if minor in LONG_TERM and str(call.get("--tier", "")).lower() != "premium":
            raise AzureError(
                f"(K8sVersionNotSupported) {version} needs --tier premium --k8s-support-plan AKSLongTermSupport."
            )
        new = name not in self.clusters
        self.clusters[name] = {"name": name, "kubernetes": f"{minor}.2" if version == minor else version}
        if new:
            self._make_pool(call, name, "nodepool1", call.get("--node-count", 3), "System", call.get("--node-vm-size"))
        return self._aks_show(call)

    def _aks_update(self, call: Call) -> Object:
        return self._aks_show(call)

    def _aks_show(self, call: Call) -> Object:
        cluster = self._cluster(call.get("--name"))
        return {
            "name": cluster["name"],
            "provisioningState": "Succeeded",
            "kubernetesVersion": cluster["kubernetes"],
            "currentKubernetesVersion": cluster["kubernetes"],
            "location": "swedencentral",
            "nodeResourceGroup": f"MC_{cluster['name']}",
            "sku": {"name": "Base", "tier": "Free"},
            "powerState": {"code": "Running"},
            "id": f"/subscriptions/0/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{cluster['name']}",
            "identityProfile": {"kubeletidentity": {"objectId": "0", "clientId": "0"}},
            "agentPoolProfiles": [self._shown(pool) for pool in self.pools.values()],
        }

    def _aks_delete(self, call: Call) -> None:
        self._cluster(call.get("--name"))
        for name in list(self.pools):
            self._drop(name)
        del self.clusters[call.get("--name")]

    def _aks_get_credentials(self, call: Call) -> None:
        self._cluster(call.get("--name"))
        self.write_kubeconfig(call.get("--file"), call.get("--context") or call.get("--name"))

    def _aks_get_versions(self, _: Call) -> Object:
        support = {"KubernetesOfficial": COMMUNITY, "AKSLongTermSupport": COMMUNITY + LONG_TERM}
        return {
            "values": [
                {
                    "version": version,
                    "isDefault": version == COMMUNITY[0] or None,
                    "isPreview": None,
                    "capabilities": {"supportPlan": [plan for plan, all_of in support.items() if version in all_of]},
                    "patchVersions": {f"{version}.2": {"upgrades": []}},
                }
                for version in LONG_TERM + COMMUNITY
            ]
        }

    def _aks_safeguards_update(self, call: Call) -> Object:
        if not (call.get("--cluster") or (call.get("--resource-group") and call.get("--name"))):
            raise UsageError("aks safeguards update: needs --resource-group and --name, or --cluster")
        self.excluded = call.get("--excluded-ns", self.excluded)
        return {"properties": {"level": call.get("--level"), "excludedNamespaces": self.excluded}}

    def _aks_safeguards_show(self, _: Call) -> Object:
        return {"properties": {"level": "Enforce", "excludedNamespaces": self.excluded}}

    # Node pools

    def _aks_nodepool_add(self, call: Call) -> Object:
        name, cluster = call.get("--nodepool-name"), call.get("--cluster-name")
        self._cluster(cluster)
        if name in self.pools:
            raise AzureError(
                f"Node pool {name} already exists, please try a different name, use 'aks nodepool list' to get current list of"
                " node pool"
            )
        if not POOL_NAME.fullmatch(name):
            raise AzureError(f"--nodepool-name {name}: 1 to 12 lower-case letters and digits, first a letter")
        return self._make_pool(call, cluster, name, call.get("--node-count", 3), call.get("--mode", "User"), None)

    def _make_pool(self, call: Call, cluster: str, name: str, count: int, mode: str, vm_size: str | None) -> Object:
        version = call.get("--kubernetes-version") or self.clusters[cluster]["kubernetes"]
        size = facts.size(vm_size or call.get("--node-vm-size") or "Standard_D4ds_v5")
        pool: Object = {
            "name": name,
            "cluster": cluster,
            "count": count,
            "mode": mode,
            "vm_size": vm_size or call.get("--node-vm-size") or size.name,
            "os_sku": call.get("--os-sku", ""),
            "kubernetes": version if version.count(".") == 2 else f"{version}.2",
            "taints": taints(call.get("--node-taints", "")),
            "labels": dict(label.split("=", 1) for label in call.get("--labels", [])),
            "max_pods": call.get("--max-pods", 250),
            "gpu_driver": str(call.get("--gpu-driver", "")).lower(),
            "managed_gpu": str(call.get("--enable-managed-gpu", "")).lower() == "true",
        }
        self._allow(pool, size)
        self.pools[name] = pool
        for index in range(count):
            self.add_node(facts.node(f"aks-{name}-32768-vmss{index:06d}", pool, size, self.port), size)
        return self._shown(pool)

    def _allow(self, pool: Object, size: facts.Size) -> None:
        name, os = pool["name"], facts.system(size, pool["os_sku"], pool["kubernetes"])
        state = self.carried.get(FEATURE, "NotRegistered")
        if size.grace and state == "Registered":
            raise AzureError(
                f"{name}: {size.name} wants the feature {FEATURE} unregistered, and the provider has it registered"
            )
        if size.nics and not size.grace and state != "Registered":
            raise AzureError(
                f"{name}: {size.name} wants the feature {FEATURE} Registered before `az provider register`; then it was {state}"
            )
        if size.nics and pool["count"] > FABRIC_LIMIT:
            raise AzureError(f"{name}: {pool['count']} nodes, and one InfiniBand fabric takes {FABRIC_LIMIT}")
        if size.grace and os.version != "24.04":
            raise AzureError(f"{name}: {size.name} wants --os-sku Ubuntu2404")
        if size.gpu_vendor == "amd" and pool["gpu_driver"] != "none":
            raise AzureError(f"{name}: {size.name} wants --gpu-driver none")
        if pool["managed_gpu"] and self.carried.get("ManagedGPUExperiencePreview") != "Registered":
            raise AzureError(f"{name}: --enable-managed-gpu wants the feature ManagedGPUExperiencePreview Registered")
        if size.row.get("state") == "retired":
            raise AzureError(f"{name}: the VM size {size.name} is not available")
        for key in pool["labels"]:
            if re.match(r"([a-z0-9.-]*\.)?(kubernetes\.io|kubernetes\.azure\.com)/", key):
                raise AzureError(f"{name}: the prefix of the label {key} is reserved")

    def _aks_nodepool_show(self, call: Call) -> Object:
        return self._shown(self._pool(call))

    def _aks_nodepool_list(self, call: Call) -> list[Object]:
        self._cluster(call.get("--cluster-name"))
        return [self._shown(pool) for pool in self.pools.values()]

    def _aks_nodepool_delete(self, call: Call) -> None:
        self._drop(self._pool(call)["name"])

    def _aks_nodepool_update(self, call: Call) -> Object:
        return self._shown(self._pool(call))

    def _drop(self, name: str) -> None:
        del self.pools[name]
        self.remove_nodes(name)

    def _pool(self, call: Call) -> Object:
        self._cluster(call.get("--cluster-name"))
        name = call.get("--nodepool-name")
        if name not in self.pools:
            raise AzureError(f"(NotFound) Could not find the agentPool {name}.")
        return self.pools[name]

    def _cluster(self, name: str) -> Object:
        if name not in self.clusters:
            raise AzureError(f"(ResourceNotFound) The Resource 'managedClusters/{name}' was not found.")
        return self.clusters[name]

    @staticmethod
    def _shown(pool: Object) -> Object:
        return {
            "name": pool["name"],
            "provisioningState": "Succeeded",
            "count": pool["count"],
            "vmSize": pool["vm_size"],
            "mode": pool["mode"],
            "osSku": pool["os_sku"] or "Ubuntu",
            "orchestratorVersion": pool["kubernetes"],
            "powerState": {"code": "Running"},
        }

    def _account_show(self, _: Call) -> Object:
        return {"id": "00000000-0000-0000-0000-000000000000", "name": "rehearsal", "state": "Enabled"}

    def _group_exists(self, _: Call) -> bool:
        return True

    def _acr_login(self, _: Call) -> Object:
        return {"accessToken": "a-token"}

    def _acr_import(self, call: Call) -> None:
        host, slash, path = call.get("--source").partition("/")
        if not slash or "." not in host or not ("@" in path or ":" in path):
            raise AzureError("Source cannot be found. Please provide a valid image and source registry.")
        place, held = call.get("--image"), self.imported.setdefault(call.get("--name"), [])
        if place is not None and ":" not in place:
            raise AzureError(f"{place} has no tag")
        if place in held and not call.get("--force"):
            raise AzureError(f"Tag {place} already exists in target registry.")
        held += [] if place in held else [place or call.get("--repository")]

    def _acr_repository_list(self, call: Call) -> list[str]:
        return sorted({place.partition(":")[0] for place in self.imported.get(call.get("--name"), [])})

    @staticmethod
    def _nothing(_: Call) -> Object:
        return {}


def taints(text: str) -> list[Object]:
    """Read `--node-taints`: `key=value:effect`, by commas."""
    found = []
    for part in filter(None, text.split(",")):
        match = TAINT.fullmatch(part)
        if not match:
            raise UsageError(f"--node-taints {part!r} is not key=value:effect")
        found.append({"key": match[1], "value": match[2], "effect": match[3]})
    return found


def printed(answer: Any, call: Call) -> str:
    """What `--query` and `--output` make of an answer."""
    if answer is None:
        return ""
    if query := call.get("--query"):
        answer = pick(answer, query)
    form = call.get("--output", "json")
    if form == "none" or answer is None:
        return ""
    if form in {"tsv", "table"}:
        rows = answer if isinstance(answer, list) else [answer]
        return "".join(f"{cell(row)}\n" for row in rows)
    return json.dumps(answer, indent=2) + "\n"


def cell(row: Any) -> str:
    """A row as tsv."""
    if isinstance(row, dict):
        return "\t".join(cell(value) for value in row.values() if not isinstance(value, dict | list))
    return "\t".join(map(cell, row)) if isinstance(row, list) else str(row)


STEP = re.compile(
    r"""\.?(?:(?P<name>\w+)|\[\?(?P<key>[\w.]+)\s*==\s*(?:'(?P<text>[^']*)'|`(?P<raw>[^`]*)`)\]|\[(?P<index>-?\d*)\])"""
)


def pick(answer: Any, query: str) -> Any:
    """The part of JMESPath that such commands use: names, `[]`, `[0]`, `[?name=='x']`; UsageError for more."""
    at, many = 0, False
    while at < len(query):
        step = STEP.match(query, at)
        if not step:
            raise UsageError(f"--query {query!r}: the rehearsal does not understand it from {query[at:]!r} on")
        at = step.end()
        if step["key"]:
            wanted = step["text"] if step["text"] is not None else step["raw"].strip('"')
            answer = [row for row in answer or [] if str(pick(row, step["key"])).lower() == wanted.lower()]
            many = True
        elif step["index"] is not None and step["index"] != "":
            answer, many = (answer or [None])[int(step["index"])], False
        elif step["index"] == "":
            many = True
        elif many:
            answer = [row[step["name"]] for row in answer or [] if row.get(step["name"]) is not None]
        else:
            answer = answer.get(step["name"]) if isinstance(answer, dict) else None
    return answer
