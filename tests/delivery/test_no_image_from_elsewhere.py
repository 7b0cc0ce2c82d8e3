"""A cluster with a registry pulls nothing from elsewhere, whatever its release, profile, drivers and VM size."""

import re
from dataclasses import replace
from itertools import product

import pytest
import yaml

import aksrdma
from aksrdma import Cluster, NodePool, catalog
from aksrdma.cluster import PROFILES, Ipoib
from aksrdma.errors import AksrdmaError
from aksrdma.plan import make_plan
from aksrdma.workloads.jobs import KINDS, plan_workload, target_of, workload_stream

REGISTRY = "contoso.azurecr.io/nvidia"
PUBLIC = re.compile(r"(nvcr\.io|ghcr\.io|quay\.io|docker\.io|mcr\.microsoft\.com|registry\.k8s\.io|gcr\.io)/\S*")
FIELD = re.compile(r"^ *(?:- )?(?:\w*[iI]mage|repository): (\S+/\S+)$", re.MULTILINE)
GPU_DRIVERS, NIC_DRIVERS = ("gpu-operator", "aks", "aks-managed", "none"), ("doca", "inbox", "node-image")
ONE_OF_A_KIND = tuple(
    {(row.gpu and row.gpu.vendor, row.driver_on_node_image): row.name
     for row in map(catalog.vm_size, catalog.vm_sizes()) if row.state != "retired"}.values()
)  # fmt: skip


def cluster(size, **fields):
    ipoib = Ipoib(master="ib0", namespace="mpi")
    return Cluster(registry=REGISTRY, ipoib=ipoib, node_pools=[NodePool(name="pool1", vm_size=size, count=2)], **fields)


def clusters(releases, sizes, gpu_drivers, nic_drivers):
    """Yield each cluster that can be, with its tree."""
    for release, size, profile, gpu, nic in product(releases, sizes, PROFILES, gpu_drivers, nic_drivers):
        asked = cluster(size, release=release, profile=profile, gpu_driver=gpu, nic_driver=nic)
        try:
            yield asked, aksrdma.render(asked)
        except AksrdmaError:
            continue


def elsewhere(text):
    """Yield the images and charts that a text takes from somewhere else; commands that fill the registry may."""
    for line in text.splitlines():
        if not line.startswith(("az acr import ", "skopeo copy ", "helm pull ", "az acr cache ")):
            found = (match for match in PUBLIC.finditer(line) if not line[: match.start()].endswith(f"{REGISTRY}/"))
            yield from (match[0] for match in found)


def images_in(tree):
    """Yield each whole reference, and each repository, of the objects and values of a tree."""
    for path, text in tree.items():
        if path.endswith(".yaml"):
            yield from FIELD.findall(text)


@pytest.mark.parametrize("release", catalog.releases())
def test_each_release_with_each_profile_and_drivers_on_each_kind_of_node(release):
    seen = 0
    for asked, tree in clusters([release], ONE_OF_A_KIND, GPU_DRIVERS, NIC_DRIVERS):
        assert {path: found for path, text in tree.items() if (found := list(elsewhere(text)))} == {}
        images = list(images_in(tree))
        assert [one for one in images if not one.startswith(f"{REGISTRY}/")] == []
        mirrors = {one.mirror for one in aksrdma.images(asked).images}
        assert [one for one in images if not any(mirror.startswith(one) for mirror in mirrors)] == []
        seen += 1
    assert seen >= 60


def test_each_vm_size():
    found = list(clusters([catalog.newest()], catalog.vm_sizes(), [None], [None]))

    assert len({asked.node_pools[0].vm_size for asked, _ in found}) >= 35
    for _, tree in found:
        assert [one for text in tree.values() for one in elsewhere(text)] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", ONE_OF_A_KIND)
def test_each_workload(kind, size):
    for profile in PROFILES:
        asked = cluster(size, release=catalog.newest(), profile=profile)
        try:
            text = workload_stream(plan_workload(kind, target_of(make_plan(asked).decisions)))
        except AksrdmaError:
            continue
        assert list(elsewhere(text)) == []
        named = {one["image"] for document in yaml.safe_load_all(text) for one in _containers(document)}
        assert named <= {one.mirror for one in aksrdma.images(asked).images}


def _containers(data):
    if isinstance(data, dict):
        yield from data.get("containers", [])
        for value in data.values():
            yield from _containers(value)
    elif isinstance(data, list):
        for item in data:
            yield from _containers(item)


def test_pools_of_different_kinds_in_one_cluster():
    pools = [
        NodePool(name="h100", vm_size="Standard_ND96isr_H100_v5", count=2),
        NodePool(name="mi300x", vm_size="Standard_ND96isr_MI300X_v5", count=2),
        NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=2),
        NodePool(name="hb", vm_size="Standard_HB120rs_v3", count=2, profile="ipoib"),
    ]
    asked = replace(cluster("Standard_HB120rs_v3", release=catalog.newest()), node_pools=pools)

    tree = aksrdma.render(asked)

    assert {path: found for path, text in tree.items() if (found := list(elsewhere(text)))} == {}
    assert len(list(images_in(tree))) > 25


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("image: nvcr.io/nvidia/driver:1", ["nvcr.io/nvidia/driver:1"], id="an-image"),
        pytest.param(f"image: {REGISTRY}/nvcr.io/nvidia/driver:1", [], id="one-of-the-registry"),
        pytest.param(
            "image: other.azurecr.io/nvcr.io/nvidia/driver:1", ["nvcr.io/nvidia/driver:1"], id="another-mirror"
        ),
        pytest.param("az acr import --source nvcr.io/nvidia/driver:1", [], id="what-fills-the-registry"),
    ],
)
def test_the_search_finds_what_comes_from_elsewhere(text, found):
    assert list(elsewhere(text)) == found
