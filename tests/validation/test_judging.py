"""Which findings are reported, where they stand, and what a set knows of its cluster."""

from dataclasses import replace

import pytest

import aksrdma

POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: other
spec:
  zzz: {}
"""
BOTH = {"nicclusterpolicy-name", "unknown-field"}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        pytest.param({}, BOTH, id="all"),
        pytest.param({"select": ("unknown-field",)}, {"unknown-field"}, id="select-a-rule"),
        pytest.param({"select": ("schema",)}, {"unknown-field"}, id="select-a-layer"),
        pytest.param({"select": ("schema", "nicclusterpolicy-name")}, BOTH, id="select-both"),
        pytest.param({"ignore": ("unknown-field",)}, {"nicclusterpolicy-name"}, id="ignore-a-rule"),
        pytest.param({"ignore": ("schema",)}, {"nicclusterpolicy-name"}, id="ignore-a-layer"),
        pytest.param({"select": ("schema",), "ignore": ("unknown-field",)}, set(), id="ignore-goes-over-select"),
    ],
)
def test_rules_and_layers_are_selected_and_ignored(options, left):
    report = aksrdma.validate(POLICY, release="v26.4.1", **options)

    assert {one.rule for one in report.findings} == left


@pytest.mark.parametrize(
    ("fail_on", "ok"),
    [("error", True), ("warning", False), ("info", False), ("never", True)],
)
def test_a_report_fails_from_a_severity_on(fail_on, ok):
    unused = "# aksrdma: ignore unknown-field\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
    report = aksrdma.validate(unused, fail_on=fail_on)

    assert report.counts() == {"error": 0, "warning": 1, "info": 0}
    assert report.ok is ok


def test_a_finding_of_info_fails_only_where_it_is_asked_for():
    from aksrdma.validation import Options, Report, Summary

    (one,) = aksrdma.validate(POLICY, release="v26.4.1", select=("nicclusterpolicy-name",)).findings
    info = replace(one, severity="info")

    assert [Report((info,), Summary(), (), Options(fail_on=at)).ok for at in ("error", "warning", "info", "never")] == [
        True, True, False, True,
    ]  # fmt: skip


def test_an_unused_comment_says_so_at_its_line():
    text = "\n# aksrdma: ignore unknown-field -- once\n# aksrdma: ignore no-such-rul\n---\n" + POLICY.replace(
        "  zzz: {}\n", "  {}\n"
    )
    report = aksrdma.validate(text, release="v26.4.1", ignore=("nicclusterpolicy-name",))

    told = [(one.line, one.column, one.rule, one.message, one.fix, one.document, one.object) for one in report.findings]
    name = "NicClusterPolicy/other"
    assert told == [
        (
            2,
            1,
            "unused-suppression",
            "nothing here breaks unknown-field, which this comment suppresses",
            told[0][4],
            1,
            name,
        ),
        (
            3,
            1,
            "unused-suppression",
            "no rule named 'no-such-rul' (`aksrdma catalog rules` lists all)",
            told[0][4],
            1,
            name,
        ),
    ]
    assert told[0][4] == "remove the comment"


def test_a_comment_on_a_line_covers_that_line_alone():
    twice = POLICY + "  yyy: {}  # aksrdma: ignore unknown-field -- tried\n"
    report = aksrdma.validate(twice, release="v26.4.1", select=("unknown-field",))

    assert [one.path for one in report.findings] == ["spec.zzz"]
    assert report.summary.suppressed == 1


def test_the_fix_of_a_rule_follows_the_message_as_a_clause():
    (finding,) = aksrdma.validate(POLICY, release="v26.4.1", select=("nicclusterpolicy-name",)).findings

    assert not finding.fix.endswith(".")
    assert finding.fix[0].islower()


CLUSTER = """\
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata: {name: a}
spec:
  release: v25.10.0
  nodePools:
%s
"""
POOL = "  - {name: %s, vmSize: %s%s}\n"


def seen(cluster, **options):
    """Return the VM sizes and nodes that the rules are told of a set."""
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.validation import run

    sets = []

    class Spy(ManifestSet):
        def __init__(self, *given, **facts):
            super().__init__(*given, **facts)
            sets.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "ManifestSet", Spy)
        aksrdma.validate(cluster, **options)
    (one,) = sets
    return one.vm_sizes, one.nodes, one.release


H100, H200 = "Standard_ND96isr_H100_v5", "Standard_ND96isr_H200_v5"


@pytest.mark.parametrize(
    ("pools", "options", "facts"),
    [
        pytest.param(POOL % ("a", "nd96isr_h100_v5", ", count: 2"), {}, ((H100,), 2), id="one-pool"),
        pytest.param(
            POOL % ("a", H100, ", count: 2") + POOL % ("b", H200, ", count: 3") + POOL % ("c", H100, ", count: 1"), {},
            ((H100, H200), 6), id="three-pools-of-two-sizes",
        ),
        pytest.param(POOL % ("a", H100, ", count: 2") + POOL % ("b", H200, ""), {}, ((H100, H200), None), id="a-pool-without-a-count"),
        pytest.param(POOL % ("a", H100, ", count: 2"), {"vm_sizes": (H200,), "nodes": 0}, ((H200,), 0), id="options-go-over-it"),
    ],
)  # fmt: skip
def test_rules_are_told_what_a_cluster_file_says_of_its_nodes(pools, options, facts):
    assert seen(CLUSTER % pools, **options) == (*facts, "v25.10.0")


def test_a_cluster_that_cannot_be_served_is_told_at_its_field():
    cluster = "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nspec:\n  release: v1.0.0\n"
    pool = CLUSTER % (POOL % ("a", "Standard_D4s_v5", ""))

    assert [(one.rule, one.path, one.line) for one in aksrdma.validate(cluster).findings] == [
        ("cluster-not-servable", "spec.release", 4)
    ]
    assert [one.path for one in aksrdma.validate(pool).findings] == ["spec.nodePools[0].vmSize"]


@pytest.mark.parametrize(
    ("fix", "clause"),
    [
        ("Create the pool.", "create the pool"),
        ("IPC_LOCK is to be added.", "IPC_LOCK is to be added"),
        ("set A: b", "set A: b"),
        ("PyTorchJob takes it.", "PyTorchJob takes it"),
    ],
)
def test_a_fix_begins_small_unless_with_a_name(fix, clause):
    from aksrdma.documents import Document
    from aksrdma.findings import Position, Problem
    from aksrdma.validation.judge import finding_of

    nothing = Document("", 1, {})

    assert finding_of(Problem("wrong-type", (), "a", fix, document=nothing), nothing, Position(1, 1)).fix == clause


CLUSTER_FILE = """apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
spec:
  release: v26.4.1
  kubernetesVersion: "{version}"
  nodePools:
  - name: hb
    vmSize: Standard_HB120rs_v3
    count: {count}
"""


@pytest.mark.parametrize(
    ("version", "count", "found"),
    [
        ("1.35", 100, []),
        ("1.35", 101, [("node-pool-beyond-fabric", "spec.nodePools[0].count", 9)]),
        ("1.36", 2, [("kubernetes-not-of-release", "spec.kubernetesVersion", 5)]),
    ],
)
def test_what_may_not_come_up_is_a_warning_at_its_field(version, count, found):
    report = aksrdma.validate(CLUSTER_FILE.format(version=version, count=count))

    assert [(one.rule, one.path, one.line) for one in report.findings] == found
    assert {one.severity for one in report.findings} <= {"warning"}
