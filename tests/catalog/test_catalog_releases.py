import dataclasses
import re
from datetime import date

import pytest

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.schemas import store

RELEASES = ("v25.1.0", "v25.4.0", "v25.7.0", "v25.10.0", "v26.1.2", "v26.4.1", "v26.4.2", "v26.7.0")


def test_releases_are_listed_oldest_first_by_number():
    assert catalog.releases() == RELEASES
    assert catalog.newest() == "v26.7.0"


@pytest.mark.parametrize("spelt", ["v25.10.0", "25.10.0", " V25.10.0 "])
def test_a_release_is_found_with_or_without_its_v(spelt):
    assert catalog.release(spelt).name == "v25.10.0"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("v25.1.0", None, "v25.4.0", id="the-oldest-has-none-before"),
        pytest.param("25.10.0", "v25.7.0", "v26.1.2", id="the-order-is-by-number-not-by-letters"),
        pytest.param("v26.4.1", "v26.1.2", "v26.4.2", id="a-patch-comes-after-the-one-before"),
        pytest.param("v26.7.0", "v26.4.2", None, id="the-newest-has-none-after"),
    ],
)
def test_neighbors_of_a_release(name, before, after):
    assert (catalog.previous(name), catalog.next_release(name)) == (before, after)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        pytest.param(
            "v26.4.0",
            "use v26.4.2, the newest patch of the same minor: v26.4.0 differs in image tags and driver",
            id="another-patch",
        ),
        pytest.param("25.1.7", "use v25.1.0 of the same minor", id="an-unheard-of-patch"),
        pytest.param("v26.10.0", "newer than v26.7.0, the newest that aksrdma knows", id="a-newer-one"),
        pytest.param("v26.4.7", "use v26.4.2 of the same minor", id="a-patch-to-come"),
        pytest.param("v26.4", "did you mean v26.4.2?", id="a-minor-alone"),
        pytest.param("24.10.1", "older than v25.1.0, the oldest that aksrdma knows", id="an-older-one"),
        pytest.param("v25.10-0", "did you mean v25.10.0?", id="a-slip-of-the-finger"),
        pytest.param("latest", "(known: v25.1.0, v25.4.0,", id="no-number-at-all"),
        pytest.param("", "(known: v25.1.0, v25.4.0,", id="nothing"),
        pytest.param("../vm_sizes/Standard_HC44rs", "(known: v25.1.0", id="a-path"),
    ],
)
def test_a_wrong_release_is_answered_with_the_right_one(name, advice):
    with pytest.raises(UnknownNameError) as caught:
        catalog.release(name)

    assert f"no release named {name!r} in the catalog" in str(caught.value)
    assert advice in str(caught.value)


@pytest.mark.parametrize("name", RELEASES)
def test_names_versions_and_dates_of_a_release_agree(name):
    row = catalog.release(name)

    assert row.name == name == row.chart.app_version == f"v{row.chart.version}" == row.operator.version
    assert date.fromisoformat(row.date) < date.fromisoformat(row.checked)
    assert row.kubernetes.documented == f">={row.kubernetes.min} and <={row.kubernetes.max}"


@pytest.mark.parametrize("name", RELEASES)
def test_every_image_has_a_reference_and_lies_where_users_can_pull_it(name):
    images = catalog.images(name)

    assert len({image.name for image in images}) == len(images)
    assert len({image.reference for image in images}) == len(images)
    assert {image.name for image in images} >= {"operator", "multus", "initContainer", "nodeFeatureDiscovery"}
    for image in images:
        assert re.fullmatch(r"[a-z0-9.]+(/[a-z0-9_.-]+)+:[A-Za-z0-9._-]+", image.reference)
        assert image.public == ("nvstaging" not in image.repository)


