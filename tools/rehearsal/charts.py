"""What `helm` would do: the repositories of a user, the charts' values, and the objects of a release.

Where a chart and helm itself are at hand, `helm template` makes the objects; else a stand-in makes those that matter.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import aksrdma
from aksrdma.nearest import advice
from tools.rehearsal import crds
from tools.rehearsal.api import APPS, CORE, Api, Object
from tools.rehearsal.flags import Call, UsageError, understand
from tools.rehearsal.policies import DEFINITIONS, dig

DATA = yaml.safe_load(Path(__file__).with_name("charts.yaml").read_text(encoding="utf-8"))
KEYS = Path(aksrdma.__file__).parent / "catalog" / "helm_charts"
WAIT_SECONDS = 60
"""Of `--wait`: pods are there at once here."""
NFD_TOLERATIONS = [
    {"key": "node-role.kubernetes.io/master", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
]
AMD_RULE = {"vendor": {"op": "In", "value": ["1002"]}, "device": {"op": "In", "value": ["74b5"]}}
"""An MI300X as a virtual function; the chart's rule knows more (ROCm/gpu-operator, templates/gpu-nfd-default-rule.yaml)."""


class HelmError(Exception):
    """Helm fails; the text says why."""


@dataclass
class Helm:
    """Repositories and releases of one user."""

    api: Api
    kubectl: Callable[[list[str], str], None]
    """Runs kubectl with arguments and stdin; HelmError where it fails."""
    faults: list[str]
    kubernetes: str
    real: Path | None = None
    """Helm's own program."""
    chart: Path | None = None
    """A chart of Network Operator, for `helm template`."""
    crd_folder: Path | None = None
    connected: Callable[[], bool] = lambda: True
    """Whether the user has a kubeconfig."""
    repositories: dict[str, str] = field(default_factory=dict)
    pushed: set[str] = field(default_factory=set)
    logins: set[str] = field(default_factory=set)
    """Registries that were logged in to."""
    releases: dict[tuple[str, str], list[Object]] = field(default_factory=dict)
    """Objects of each release, by namespace and name."""
    values: dict[tuple[str, str], Object] = field(default_factory=dict)

    def run(self, argv: list[str], folder: Path) -> tuple[int, str, str]:
        """Run a command line: exit status, stdout, stderr."""
        try:
            call = understand("helm", argv)
            return 0, getattr(self, "_" + call.command.replace(" ", "_"), self._nothing)(call, folder), ""
        except (UsageError, HelmError) as error:
            return 1, "", f"Error: {error}\n"

    def _repo_add(self, call: Call, _: Path) -> str:
        name, url = call.words
        if url.rstrip("/") not in DATA["repositories"].values():
            raise HelmError(f"looks like {url!r} is not a valid chart repository or cannot be reached")
        if self.repositories.get(name, url) != url and not call.get("--force-update"):
            raise HelmError(f"repository name ({name}) already exists, please specify a different name")
        known = name in self.repositories
        self.repositories[name] = url
        return f'"{name}" {"already exists with the same configuration, skipping" if known else "has been added"}\n'

    def _repo_update(self, call: Call, _: Path) -> str:
        if not self.repositories:
            raise HelmError("no repositories found. You must add one before updating")
        for name in call.words:
            if name not in self.repositories:
                raise HelmError(f"no repositories found matching '{name}'.  Nothing will be updated")
        return "Update Complete. ⎈Happy Helming!⎈\n"

    def _upgrade(self, call: Call, folder: Path) -> str:
        name, reference = call.words
        space = call.get("--namespace", "default")
        if not self.connected():
            raise HelmError("Kubernetes cluster unreachable: no kubeconfig")
        if not call.get("--install") and (space, name) not in self.releases:
            raise HelmError(f'UPGRADE FAILED: "{name}" has no deployed releases')
        chart, version = self._chart(reference, call.get("--version"))
        values = self._values(call, folder)
        self._judge(chart, version, values)
        if self.api.get(f"{CORE}/namespaces/{space}") is None:
            if not call.get("--create-namespace"):
                raise HelmError(f'create: failed to create: namespaces "{space}" not found')
            self.api.create(f"{CORE}/namespaces", {"metadata": {"name": space}})
        objects = self._objects(chart, version, name, space, values)
        if "worker" in roles(objects) and any(
            "worker" in roles(old) for key, old in self.releases.items() if key != (space, name)
        ):
            self.faults.append(f"{chart} brings a second Node Feature Discovery, and two of them fight over the labels")
        self._apply(objects, space)
        old = self.releases.get((space, name), [])
        self.releases[space, name] = objects
        self.values[space, name] = values | {"chart": f"{chart} {version}"}
        for gone in [one for one in old if key(one) not in set(map(key, objects))]:
            self._delete(gone, space)
        if call.get("--wait"):
            self._wait(objects, space)
        return f'Release "{name}" has been upgraded. Happy Helming!\nNAMESPACE: {space}\nSTATUS: deployed\n'

    def _install(self, call: Call, folder: Path) -> str:
        if (call.get("--namespace", "default"), call.words[0]) in self.releases:
            raise HelmError("INSTALLATION FAILED: cannot re-use a name that is still in use")
        call.options["--install"] = True
        return self._upgrade(call, folder)

    def _uninstall(self, call: Call, _: Path) -> str:
        name, space = call.words[0], call.get("--namespace", "default")
        if (space, name) not in self.releases:
            if call.get("--ignore-not-found"):
                return f'release "{name}" uninstalled\n'
            raise HelmError(f"uninstall: Release not loaded: {name}: release: not found")
        for one in reversed(self.releases.pop((space, name))):
            if one["kind"] != "CustomResourceDefinition":
                self._delete(one, space)
        if prunes(self.values[space, name]):
            self._prune()
        return f'release "{name}" uninstalled\n'

    def _prune(self) -> None:
        """Take NFD's labels from the nodes, as the job after its deletion does."""
        for node in self.api.items(f"{CORE}/nodes"):
            found = [label for label in node["metadata"]["labels"] if label.startswith("feature.node.kubernetes.io/")]
            patch = {"metadata": {"labels": dict.fromkeys(found)}}
            self.api.merge(f"{CORE}/nodes/{node['metadata']['name']}", patch)

    def _status(self, call: Call, _: Path) -> str:
        if (call.get("--namespace", "default"), call.words[0]) not in self.releases:
            raise HelmError("release: not found")
        return f"NAME: {call.words[0]}\nSTATUS: deployed\n"

    def _list(self, call: Call, _: Path) -> str:
        rows = [
            name
            for space, name in self.releases
            if call.get("--all-namespaces") or space == call.get("--namespace", "default")
        ]
        return "NAME\n" + "".join(f"{name}\tdeployed\n" for name in rows)

    def _pull(self, call: Call, folder: Path) -> str:
        name, version = call.words[0], call.get("--version")
        if url := call.get("--repo"):
            row = DATA["charts"].get(name)
            if row is None or DATA["repositories"][row["repository"]] != url.rstrip("/"):
                raise HelmError(f'chart "{name}" not found in {url} repository')
            if row["versions"] != "any" and version not in map(str, row["versions"]):
                raise HelmError(f'chart "{name}" version "{version}" not found in {url} repository')
        else:
            name, _ = self._chart(name, version)
        (folder / f"{name}-{version}.tgz").write_bytes(b"")
        return ""

    def _push(self, call: Call, folder: Path) -> str:
        file, target = call.words
        if not (folder / file).exists():
            raise HelmError(f"stat {file}: no such file or directory")
        if target.removeprefix("oci://").partition("/")[0] not in self.logins:
            raise HelmError("unable to authenticate: 401 Unauthorized")
        chart = max((name for name in DATA["charts"] if file.startswith(f"{name}-")), key=len)
        version = file.removeprefix(f"{chart}-").removesuffix(".tgz")
        self.pushed.add(f"{target.rstrip('/')}/{chart}:{version}")
        return f"Pushed: {target}\n"

    def _registry_login(self, call: Call, _: Path) -> str:
        if not call.get("--username") or not call.get("--password-stdin"):
            raise HelmError("no credentials")
        self.logins.add(call.words[0])
        return "Login Succeeded\n"

    def _version(self, *_: Any) -> str:
        return "v3.19.2+g0000000\n"

    def _nothing(self, *_: Any) -> str:
        return ""

    def _chart(self, reference: str, version: str | None) -> tuple[str, str]:
        if reference.startswith("oci://"):
            chart = reference.rsplit("/", 1)[1]
            if f"{reference}:{version}" not in self.pushed:
                raise HelmError(f"{reference}:{version}: not found")
            return chart, str(version).lstrip("v")
        repository, _, chart = reference.partition("/")
        if repository not in self.repositories:
            raise HelmError(f"repo {repository} not found")
        row = DATA["charts"].get(chart)
        if row is None or DATA["repositories"][row["repository"]] != self.repositories[repository].rstrip("/"):
            raise HelmError(f'chart "{chart}" not found in {self.repositories[repository]} repository')
        if version is None:
            self.faults.append(f"helm upgrade of {chart} names no --version: what it installs changes from day to day")
            return chart, str(row["versions"][-1])
        bare = (
            [str(known).lstrip("v") for known in row["versions"]] if row["versions"] != "any" else [version.lstrip("v")]
        )
        if version.lstrip("v") not in bare:
            raise HelmError(
                f'chart "{chart}" version "{version}" not found in {self.repositories[repository]} repository'
            )
        return chart, version.lstrip("v")

    def _values(self, call: Call, folder: Path) -> Object:
        values: Object = {}
        for file in call.get("--values", []):
            try:
                merge(values, yaml.safe_load((folder / file).read_text(encoding="utf-8")) or {})
            except OSError as error:
                raise HelmError(f"open {file}: {error.strerror}") from error
        for kind in ("--set", "--set-string", "--set-json"):
            for text in call.get(kind, []):
                for part in text.split(",") if kind != "--set-json" else [text]:
                    path, _, value = part.partition("=")
                    read = value if kind == "--set-string" else yaml.safe_load(value)
                    for name in reversed(path.split(".")):
                        key, _, index = name.partition("[")
                        read = {key: [read] if index else read}
                    merge(values, read)
        return values

    def _judge(self, chart: str, version: str, values: Object) -> None:
        row = DATA["charts"][chart]
        for since, oldest in row.get("kubernetes", {}).items():
            if crds.numbers(version) >= crds.numbers(since) and crds.numbers(self.kubernetes) < crds.numbers(oldest):
                raise HelmError(
                    f"chart requires kubeVersion: >= {oldest}.0-0 which is incompatible with Kubernetes {self.kubernetes}"
                )
        for path, need in row.get("needs", {}).items():
            value = dig(values, path)
            if (need["default"] if value is None else value) and self.api.get(f"{DEFINITIONS}/{need['kind']}") is None:
                raise HelmError(
                    f"{path}: resource mapping not found: no matches for kind of {need['kind']}; ensure CRDs are installed first"
                )
        if "keys" in row:
            known = yaml.safe_load((KEYS / f"{row['keys']}.yaml").read_text(encoding="utf-8"))["keys"]
            for wrong in unknown_keys(values, known, crds.numbers(version)):
                self.faults.append(f"values of {chart} {version}: {wrong}")

    def _objects(self, chart: str, version: str, name: str, space: str, values: Object) -> list[Object]:
        if chart == "network-operator":
            if self.real and self.chart:
                return self._template(name, space, values)
            return network_operator(version, values, self.crd_folder)
        if chart == "gpu-operator":
            return gpu_operator(version, values)
        if chart == "gpu-operator-charts":
            return amd_operator(values)
        return [
            plain_crd("issuers.cert-manager.io", "v1", "Issuer"),
            deployment("cert-manager", {"app": "cert-manager"}, "cert-manager"),
        ]

    def _template(self, name: str, space: str, values: Object) -> list[Object]:
        run = [str(self.real), "template", name, str(self.chart), "--namespace", space, "--include-crds", "-f", "-"]
        run += ["--kube-version", self.kubernetes]
        answer = subprocess.run(
            run, input=yaml.safe_dump(values), capture_output=True, text=True, timeout=120, check=False
        )
        if answer.returncode:
            raise HelmError(answer.stderr.strip())
        documents = [one for one in yaml.safe_load_all(answer.stdout) if one]
        return [one for one in documents if "helm.sh/hook" not in (one["metadata"].get("annotations") or {})]

    def _apply(self, objects: list[Object], space: str) -> None:
        first = [one for one in objects if one["kind"] == "CustomResourceDefinition"]
        rest = [one for one in objects if one["kind"] != "CustomResourceDefinition"]
        arguments = ["apply", "--server-side", "--force-conflicts", "--field-manager=helm", "-f", "-"]
        if first:
            self.kubectl(arguments, "\n---\n".join(map(json.dumps, first)))
            names = [f"crd/{one['metadata']['name']}" for one in first]
            self.kubectl(["wait", "--for=condition=Established", "--timeout=60s", *names], "")
        if rest:
            self.kubectl([*arguments, "-n", space], "\n---\n".join(map(json.dumps, rest)))

    def _delete(self, one: Object, space: str) -> None:
        self.kubectl(["delete", "--ignore-not-found", "--wait=false", "-n", space, "-f", "-"], json.dumps(one))

    def _wait(self, objects: list[Object], space: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        for one in [one for one in objects if one["kind"] == "Deployment"]:
            path = f"{APPS}/namespaces/{one['metadata'].get('namespace', space)}/deployments/{one['metadata']['name']}"
            while not (self.api.get(path) or {}).get("status", {}).get("availableReplicas"):
                if time.monotonic() > deadline:
                    raise HelmError(
                        f"UPGRADE FAILED: context deadline exceeded: {one['metadata']['name']} has no available replica"
                    )
                time.sleep(0.2)


def key(one: Object) -> tuple[str, str, str]:
    """What an object is told apart by."""
    return one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]


