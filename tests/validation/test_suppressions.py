import pytest

import aksrdma

POLICY = """\
{above}apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: other{beside}
spec: {{}}
"""


def rules(above="", beside=""):
    report = aksrdma.validate(POLICY.format(above=above, beside=beside), release="v26.4.1")
    return [one.rule for one in report.findings], report.summary.suppressed


@pytest.mark.parametrize(
    ("above", "beside", "left"),
    [
        pytest.param("", "", (["nicclusterpolicy-name"], 0), id="no-comment"),
        pytest.param("", "  # aksrdma: ignore nicclusterpolicy-name -- tried by hand", ([], 1), id="on-its-line"),
        pytest.param("# aksrdma: ignore nicclusterpolicy-name -- tried by hand\n", "", ([], 1), id="above-the-object"),
        pytest.param("# aksrdma: ignore nicclusterpolicy-name\n", "", ([], 1), id="without-a-reason"),
        pytest.param(
            "",
            "  # aksrdma: ignore unknown-field",
            (["nicclusterpolicy-name", "unused-suppression"], 0),
            id="another-rule",
        ),
        pytest.param(
            "",
            "  # aksrdma: ignore nicclusterpolicy-name, unknown-field",
            (["unused-suppression"], 1),
            id="two-rules-one-unused",
        ),
        pytest.param(
            "",
            "  # aksrdma: ignore no-such-rule",
            (["nicclusterpolicy-name", "unused-suppression"], 0),
            id="no-such-rule",
        ),
    ],
)
def test_a_comment_suppresses_the_rules_that_it_names(above, beside, left):
    found, suppressed = rules(above, beside)

    assert (sorted(found), suppressed) == left


def test_a_comment_above_one_object_leaves_the_next_alone():
    rule = "apiVersion: nfd.k8s-sigs.io/v1alpha1\nkind: NodeFeatureRule\nmetadata: {name: a}\nspec: {rulez: []}\n"
    report = aksrdma.validate(
        f"# aksrdma: ignore unknown-field\n{rule}---\n{rule}", release="v26.4.1", select=("unknown-field",)
    )

    assert [one.document for one in report.findings] == [2]


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\nspecc: {{}}{}\n"


def found(text, **options):
    report = aksrdma.validate(text, **options)
    return [(one.line, one.rule) for one in report.findings], report.summary.suppressed


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"select": ("component",)}, id="another-layer-is-selected"),
        pytest.param({"select": ("unused-suppression", "unknown-field")}, id="it-is-selected-itself"),
        pytest.param({"ignore": ("unknown-field",)}, id="its-rule-is-ignored"),
        pytest.param({"ignore": ("schema",)}, id="its-layer-is-ignored"),
    ],
)
def test_a_suppression_is_used_whatever_is_selected(options):
    assert found(NAMESPACE.format("  # aksrdma: ignore unknown-field -- on purpose"), **options)[0] == []


def test_what_is_not_wanted_is_not_counted_as_suppressed():
    text = NAMESPACE.format("  # aksrdma: ignore unknown-field -- on purpose")

    assert found(text)[1] == 1
    assert found(text, ignore=("unknown-field",))[1] == 0


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        pytest.param("webhook-resource-prefix", {"admission_controller": True}, id="the-webhook"),
        pytest.param("sriov-rdma-count-above-vm-nics", {"vm_sizes": ("Standard_HB120rs_v3",)}, id="a-vm-size"),
        pytest.param("host-local-on-many-nodes", {"nodes": 2}, id="the-nodes"),
    ],
)
def test_a_rule_that_is_silent_for_want_of_an_option_is_no_unused_suppression(rule, options):
    text = f"# aksrdma: ignore {rule}\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a}}\n"

    assert found(text)[0] == []
    assert found(text, **options)[0] == [(1, "unused-suppression")]


@pytest.mark.parametrize(
    "comment",
    [
        "# aksrdma: ignore",
        "# aksrdma: ignore -- some reason",
        "# aksrdma: ignor unknown-field -- on purpose",
        "# aksrdma: ignore=unknown-field",
        "# aksrdma: ignore: unknown-field",
        "# aksrdma: ignore[unknown-field]",
        "# aksrdma: ignore unknown-field because it is",
        "# aksrdma: Ignore unknown-field",
        "# aksrdma: disable",
        "# aksrdma: disable unknown-field",
        "# aksrdma:disable=unknown-field",
        "# aksrdma: suppress unknown-field",
        "# aksrdma: unknown-field",
        "# aksrdma:",
        "# aksrdma ignore unknown-field",
        "# aksrdma-ignore: unknown-field",
        "# aksrdma: noqa",
    ],
)
def test_a_comment_that_is_meant_to_suppress_and_does_not_is_told(comment):
    told, suppressed = found(NAMESPACE.format(f"  {comment}"))

    assert (told, suppressed) == ([(4, "malformed-suppression"), (4, "unknown-field")], 0)


@pytest.mark.parametrize(
    "comment",
    [
        "# Rendered by aksrdma: cluster a, Network Operator v25.10.0.",
        "# aksrdma: see docs/validate.md",
        "# aksrdma renders this file",
        "# aksrdmaignore unknown-field",
        "# judged by aksrdma: ignore the rest",
        "# ignore unknown-field",
    ],
)
def test_other_comments_are_nobodys_business(comment):
    assert found(NAMESPACE.format(f"  {comment}")) == ([(4, "unknown-field")], 0)


@pytest.mark.parametrize("comment", ["#aksrdma:ignore unknown-field", "#  aksrdma:  ignore  unknown-field  --", "# aksrdma: ignore wrong-type,unknown-field"])  # fmt: skip
def test_blanks_do_not_matter(comment):
    assert found(NAMESPACE.format(f"  {comment}"), ignore=("unused-suppression",)) == ([], 1)


def test_what_is_wrong_with_the_text_can_be_accepted_too():
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: b\n  a: c%s\n"

    assert found(text % "")[0] == [(6, "yaml-duplicate-key")]
    assert found(text % "  # aksrdma: ignore yaml-duplicate-key -- a test") == ([], 1)


def test_a_finding_of_a_cluster_file_can_be_accepted():
    text = "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nspec:\n  profil: base%s\n"

    assert found(text % "  # aksrdma: ignore cluster-file-invalid") == ([], 1)


ITEM = "- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n  specc: {}\n"


def test_a_comment_above_an_item_of_a_list_is_for_that_item_alone():
    text = f"apiVersion: v1\nkind: List\nitems:\n{ITEM}# aksrdma: ignore unknown-field\n{ITEM}{ITEM}"

    assert found(text) == ([(7, "unknown-field"), (16, "unknown-field")], 1)


def test_the_text_of_a_long_list_is_composed_once_whatever_is_found_in_it(monkeypatch):
    from aksrdma.documents import positions

    composed, compose = [], positions.compose
    monkeypatch.setattr(positions, "compose", lambda text: composed.append(text) or compose(text))
    told, _ = found(f"apiVersion: v1\nkind: List\nitems:\n{ITEM * 20}  # aksrdma: ignore wrong-type\n")

    assert (len(told), len(composed)) == (21, 1)
