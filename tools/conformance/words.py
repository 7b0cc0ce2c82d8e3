"""What random changes put where a value stood: right and wrong ones of every sort, by what they are tried on."""

from __future__ import annotations

from typing import Any, Final

WORDS: Final = (
    *("", "a", "A", "a-", "-a", "a.b", "a_b", "a/b", "a/b/c", "/a", "a/", "a" * 63, "a" * 64, "a" * 254, "1", "0", "-1"),
    *(" a", "a ", "..", ".", "../a", "a/../b", "..a", "a..b", "/", "None", "Always", "Never", "OnFailure", "Exists"),
    *("DoesNotExist", "Equal", "In", "NotIn", "Gt", "NoSchedule", "NoExecute", "Localhost", "RuntimeDefault", "TCP", "tcp"),
    *("Memory", "100%", "101%", "25%", "0%", "x%", "a=b", "é", "metadata.name", "metadata.labels['A']", "spec.nodeName"),
    *("limits.cpu", "limits.hugepages-2Mi", "10.0.0.1", "010.0.0.1", "10.0.0", "::1", "10.0.0.0/8", "v1", "Recreate"),
    *("OnDelete", "Indexed", "* * * * *", "@daily", "@every 1h", "* * * *", "60 * * * *", "*/0 * * * *"),
    *("TZ=UTC * * * * *", "1-0 * * * *", "? ? ? ? ?", "Local", "a--b", "80", "http", "default", "kubernetes", "orphan"),
    *("metadata", "a.b.c/d.e_f", "example.com/A", "Bidirectional", "HostToContainer", "Enabled", "0-0", "0,1", "5-", "1,0"),
    *("foregroundDeletion", "runtime/default", "localhost/a", "unconfined", "windows", "linux", "Unmasked", "Managed"),
    *("true", "false", "null", "5", "1.5", "1e3", "0x10", "\u0663", "\u200b", "\ud83d\ude00", "a\nb", "a\n", "\ta", "\u0000"),
    *("x" * 5000, "100m", "2Gi", "1.5Gi", "2gi", "1 Gi", "1e", "-1Gi", "2026-04-01T12:00:00Z", "2026-04-01", "YWI=", "YWI"),
)  # fmt: skip
NUMBERS: Final = (
    *(-1, 0, 1, 2, 3, 5, 22, 80, 100, 101, 255, 256, 300, 511, 512, 600, 599, 65535, 65536, 100001),
    *(2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, -(2**63), 1.0, 1.5, 1e3, -1.0, 1e18, 1e30, 0.0),
)  # fmt: skip
AMOUNTS: Final = (
    *("0", "1", "2", "500m", "0.5", "1.0", "1e3", "1E", "1Ei", "-1", "-0", "+1", "1.5Gi", "64Gi", "1k", "1K", "1Mi", "1mi"),
    *("", " 1", "a", "1 Gi", "100Ki", ".", "+", "1.", ".5", "1n", "0.1n", "9223372036854775807", "9223372036854775808"),
    *("10000000000000000000000", "1e30", "3Mi", "2Mi", "100T", 8, 1, 0, -1, 1.5, 1e3, 1000000000000000000000, True, None),
)  # fmt: skip
OTHERS: Final[tuple[Any, ...]] = (
    *(None, "text", 1, 1.5, True, False, [], [None], [1], ["text"], [[]], [{}], [{"unknownField": 1}]),
    *({}, {"a": None}, {"a": 1}, {"a": "text"}, {"a": {}}, {"a": []}),
)  # fmt: skip
KEYS: Final = (
    *("a", "A", "a/b", "a/b/c", "/a", "a/", "A/b", "a_b/c", "a" * 63, "a" * 64, "a/" + "b" * 64, "-a", "a-", "", "a b"),
    *("cpu", "memory", "rdma/ib", "edma/ib", "rdma/ibs", "nvidia.com/gpu", "hugepages-2Mi", "hugepages-1Gi", "hugepages-x"),
    *("kubernetes.io/a", "requests.a/b", "pods", "gpu", "ephemeral-storage", "storage", "cpus", "rdma/" + "b" * 63),
    *("rdma/" + "b" * 55, "A" * 10 + "/b", "controller-uid", "job-name", "..", ".", "a.b", "a:b", "é"),
    *("container.apparmor.security.beta.kubernetes.io/a", "seccomp.security.alpha.kubernetes.io/pod"),
    "controller.kubernetes.io/pod-deletion-cost",
)  # fmt: skip
_OWNER: Final[dict[str, Any]] = {"apiVersion": "v1", "kind": "Node", "name": "a", "uid": "b"}
_OWNERS: Final[tuple[dict[str, Any], ...]] = (
    *({}, {"uid": ""}, {"name": ""}, {"kind": ""}, {"apiVersion": ""}, {"apiVersion": "a/b/c"}, {"kind": "Event"}),
    *({"apiVersion": "/"}, {"apiVersion": "a/"}, {"apiVersion": "/v1"}, {"controller": True}, {"controller": "true"}),
    *({"name": None}, {"controller": None}, {"blockOwnerDeletion": 1}, {"name": "A b"}, {"kind": "node"}),
)  # fmt: skip
_LABEL_KEYS: Final = ("a", "a/b", "/a", "a/b/c", "a" * 64, "", "é", "-a", "A/b", "a b")
_METADATA: Final[dict[str, tuple[Any, ...]]] = {
    "name": ("", "a.b", "A", "a_b", "-a", "a" * 253, "a" * 254, "1", "é", None, 1, "a/b"),
    "generateName": ("a-", "A", "a.", "-", "", "a" * 300, "a_", None),
    "namespace": ("", "default", "A", "a.b", "a" * 64, "a/b", None, 1, "kube-system"),
    "labels": (
        *({key: "a"} for key in _LABEL_KEYS),
        *({"a": ""}, {"a": "a b"}, {"a": "a" * 64}, {"a": "-"}, {"a": "é"}, {"a": 1}, {"a": True}, {"a": None}, {"a": []}),
    ),
    "annotations": (
        *({key: "a"} for key in _LABEL_KEYS),
        *({"a": "x" * 262143}, {"a": "x" * 262144}, {"a": "é" * 131072}, {"a": 1}, {"a": None}, {"a": {}}),
    ),
    "finalizers": (
        *(["a"], ["a/b"], ["kubernetes"], ["orphan"], [""], [None], ["a/b/c"], ["A/b"], [1]),
        *(["a/b", "a/b"], ["orphan", "foregroundDeletion"], "a/b", {}, []),
    ),
    "creationTimestamp": (None, "", "2026-04-01T12:00:00Z", "2026-04-01", 1, "x", {}),
    "deletionTimestamp": ("2026-04-01T12:00:00Z", "2026-02-30T00:00:00Z", "2026-04-01T25:00:00Z"),
    "deletionGracePeriodSeconds": (0, -1, 1.0, 1.5, "1", 2**63),
    "generation": (0, -1, 1.0, 1e3, 1.5, "1", 2**63),
    "resourceVersion": ("", "1", "x", 1, "0"),
    "uid": ("x", 1),
    "selfLink": ("a",),
    "clusterName": ("a",),
    "unknownField": (1,),
    "Name": ("a",),
    "managedFields": (
        *([], [{}], [None], [{"operation": "x"}], [{"fieldsV1": 1}], {}, "a", [{"a": 1}]),
        *([{"time": "2026-04-01T12:00:00Z"}], [{"time": "x"}], [{"time": None}]),
    ),
    "ownerReferences": ([], [{}], [None], {}, [{"a": 1}], *([{**_OWNER, **more}] for more in _OWNERS)),
}  # fmt: skip
METADATA: Final = tuple((field, value) for field, values in _METADATA.items() for value in values)
"""Fields of `metadata` with values right and wrong."""
AMOUNT_PARENTS: Final = frozenset({"limits", "requests", "overhead", "capacity", "allocatedResources"})
AMOUNT_FIELDS: Final = frozenset({"sizeLimit", "divisor", "storage"})
FREE_KEYS: Final = AMOUNT_PARENTS | {
    *(
        "labels",
        "annotations",
        "nodeSelector",
        "matchLabels",
        "selector",
        "data",
        "binaryData",
        "stringData",
        "parameters",
    )
}
"""Fields whose value is a mapping with keys of the user's."""
SCALARS: Final = (
    *("on", "off", "yes", "No", "y", "0755", "0o755", "0x1F", "1_000", "~", "null", "Null", "true", "True", "tRue", "1:30"),
    *("2026-04-01", "2026-04-01T12:00:00Z", ".inf", ".nan", "-.5", "1.", "1e3", "1E18", "1.0", "-0", "+1", "1e400", "0b11"),
    *("!!str 5", "!!int '5'", "!!float 1", "!!bool yes", "!!binary YWI=", "!!null ''", "!own a", "'5'", '"a\\u00e9"'),
    *("9223372036854775808", "18446744073709551616", "012", "08", "[]", "{}", "[a, b]", "{a: b}", "", "|\n", ">-\n", "*x"),
    *("&x a", "a: b", "a #b", "- a", "@a", "`a", "%a", "? a", ": a", "'a", '"a', "[a", "<<", "=", "\ta", "a\tb"),
)  # fmt: skip
"""What stands for a value in YAML text."""