def prunes(values: Object) -> bool:
    """Whether NFD's job after its deletion takes the labels: unasked up to the charts of v25.1."""
    chart, version = values["chart"].split(" ")
    asked = dig(values, "node-feature-discovery.postDeleteCleanup")
    return asked is True or (asked is None and chart == "network-operator" and crds.numbers(version) < (25, 4))


def roles(objects: list[Object]) -> set[str]:
    """Parts of Node Feature Discovery among objects."""
    return {str((one["metadata"].get("labels") or {}).get("role")) for one in objects}


def merge(into: Object, more: Object) -> None:
    """Merge values as Helm does: maps are merged, all else is replaced."""
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value


def unknown_keys(values: Any, known: Any, version: tuple[int, ...], path: str = "") -> list[str]:
    """Values that the chart does not have; leaves say `KIND since v26.7` or `KIND until v26.7`."""
    if not isinstance(values, dict) or not isinstance(known, dict):
        _, word, release = (*str(known).split(" "), "", "")[:3] if isinstance(known, str) else ("", "", "")
        limit = crds.numbers(release)
        if (word == "since" and version[: len(limit)] < limit) or (word == "until" and version[: len(limit)] >= limit):
            return [f"{path} is there {word} {release}"]
        return []
    found = []
    for name, value in values.items():
        where = f"{path}.{name}".lstrip(".")
        if name in known:
            found += unknown_keys(value, known[name], version, where)
        elif name != "global":
            near = advice(name, known)
            found.append(f"{where} is none of the chart's" + (f"; {near}" if near else ""))
    return found


