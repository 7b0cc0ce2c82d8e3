"""What the operator's templates make of texts."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.plugins.operator_templates import broken, broken_templates
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document
from aksrdma.findings import format_path

IMAGE = {"repository": "nvcr.io/nvidia/mellanox", "image": "a", "version": "v1"}


def paths(kind: str, name: str = "x", **spec: Any) -> list[str]:
    return [format_path(one.path) for one in broken({"kind": kind, "metadata": {"name": name}, "spec": spec})]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        *[("NicClusterPolicy", f"ofedDriver.{key}.name", "2026") for key in ("certConfig", "repoConfig")],
        *[("NicNodePolicy", f"ofedDriver.{key}.name", "2026") for key in ("certConfig", "repoConfig")],
        *[("NicClusterPolicy", f"{key}.config", "it's") for key in ("rdmaSharedDevicePlugin", "sriovDevicePlugin")],
        *[("NicNodePolicy", f"{key}.config", "it's") for key in ("rdmaSharedDevicePlugin", "sriovDevicePlugin")],
        ("NicClusterPolicy", "secondaryNetwork.multus.config", "it's"),
        ("NicClusterPolicy", "ibKubernetes.pKeyGUIDPoolRangeStart", "1"),
        ("NicClusterPolicy", "ibKubernetes.pKeyGUIDPoolRangeEnd", "a: b"),
        ("NicClusterPolicy", "ibKubernetes.ufmSecret", "true"),
        ("NicClusterPolicy", "docaTelemetryService.config.fromConfigMap", "1.5"),
        ("NicClusterPolicy", "nicConfigurationOperator.nicFirmwareStorage.pvcName", "7"),
        ("NicClusterPolicy", "nicConfigurationOperator.nicFirmwareStorage.storageClassName", "7"),
        ("NicClusterPolicy", "nicConfigurationOperator.nicFirmwareStorage.availableStorageSize", "1: 2"),
        *[(f"{kind}Network", "networkNamespace", "on") for kind in ("IPoIB", "Macvlan", "HostDevice")],
        *[(f"{kind}Network", "ipam", "it's") for kind in ("IPoIB", "Macvlan", "HostDevice")],
        ("IPoIBNetwork", "master", 'ib0"'),
        ("MacvlanNetwork", "master", "ib0\\"),
        ("MacvlanNetwork", "mode", "it's"),
    ],
)
def test_a_field_stands_in_a_template(kind: str, field: str, value: str) -> None:
    spec: Any = value
    for key in reversed(field.split(".")):
        spec = {key: spec}

    assert paths(kind, **spec) == [f"spec.{field}"]


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("IPoIBNetwork", {"networkNamespace": "My_NS"}, "spec.networkNamespace"),
        ("HostDeviceNetwork", {"networkNamespace": "a.b"}, "spec.networkNamespace"),
        ("NicClusterPolicy", {"ibKubernetes": {"ufmSecret": "My_Secret"}}, "spec.ibKubernetes.ufmSecret"),
        ("NicClusterPolicy", {"ibKubernetes": {"ufmSecret": "my.secret"}}, None),
    ],
)
def test_a_name_that_nothing_can_have_is_refused_there(kind: str, spec: dict[str, Any], path: str | None) -> None:
    found = list(broken({"kind": kind, "spec": spec}))

    assert [format_path(one.path) for one in found] == ([path] if path else [])
    assert all("must be lower-case letters, digits" in one.message for one in found)
    assert all(one.message.endswith("so the API server refuses what the operator makes of it") for one in found)


@pytest.mark.parametrize("kind", ["IPoIBNetwork", "MacvlanNetwork", "HostDeviceNetwork"])
def test_the_name_of_a_network_stands_there_without_quotes(kind: str) -> None:
    assert paths(kind, "12") == ["metadata.name"]
    assert paths(kind, "ib-12") == []


def test_the_name_of_a_policy_stands_behind_a_prefix() -> None:
    assert paths("NicNodePolicy", "12") == []


@pytest.mark.parametrize("key", ["repository", "image", "version"])
@pytest.mark.parametrize(("value", "wrong"), [("a: b", True), ("a #b", True), ("2026", False), ("on", False)])
def test_repository_image_and_version_stand_together(key: str, value: str, wrong: bool) -> None:
    image = {**IMAGE, key: value}

    assert paths("NicClusterPolicy", ofedDriver=image) == [f"spec.ofedDriver.{key}"] * wrong
    assert (
        paths("NicClusterPolicy", secondaryNetwork={"ipoib": image}) == [f"spec.secondaryNetwork.ipoib.{key}"] * wrong
    )


def test_secrets_of_all_components_are_names_without_quotes() -> None:
    secrets = {"imagePullSecrets": ["ok", "12"]}

    assert paths("NicClusterPolicy", **{"global": secrets}) == ["spec.global.imagePullSecrets[1]"]
    assert paths("NicNodePolicy", sriovDevicePlugin={**IMAGE, **secrets}) == [
        "spec.sriovDevicePlugin.imagePullSecrets[1]"
    ]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"networkNamespace": "on"}, "'on' is read as true in the operator's template, so the API server refuses what the operator makes of it"),
        ({"networkNamespace": "a #b"}, "'a #b' is read as 'a' in the operator's template, so another value is deployed"),
        ({"networkNamespace": "a: b"}, "'a: b' is no YAML in the operator's template, so the operator deploys nothing of it"),
        ({"master": 'ib0"'}, "'ib0\"' has '\"', which ends or breaks the JSON string around it in the operator's template, so the config of the network is another one, or none"),
        ({"master": "ib0\"'"}, "'ib0\"\\'' has '\"', which ends or breaks the JSON string around it in the operator's template, so the operator deploys nothing of it"),
        ({"ipam": "it's"}, "the text has an apostrophe, which ends the YAML string around it in the operator's template, so the operator deploys nothing of it"),
    ],
)  # fmt: skip
def test_a_message_says_what_comes_of_it(spec: dict[str, Any], message: str) -> None:
    (found,) = broken({"kind": "IPoIBNetwork", "spec": spec})

    assert found.message == message
    assert found.unread is ("deploys nothing" in message)


@pytest.mark.parametrize(("group", "count"), [("mellanox.com/v1alpha1", 1), ("", 1), ("other.io/v1", 0)])
def test_networks_of_others_are_none_of_the_operator(group: str, count: int) -> None:
    data = {"apiVersion": group, "kind": "IPoIBNetwork", "metadata": {"name": "12"}}
    found = list(broken_templates(Document.from_data(data), ManifestSet([], release="v26.4.1")))

    assert [one.path for one in found] == [("metadata", "name")] * count


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [None], {"x": None}])
def test_odd_values_are_left_to_the_schema(odd: Any) -> None:
    assert list(broken(odd)) == []
    for kind in ("NicClusterPolicy", "IPoIBNetwork"):
        assert list(broken({"kind": kind, "spec": odd, "metadata": odd})) == []
    assert paths("NicClusterPolicy", ofedDriver=odd, secondaryNetwork=odd, **{"global": odd}) == []
    assert paths("NicClusterPolicy", ofedDriver={"image": odd if odd != "x" else None, "imagePullSecrets": odd}) == []


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("NicClusterPolicy", {"sriovDevicePlugin": {"config": "it's"}}),
        ("NicNodePolicy", {"rdmaSharedDevicePlugin": {"config": "it's"}}),
        ("IPoIBNetwork", {"ipam": "it's"}),
        ("IPoIBNetwork", {"master": "it's"}),
        ("HostDeviceNetwork", {"ipam": "it's"}),
    ],
)
def test_what_has_a_rule_of_its_own_is_told_by_that_alone(kind: str, spec: dict[str, Any]) -> None:
    data = {"apiVersion": "mellanox.com/v1alpha1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}

    assert [one.becomes for one in broken(data)] == ["the operator deploys nothing of it"]
    assert list(broken_templates(Document.from_data(data), ManifestSet([], release="v26.4.1"))) == []


def test_of_a_macvlan_network_it_is_told_here() -> None:
    spec = {"ipam": "it's", "master": "it's"}
    data = {"apiVersion": "mellanox.com/v1alpha1", "kind": "MacvlanNetwork", "metadata": {"name": "x"}, "spec": spec}
    found = broken_templates(Document.from_data(data), ManifestSet([], release="v26.4.1"))

    assert [one.path for one in found] == [("spec", "master"), ("spec", "ipam")]


@pytest.mark.parametrize(("key", "wrong"), [("repository", False), ("image", False), ("version", True)])
def test_a_colon_at_the_end_is_one_of_yaml_only_where_nothing_follows(key: str, wrong: bool) -> None:
    assert paths("NicClusterPolicy", nvIpam={**IMAGE, key: "a:"}) == [f"spec.nvIpam.{key}"] * wrong


def test_what_all_components_share_stands_in_their_images() -> None:
    assert paths("NicClusterPolicy", **{"global": {"repository": "a #b", "version": "a: b"}}) == [
        "spec.global.repository",
        "spec.global.version",
    ]
