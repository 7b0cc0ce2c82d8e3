"""Objects written and read back, frozen, with the names and the order of the wire."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aksrdma import models
from aksrdma.models import KINDS, json_text, model_of, parse

Schema = dict[str, Any]


def policy(**spec: Any) -> models.NicClusterPolicy:
    return models.NicClusterPolicy(
        metadata=models.ObjectMeta(name="nic-cluster-policy"), spec=models.NicClusterPolicySpec(**spec)
    )


def as_data(value: Any) -> Any:
    """The same data, with JSON text parsed, so that two layouts of one config are equal."""
    if isinstance(value, dict):
        return {key: as_data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_data(item) for item in value]
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return json.loads(value)
    return value


SHARED_CONFIG = models.SharedDevicePluginConfig(
    config_list=[
        models.SharedDevicePool(
            resource_name="shared_ib",
            rdma_hca_max=63,
            selectors=models.SharedDeviceSelectors(vendors=["15b3"], device_ids=["101e"], link_types=["infiniband"]),
        )
    ]
)
SHARED_TEXT = """\
{
  "configList": [
    {
      "resourceName": "shared_ib",
      "rdmaHcaMax": 63,
      "selectors": {
        "vendors": ["15b3"],
        "deviceIDs": ["101e"],
        "linkTypes": ["infiniband"]
      }
    }
  ]
}
"""


@pytest.mark.parametrize(
    ("obj", "wire"),
    [
        pytest.param(
            policy(), {"metadata": {"name": "nic-cluster-policy"}, "spec": {}}, id="what-is-not-set-stays-out"
        ),
        pytest.param(
            policy(ofed_driver=models.OfedDriver(image="doca-driver", force_precompiled=False)),
            {
                "metadata": {"name": "nic-cluster-policy"},
                "spec": {"ofedDriver": {"image": "doca-driver", "forcePrecompiled": False}},
            },
            id="false-is-written",
        ),
        pytest.param(
            policy(global_=models.GlobalConfig(version="v1"), tolerations=[]),
            {"metadata": {"name": "nic-cluster-policy"}, "spec": {"global": {"version": "v1"}, "tolerations": []}},
            id="a-python-keyword-and-an-empty-list",
        ),
        pytest.param(
            policy(rdma_shared_device_plugin=models.RdmaSharedDevicePlugin(image="plugin", config=SHARED_CONFIG)),
            {
                "metadata": {"name": "nic-cluster-policy"},
                "spec": {"rdmaSharedDevicePlugin": {"image": "plugin", "config": SHARED_TEXT}},
            },
            id="a-config-becomes-text",
        ),
        pytest.param(
            policy(
                ib_kubernetes=models.IBKubernetes(
                    image="ib",
                    p_key_guid_pool_range_start="02:00:00:00:00:00:00:00",
                    p_key_guid_pool_range_end="02:FF:FF:FF:FF:FF:FF:FF",
                    ufm_secret="ufm",
                )
            ),
            {
                "metadata": {"name": "nic-cluster-policy"},
                "spec": {
                    "ibKubernetes": {
                        "image": "ib",
                        "pKeyGUIDPoolRangeStart": "02:00:00:00:00:00:00:00",
                        "pKeyGUIDPoolRangeEnd": "02:FF:FF:FF:FF:FF:FF:FF",
                        "ufmSecret": "ufm",
                    }
                },
            },
            id="names-that-are-no-plain-camel-case",
        ),
        pytest.param(
            models.Kustomization(resources=["../base"], patches=[models.Patch(path="sriov.yaml")]),
            {"resources": ["../base"], "patches": [{"path": "sriov.yaml"}]},
            id="a-kustomization-without-metadata",
        ),
    ],
)
def test_wire(obj: models.K8sObject, wire: dict[str, Any]) -> None:
    found = obj.wire()

    assert found == {"apiVersion": obj.api_version, "kind": obj.kind} | wire
    assert list(found)[:2] == ["apiVersion", "kind"]
    assert parse(found) == obj


def test_wire_keeps_the_order_of_the_model_whatever_the_order_of_the_arguments() -> None:
    image = models.ImageSpec(version="v1", image="plugins", repository="nvcr.io/nvidia/mellanox")

    assert list(image.wire()) == ["repository", "image", "version"]


CONTAINER = {
    "name": "nccl",
    "image": "nccl:1",
    "resources": {"limits": {"rdma/ib": 8, "cpu": 0.5, "memory": "4Gi"}},
    "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
    "ports": [{"containerPort": 22, "hostIP": "10.0.0.1"}],
    "livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 30},
    "readinessProbe": {"httpGet": {"port": "health"}},
    "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
    "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],
}
POD_SPEC = {
    "hostIPC": True,
    "containers": [CONTAINER],
    "initContainers": [{"name": "wait", "restartPolicy": "Always"}],
    "volumes": [
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        {"name": "labels", "downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"name": "disk", "azureDisk": {"diskName": "d", "diskURI": "/subscriptions/x"}},
        {"name": "all", "projected": {"sources": [{"downwardAPI": {}}, {"serviceAccountToken": {"path": "t"}}]}},
        {"name": "claim", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
    ],
}


@pytest.mark.parametrize(
    ("api_version", "kind", "rest"),
    [
        pytest.param("v1", "Namespace", {"metadata": {"labels": {"a": "b"}}}, id="namespace"),
        pytest.param("v1", "Pod", {"metadata": {}, "spec": POD_SPEC, "status": {"phase": "Running"}}, id="pod"),
        pytest.param(
            "apps/v1",
            "DaemonSet",
            {
                "metadata": {"name": "d", "creationTimestamp": "2026-11-23T00:00:00Z"},
                "spec": {
                    "selector": {"matchLabels": {"a": "b"}},
                    "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}},
                    "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD_SPEC},
                },
            },
            id="daemon-set",
        ),
        pytest.param(
            "mellanox.com/v1alpha1",
            "IPoIBNetwork",
            {"metadata": {}, "spec": {"ipam": '{"type": "whereabouts", "range_start": "10.0.0.9", "ipRanges": []}'}},
            id="whereabouts-writes-snake-case",
        ),
        pytest.param(
            "mellanox.com/v1alpha1",
            "MacvlanNetwork",
            {"metadata": {}, "spec": {"ipam": '{"type": "azure-ipam", "Kept": null, "n": [1, {}]}', "mtu": 0}},
            id="ipam-of-another-type-is-kept",
        ),
        pytest.param(
            "k8s.cni.cncf.io/v1",
            "NetworkAttachmentDefinition",
            {
                "metadata": {},
                "spec": {"config": '{"cniVersion": "0.3.1", "type": "ipoib", "ipam": {"type": "static"}, "own": 1}'},
            },
            id="a-cni-config-keeps-the-keys-of-its-plugin",
        ),
        pytest.param(
            "nv-ipam.nvidia.com/v1alpha1",
            "IPPool",
            {
                "metadata": {},
                "spec": {
                    "subnet": "10.0.0.0/16",
                    "perNodeBlockSize": 8,
                    "exclusions": [{"startIP": "10.0.0.1", "endIP": "10.0.0.2"}],
                },
            },
            id="ip-pool",
        ),
        pytest.param(
            "nfd.k8s-sigs.io/v1alpha1",
            "NodeFeatureRule",
            {
                "metadata": {},
                "spec": {
                    "rules": [
                        {
                            "name": "ib",
                            "matchFeatures": [
                                {
                                    "feature": "pci.device",
                                    "matchExpressions": {"class": {"op": "In", "value": ["0207"]}},
                                }
                            ],
                        }
                    ]
                },
            },
            id="node-feature-rule",
        ),
        pytest.param(
            "mellanox.com/v1alpha1",
            "NicClusterPolicy",
            {
                "metadata": {},
                "spec": {
                    "sriovDevicePlugin": {
                        "image": "sriov",
                        "config": json.dumps(
                            {
                                "resourceList": [
                                    {"resourceName": "ib", "selectors": {"isRdma": True, "pKeys": ["0x1"]}},
                                    {"resourceName": "two", "selectors": [{"vendors": ["15b3"]}, {"devices": ["1"]}]},
                                    {
                                        "resourceName": "sf",
                                        "deviceType": "auxNetDevice",
                                        "selectors": {"auxTypes": ["sf"]},
                                    },
                                    {
                                        "resourceName": "acc",
                                        "deviceType": "accelerator",
                                        "selectors": [{"pciAddresses": ["0101:00:00.0"]}],
                                        "additionalInfo": {"*": {"a": "b"}},
                                    },
                                ]
                            }
                        ),
                    }
                },
            },
            id="selectors-as-object-and-as-list",
        ),
    ],
)
def test_reading_and_writing_keeps_the_data(api_version: str, kind: str, rest: dict[str, Any]) -> None:
    data = {"apiVersion": api_version, "kind": kind, **rest}

    assert as_data(parse(data).wire()) == as_data(data)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_ipam_is_no_ipam(text: str) -> None:
    assert models.IPoIBNetworkSpec.from_wire({"ipam": text, "master": "ib0"}).wire() == {"master": "ib0"}


def test_nulls_are_left_out() -> None:
    assert models.NicClusterPolicySpec.from_wire({"ofedDriver": None, "tolerations": None}).wire() == {}


def test_a_copy_can_be_changed() -> None:
    spec = models.IPoIBNetworkSpec(master="ib0")

    assert spec.model_copy(update={"master": "ib1"}).wire() == {"master": "ib1"}
    assert spec.wire() == {"master": "ib0"}


def test_a_field_can_be_assigned_data_or_a_model() -> None:
    spec = models.NicClusterPolicySpec()
    spec.tolerations = [models.Toleration(key="sku")]
    spec.ofed_driver = {"image": "doca-driver"}  # type: ignore[assignment]
    spec.ofed_driver.version = "v1"

    assert spec.wire() == {"tolerations": [{"key": "sku"}], "ofedDriver": {"image": "doca-driver", "version": "v1"}}


def test_two_objects_share_no_default() -> None:
    models.Kustomization().metadata.name = "one"

    assert models.Kustomization().metadata.name is None


def test_a_list_is_kept_as_a_tuple_so_that_nothing_enters_it_unseen() -> None:
    assert models.NicClusterPolicySpec(tolerations=[models.Toleration(key="sku")]).tolerations == (
        models.Toleration(key="sku"),
    )


def test_what_is_not_typed_is_kept_as_it_is() -> None:
    data = {"name": "v", "nfs": {"server": "s", "list": [1, None], "null": None}}

    assert models.Volume.from_wire(data).wire() == data


def test_repr_shows_what_is_set() -> None:
    assert repr(models.Toleration(key="sku", operator="Exists")) == "Toleration(key='sku', operator='Exists')"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({}, "{}\n", id="empty"),
        pytest.param(
            {"a": {"b": ["x", "y"]}}, '{\n  "a": {\n    "b": ["x", "y"]\n  }\n}\n', id="short-lists-on-a-line"
        ),
        pytest.param({"a": ["x" * 120]}, '{\n  "a": [\n    "' + "x" * 120 + '"\n  ]\n}\n', id="long-lists-in-lines"),
        pytest.param({"a": [[1], {}]}, '{\n  "a": [\n    [1],\n    {}\n  ]\n}\n', id="lists-of-lists-in-lines"),
        pytest.param({"a": "it's"}, '{\n  "a": "it\\u0027s"\n}\n', id="no-apostrophe-reaches-the-operator"),
        pytest.param({"a": "ä"}, '{\n  "a": "ä"\n}\n', id="other-letters-stay"),
        pytest.param(models.NvIpamIpam(pool_name="p"), '{\n  "type": "nv-ipam",\n  "poolName": "p"\n}\n', id="model"),
    ],
)
def test_json_text(value: Any, text: str) -> None:
    assert json_text(value) == text


def test_blanks_inside_strings_survive_the_operator_in_an_ipam() -> None:
    cron = "30 4 * * *"
    ipam = models.WhereaboutsIpam(range="10.0.0.0/16", reconciler_cron_expression=cron)
    text = models.IPoIBNetworkSpec(ipam=ipam).wire()["ipam"]

    assert json.loads("".join(text.split()))["reconciler_cron_expression"] == cron


def test_an_apostrophe_in_a_config_reaches_no_shell() -> None:
    pool = models.SharedDevicePool(resource_name="ib", rdma_hca_max=1, devices=["it's"])
    plugin = models.RdmaSharedDevicePlugin(image="p", config=models.SharedDevicePluginConfig(config_list=[pool]))
    text = plugin.wire()["config"]

    assert "'" not in text
    assert json.loads(text)["configList"][0]["devices"] == ["it's"]


@pytest.mark.parametrize("config", [SHARED_TEXT, json.loads(SHARED_TEXT), SHARED_CONFIG], ids=["text", "data", "model"])
def test_a_config_may_be_given_as_text_data_or_model(config: Any) -> None:
    assert models.RdmaSharedDevicePlugin(image="plugin", config=config).config == SHARED_CONFIG


def drawn(schema: Schema, definitions: dict[str, Schema], draw: st.DrawFn) -> Any:
    """Draw data that a schema of pydantic's allows, with few of the fields that may be left out."""
    if "$ref" in schema:
        return drawn(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions, draw)
    if "contentSchema" in schema:
        return json.dumps(drawn(schema["contentSchema"], definitions, draw))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            ways = [way for way in schema[key] if way.get("type") != "null"]
            return drawn(draw(st.sampled_from(ways)), definitions, draw)
    if "const" in schema or "enum" in schema:
        return draw(st.sampled_from(schema.get("enum") or [schema["const"]]))
    match schema.get("type"):
        case "string" if "pattern" in schema:
            return draw(st.from_regex(schema["pattern"], fullmatch=True).filter(str.isascii))[:63]
        case "string":
            return draw(st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=4))
        case "boolean":
            return draw(st.booleans())
        case "integer" | "number":
            return draw(st.integers(schema.get("minimum", -9), 9))
        case "array":
            return [drawn(schema["items"], definitions, draw) for _ in range(draw(st.integers(0, 2)))]
    return drawn_object(schema, definitions, draw)


