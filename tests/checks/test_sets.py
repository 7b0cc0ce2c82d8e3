"""A set of documents, and the facts that checks derive from it."""

from aksrdma.checks.sets import ManifestSet


def test_a_fact_is_derived_once_for_a_set_and_anew_for_another():
    asked = []

    def release_of(manifests):
        asked.append(manifests)
        return manifests.release

    first, second = ManifestSet((), release="v25.1.0"), ManifestSet((), release="v25.4.0")

    assert [first.derived(release_of), first.derived(release_of), second.derived(release_of)] == [
        "v25.1.0",
        "v25.1.0",
        "v25.4.0",
    ]
    assert asked == [first, second]


def test_a_fact_that_is_none_is_not_derived_again():
    asked = []

    def nothing(manifests):
        asked.append(manifests)

    manifests = ManifestSet((), release="v25.1.0")

    assert manifests.derived(nothing) is None
    assert manifests.derived(nothing) is None
    assert asked == [manifests]