def network_operator(version: str, values: Object, crd_folder: Path | None) -> list[Object]:
    """Network Operator's chart: definitions, operator, Node Feature Discovery."""
    found = [
        one for name, one in crds.definitions(f"v{version}", crd_folder).items() if name not in crds.OPERATOR_MAKES
    ]
    registry = dig(values, "operator.repository") or "nvcr.io/nvidia/cloud-native"
    marks = {"control-plane": "network-operator-controller"}
    names = dig(values, "operator.imagePullSecrets") or values.get("imagePullSecrets") or []
    secrets = {"imagePullSecrets": [{"name": name} for name in names]}
    objects = [
        *found,
        workload("Deployment", "network-operator", marks, f"{registry}/network-operator:v{version}", secrets),
    ]
    if dig(values, "nfd.enabled") is not False:
        objects += feature_discovery("network-operator", values, "nvcr.io/nvidia/mellanox/node-feature-discovery")
    if dig(values, "nfd.deployNodeFeatureRules") is not False:
        expressions = {"vendor": {"op": "In", "value": ["15b3"]}, "class": {"op": "In", "value": ["0200", "0207"]}}
        objects.append(rule("nvidia-nics-rules", "feature.node.kubernetes.io/pci-15b3.present", expressions))
    return objects


def feature_discovery(release: str, values: Object, image: str) -> list[Object]:
    """NFD, as a part of another chart."""
    nfd = values.get("node-feature-discovery") or {}
    picture = f"{dig(nfd, 'image.repository') or image}:1"
    name, mark = f"{release}-node-feature-discovery", {"app.kubernetes.io/name": "node-feature-discovery"}
    secrets = {"imagePullSecrets": nfd.get("imagePullSecrets") or []}
    tolerations = dig(nfd, "worker.tolerations")
    pod = secrets | {"tolerations": NFD_TOLERATIONS if tolerations is None else tolerations}
    return [
        workload("Deployment", f"{name}-master", {"role": "master", **mark}, picture, secrets),
        workload("Deployment", f"{name}-gc", {"role": "gc", **mark}, picture, secrets),
        workload("DaemonSet", f"{name}-worker", {"role": "worker", **mark}, picture, pod),
    ]


