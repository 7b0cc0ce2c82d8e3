"""The lines that bring images and charts into a registry."""

import re
import shlex
import shutil
import subprocess

import pytest

import aksrdma
from aksrdma import Cluster, NodePool, catalog
from aksrdma.delivery import FORMATS, ClusterChart, ClusterImage, ClusterImages
from aksrdma.delivery.commands import acr_cache, acr_import, acr_name, skopeo
from aksrdma.errors import UsageError
from aksrdma.kube.image_names import mirrored, original

DIGEST = "sha256:" + "a" * 64


def images(*references, registry="contoso.azurecr.io/nvidia", digests=(), charts=()):
    found = [
        ClusterImage(name, dict(digests).get(name), ("x",), "y", registry and mirrored(name, registry))
        for name in references
    ]
    return ClusterImages(registry, tuple(charts), tuple(found), ())


def of_cluster(size, registry, **fields):
    pools = [NodePool(name="pool1", vm_size=size, count=2)]
    return aksrdma.images(Cluster(release=catalog.newest(), registry=registry, node_pools=pools, **fields))


CHART = ClusterChart(
    "network-operator", "26.4.1", "https://helm.ngc.nvidia.com/nvidia",
    "oci://contoso.azurecr.io/nvidia/helm.ngc.nvidia.com/nvidia/network-operator",
)  # fmt: skip


@pytest.mark.parametrize(
    ("registry", "name"),
    [
        pytest.param("contoso.azurecr.io/nvidia", "contoso", id="with-a-path"),
        pytest.param("contoso.azurecr.io", "contoso", id="without-one"),
        pytest.param("contoso-h2a9.azurecr.io/x", "contoso", id="with-a-domain-name-label"),
        pytest.param("contoso.azurecr.cn", "contoso", id="china"),
        pytest.param("contoso.azurecr.us", "contoso", id="government"),
        pytest.param("harbor.example.com/azurecr.io", None, id="another-registry"),
        pytest.param("contoso.azurecr.io:443/x", None, id="a-port"),
    ],
)
def test_an_azure_container_registry_is_known_by_its_host(registry, name):
    assert acr_name(registry) == name


def test_an_image_is_imported_below_its_whole_name():
    assert acr_import(images("nvcr.io/nvidia/driver:1")).lines[1:] == (
        "az acr import --name contoso --force --source nvcr.io/nvidia/driver:1 --image nvidia/nvcr.io/nvidia/driver:1",
    )
    assert acr_import(images("nvcr.io/nvidia/driver:1", registry="contoso.azurecr.io")).lines[1:] == (
        "az acr import --name contoso --force --source nvcr.io/nvidia/driver:1 --image nvcr.io/nvidia/driver:1",
    )


def test_an_image_with_a_known_digest_is_copied_by_it_and_keeps_its_tag():
    found = images("nvcr.io/nvidia/driver:1", digests=[("nvcr.io/nvidia/driver:1", DIGEST)])

    assert acr_import(found).lines[1:] == (
        f"az acr import --name contoso --force --source nvcr.io/nvidia/driver@{DIGEST} --image nvidia/nvcr.io/nvidia/driver:1",
    )
    assert skopeo(found).lines == (
        f"skopeo copy --all --preserve-digests docker://nvcr.io/nvidia/driver@{DIGEST} "
        "docker://contoso.azurecr.io/nvidia/nvcr.io/nvidia/driver:1",
    )


def test_an_image_without_a_tag_is_imported_as_it_is():
    assert acr_import(images(f"nvcr.io/nvidia/driver@{DIGEST}")).lines[1:] == (
        f"az acr import --name contoso --force --source nvcr.io/nvidia/driver@{DIGEST} --repository nvidia/nvcr.io/nvidia/driver",
    )


def test_a_chart_is_pulled_from_its_repository_and_pushed():
    login, *lines = acr_import(images(charts=[CHART])).lines

    assert login.startswith("az acr login --name contoso --expose-token")
    assert "helm registry login contoso.azurecr.io" in login
    assert lines == [
        "helm pull network-operator --repo https://helm.ngc.nvidia.com/nvidia --version 26.4.1",
        "helm push network-operator-26.4.1.tgz oci://contoso.azurecr.io/nvidia/helm.ngc.nvidia.com/nvidia",
    ]
    assert skopeo(images(charts=[CHART])).lines == tuple(lines)