def drawn_object(schema: Schema, definitions: dict[str, Schema], draw: st.DrawFn) -> dict[str, Any]:
    if "properties" not in schema:
        values = schema.get("additionalProperties")
        child = values if isinstance(values, dict) else {"type": "string"}
        return {key: drawn(child, definitions, draw) for key in draw(st.sets(st.sampled_from("ab"), max_size=2))}
    required = [name for name in schema["properties"] if name in (*schema.get("required", ()), "apiVersion", "kind")]
    others = [name for name in schema["properties"] if name not in required]
    chosen = draw(st.lists(st.sampled_from(others), max_size=3, unique=True)) if others else []
    return {name: drawn(schema["properties"][name], definitions, draw) for name in [*required, *chosen]}


@cache
def json_schema(api_version: str, kind: str) -> Schema:
    return model_of(api_version, kind).model_json_schema()


@pytest.mark.parametrize(("api_version", "kind"), KINDS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_object_survives_reading_and_writing(api_version: str, kind: str, data: st.DataObject) -> None:
    schema = json_schema(api_version, kind)
    wire = data.draw(st.composite(lambda draw: drawn(schema, schema["$defs"], draw))())

    found = parse(wire)

    without_empty_metadata = {key: value for key, value in wire.items() if (key, value) != ("metadata", {})}
    expected = without_empty_metadata if kind in ("Kustomization", "Component") else wire
    assert as_data(found.wire()) == as_data(expected)
    assert parse(found.wire()) == found
