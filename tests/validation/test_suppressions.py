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