def test_a_cache_has_a_rule_for_each_folder_of_a_registry():
    found = acr_cache(
        images("nvcr.io/nvidia/driver:1", "nvcr.io/nvidia/mellanox/multus-cni:2", "ghcr.io/azure/x/ibtools:3")
    )

    assert found.lines[1:] == (
        "az acr cache create --registry contoso --name nvcr-io-nvidia --source-repo 'nvcr.io/nvidia/*' "
        "--target-repo 'nvidia/nvcr.io/nvidia/*'",
        "az acr cache create --registry contoso --name ghcr-io-azure --source-repo 'ghcr.io/azure/*' "
        "--target-repo 'nvidia/ghcr.io/azure/*'",
    )
    assert "operator finds no precompiled driver" in " ".join(found.notes)


def test_an_image_that_lies_in_no_folder_has_a_rule_of_its_own():
    found = acr_cache(images("registry.k8s.io/pause:3.10", registry="contoso.azurecr.io"))

    assert found.lines[1:] == (
        "az acr cache create --registry contoso --name registry-k8s-io-pause --source-repo registry.k8s.io/pause "
        "--target-repo registry.k8s.io/pause",
    )


def test_docker_hub_is_cached_with_credentials():
    found = acr_cache(images("docker.io/rocm/gpu-operator:1", "docker.io/library/busybox:1.36"))

    assert [line.rpartition(" ")[2] for line in found.lines[1:]] == ["docker-io", "docker-io"]
    assert all(" --cred-set " in line for line in found.lines[1:])
    (note,) = [note for note in found.notes if "credential" in note]
    assert "az acr credential-set create --registry contoso --name docker-io --login-server docker.io" in note


def test_what_cannot_be_cached_is_imported():
    found = acr_cache(images("harbor.example.com/a/b:1"))

    assert found.lines[1:] == (
        "az acr import --name contoso --force --source harbor.example.com/a/b:1 --image nvidia/harbor.example.com/a/b:1",
    )
    assert "harbor.example.com cannot be cached" in found.notes[0]


@pytest.mark.parametrize(
    "size", ["Standard_ND96isr_H100_v5", "Standard_ND96isr_MI300X_v5", "Standard_ND128isr_GB300_v6"]
)
@pytest.mark.parametrize("registry", ["contoso.azurecr.io", "contoso.azurecr.io/a/b"])
def test_the_rules_of_a_cache_cover_every_image_where_render_looks_for_it_and_do_not_overlap(size, registry):
    found = of_cluster(size, registry)
    rules = {}
    for line in acr_cache(found).lines:
        if line.startswith("az acr cache create"):
            words = shlex.split(line)
            rules[words[words.index("--target-repo") + 1]] = words[words.index("--source-repo") + 1]

    for image in found.images:
        place = image.mirror.removeprefix("contoso.azurecr.io/")
        (target,) = [target for target in rules if place.startswith(target.rstrip("*"))]
        assert place.replace(target.rstrip("*"), rules[target].rstrip("*"), 1) == image.reference
    for one in rules:
        assert [other for other in rules if other != one and other.startswith(one.rstrip("*"))] == []
    names = [line.split(" --name ")[1].split()[0] for line in acr_cache(found).lines if "cache create" in line]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*", name) and 5 <= len(name) <= 50 for name in names)


@pytest.mark.parametrize("output", FORMATS)
def test_every_format_brings_every_image_to_its_mirror(output):
    found = of_cluster("Standard_ND96isr_H100_v5", "contoso.azurecr.io/nvidia")

    text = "\n".join(FORMATS[output](found).lines)

    for image in found.images if output != "acr-cache" else ():
        assert f"nvidia/{image.reference}" in text
        assert original(image.mirror, found.registry) == image.reference
    for chart in found.charts:
        assert f"helm push {chart.name}-{chart.version}.tgz {chart.mirror.rpartition('/')[0]}" in text


@pytest.mark.parametrize("output", FORMATS)
def test_a_shell_reads_every_line(output):
    found = FORMATS[output](of_cluster("Standard_ND96isr_MI300X_v5", "contoso.azurecr.io/nvidia"))
    shell = shutil.which("sh")
    assert shell

    done = subprocess.run(
        [shell, "-n"], input="\n".join(found.lines), capture_output=True, encoding="utf-8", check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert all(shlex.split(line) for line in found.lines)


@pytest.mark.parametrize("output", FORMATS)
def test_without_a_registry_there_is_nowhere_to_bring_them(output):
    with pytest.raises(UsageError, match=r"write spec\.registry, or give --registry"):
        FORMATS[output](images("nvcr.io/nvidia/driver:1", registry=None))


@pytest.mark.parametrize("output", ["acr-import", "acr-cache"])
def test_another_registry_is_told_the_way_that_is_for_it(output):
    with pytest.raises(
        UsageError, match=rf"{output} is for an Azure Container Registry .* not harbor\.io/x; use skopeo"
    ):
        FORMATS[output](images("nvcr.io/nvidia/driver:1", registry="harbor.io/x"))
