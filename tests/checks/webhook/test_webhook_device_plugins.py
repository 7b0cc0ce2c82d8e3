from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.webhook.policies import verdict
from aksrdma.findings import format_path
from tests.checks.webhook.webhook_objects import ALL_RELEASES, policy, rdma, rdma_resource, sriov, sriov_resource

RDMA_CONFIG, SRIOV_CONFIG = "webhook-rdma-config", "webhook-sriov-config"
NAME, PREFIX = "webhook-resource-name", "webhook-resource-prefix"

PREFIXES = {
    "nvidia.com": True,
    "mellanox.com": True,
    "rdma.io": True,
    "my-co.example.com": True,
    "A.COM": True,
    "a" * 63 + ".com": True,
    "rdma": False,
    "": False,
    "x.y": False,
    "a.b1.com": False,
    "my.sub-domain.com": False,
    "nvidia.com.": False,
    "nvidia.com\n": False,
    "-a.com": False,
    "a" * 64 + ".com": False,
}
NAMES = {
    "ib": (True, True),
    "ib_1": (True, True),
    "a.b": (True, True),
    "a-b": (True, False),
    "9": (True, True),
} | dict.fromkeys(("", "_a", "a_", "-a", "a b", "é", "ib\n", "a/b"), (False, False))


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(rdma_resource(), id="rdma"),
        pytest.param(rdma_resource(selectors=None, devices=["ib0"]), id="rdma-old-form"),
        pytest.param(rdma_resource(selectors=None, devices=[]), id="rdma-without-devices"),
        pytest.param(rdma_resource(rdmaHcaMax=0), id="rdma-zero-hcas"),
        pytest.param(rdma_resource(rdmaHcaMax=-1), id="rdma-negative-hcas"),
        pytest.param(rdma_resource(rdmaHcaMax=63.0), id="rdma-whole-float"),
        pytest.param(rdma_resource(selectors={"linkTypes": []}), id="rdma-empty-selector-list"),
        pytest.param(rdma_resource(selectors={"linkTypes": ["no-such"]}), id="rdma-unknown-link-type"),
        pytest.param(rdma_resource(selectors={"vendors": ["15b3"]}, devices=["ib0"]), id="rdma-both-forms"),
        pytest.param(rdma_resource(more=1), id="rdma-extra-key-in-a-resource"),
        pytest.param(
            rdma(
                {
                    "configList": [{"resourceName": "a", "rdmaHcaMax": 1, "devices": []}] * 2,
                    "periodicUpdateInterval": "x",
                }
            ),
            id="rdma-same-name-twice-and-extra-key",
        ),
        pytest.param(sriov_resource(), id="sriov"),
        pytest.param(sriov_resource(selectors=None), id="sriov-without-selectors"),
        pytest.param(sriov_resource(selectors=[]), id="sriov-no-selectors-in-the-list"),
        pytest.param(sriov_resource(selectors=[{"isRdma": True}, {"vdpaType": "x"}]), id="sriov-several-selectors"),
        pytest.param(sriov_resource(additionalInfo={"*": {}}), id="sriov-extra-key"),
        pytest.param(sriov_resource(deviceType="auxNetDevice", selectors={"auxTypes": ["sf"]}), id="sriov-aux"),
        pytest.param(sriov_resource(deviceType="accelerator"), id="sriov-accelerator"),
        pytest.param(
            policy(rdmaSharedDevicePlugin={"repository": "a"}, sriovDevicePlugin={"repository": "a"}), id="none"
        ),
        pytest.param(policy(rdmaSharedDevicePlugin={"repository": "a", "config": None}), id="null"),
    ],
)
def test_config_passes(release: str, manifest: dict[str, Any]) -> None:
    assert verdict(manifest, release) == []


