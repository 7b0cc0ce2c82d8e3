"""JSON in a string that is broken is told where it breaks, in the line and column of the user's file."""

from __future__ import annotations

import pytest

import aksrdma

POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {{name: nic-cluster-policy}}
spec:
  {section}:
    image: a
    repository: nvcr.io/nvidia/mellanox
    version: v1
    config: |
      {{
        "{key}": [,]
      }}
"""
NETWORK = """\
apiVersion: mellanox.com/v1alpha1
kind: {kind}
metadata: {{name: net}}
spec:
  networkNamespace: default
  master: ib0
  ipam: |
    {{"type": "static",
     "addresses" []}}
"""
ATTACHMENT = """\
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: net, namespace: default}
spec:
  config: |
    {"type": "ipoib"
     "master": "ib0"}
"""
MULTUS = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec:
  secondaryNetwork:
    multus:
      image: a
      repository: nvcr.io/nvidia/mellanox
      version: v1
      config: |
        {"a": 01}
"""


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        pytest.param(
            POLICY.format(section="rdmaSharedDevicePlugin", key="configList"),
            "device-plugin-config-not-json",
            (11, 24),
            id="shared-device-plugin",
        ),
        pytest.param(
            POLICY.format(section="sriovDevicePlugin", key="resourceList"),
            "device-plugin-config-not-json",
            (11, 26),
            id="sriov-device-plugin",
        ),
        pytest.param(NETWORK.format(kind="IPoIBNetwork"), "ipam-not-json", (9, 18), id="ipam-of-ipoib"),
        pytest.param(NETWORK.format(kind="MacvlanNetwork"), "ipam-not-json", (9, 18), id="ipam-of-macvlan"),
        pytest.param(ATTACHMENT, "cni-config-not-json", (7, 6), id="attachment"),
        pytest.param(MULTUS, "cni-config-not-json", (11, 16), id="multus"),
        pytest.param(
            MULTUS.replace("01}", "1} []").replace('{"a": 1}', "[]"), "cni-config-not-json", (11, 12), id="two"
        ),
        pytest.param(
            MULTUS.replace('{"a": 01}', "[]"), "cni-config-not-json", (10, 7), id="no-object-is-told-at-its-key"
        ),
    ],
)
def test_broken_json_is_told_where_it_breaks(text: str, rule: str, place: tuple[int, int]) -> None:
    found = [one for one in aksrdma.validate(text, release="v26.4.1").findings if one.rule == rule]

    assert [(one.line, one.column) for one in found] == [place]