def gpu_operator(version: str, values: Object) -> list[Object]:
    """NVIDIA's chart: operator and ClusterPolicy; its DaemonSets are the operator's."""
    spec = {name: values.get(name) or {} for name in ("driver", "toolkit", "devicePlugin", "dcgmExporter")}
    spec["daemonsets"] = values.get("daemonsets") or {"tolerations": [NFD_TOLERATIONS[2]]}
    policy = {
        "apiVersion": "nvidia.com/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "cluster-policy"},
        "spec": spec | {"chart": version},
    }
    monitor = dig(values, "dcgmExporter.serviceMonitor.enabled")
    if monitor is None and crds.numbers(version) >= (26, 7):
        spec["dcgmExporter"] = {**spec["dcgmExporter"], "serviceMonitor": {"enabled": True}}
    marks = {"app": "gpu-operator", "app.kubernetes.io/component": "gpu-operator"}
    registry = dig(values, "operator.repository") or "nvcr.io/nvidia"
    secrets = {"imagePullSecrets": [{"name": name} for name in dig(values, "operator.imagePullSecrets") or []]}
    objects = [
        plain_crd("clusterpolicies.nvidia.com", "v1", "ClusterPolicy", scope="Cluster"),
        workload("Deployment", "gpu-operator", marks, f"{registry}/gpu-operator:v{version}", secrets),
        policy,
    ]
    if dig(values, "nfd.enabled") is not False:
        of_nfd = crds.definitions("v26.4.1")
        objects = [one for name, one in of_nfd.items() if name.endswith("nfd.k8s-sigs.io")] + objects
        objects += feature_discovery("gpu-operator", values, "registry.k8s.io/nfd/node-feature-discovery")
    return objects