@pytest.mark.parametrize(
    ("manifest", "rule", "path", "reason"),
    [
        pytest.param(rdma(""), RDMA_CONFIG, "", "Invalid json", id="rdma-empty-text"),
        pytest.param(rdma("configList: []"), RDMA_CONFIG, "", "Invalid json", id="rdma-yaml"),
        pytest.param(rdma("[]"), RDMA_CONFIG, "", "must be a JSON object", id="rdma-array"),
        pytest.param(rdma("null"), RDMA_CONFIG, ":", "Expected: object, given: null", id="rdma-null-text"),
        pytest.param(rdma("{}"), RDMA_CONFIG, ":", "configList is required", id="rdma-no-list"),
        pytest.param(rdma({"ConfigList": []}), RDMA_CONFIG, ":", "configList is required", id="rdma-other-case"),
        pytest.param(rdma({"configList": []}), RDMA_CONFIG, ":configList", "at least 1 items", id="rdma-empty-list"),
        pytest.param(
            rdma({"configList": ["ib"]}), RDMA_CONFIG, ":configList[0]", "given: string", id="rdma-item-is-no-object"
        ),
        pytest.param(
            rdma_resource(resourceName=None),
            RDMA_CONFIG,
            ":configList[0]",
            "resourceName is required",
            id="rdma-no-name",
        ),
        pytest.param(
            rdma_resource(rdmaHcaMax=None), RDMA_CONFIG, ":configList[0]", "rdmaHcaMax is required", id="rdma-no-hcas"
        ),
        pytest.param(
            rdma_resource(rdmaHcaMax="63"),
            RDMA_CONFIG,
            ":configList[0].rdmaHcaMax",
            "Expected: integer, given: string",
            id="rdma-hcas-as-text",
        ),
        pytest.param(
            rdma_resource(rdmaHcaMax=63.5),
            RDMA_CONFIG,
            ":configList[0].rdmaHcaMax",
            "Expected: integer, given: number",
            id="rdma-half-an-hca",
        ),
        pytest.param(
            rdma_resource(selectors=None),
            RDMA_CONFIG,
            ":configList[0]",
            "selectors is required, or devices is required",
            id="rdma-neither-form",
        ),
        pytest.param(
            rdma('{"configList": [{"resourceName": "a", "rdmaHcaMax": 1, "selectors": null}]}'),
            RDMA_CONFIG,
            ":configList[0].selectors",
            "given: null",
            id="rdma-null-selectors",
        ),
        pytest.param(
            rdma_resource(selectors={}),
            RDMA_CONFIG,
            ":configList[0].selectors",
            "one of vendors",
            id="rdma-no-selector",
        ),
        pytest.param(
            rdma_resource(selectors={"vender": ["15b3"]}),
            RDMA_CONFIG,
            ":configList[0].selectors.vender",
            "Additional property vender",
            id="rdma-unknown-selector",
        ),
        pytest.param(
            rdma_resource(selectors={"vendors": [""]}),
            RDMA_CONFIG,
            ":configList[0].selectors.vendors[0]",
            "String length",
            id="rdma-empty-vendor",
        ),
        pytest.param(
            rdma_resource(selectors={"vendors": "15b3"}),
            RDMA_CONFIG,
            ":configList[0].selectors.vendors",
            "Expected: array",
            id="rdma-vendor-without-list",
        ),
        pytest.param(
            rdma_resource(devices=[""]),
            RDMA_CONFIG,
            ":configList[0].devices[0]",
            "String length",
            id="rdma-empty-device",
        ),
        pytest.param(
            rdma_resource(resourcePrefix=5),
            RDMA_CONFIG,
            ":configList[0].resourcePrefix",
            "given: integer",
            id="rdma-prefix-is-a-number",
        ),
        pytest.param(
            sriov("{"), SRIOV_CONFIG, "", "Invalid json of SriovNetworkDevicePluginConfig", id="sriov-no-json"
        ),
        pytest.param(sriov("{}"), SRIOV_CONFIG, ":", "resourceList is required", id="sriov-no-list"),
        pytest.param(sriov({"resourceList": []}), SRIOV_CONFIG, ":resourceList", "at least 1", id="sriov-empty-list"),
        pytest.param(sriov_resource(resourceName=None), SRIOV_CONFIG, ":resourceList[0]", "panics", id="sriov-no-name"),
        pytest.param(
            sriov_resource(resourceName=5),
            SRIOV_CONFIG,
            ":resourceList[0].resourceName",
            "given: integer",
            id="sriov-name-is-a-number",
        ),
        pytest.param(
            sriov_resource(deviceType="netdevice"),
            SRIOV_CONFIG,
            ":resourceList[0].deviceType",
            "must be one of the following",
            id="sriov-unknown-device-type",
        ),
        pytest.param(
            sriov_resource(excludeTopology="no"),
            SRIOV_CONFIG,
            ":resourceList[0].excludeTopology",
            "boolean",
            id="sriov-text-for-a-flag",
        ),
        pytest.param(
            sriov_resource(selectors="x"),
            SRIOV_CONFIG,
            ":resourceList[0].selectors",
            "(oneOf)",
            id="sriov-selectors-text",
        ),
        pytest.param(
            sriov('{"resourceList": [{"resourceName": "a", "selectors": null}]}'),
            SRIOV_CONFIG,
            ":resourceList[0].selectors",
            "(oneOf)",
            id="sriov-null-selectors",
        ),
        pytest.param(
            sriov_resource(selectors={}),
            SRIOV_CONFIG,
            ":resourceList[0].selectors",
            "one of vendors",
            id="sriov-no-selector",
        ),
        pytest.param(
            sriov_resource(selectors=[{"vendors": []}, {}]),
            SRIOV_CONFIG,
            ":resourceList[0].selectors[1]",
            "one of vendors",
            id="sriov-second-selector-empty",
        ),
        pytest.param(
            sriov_resource(selectors={"pKeys": ["0x1"]}),
            SRIOV_CONFIG,
            ":resourceList[0].selectors.pKeys",
            "although the device plugin itself knows it",
            id="sriov-pkeys",
        ),
        pytest.param(
            sriov_resource(selectors={"acpiIndexes": ["1"]}),
            SRIOV_CONFIG,
            ":resourceList[0].selectors.acpiIndexes",
            "although the device plugin itself knows it",
            id="sriov-acpi-indexes",
        ),
        pytest.param(
            sriov_resource(deviceType="auxNetDevice", selectors={"needVhostNet": True}),
            SRIOV_CONFIG,
            ":resourceList[0].selectors.needVhostNet",
            "although",
            id="sriov-aux-vhost",
        ),
        pytest.param(
            sriov_resource(deviceType="auxNetDevice", selectors={"pciAddresses": ["0000:00:00.0"]}),
            SRIOV_CONFIG,
            ":resourceList[0].selectors.pciAddresses",
            "of auxNetDevice",
            id="sriov-aux-pci-addresses",
        ),
        pytest.param(
            sriov_resource(deviceType="accelerator", selectors={"pfNames": ["a"]}),
            SRIOV_CONFIG,
            ":resourceList[0].selectors.pfNames",
            "of accelerator",
            id="sriov-accelerator-pf-names",
        ),
        pytest.param(
            sriov_resource(selectors={"isRdma": "true"}),
            SRIOV_CONFIG,
            ":resourceList[0].selectors.isRdma",
            "Expected: boolean",
            id="sriov-text-for-is-rdma",
        ),
    ],
)
def test_config_is_refused(manifest: dict[str, Any], rule: str, path: str, reason: str) -> None:
    section, field = next(
        (section, field)
        for section, field in (
            ("rdmaSharedDevicePlugin", "spec.rdmaSharedDevicePlugin.Config"),
            ("sriovDevicePlugin", "spec.sriovNetworkDevicePlugin.Config"),
        )
        if section in manifest["spec"]
    )

    refusal, *more = verdict(manifest)

    assert more == []
    assert (refusal.rule, format_path(refusal.path)) == (rule, f"spec.{section}.config{path}")
    assert refusal.message.startswith(f"{field}: ")
    assert reason in refusal.message


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(("prefix", "passes"), PREFIXES.items())
def test_prefix_must_be_a_dotted_domain(release: str, prefix: str, passes: bool) -> None:
    for manifest in (rdma_resource(resourcePrefix=prefix), sriov_resource(resourcePrefix=prefix)):
        assert [refusal.rule for refusal in verdict(manifest, release)] == ([] if passes else [PREFIX])


