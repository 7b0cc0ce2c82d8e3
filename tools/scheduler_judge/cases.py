"""Random cases: a small cluster with pods that run there, and pods to place in order.

They are wide on purpose: each case draws a few of the things that decide where pods go, so that these meet each other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, TypeAlias

Case: TypeAlias = dict[str, Any]

HOST, ZONE, POOL, RACK = (
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "kubernetes.azure.com/agentpool",
    "rack",
)
KEYS = (HOST, HOST, ZONE, POOL, RACK)
REQUIRED, PREFERRED = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
NAMESPACES = {"default": {}, "train": {"team": "ml"}, "serve": {"team": "ml", "tier": "front"}}
EFFECTS = ("NoSchedule", "NoSchedule", "NoExecute", "PreferNoSchedule", "PreferNoSchedule")
TOPICS = (
    "gpus",
    "gpus",
    "taints",
    "node affinity",
    "pod affinity",
    "pod anti-affinity",
    "spread",
    "soft",
    "ports",
    "huge pages",
    "containers",
    "pod level",
    "overhead",
    "node name",
    "missing",
    "running",
    "running",
    "cordoned",
    "replica set",
    "several",
    "several",
)


def cases(count: int, seed: int) -> Iterator[Case]:
    """Yield so many cases, always the same for a seed."""
    for number in range(count):
        yield _Maker(random.Random(f"{seed}/{number}")).case(f"{seed}/{number}")


class _Maker:
    """Draws the parts of one case."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.topics = set(pick.sample(TOPICS, pick.randint(2, 7)))

    def case(self, name: str) -> Case:
        nodes = [self._node(number) for number in range(self.pick.randint(2, 8))]
        running = []
        if "running" in self.topics:
            running = [self._runs(nodes, number) for number in range(self.pick.randint(1, 8))]
        groups = [
            self._group(nodes, number) for number in range(self.pick.randint(2, 4) if "several" in self.topics else 1)
        ]
        spaces = [{"metadata": {"name": name, "labels": labels}} for name, labels in NAMESPACES.items()]
        return {"name": name, "nodes": nodes, "namespaces": spaces, "running": running, "groups": groups}

    def _maybe(self, topic: str, chance: float = 0.6) -> bool:
        return topic in self.topics and self.pick.random() < chance

    # Nodes

    def _node(self, number: int) -> dict[str, Any]:
        pick = self.pick
        pool = pick.choice("abc")
        labels = {HOST: f"n{number}", POOL: pool, "cores": str(pick.choice((8, 16, 96)))}
        if pick.random() < 0.8:
            labels[ZONE] = f"z{pick.randint(1, 3)}"
        if pick.random() < 0.6:
            labels[RACK] = f"r{pick.randint(1, 3)}"
        if pick.random() < 0.05:
            del labels[HOST]
        has = {"cpu": pick.choice(("4", "8", "7900m", "12")), "memory": pick.choice(("8Gi", "16Gi", "15900Mi", "32Gi"))}
        has["pods"] = str(pick.choice((3, 10, 110, 110)))
        if "gpus" in self.topics:
            has["nvidia.com/gpu"] = str(pick.choice((8, 8, 8, 4, 0)))
            has["rdma/ib"] = str(pick.choice((8, 8, 8, 1, 0)))
        if self._maybe("missing", 0.3):
            has.pop(pick.choice(list(has)), None)
        if self._maybe("huge pages"):
            has["hugepages-2Mi"] = pick.choice(("0", "1Gi", "64Mi"))
            has["memory"] = "8Gi"
        spec: dict[str, Any] = {}
        taints = []
        if self._maybe("taints"):
            keys = pick.sample(("sku", "spot", "old"), pick.randint(1, 2))
            taints = [{"key": key, "value": pick.choice(("", "gpu")), "effect": pick.choice(EFFECTS)} for key in keys]
        if self._maybe("cordoned", 0.3):
            spec["unschedulable"] = True
            taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
        if self._maybe("cordoned", 0.2):
            effects = pick.choice((("NoExecute",), ("NoSchedule", "NoExecute")))
            taints += [{"key": "node.kubernetes.io/not-ready", "effect": effect} for effect in effects]
        if taints:
            spec["taints"] = taints
        return {"metadata": {"name": f"n{number}", "labels": labels}, "spec": spec, "status": {"allocatable": has}}

    # Pods

    def _runs(self, nodes: list[dict[str, Any]], number: int) -> dict[str, Any]:
        pod = self._pod(nodes, f"runs-{number}", small=True)
        pod["spec"]["nodeName"] = self.pick.choice(nodes)["metadata"]["name"]
        pod["status"] = {"phase": "Running"}
        if self.pick.random() < 0.1:
            pod["metadata"] |= {"deletionTimestamp": "2026-11-01T00:00:00Z", "deletionGracePeriodSeconds": 30}
        return pod

    def _group(self, nodes: list[dict[str, Any]], number: int) -> dict[str, Any]:
        pod = self._pod(nodes, f"group-{number}")
        if self._maybe("node name", 0.3):
            pod["spec"]["nodeName"] = self.pick.choice([*(one["metadata"]["name"] for one in nodes), "gone"])
        group: dict[str, Any] = {"count": self.pick.randint(1, 12), "pod": pod}
        if self._maybe("replica set"):
            group["selector"] = {"matchLabels": {"app": pod["metadata"]["labels"]["app"]}}
        return group

    def _pod(self, nodes: list[dict[str, Any]], name: str, *, small: bool = False) -> dict[str, Any]:
        pick = self.pick
        labels = {"app": pick.choice("xyz"), "rev": pick.choice("12")}
        if pick.random() < 0.2:
            labels["tier"] = "front"
        spec: dict[str, Any] = {"containers": [self._container("main", small=small)]}
        if self._maybe("containers"):
            spec["containers"] += [self._container(f"more-{n}", small=True) for n in range(pick.randint(0, 2))]
            first = [self._container(f"init-{n}", small=pick.random() < 0.5) for n in range(pick.randint(1, 3))]
            for one in first:
                if pick.random() < 0.5:
                    one["restartPolicy"] = "Always"
            spec["initContainers"] = first
        if self._maybe("overhead", 0.5):
            spec["overhead"] = {"cpu": "250m", "memory": "128Mi"}
            spec["runtimeClassName"] = "kata"
        if self._maybe("pod level"):
            spec["resources"] = self._pod_level(spec)
        if self._maybe("ports"):
            if pick.random() < 0.3:
                spec["hostNetwork"] = True
            port: dict[str, Any] = {"containerPort": pick.choice((80, 81))}
            if spec.get("hostNetwork"):
                port["hostPort"] = port["containerPort"]
            elif pick.random() < 0.8:
                port["hostPort"] = pick.choice((8080, 8081))
            if pick.random() < 0.3:
                port["protocol"] = "UDP"
            if pick.random() < 0.4:
                port["hostIP"] = pick.choice(("10.0.0.1", "10.0.0.2", "0.0.0.0", "127.0.0.1"))
            spec["containers"][0]["ports"] = [port]
        if "taints" in self.topics or "cordoned" in self.topics:
            spec["tolerations"] = [self._toleration() for _ in range(pick.randint(0, 2))]
        affinity: dict[str, Any] = {}
        if self._maybe("node affinity"):
            self._on_nodes(spec, affinity, nodes)
        for topic, field in (("pod affinity", "podAffinity"), ("pod anti-affinity", "podAntiAffinity")):
            if self._maybe(topic):
                affinity[field] = {REQUIRED: [self._term(labels) for _ in range(pick.choice((1, 1, 2)))]}
            if self._maybe("soft", 0.3):
                weighted = [
                    {"weight": pick.choice((1, 50, 100)), "podAffinityTerm": self._term(labels)}
                    for _ in range(pick.choice((1, 1, 2)))
                ]
                affinity.setdefault(field, {})[PREFERRED] = weighted
        if affinity:
            spec["affinity"] = affinity
        self._spread(spec, labels)
        return {
            "metadata": {"name": name, "namespace": pick.choice(("default", "default", *NAMESPACES)), "labels": labels},
            "spec": spec,
        }

    def _container(self, name: str, *, small: bool) -> dict[str, Any]:
        pick = self.pick
        limits: dict[str, str] = {}
        requests: dict[str, str] = {}
        if pick.random() < 0.7:
            where = limits if pick.random() < 0.5 else requests
            where["cpu"] = pick.choice(("0", "250m", "1") if small else ("500m", "1", "2", "3", "1500m"))
        if pick.random() < 0.6:
            where = limits if pick.random() < 0.5 else requests
            where["memory"] = pick.choice(("0", "256Mi", "1Gi") if small else ("512Mi", "1Gi", "2G", "5Gi"))
        if "gpus" in self.topics and (not small or pick.random() < 0.3):
            gpus = pick.choice((0, 1, 1, 2) if small else (1, 1, 2, 3, 4, 8))
            limits["nvidia.com/gpu"] = str(gpus)
            if pick.random() < 0.6:
                limits["rdma/ib"] = str(pick.choice((gpus, gpus, gpus, 1, 8)))
        if "huge pages" in self.topics and pick.random() < 0.5:
            limits["hugepages-2Mi"] = pick.choice(("4Mi", "64Mi", "512Mi"))
            if not {"cpu", "memory"} & {*limits, *requests}:
                requests["memory"] = "64Mi"
        if pick.random() < 0.1:
            limits["ephemeral-storage"] = "0"
        if "missing" in self.topics and pick.random() < 0.2:
            limits["example.com/fpga"] = pick.choice(("0", "1"))
        return {"name": name, "image": "example.com/i:1", "resources": {"limits": limits, "requests": requests}}

    def _pod_level(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Amounts that the API server takes: no less than the containers ask for."""
        pick = self.pick
        found: dict[str, Any] = {}
        if pick.random() < 0.7:
            found["limits"] = {"cpu": "20", "memory": "60Gi"}
            if pick.random() < 0.5:
                del found["limits"][pick.choice(("cpu", "memory"))]
        if pick.random() < 0.6:
            found["requests"] = {"cpu": "18", "memory": "40Gi"} if pick.random() < 0.2 else {}
        for one in (*spec["containers"], *spec.get("initContainers", ())):
            for amounts in one["resources"].values():
                for name in [name for name in amounts if name.startswith("hugepages")]:
                    del amounts[name]
        return found

    def _toleration(self) -> dict[str, Any]:
        pick = self.pick
        key = pick.choice(
            ("sku", "spot", "old", "node.kubernetes.io/unschedulable", "node.kubernetes.io/not-ready", "")
        )
        found: dict[str, Any] = {"key": key, "operator": "Exists"} if key else {"operator": "Exists"}
        if key and pick.random() < 0.3:
            found = {"key": key, "value": "gpu"}
        if pick.random() < 0.6:
            found["effect"] = pick.choice(EFFECTS)
        return found

    def _on_nodes(self, spec: dict[str, Any], affinity: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
        pick = self.pick
        if pick.random() < 0.4:
            spec["nodeSelector"] = {POOL: pick.choice("ab")} if pick.random() < 0.7 else {ZONE: "z1"}
        found: dict[str, Any] = {}
        if pick.random() < 0.7:
            found[REQUIRED] = {"nodeSelectorTerms": [self._node_term(nodes) for _ in range(pick.choice((1, 1, 2)))]}
        if pick.random() < 0.5:
            found[PREFERRED] = [
                {"weight": pick.choice((1, 10, 100)), "preference": self._node_term(nodes)}
                for _ in range(pick.choice((1, 2)))
            ]
        if found:
            affinity["nodeAffinity"] = found

    def _node_term(self, nodes: list[dict[str, Any]]) -> dict[str, Any]:
        pick = self.pick
        if pick.random() < 0.15:
            names = [pick.choice(nodes)["metadata"]["name"]]
            return {
                "matchFields": [{"key": "metadata.name", "operator": pick.choice(("In", "NotIn")), "values": names}]
            }
        key = pick.choice((POOL, ZONE, RACK, "cores", "cores", HOST))
        values = {
            POOL: "ab",
            ZONE: ("z1", "z2", "z3"),
            RACK: ("r1", "r2"),
            "cores": ("8", "16", "96"),
            HOST: ("n0", "n1"),
        }
        operator = pick.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        if key == "cores" and pick.random() < 0.7:
            return {"matchExpressions": [{"key": key, "operator": pick.choice(("Gt", "Lt")), "values": ["16"]}]}
        term: dict[str, Any] = {"key": key, "operator": operator}
        if operator in ("In", "NotIn"):
            term["values"] = pick.sample(list(values[key]), pick.randint(1, 2))
        return {"matchExpressions": [term]}

    def _selector(self) -> dict[str, Any] | None:
        pick = self.pick
        drawn = pick.random()
        if drawn < 0.6:
            return {"matchLabels": {"app": pick.choice("xyz")}}
        if drawn < 0.7:
            return {}
        if drawn < 0.75:
            return None
        expressions: list[dict[str, Any]] = [
            {"key": "app", "operator": "In", "values": ["x", "y"]},
            {"key": "app", "operator": "NotIn", "values": ["x"]},
            {"key": "tier", "operator": "Exists"},
            {"key": "tier", "operator": "DoesNotExist"},
        ]
        return {"matchExpressions": [pick.choice(expressions)]}

    def _term(self, labels: dict[str, str]) -> dict[str, Any]:
        pick = self.pick
        term: dict[str, Any] = {"topologyKey": pick.choice(KEYS)}
        selector = self._selector()
        if selector is not None:
            term["labelSelector"] = selector
            if pick.random() < 0.15:
                term[pick.choice(("matchLabelKeys", "mismatchLabelKeys"))] = ["rev"]
        if pick.random() < 0.2:
            term["namespaces"] = pick.sample(list(NAMESPACES), 2)
        if pick.random() < 0.2:
            spaces: tuple[dict[str, Any], ...] = (
                {},
                {"matchLabels": {"team": "ml"}},
                {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
                {"matchLabels": {"kubernetes.io/metadata.name": "train"}},
            )
            term["namespaceSelector"] = pick.choice(spaces)
        return term

    def _spread(self, spec: dict[str, Any], labels: dict[str, str]) -> None:
        pick = self.pick
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for topic, way in (("spread", "DoNotSchedule"), ("spread", "DoNotSchedule"), ("soft", "ScheduleAnyway")):
            if not self._maybe(topic, 0.5):
                continue
            one: dict[str, Any] = {"maxSkew": pick.choice((1, 1, 2, 3)), "topologyKey": pick.choice(KEYS)}
            one["whenUnsatisfiable"] = way
            selector = {"matchLabels": {"app": labels["app"]}} if pick.random() < 0.6 else self._selector()
            if selector is not None:
                one["labelSelector"] = selector
                if pick.random() < 0.2:
                    one["matchLabelKeys"] = ["rev"]
            if way == "DoNotSchedule" and pick.random() < 0.3:
                one["minDomains"] = pick.randint(1, 4)
            if pick.random() < 0.3:
                one["nodeAffinityPolicy"] = pick.choice(("Honor", "Ignore"))
            if pick.random() < 0.3:
                one["nodeTaintsPolicy"] = pick.choice(("Honor", "Ignore"))
            found[one["topologyKey"], way] = one
        if found:
            spec["topologySpreadConstraints"] = list(found.values())