@pytest.mark.parametrize("name", RELEASES)
def test_digests_are_sha256_and_known_for_all_that_the_documentation_lists_or_for_none(name):
    without = {image.name for image in catalog.images(name) if not image.digest}
    digests = [image.digest for image in catalog.images(name) if image.digest]

    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in digests)
    assert digests == [] if name == "v26.4.2" else without <= {"ofedDriver", "nodeFeatureDiscovery", "xPlane"}


@pytest.mark.parametrize("name", RELEASES)
def test_the_drivers_tags_are_there_for_each_ubuntu_of_aks_and_each_architecture(name):
    row = catalog.release(name)
    pinned = [one for one in row.driver_tags if one.version == row.components["ofedDriver"].version]

    assert {(one.os, one.arch) for one in pinned} >= {
        (os, arch) for os in ("ubuntu22.04", "ubuntu24.04") for arch in ("amd64", "arm64")
    }
    assert len({one.tag for one in row.driver_tags}) == len(row.driver_tags)
    for one in row.driver_tags:
        assert one.version in row.drivers
        assert re.fullmatch(r"ubuntu\d\d\.04", one.os)
        assert one.digest is None if name == "v26.4.2" else re.fullmatch(r"sha256:[0-9a-f]{64}", one.digest)


def test_a_tag_of_the_driver_is_what_the_operator_asks_the_registry_for():
    row = catalog.release("v26.7.0")

    assert row.driver_tags[0].tag == "doca3.5.0-26.07-0.7.7.0-1-ubuntu22.04-amd64"
    assert [one.arch for one in row.driver_tags if one.os == "ubuntu26.04"] == ["amd64", "arm64"]


def test_the_release_with_two_drivers_says_which_is_pinned_and_which_has_precompiled_images():
    row = catalog.release("v26.7.0")
    pinned, first = row.driver_versions

    assert pinned.version == row.components["ofedDriver"].version == "doca3.5.0-26.07-0.7.7.0-1"
    assert (pinned.why.partition(",")[0], first.version) == ("pinned", "doca3.5.0-26.07-0.7.7.0-0")
    assert {tag.partition("-6.8")[0].partition("-7.0")[0] for tag in row.precompiled_azure_driver_tags} == {
        first.version
    }
    assert {pinned.version, first.version, row.lts_driver} <= row.drivers


@pytest.mark.parametrize(
    ("version", "release"),
    [
        pytest.param("doca3.5.0-26.07-0.7.7.0-0", "v26.7.0", id="the-driver-of-the-day-of-the-release"),
        pytest.param("doca3.4.1-26.04-1.1.0.0-1", "v26.4.1", id="a-patch-that-the-catalog-holds"),
        pytest.param("doca3.4.1-26.04-1.1.0.0-3", "v26.4.2", id="a-later-patch"),
    ],
)
def test_a_driver_is_of_the_one_release_that_pins_or_lists_it(version, release):
    assert catalog.releases_with_image("ofedDriver", "doca-driver", version) == (release,)


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("network-operator-v26.4.1", "v26.4.1"),
        ("network-operator-v26.4.2", "v26.4.2"),
        ("network-operator-v26.4.0", "v26.4.2"),
    ],
)
def test_an_image_is_of_its_own_patch_or_of_the_newest_of_its_minor(version, release):
    assert catalog.releases_with_image("multus", "multus-cni", version) == (release,)


SUPPORT = {"v26.7.0": "supported", "v26.4.2": "deprecated", "v26.4.1": "deprecated"}


@pytest.mark.parametrize("name", RELEASES)
def test_a_release_is_supported_deprecated_or_at_its_end_by_its_minor(name):
    support = catalog.release(name).support

    assert support.state == SUPPORT.get(name, "end-of-support")
    assert date.fromisoformat(support.since) >= date.fromisoformat(catalog.release(catalog.releases()[0]).date)


def test_a_patch_without_a_tree_of_its_own_has_the_schemas_of_the_release_that_it_names():
    assert catalog.release("v26.4.2").schemas == "v26.4.1"
    assert store.schema_folder("v26.4.2") == store.schema_folder("v26.4.1")
    assert store.kinds("v26.4.2") == store.kinds("v26.4.1")
    assert "v26.4.2" not in store.folders()
    assert "not compared" in catalog.unsure_of(catalog.release("v26.4.2"), "schemas")