def amd_operator(values: Object) -> list[Object]:
    """AMD's chart: operator, rule for its GPUs, and a DeviceConfig unless it is switched off."""
    objects = [
        plain_crd("deviceconfigs.amd.com", "v1alpha1", "DeviceConfig"),
        deployment(
            "amd-gpu-operator-gpu-operator-charts-controller-manager",
            {"app": "amd-gpu-operator"},
            "docker.io/rocm/gpu-operator:1",
        ),
    ]
    if dig(values, "node-feature-discovery.enabled") is not False:
        objects += feature_discovery("amd-gpu-operator", values, "registry.k8s.io/nfd/node-feature-discovery")
    if dig(values, "installdefaultNFDRule") is not False:
        objects.append(rule("amd-gpu-label-nfd-rule", "feature.node.kubernetes.io/amd-vgpu", AMD_RULE))
    if dig(values, "crds.defaultCR.install") is not False:
        spec = {"selector": {"feature.node.kubernetes.io/amd-gpu": "true"}, **(dig(values, "deviceConfig.spec") or {})}
        objects.append(
            {"apiVersion": "amd.com/v1alpha1", "kind": "DeviceConfig", "metadata": {"name": "default"}, "spec": spec}
        )
    return objects


def rule(name: str, label: str, expressions: Object) -> Object:
    """A NodeFeatureRule on PCI devices."""
    match = [{"feature": "pci.device", "matchExpressions": expressions}]
    spec = {"rules": [{"name": name, "labels": {label: "true"}, "matchFeatures": match}]}
    return {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeatureRule",
        "metadata": {"name": name},
        "spec": spec,
    }


def plain_crd(name: str, version: str, kind: str, scope: str = "Namespaced") -> Object:
    """A definition that takes any object."""
    plural, _, group = name.partition(".")
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    row = {"name": version, "served": True, "storage": True, "subresources": {"status": {}}}
    row["schema"] = {"openAPIV3Schema": {"type": "object", "properties": {"spec": crds.OPEN, "status": crds.OPEN}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": group, "names": names, "scope": scope, "versions": [row]},
    }


def deployment(name: str, marks: dict[str, str], image: str) -> Object:
    """A Deployment of one pod."""
    return workload("Deployment", name, marks, image, {})


def workload(kind: str, name: str, marks: dict[str, str], image: str, pod: Object) -> Object:
    """A Deployment or a DaemonSet."""
    template = {"metadata": {"labels": marks}, "spec": {**pod, "containers": [{"name": "main", "image": image}]}}
    spec = {"selector": {"matchLabels": marks}, "template": template}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "labels": marks}, "spec": spec}
