"""Functions of templates that came and went with the Node Feature Discovery of a release."""

import pytest

import aksrdma

RULE = """\
apiVersion: nfd.k8s-sigs.io/v1alpha1
kind: NodeFeatureRule
metadata: {name: a}
spec:
  rules:
  - name: a
    labelsTemplate: "a={{ env `HOME` }}"
    matchFeatures:
    - {feature: pci.device, matchExpressions: {vendor: {op: In, value: ["15b3"]}, class: {op: In, value: ["0207"]}}}
"""


@pytest.mark.parametrize(
    ("release", "said", "fix"),
    [
        (
            "v25.4.0",
            "function 'env' not defined in v25.4.0: it came with v25.7.0",
            "use v25.7.0 or later, or do without env",
        ),
        ("v26.4.1", None, None),
        (
            "v26.7.0",
            "function 'env' not defined in v26.7.0: it went with v26.7.0",
            "do without env: NFD no longer lets",
        ),
    ],
)
def test_a_function_is_known_by_the_releases_that_have_it(release, said, fix):
    found = [one for one in aksrdma.validate(RULE, release=release).findings if one.rule == "nfr-template-invalid"]

    assert [one.message for one in found] == ([f"NFD does not parse the template: {said}"] if said else [])
    assert all(one.fix.startswith(fix) for one in found)