def test_references_by_tag_and_by_digest():
    multus = catalog.release("v25.1.0").components["multus"]

    assert multus.reference == "ghcr.io/k8snetworkplumbingwg/multus-cni:v4.1.0"
    assert multus.digest_reference == (
        "ghcr.io/k8snetworkplumbingwg/multus-cni"
        "@sha256:aa59e65256324c83efb9eaebca9e78877b38c33ad30ff8df71e02610aa968fb7"
    )
    assert catalog.release("v25.1.0").components["ofedDriver"].digest_reference is None


@pytest.mark.parametrize("name", RELEASES)
def test_a_component_lies_in_the_policy_at_the_field_that_it_is_named_for(name):
    for key, image in catalog.release(name).components.items():
        assert image.path.startswith("spec.")
        assert key == image.path.rpartition(".")[2] or key in ("nicConfigurationOperator", "nicConfigurationDaemon")


@pytest.mark.parametrize(
    ("name", "has"),
    [
        pytest.param("v25.7.0", True, id="the-last-with-whereabouts"),
        pytest.param("v25.10.0", False, id="the-first-without"),
    ],
)
def test_whereabouts_is_a_component_until_it_was_removed(name, has):
    assert ("ipamPlugin" in catalog.release(name).components) is has


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        pytest.param("v25.1.0", "nvcr.io/nvidia/mellanox/doca-driver:25.01-0.6.0.0-0", id="before-doca-numbers"),
        pytest.param("v25.7.0", "nvcr.io/nvidia/mellanox/doca-driver:doca3.1.0-25.07-0.9.7.0-0", id="doca-numbers"),
        pytest.param("v26.7.0", "nvcr.io/nvidia/mellanox/doca-driver:doca3.5.0-26.07-0.7.7.0-1", id="the-newest"),
    ],
)
def test_the_driver_of_a_release(name, driver):
    assert catalog.release(name).components["ofedDriver"].reference == driver


@pytest.mark.parametrize("name", RELEASES)
def test_precompiled_drivers_are_of_the_release_and_for_an_azure_kernel(name):
    row = catalog.release(name)

    for tag in row.precompiled_azure_driver_tags or ():
        assert any(tag.startswith(f"{version}-") for version in row.drivers)
        assert re.search(r"-azure-ubuntu\d\d\.04-(amd64|arm64)$", tag)


def test_no_precompiled_driver_is_said_by_an_empty_list():
    assert catalog.release("v25.4.0").precompiled_azure_driver_tags == ()
    assert catalog.release("v26.4.1").precompiled_azure_driver_tags == ()


def test_an_image_that_is_only_staged_says_so():
    image = catalog.release("v26.7.0").components["xPlane"]

    assert not image.public
    assert "staging" in image.note


def test_an_image_that_one_source_alone_has_in_public_is_named_with_that_doubt():
    row = catalog.release("v26.4.1")

    assert row.components["xPlane"].reference == "nvcr.io/nvidia/doca/xplane:doca-3.4.0"
    assert "alone" in catalog.unsure_of(row, "components.xPlane")


@pytest.mark.parametrize("name", RELEASES)
def test_components_share_a_version_from_v25_7_on(name):
    row = catalog.release(name)

    shared = [i for i in row.components.values() if i.version == row.components_version]
    assert row.components_version == ("v4.1.0" if name in RELEASES[:2] else f"network-operator-{name}")
    assert (len(shared) > 8) is (name not in RELEASES[:2])


@pytest.mark.parametrize("name", RELEASES)
def test_the_admission_controller_is_off_by_default(name):
    assert catalog.release(name).helm_defaults["operator.admissionController.enabled"] is False


