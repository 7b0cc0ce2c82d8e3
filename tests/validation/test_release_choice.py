"""The release by which a set is judged: that of the cluster file, else the one that the versions of its images name."""

import pytest

import aksrdma
from aksrdma import catalog

POLICY = "apiVersion: mellanox.com/v1alpha1\nkind: NicClusterPolicy\nmetadata: {name: nic-cluster-policy}\nspec:\n"
CLUSTER = "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nspec: {release: %s}\n"
NODE_POLICY = "apiVersion: mellanox.com/v1alpha1\nkind: NicNodePolicy\nmetadata: {name: a}\nspec:\n"
DRIVER = "  ofedDriver: {repository: r.example.com, image: %s, version: '%s'}\n"
SHARED = "  rdmaSharedDevicePlugin: {repository: r.example.com, image: k8s-rdma-shared-dev-plugin, version: '%s'}\n"
NEAREST = "no image version is of a known release; judged by {}, the nearest (--release)"
NEWEST = "no release is given and no image version names one; judged by the newest, v26.4.1 (--release)"


def judged_by(text):
    """Return the release that a set is judged by, from the note or by comparing with each, and the note."""
    report = aksrdma.validate(text + "  zzz: {}\n")
    said = next((name for name in catalog.releases() if any(f" {name}," in note for note in report.notes)), None)
    told = [(one.rule, one.path, one.message, one.fix) for one in report.findings]
    same = [
        name
        for name in catalog.releases()
        if told
        == [
            (one.rule, one.path, one.message, one.fix)
            for one in aksrdma.validate(text + "  zzz: {}\n", release=name).findings
        ]
    ]
    return said or same, report.notes


@pytest.mark.parametrize(
    ("policy", "release", "note"),
    [
        pytest.param(DRIVER % ("doca-driver", "25.01-0.6.0.0-0"), "v25.1.0", None, id="the-driver-of-a-release"),
        pytest.param(DRIVER % ("doca-driver", "24.10-0.7.0.0-0"), "v25.1.0", NEAREST, id="an-older-driver"),
        pytest.param(DRIVER % ("mofed", "23.10-0.5.5.0"), "v25.1.0", NEAREST, id="a-driver-of-another-name"),
        pytest.param(DRIVER % ("doca-driver", "doca4.0.0-27.01-1.0"), "v26.4.1", NEAREST, id="a-newer-driver"),
        pytest.param(DRIVER % ("doca-driver", "doca3.1.0-25.07-9"), "v25.7.0", NEAREST, id="a-driver-of-the-month-of-a-release"),
        pytest.param(DRIVER % ("doca-driver", "latest"), "v26.4.1", NEWEST, id="a-driver-without-a-date"),
        pytest.param(SHARED % "v1.5.1", "v25.1.0", NEAREST, id="an-older-version-of-a-project"),
        pytest.param(SHARED % "1.4", "v25.1.0", NEAREST, id="of-two-numbers-without-v"),
        pytest.param(SHARED % "v9.0.0", "v26.4.1", NEWEST, id="a-newer-version-of-a-project"),
        pytest.param(SHARED % "v1.5.1.2", "v26.4.1", NEWEST, id="of-four-numbers"),
        pytest.param(SHARED % "network-operator-v20.1.0", "v25.1.0", NEAREST, id="an-older-operator"),
        pytest.param(SHARED % "network-operator-v25.8.0", "v26.4.1", NEWEST, id="a-month-between-two-releases"),
        pytest.param("  global: {repository: r, version: network-operator-v27.1.0}\n", "v26.4.1", NEAREST, id="of-the-global-section"),
        pytest.param("  global: {repository: r, version: v1.0.0}\n", "v26.4.1", NEWEST, id="global-has-no-numbers-of-its-own"),
        pytest.param("  ofedDriver: {image: doca-driver, version: 3}\n", "v26.4.1", NEWEST, id="a-version-that-is-a-number"),
    ],
)  # fmt: skip
def test_the_image_versions_of_a_policy_name_the_release_or_the_nearest(policy, release, note):
    report = aksrdma.validate(POLICY + policy)

    assert report.notes == ((note.format(release),) if note else ())


@pytest.mark.parametrize("release", catalog.releases())
def test_every_driver_of_the_catalog_names_its_release(release):
    image = catalog.release(release).components["ofedDriver"]
    found, notes = judged_by(POLICY + DRIVER % (image.image, image.version))

    assert release in found
    assert notes == ()


def test_a_digest_names_the_release_as_a_version_does():
    image = next(one for one in catalog.release("v25.10.0").components.values() if one.digest)

    report = aksrdma.validate(POLICY + SHARED.replace("k8s-rdma-shared-dev-plugin", image.image) % image.digest)

    assert report.notes == ()


def test_most_images_decide_and_of_equals_the_newer_release():
    old, new = "network-operator-v25.7.0", "network-operator-v26.1.0"
    one_each = (
        POLICY
        + "  global: {repository: r, version: v26}\n"
        + SHARED % old
        + f"  nvIpam: {{image: i, version: {new}}}\n"
    )
    two_old = one_each + f"  ibKubernetes: {{image: i, version: {old}}}\n"

    def knows_global(text):
        return not any(one.path == "spec.global" for one in aksrdma.validate(text).findings)

    assert judged_by(one_each)[0] == ["v26.1.2"]
    assert judged_by(two_old)[0] == ["v25.7.0"]
    assert not knows_global(two_old)


def test_the_images_of_a_node_policy_count_too():
    report = aksrdma.validate(NODE_POLICY + DRIVER % ("doca-driver", "25.01-0.6.0.0-0"))

    assert report.notes == ()
    assert "v26.4.1" in " ".join(f"{one.message} {one.fix}" for one in report.findings)


@pytest.mark.parametrize(
    ("release", "options", "notes"),
    [
        pytest.param("v25.7.0", {}, 0, id="a-known-one"),
        pytest.param("v1.0.0", {}, 1, id="one-that-no-catalog-knows"),
        pytest.param("v1.0.0", {"release": "25.1"}, 0, id="an-option-goes-over-it"),
    ],
)
def test_the_release_of_a_cluster_file_goes_before_image_versions(release, options, notes):
    options = {key: f"{value}.0" for key, value in options.items()}
    report = aksrdma.validate(CLUSTER % release + "---\n" + POLICY + SHARED % "v9.0.0", **options)

    assert len(report.notes) == notes
    assert report.summary.documents == 2


def test_two_cluster_files_in_one_set_name_no_release():
    both = CLUSTER % "v25.7.0" + "---\n" + CLUSTER % "v25.7.0" + "---\n" + POLICY + SHARED % "v9.0.0"

    assert aksrdma.validate(both).notes == (NEWEST,)


def test_a_set_without_manifests_gets_no_note_on_its_release():
    assert aksrdma.validate("a: 1\n").notes == ()