@pytest.mark.parametrize(("name", "passes"), NAMES.items())
def test_name_has_other_characters_for_each_plugin(name: str, passes: tuple[bool, bool]) -> None:
    for manifest, good in zip(
        (rdma_resource(resourceName=name), sriov_resource(resourceName=name)), passes, strict=True
    ):
        assert [refusal.rule for refusal in verdict(manifest)] == ([] if good else [NAME])


def test_message_says_where_webhook_and_plugin_contradict_each_other() -> None:
    (refusal,) = verdict(sriov_resource(resourceName="a-b"))

    assert "the plugin itself takes '-' and refuses '.'" in refusal.message


def test_first_bad_name_ends_the_check() -> None:
    resources = [{"resourceName": name, "resourcePrefix": "rdma", "selectors": {}} for name in ("a-b", "c-d")]

    (refusal,) = verdict(sriov({"resourceList": resources}))

    assert format_path(refusal.path) == "spec.sriovDevicePlugin.config:resourceList[0].resourceName"


def test_selectors_before_a_bad_name_are_reported_too() -> None:
    resources = [{"resourceName": "a", "selectors": {}}, {"resourceName": "b-"}, {"resourceName": "c", "selectors": {}}]

    assert [refusal.rule for refusal in verdict(sriov({"resourceList": resources}))] == [SRIOV_CONFIG, NAME]


def test_names_are_not_looked_at_before_the_schema_holds() -> None:
    refusals = verdict(rdma_resource(resourceName="-", rdmaHcaMax="63", resourcePrefix="rdma"))

    assert [refusal.rule for refusal in refusals] == [RDMA_CONFIG]


def test_shared_plugin_is_told_to_leave_the_prefix_out() -> None:
    (refusal,) = verdict(rdma_resource(resourcePrefix="rdma"))

    assert refusal.fix == "leave the key out: the plugin's own default is rdma"


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *[("netDevice", key) for key in ("vendors", "devices", "drivers", "pciAddresses", "pfNames", "rootDevices")],
        *[("netDevice", key) for key in ("linkTypes", "ddpProfiles")],
        *[("auxNetDevice", key) for key in ("vendors", "devices", "drivers", "pfNames", "rootDevices")],
        *[("auxNetDevice", key) for key in ("linkTypes", "auxTypes")],
        *[("accelerator", key) for key in ("vendors", "devices", "drivers", "pciAddresses")],
    ],
)
def test_an_empty_text_selects_nothing_and_is_refused(release: str, kind: str, key: str) -> None:
    (found,) = verdict(sriov_resource(deviceType=kind, selectors={key: ["x", ""]}), release)

    assert found.rule == SRIOV_CONFIG
    assert format_path(found.path).endswith(f"selectors.{key}[1]")
    assert verdict(sriov_resource(deviceType=kind, selectors={key: ["x"]}), release) == []
