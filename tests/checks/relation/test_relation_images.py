"""Images of the operator's components, of each release, and of pods."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma import catalog
from aksrdma.checks.relation.images import image_names, images, private_registries, references
from tests.checks.relation.relation_props import pod, policy, rules, said

RELEASE = catalog.release("v26.7.0")
MULTUS, DRIVER = RELEASE.components["multus"], RELEASE.components["ofedDriver"]
OTHER, MISSING, MALFORMED = (
    "component-version-not-of-release", "image-repository-or-version-missing", "image-repository-malformed"
)  # fmt: skip


def multus(**more: Any) -> dict[str, Any]:
    own = {"image": MULTUS.image, "repository": MULTUS.repository, "version": MULTUS.version}
    return {"secondaryNetwork": {"multus": {**own, **more}}}


def driver(**more: Any) -> dict[str, Any]:
    own = {"image": DRIVER.image, "repository": DRIVER.repository, "version": DRIVER.version}
    return {"ofedDriver": {**own, **more}}


OLD = catalog.release("v25.1.0").components["multus"].version


@pytest.mark.parametrize(
    ("spec", "broken"),
    [
        pytest.param(multus(), [], id="of-the-release"),
        pytest.param(multus(version=OLD), [OTHER], id="of-another-release"),
        pytest.param(multus(version=OLD, image="multus"), [OTHER], id="by-the-name-of-before-the-catalog"),
        pytest.param(multus(version=OLD, image="own"), [], id="of-an-image-of-its-own"),
        pytest.param(multus(version=5), [], id="of-the-wrong-type"),
        pytest.param(multus(version=""), [MISSING], id="empty"),
        pytest.param(
            multus(version=f"sha256:{'0' * 64}"), [] if MULTUS.digest is None else [OTHER], id="of-another-digest"
        ),
        pytest.param(multus(version=MULTUS.digest or MULTUS.version), [], id="of-its-digest"),
        pytest.param(driver(), [], id="of-the-driver"),
        pytest.param(
            driver(version=catalog.release("v25.1.0").components["ofedDriver"].version), [OTHER], id="an-old-driver"
        ),
        pytest.param(driver(version=RELEASE.lts_driver), [], id="of-the-long-term-driver"),
        pytest.param(driver(version=RELEASE.driver_versions[1].version), [], id="of-the-other-driver-of-the-release"),
        pytest.param(driver(version="nonsense"), [], id="of-no-driver-which-another-rule-says"),
        pytest.param({"global": {"version": OLD}}, [OTHER], id="of-all-components"),
        pytest.param({"global": {"version": RELEASE.components_version}}, [], id="of-all-components-and-the-release"),
        pytest.param(multus(repository=None), [MISSING], id="without-a-repository"),
        pytest.param(multus(repository=None) | {"global": {"repository": "a"}}, [], id="with-that-of-all"),
        pytest.param(multus(repository="NVCR.io/Mellanox"), [MALFORMED], id="with-capitals"),
        pytest.param(multus(repository="a/b:1"), [MALFORMED], id="with-a-tag-in-front-of-the-name"),
        pytest.param(multus(repository="a.example.com:5000/b"), [], id="with-a-port"),
        pytest.param(multus(repository="/".join(["a"] * 128)), [MALFORMED], id="longer-than-a-name-can-be"),
        pytest.param(multus(repository=" "), [], id="which-the-schema-refuses"),
    ],
)
def test_the_version_of_a_component_is(spec: dict[str, Any], broken: list[str]) -> None:
    assert rules(images, policy(**spec)) == broken


def test_before_a_global_section_the_schema_asks_for_both() -> None:
    assert rules(images, policy(**multus(repository=None)), release="v25.10.0") != [MISSING]
    assert MISSING not in rules(images, policy(**multus(repository=None)), release="v26.1.2")
    assert rules(images, policy(**{"global": {"version": "x"}}), release="v26.1.2") == []


def test_one_wrong_version_of_several_components_is_one_finding() -> None:
    plugins = RELEASE.components["cniPlugins"]
    own = {"image": plugins.image, "repository": plugins.repository, "version": OLD}
    spec = multus(version=OLD)
    spec["secondaryNetwork"]["cniPlugins"] = own

    (found,) = said(images, policy(**spec))

    pinned = RELEASE.components_version
    assert found.message == f"{OLD} of cniPlugins and multus is not of v26.7.0, which was tested with {pinned}"
    assert found.fix == f"write version: {pinned}"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(
            driver(version=catalog.release("v25.1.0").components["ofedDriver"].version),
            f"25.01-0.6.0.0-0 of ofedDriver is the driver of v25.1.0, not of v26.7.0, which was tested with {DRIVER.version}",
            id="a-driver",
        ),
        pytest.param(
            multus(version=OLD),
            f"{OLD} of multus is the version of v25.1.0 and v25.4.0, not of v26.7.0, which was tested with {MULTUS.version}",
            id="another-component",
        ),
        pytest.param(
            driver(version="doca3.5.0-26.07-9.9.9.9-9"),
            f"doca3.5.0-26.07-9.9.9.9-9 of ofedDriver is not of v26.7.0, which was tested with {DRIVER.version}",
            id="one-of-no-release",
        ),
    ],
)
def test_a_version_of_another_release_is_named_as_that_release_s(spec: dict[str, Any], message: str) -> None:
    assert [one.message for one in said(images, policy(**spec))] == [message]


def test_a_later_driver_in_a_form_that_the_release_does_not_know_is_told_once() -> None:
    later = policy(**driver(version=DRIVER.version))

    assert rules(images, later, release="v25.1.0") == [OTHER]
    assert rules(images, later, release="v25.1.0", admission_controller=True) == []  # the webhook says so


STAGING = "nvcr.io/nvstaging/mellanox"


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        pytest.param(driver(), [], id="public"),
        pytest.param(driver(repository=STAGING, imagePullSecrets=["a"]), [], id="with-a-secret"),
        pytest.param(driver(repository="nvcr.io/nvstagingly"), [], id="of-another-name"),
        pytest.param(
            driver(repository=STAGING),
            [
                f"spec.ofedDriver.repository: the image of ofedDriver comes from {STAGING}: NVIDIA's staging registry of "
                "images that are not released, from which nobody else can pull; write nvcr.io/nvidia/mellanox and a "
                "version that is released"
            ],
            id="of-one-component",
        ),
        pytest.param(
            driver(repository=STAGING) | multus(repository=STAGING),
            [
                f"spec.ofedDriver.repository: the images of ofedDriver and multus come from {STAGING}: NVIDIA's staging "
                "registry of images that are not released, from which nobody else can pull; write nvcr.io/nvidia/mellanox "
                "and a version that is released"
            ],
            id="of-two",
        ),
    ],
)
def test_a_private_registry_is_told_once_for_all_that_come_from_it(spec: dict[str, Any], found: list[str]) -> None:
    told = said(private_registries, policy(**spec))

    assert [f"{one.path}: {one.message}; {one.fix}" for one in told] == found


def test_a_private_registry_is_told_but_where_the_release_itself_has_no_other() -> None:
    plane = {"spectrumXOperator": {"xPlane": {"image": "a", "repository": "nvcr.io/nvstaging/doca", "version": "b"}}}

    assert len(said(private_registries, policy(**plane), release="v26.4.1")) == 1
    assert said(private_registries, policy(**plane)) == []


def test_where_the_webhook_judges_a_repository_it_says_so_itself() -> None:
    assert rules(images, policy(**multus(repository="A")), admission_controller=True) == []
    assert rules(images, policy(**multus(repository=None)), admission_controller=True) == []
    assert rules(images, policy(**multus(version=None)), admission_controller=True) == [MISSING]
    assert rules(images, policy(**driver(version=None)), admission_controller=True) == []
    assert rules(images, policy(**multus(repository="a/b:1")), admission_controller=True) == [MALFORMED]
    assert rules(images, policy("NicNodePolicy", **driver(repository="A")), admission_controller=True) == [MALFORMED]


def test_a_node_policy_has_three_components() -> None:
    assert rules(images, policy("NicNodePolicy", **driver(repository="A"))) == [MALFORMED]
    assert rules(images, policy("NicNodePolicy", **multus(repository="A"))) == []


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        pytest.param(multus(), None, id="right"),
        pytest.param(multus(image="multis-cni"), ("image", "write multus-cni"), id="a-slip-in-the-image"),
        pytest.param(multus(image="multus"), ("image", "write multus-cni"), id="an-old-name-elsewhere"),
        pytest.param(driver(image="mofed"), ("image", "write doca-driver"), id="an-old-name-of-a-version-of-the-new"),
        pytest.param(
            driver(image="mofed", version="25.01-9"), ("image", "write doca-driver"), id="an-old-name-of-a-later-month"
        ),
        pytest.param(driver(image="mofed", version="24.10-0.7.0.0-0"), None, id="an-old-name-of-an-old-version"),
        pytest.param(driver(image="mofed", version="latest"), None, id="an-old-name-without-a-date"),
        pytest.param(driver(image="mofed", version=None), None, id="an-old-name-without-a-version"),
        pytest.param(
            driver(image="mofed", repository="nvcr.io/nvstaging/mellanox"),
            None,
            id="of-a-registry-that-another-rule-tells",
        ),
        pytest.param(driver(image="doca"), ("image", "write doca-driver"), id="no-old-name-in-the-fix"),
        pytest.param(
            multus(repository="nvcr.io/nvidia/melanox"), ("repository", "write nvcr.io/nvidia/mellanox"), id="a-slip"
        ),
        pytest.param(
            multus(repository="nvcr.io/nvidia"), ("repository", "write nvcr.io/nvidia/"), id="a-part-left-out"
        ),
        pytest.param(multus(repository="other.io/nvidia/mellanox"), None, id="a-mirror"),
        pytest.param(multus(repository="nvcr.io/acme/images"), None, id="quite-another-repository"),
        pytest.param(multus(repository=None), None, id="no-repository"),
    ],
)
def test_the_name_of_an_image_is(spec: dict[str, Any], found: tuple[str, str] | None) -> None:
    said_of_it = said(image_names, policy(**spec))

    assert [one.path.rpartition(".")[2] for one in said_of_it] == ([found[0]] if found else [])
    assert all(found is not None and (one.fix or "").startswith(found[1]) for one in said_of_it)


@pytest.mark.parametrize(
    ("image", "severities"),
    [
        pytest.param("nginx", [], id="of-the-hub"),
        pytest.param("images.example.com/a/b:1", [], id="of-a-registry"),
        pytest.param("images.example.com:5000/a", [], id="of-a-registry-with-a-port"),
        pytest.param(f"a@sha256:{'0' * 64}", [], id="by-its-digest"),
        pytest.param("Images/A", [None], id="in-capitals"),
        pytest.param("a b", [None], id="with-a-blank"),
        pytest.param("<your-image>", ["info"], id="to-be-filled-in"),
        pytest.param("registry/IMAGE_NAME", ["info"], id="to-be-filled-in-in-capitals"),
        pytest.param(f"a/{'b' * 300}", [None], id="too-long"),
        pytest.param("", [], id="empty-which-the-api-server-refuses"),
        pytest.param(5, [], id="of-the-wrong-type"),
    ],
)
def test_the_image_of_a_container_is(image: Any, severities: list[str | None]) -> None:
    found = said(references, pod({"name": "a", "image": image}))

    assert [one.severity for one in found] == severities
    assert all(one.path == "spec.containers[0].image" for one in found)