def _has(release: str, path: str) -> bool:
    kind, *steps = path.split(".")
    rows = [row for row in store.kinds(release) if row.kind == kind]
    if not rows:
        return False
    schema = store.load(release, rows[0].group, kind, rows[0].version)
    definitions = schema.get("$defs", {})
    for step in steps:
        schema = store.definition(schema, definitions).get("properties", {}).get(step)
        if schema is None:
            return False
    return True


@pytest.mark.parametrize("name", RELEASES)
def test_a_note_on_a_field_is_of_one_that_came_or_went_with_the_release(name):
    before = catalog.previous(name)

    for path in catalog.release(name).field_notes:
        assert _has(name, path) is not _has(before, path), path


def test_the_release_that_took_whereabouts_says_what_to_use_instead():
    note = catalog.release("v25.10.0").field_notes["NicClusterPolicy.spec.secondaryNetwork.ipamPlugin"]

    assert "use nvIpam" in note


def test_most_images_are_deployed_by_default_and_can_be_pulled():
    image = catalog.release("v25.10.0").components["multus"]

    assert image.default
    assert image.public


@pytest.mark.parametrize(
    ("release", "holds"),
    [
        pytest.param("v26.4.0-beta", False, id="what-is-no-number-counts-as-zero"),
        pytest.param("v26.4.1", True, id="the-first"),
        pytest.param(None, True, id="the-newest"),
    ],
)
def test_a_release_is_compared_number_by_number(release, holds):
    assert catalog.holds_in(release, "v26.4.1", None) is holds


@pytest.mark.parametrize(
    ("release", "version", "inside"),
    [
        pytest.param("v25.1.0", "1.31", True, id="a-minor-that-ends-within-it"),
        pytest.param("v25.1.0", "1.31.4", True, id="the-last-patch"),
        pytest.param("v25.1.0", "1.31.5", False, id="the-patch-after"),
        pytest.param("v25.1.0", "1.27.0", True, id="a-patch-of-the-first-minor"),
        pytest.param("v25.1.0", "1.26.15", False, id="a-patch-of-the-minor-before"),
        pytest.param("v26.7.0", "v1.36", True, id="the-last-minor-with-a-v"),
        pytest.param("v26.7.0", "1.37", False, id="the-minor-after"),
    ],
)
def test_a_version_of_kubernetes_is_inside_a_release_s_range_or_not(release, version, inside):
    assert catalog.release(release).kubernetes.holds(version) is inside


@pytest.mark.parametrize(
    ("release", "version", "taken"),
    [
        pytest.param("v26.7.0", "1.31.9", False, id="below"),
        pytest.param("v26.7.0", "1.32", True, id="the-first"),
        pytest.param("v26.7.0", "1.40.1", True, id="above"),
        pytest.param("v26.4.1", "1.20", False, id="below-an-older-constraint"),
        pytest.param("v25.1.0", "1.21.0", True, id="a-constraint-without-a-suffix"),
    ],
)
def test_helm_takes_a_version_of_kubernetes_by_the_charts_own_constraint(release, version, taken):
    assert catalog.release(release).chart.takes(version) is taken


def test_a_constraint_of_another_form_refuses_nothing():
    chart = dataclasses.replace(catalog.release("v26.7.0").chart, kube_version=">= 1.32 < 1.99")

    assert chart.takes("1.1")


def test_a_range_without_an_end_holds_what_comes_later():
    known = dataclasses.replace(catalog.release("v26.7.0").kubernetes, max=None)

    assert known.holds("1.99")
    assert not known.holds("1.31")
    assert str(known) == "1.32 or later"


@pytest.mark.parametrize(
    ("release", "minors"),
    [("v25.1.0", []), ("v25.4.0", ["1.32"]), ("v26.7.0", ["1.32", "1.33", "1.34", "1.35", "1.36"])],
)
def test_a_release_knows_the_versions_that_aks_still_makes_of_its_range(release, minors):
    assert [one.minor for one in catalog.release(release).aks_versions] == minors
