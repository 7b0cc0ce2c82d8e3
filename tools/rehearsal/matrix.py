"""Clusters of sizes, profiles, drivers and releases, drawn so that every value comes up as often as the others."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import yaml

import aksrdma
from tools.rehearsal import facts
from tools.rehearsal.api import Object

RELEASES = Path(aksrdma.__file__).parent / "catalog" / "releases"
PROFILES = ("base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib")
GPU_DRIVERS = (None, "gpu-operator", "aks", "aks-managed", "none")
NIC_DRIVERS = (None, None, None, "doca", "inbox", "node-image")
TAINTS: tuple[list[str], ...] = ([], ["sku=gpu:NoSchedule"], ["sku=gpu:NoSchedule", "team=a:NoExecute"])
OS_SKUS = (None, None, "Ubuntu2204", "Ubuntu2404", "AzureLinux")
PLAIN_SIZE = "Standard_D8ds_v5"


def draw_clusters(folder: Path, seed: int) -> Iterator[Path]:
    """Write cluster files without end, the same for the same seed; some of them are ones that aksrdma refuses."""
    draw = random.Random(seed)
    sizes = [
        path.stem for path in sorted(facts.SIZES.glob("*.yaml")) if facts.size(path.stem).row["state"] != "retired"
    ]
    releases = [path.stem for path in sorted(RELEASES.glob("v*.yaml"))]
    drawn = {
        name: deck(draw, values)
        for name, values in {
            "size": sizes, "release": releases, "profile": PROFILES, "gpu": GPU_DRIVERS, "nic": NIC_DRIVERS, "taints": TAINTS,
            "os": OS_SKUS,
        }.items()
    }  # fmt: skip
    for index in count():
        spec = cluster({name: next(values) for name, values in drawn.items()}, draw)
        if draw.random() < 0.3:
            other = cluster({name: next(values) for name, values in drawn.items()}, draw)["nodePools"][0]
            alike = {"profile": spec["profile"]} if draw.random() < 0.5 else {}
            spec["nodePools"].append({**other, "name": "second", **alike})
        if draw.random() < 0.3:
            spec["nodePools"].append({"name": "plain", "vmSize": PLAIN_SIZE, "count": 2})
        body = {
            "apiVersion": "aksrdma.dev/v1alpha1",
            "kind": "RdmaCluster",
            "metadata": {"name": f"m{index}"},
            "spec": spec,
        }
        file = folder / f"matrix-{seed}-{index}.yaml"
        file.write_text(yaml.safe_dump(body, sort_keys=False), encoding="utf-8")
        yield file


def cluster(values: dict[str, Any], draw: random.Random) -> Object:
    """A cluster of one pool."""
    pool: Object = {"name": "first", "vmSize": values["size"], "count": draw.randint(1, 4), "taints": values["taints"]}
    for field, value in (("osSku", values["os"]), ("nicDriver", values["nic"]), ("gpuDriver", values["gpu"])):
        if value is not None and (field != "gpuDriver" or facts.size(values["size"]).gpus):
            pool[field] = value
    pool["profile"] = values["profile"]
    return {"release": values["release"], "profile": values["profile"], "nodePools": [pool]}


def deck(draw: random.Random, values: Sequence[Any]) -> Iterator[Any]:
    """The values in an order by chance, again and again."""
    while True:
        yield from draw.sample(values, len(values))
