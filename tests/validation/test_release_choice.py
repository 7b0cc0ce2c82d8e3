"""The release by which a set is judged: that of the cluster file, else the one that the versions of its images name."""

import pytest

import aksrdma
from aksrdma import catalog

POLICY = "apiVersion: mellanox.com/v1alpha1\nkind: NicClusterPolicy\nmetadata: {name: nic-cluster-policy}\nspec:\n"
CLUSTER = "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nspec: {release: %s}\n"
NODE_POLICY = "apiVersion: mellanox.com/v1alpha1\nkind: NicNodePolicy\nmetadata: {name: a}\nspec:\n"
DRIVER = "  ofedDriver: {repository: r.example.com, image: %s, version: '%s'}\n"
SHARED = "  rdmaSharedDevicePlugin: {repository: r.example.com, image: k8s-rdma-shared-dev-plugin, version: '%s'}\n"
OLDER = "judged by v25.1.0: the image versions of {} are of an older release, and v25.1.0 is the oldest that is known (--release)"
NEWER = "judged by v26.7.0: the image versions of {} are of a newer release, and v26.7.0 is the newest that is known (--release)"
MONTH = "judged by v25.7.0: the image versions of {} are of its month (--release)"
ITS_OWN = "judged by %s: the image versions of {} are of it (--release)"
NEWEST = "no release is given and no image version names one; judged by the newest, v26.7.0 (--release)"


def judged_by(text):
    """Return the release that a set is judged by, from the note or by comparing with each, and the note."""
    report = aksrdma.validate(text + "  zzz: {}\n")
    said = next((name for name in catalog.releases() if any(f"by {name}:" in note for note in report.notes)), None)
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
    ("policy", "note", "image"),
    [
        pytest.param(DRIVER % ("doca-driver", "25.01-0.6.0.0-0"), ITS_OWN % "v25.1.0", "ofedDriver (25.01-0.6.0.0-0)", id="the-driver-of-a-release"),
        pytest.param(DRIVER % ("doca-driver", "24.10-0.7.0.0-0"), OLDER, "ofedDriver (24.10-0.7.0.0-0)", id="an-older-driver-that-lives-on"),
        pytest.param(DRIVER % ("doca-driver", "doca3.4.0-26.04-0.8.6.0-0"), ITS_OWN % "v26.4.2", "ofedDriver (doca3.4.0-26.04-0.8.6.0-0)", id="the-driver-of-another-patch"),
        pytest.param(DRIVER % ("mofed", "23.10-0.5.5.0"), OLDER, "ofedDriver (23.10-0.5.5.0)", id="a-driver-of-another-name"),
        pytest.param(DRIVER % ("doca-driver", "doca4.0.0-27.01-1.0"), NEWER, "ofedDriver (doca4.0.0-27.01-1.0)", id="a-newer-driver"),
        pytest.param(DRIVER % ("doca-driver", "doca3.1.0-25.07-9"), MONTH, "ofedDriver (doca3.1.0-25.07-9)", id="a-driver-of-the-month-of-a-release"),
        pytest.param(DRIVER % ("doca-driver", "25.01-9"), MONTH.replace("v25.7.0", "v25.1.0"), "ofedDriver (25.01-9)", id="a-driver-of-the-first-month"),
        pytest.param(DRIVER % ("doca-driver", "latest"), NEWEST, "", id="a-driver-without-a-date"),
        pytest.param(SHARED % "v1.5.1", OLDER, "rdmaSharedDevicePlugin (v1.5.1)", id="an-older-version-of-a-project"),
        pytest.param(SHARED % "1.4", OLDER, "rdmaSharedDevicePlugin (1.4)", id="of-two-numbers-without-v"),
        pytest.param(SHARED % "v9.0.0", NEWEST, "", id="a-newer-version-of-a-project"),
        pytest.param(SHARED % "v1.5.1.2", NEWEST, "", id="of-four-numbers"),
        pytest.param(SHARED % "network-operator-v20.1.0", OLDER, "rdmaSharedDevicePlugin (network-operator-v20.1.0)", id="an-older-operator"),
        pytest.param(SHARED % "network-operator-v25.8.0", NEWEST, "", id="a-month-between-two-releases"),
        pytest.param(SHARED % "network-operator-v25.7.9-beta.1", ITS_OWN % "v25.7.0", "rdmaSharedDevicePlugin (network-operator-v25.7.9-beta.1)", id="a-beta-of-a-patch"),
        pytest.param("  ofedDriver: {image: doca-driver, version: 3}\n", NEWEST, "", id="a-version-that-is-a-number"),
        pytest.param(SHARED % "v1.5.1" + DRIVER % ("a", "23.10-1.0"), OLDER, "ofedDriver (23.10-1.0) and rdmaSharedDevicePlugin (v1.5.1)", id="two-that-agree"),
        pytest.param(SHARED % "v1.5.1" + DRIVER % ("doca-driver", "25.01-0.6.0.0-0"), ITS_OWN % "v25.1.0", "ofedDriver (25.01-0.6.0.0-0)", id="one-that-is-known"),
    ],
)  # fmt: skip
def test_the_note_says_which_release_is_meant_and_by_which_images(policy, note, image):
    report = aksrdma.validate(POLICY + policy)

    assert report.notes == (note.format(image),)


