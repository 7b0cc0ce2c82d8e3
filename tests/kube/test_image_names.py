from __future__ import annotations

import pytest

from aksrdma.kube.image_names import fault, mirrored, original, parsed


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("nvcr.io/nvidia/mellanox", id="registry-and-folders"),
        pytest.param("mellanox", id="one-word-is-a-library-image"),
        pytest.param("ghcr.io/mellanox:tag", id="tag-is-let-pass"),
        pytest.param("nvcr.io/a@sha256:" + "a" * 64, id="digest-is-let-pass"),
        pytest.param("a:b@sha512:" + "0" * 128, id="tag-and-digest"),
        pytest.param("localhost:5000/a", id="port"),
        pytest.param("a.b:80", id="what-looks-like-a-port-is-a-tag"),
        pytest.param("Registry/a", id="upper-case-makes-a-registry"),
        pytest.param("[fe80::1]:5000/a", id="ipv6-registry"),
        pytest.param("a__b/c---d.e_f", id="separators"),
        pytest.param("my_host.io/x", id="underscore-makes-a-folder"),
        pytest.param("b" * 63, id="63-hex-digits"),
        pytest.param("nvcr.io/" + "a" * 255, id="longest-path"),
        pytest.param("a" * 247, id="longest-library-image"),
        pytest.param("a:" + "t" * 128, id="longest-tag"),
    ],
)
def test_reads_as_an_image_reference(reference: str) -> None:
    assert fault(reference) is None


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("https://nvcr.io/nvidia", "scheme", id="scheme"),
        pytest.param("nvcr.io/nvidia/", "end with a slash", id="trailing-slash"),
        pytest.param("nvcr.io//nvidia", "empty", id="double-slash"),
        pytest.param("/nvidia", "empty", id="leading-slash"),
        pytest.param("nvcr.io/NVIDIA", "lower case", id="upper-case-folder"),
        pytest.param("mellanoX", "lower case", id="upper-case-image"),
        pytest.param("b" * 64, "image id", id="64-hex-digits"),
        pytest.param("a..b", "dashes", id="two-dots"),
        pytest.param("a___b", "dashes", id="three-underscores"),
        pytest.param("a b", "dashes", id="blank"),
        pytest.param("my_host.io:5000/x", "dashes", id="underscore-in-a-registry-with-port"),
        pytest.param("nvcr.io/a\n", "dashes", id="line-end"),
        pytest.param("nvcr.io/" + "a" * 256, "255", id="path-too-long"),
        pytest.param("docker.io/" + "a" * 248, "255", id="library-counts-in-the-length"),
        pytest.param("a:" + "t" * 129, "dashes", id="tag-too-long"),
        pytest.param("nvcr.io/a@md5:" + "a" * 32, "sha256", id="unknown-digest"),
        pytest.param("nvcr.io/a@sha256:" + "a" * 63, "sha256", id="short-digest"),
        pytest.param("nvcr.io/a@sha256:" + "A" * 64, "lower-case hex", id="upper-case-digest"),
    ],
)
def test_does_not_read_as_one(reference: str, why: str) -> None:
    assert why in (fault(reference) or "")


@pytest.mark.parametrize(
    ("reference", "place"),
    [
        pytest.param("nvcr.io/nvidia/mellanox/doca-driver:1.0-ubuntu24.04-amd64",
                     "nvcr.io/nvidia/mellanox/doca-driver:1.0-ubuntu24.04-amd64", id="tag"),
        pytest.param("nvcr.io/nvidia/driver@sha256:" + "a" * 64, "nvcr.io/nvidia/driver@sha256:" + "a" * 64, id="digest"),
        pytest.param("ubuntu", "docker.io/library/ubuntu", id="a-bare-name-is-of-docker-hub"),
        pytest.param("rocm/k8s-device-plugin:latest", "docker.io/rocm/k8s-device-plugin:latest", id="folder-of-docker-hub"),
        pytest.param("localhost:5000/a:t", "localhost_5000/a:t", id="a-port-is-no-tag"),
        pytest.param("Quay.IO/a/b", "quay.io/a/b", id="hosts-have-no-case"),
        pytest.param("nvcr.io/nvidia/mellanox", "nvcr.io/nvidia/mellanox", id="registry-and-folder"),
    ],
)  # fmt: skip
def test_a_mirror_keeps_an_image_below_its_whole_name(reference: str, place: str) -> None:
    assert mirrored(reference, "contoso.azurecr.io/nvidia") == f"contoso.azurecr.io/nvidia/{place}"


@pytest.mark.parametrize("registry", ["contoso.azurecr.io", "contoso.azurecr.io/nvidia", "harbor.example.com:8443/a/b"])
@pytest.mark.parametrize(
    "reference",
    ["nvcr.io/nvidia/mellanox/multus-cni:v1", "localhost:5000/a@sha256:" + "b" * 64, "docker.io/library/ubuntu:24.04"],
)
def test_the_place_in_a_mirror_tells_which_image_it_is(registry: str, reference: str) -> None:
    assert original(mirrored(reference, registry), registry) == reference


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("nvcr.io/nvidia/driver:1", id="another-registry"),
        pytest.param("contoso.azurecr.io/nvidiax/nvcr.io/a:1", id="another-folder-with-the-same-beginning"),
        pytest.param("contoso.azurecr.io/nvidia/mellanox/multus-cni:v1", id="no-host"),
        pytest.param("contoso.azurecr.io/nvidia/nvcr.io", id="a-host-alone"),
        pytest.param("contoso.azurecr.io/nvidia/docker.io/ubuntu", id="docker-hub-without-library"),
    ],
)
def test_what_no_mirror_has_is_no_mirrored_image(reference: str) -> None:
    assert original(reference, "contoso.azurecr.io/nvidia") is None


def test_a_reference_is_split_into_its_parts() -> None:
    digest = "sha256:" + "c" * 64

    assert parsed(f"ghcr.io/azure/ibtools:latest@{digest}") == ("ghcr.io", "azure/ibtools", "latest", digest)
    assert str(parsed(f"a/b:1@{digest}")) == f"docker.io/a/b:1@{digest}"
    assert parsed("ubuntu").repository == "docker.io/library/ubuntu"