def test_of_many_images_three_are_named():
    release = catalog.release("v25.10.0")
    text = "".join(
        f"  {image.path.split('.')[1]}: {{image: {image.image}, version: {image.version}}}\n"
        for image in release.components.values()
        if image.path.count(".") == 1
    )

    (note,) = aksrdma.validate(POLICY + text).notes

    assert "judged by v25.10.0: the image versions of ofedDriver (" in note
    assert note.count("network-operator-v25.10.0") == 2
    assert " more are of it (--release)" in note


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(
            NODE_POLICY + DRIVER % ("doca-driver", "24.10-0.7.0.0-0"),
            "judged by v26.4.1: NicNodePolicy begins with v26.4.1 (--release)",
            id="a-kind-beats-an-older-image",
        ),
        pytest.param(
            POLICY + "  global: {repository: r, version: network-operator-v26.1.0}\n",
            "judged by v26.4.1: NicClusterPolicy.spec.global begins with v26.4.1 (--release)",
            id="a-field-that-nobody-writes-by-mistake",
        ),
        pytest.param(
            POLICY + "  global: {repository: r, version: network-operator-v26.4.0}\n",
            "judged by v26.4.2: NicClusterPolicy.spec.global begins with v26.4.1; "
            "the image versions of global (network-operator-v26.4.0) are of it (--release)",
            id="a-field-and-its-version",
        ),
        pytest.param(
            POLICY + "  nicConfigurationOperator: {}\n" + DRIVER % ("doca-driver", "25.01-0.6.0.0-0"),
            "judged by v25.1.0: the image versions of ofedDriver (25.01-0.6.0.0-0) are of it (--release)",
            id="an-image-beats-other-fields",
        ),
        pytest.param(
            POLICY + "  nicConfigurationOperator: {}\n" + DRIVER % ("doca-driver", "23.10-1.0"),
            "judged by v25.4.0: NicClusterPolicy.spec.nicConfigurationOperator begins with v25.4.0 (--release)",
            id="without-one-a-field-counts",
        ),
        pytest.param(
            POLICY + "  secondaryNetwork: {ipamPlugin: {image: a, version: b}}\n",
            "judged by v25.7.0: NicClusterPolicy.spec.secondaryNetwork.ipamPlugin ends before v25.10.0 (--release)",
            id="a-field-that-went",
        ),
        pytest.param(
            POLICY + "  secondaryNetwork: {ipamPlugin: {image: a, version: b}}\n" + DRIVER % ("a", "23.10-1.0"),
            "judged by v25.1.0: NicClusterPolicy.spec.secondaryNetwork.ipamPlugin ends before v25.10.0; the image versions of "
            "ofedDriver (23.10-1.0) are of an older release, and v25.1.0 is the oldest that is known (--release)",
            id="a-field-that-went-and-an-older-image",
        ),
        pytest.param(
            POLICY + "  global: {}\n  secondaryNetwork: {ipamPlugin: {image: a, version: b}}\n",
            "judged by v26.7.0: NicClusterPolicy.spec.global begins with v26.4.1 (--release)",
            id="fields-of-different-releases",
        ),
    ],
)
def test_kinds_and_fields_name_a_release_too(text, note):
    assert aksrdma.validate(text).notes == (note,)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", id="of-kubernetes"),
        pytest.param("apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\nmetadata: {name: a}\n", id="of-another-project"),
    ],
)
def test_a_set_for_which_the_release_does_not_matter_says_nothing(text):
    assert aksrdma.validate(text).notes == ()


def test_a_release_that_is_given_is_not_inferred():
    assert aksrdma.validate(POLICY + SHARED % "v1.5.1", release="v25.1.0").notes == ()


@pytest.mark.parametrize("release", catalog.releases())
def test_every_driver_of_the_catalog_names_its_release(release):
    image = catalog.release(release).components["ofedDriver"]
    found, notes = judged_by(POLICY + DRIVER % (image.image, image.version))

    assert found == release
    assert len(notes) == 1


def test_a_digest_names_the_release_as_a_version_does():
    image = next(one for one in catalog.release("v25.10.0").components.values() if one.digest)

    report = aksrdma.validate(POLICY + SHARED.replace("k8s-rdma-shared-dev-plugin", image.image) % image.digest)

    assert "judged by v25.10.0" in report.notes[0]


def test_most_images_decide_and_of_equals_the_newer_release():
    old, new = "network-operator-v25.7.0", "network-operator-v26.1.0"
    one_each = POLICY + SHARED % old + f"  nvIpam: {{image: i, version: {new}}}\n"
    two_old = one_each + f"  ibKubernetes: {{image: i, version: {old}}}\n"

    assert judged_by(one_each)[0] == "v26.1.2"
    assert judged_by(two_old)[0] == "v25.7.0"


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


@pytest.mark.parametrize(("kind", "version"), [("ClusterPolicy", "v1"), ("NVIDIADriver", "v1alpha1")])
def test_no_release_of_the_network_operator_decides_on_what_the_gpu_operator_reads(kind, version):
    text = f"apiVersion: nvidia.com/{version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{driver: 1, image: a}}\n"
    report = aksrdma.validate(text)

    assert report.findings
    assert [note for note in report.notes if "release" in note] == []
