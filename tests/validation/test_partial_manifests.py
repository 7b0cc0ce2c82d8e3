"""What is no whole manifest: templates, patches, objects without apiVersion; and mistakes that follow from another."""

import pytest

import aksrdma

POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: nic-cluster-policy
spec:
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: server
spec:
"""
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: test
spec:
  containers:
  - name: main
    image: %s
    command: [bash, -c, 'echo ${HOSTNAME} {{ .x }}']
    env:
    - {name: A, value: "${B}"}
"""


def rules(text, **options):
    return [finding.rule for finding in aksrdma.validate(text, **options).findings]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(POD % "${IMAGE}", id="envsubst"),
        pytest.param(POD % "${IMAGE:-busybox}", id="flux-with-a-default"),
        pytest.param(POD % '"{{ .Values.image }}"', id="helm-in-quotes"),
        pytest.param("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: '{{ ns }}'\n", id="jinja"),
        pytest.param(POLICY + "  nvIpam:\n    image: {{ .Values.image }}\n", id="helm-that-is-no-yaml"),
    ],
)
def test_a_template_is_skipped_and_counted(text):
    report = aksrdma.validate(text)

    assert report.findings == ()
    assert report.summary.not_manifests == 1


JINJA = POLICY + '{% if driver == "yes" %}\n  ofedDriver: {}\n{% endif %}\n'


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param(POD % '"{{ .Values.image }}"', "Helm", id="values"),
        pytest.param(POD % "a" + '{{- include "x" . | nindent 2 }}\n', "Helm", id="an-include"),
        pytest.param(POLICY + "{{- if (.Values.a) }}\n  nvIpam: {}\n{{- end }}\n", "Helm", id="a-condition-on-values"),
        pytest.param(POD % '"{{ .Image }}"', "Go", id="a-field"),
        pytest.param(POLICY + "{{ range $x := .List }}\n{{ end }}\n", "Go", id="a-loop"),
        pytest.param(POD % "'{{ image }}'", "Jinja", id="a-name"),
        pytest.param(JINJA, "Jinja", id="statements-alone"),
        pytest.param(POLICY + "{%- for a in b -%}\n  {{ a }}: {}\n{%- endfor %}\n", "Jinja", id="statements-that-trim"),
        pytest.param(POD % "${IMAGE:-busybox}", "envsubst", id="a-variable"),
        pytest.param(POLICY + "  nvIpam: {image: ${IMAGE}}\n", "envsubst", id="a-variable-that-is-no-yaml"),
    ],
)
def test_a_template_is_skipped_by_name_and_with_strict_is_one_error(tmp_path, text, language):
    (tmp_path / "a.yaml").write_text(text)
    report, strict = aksrdma.validate(tmp_path / "a.yaml"), aksrdma.validate(tmp_path / "a.yaml", strict=True)

    assert (report.findings, report.summary.not_manifests) == ((), 1)
    assert report.notes == (f"{tmp_path / 'a.yaml'}: skipped as a template ({language}): validate what it makes",)
    assert [(one.rule, one.line, one.fix) for one in strict.findings] == [
        ("not-a-manifest", 1, "validate what it makes")
    ]
    assert f"({language})" in strict.findings[0].message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            POD.replace("spec:", "spec: {").replace(" {{ .x }}", "") % "${A}", id="a-variable-on-another-line"
        ),
        pytest.param("a: {{\n", id="braces-alone"),
        pytest.param("a: {% \n", id="a-brace-and-a-percent-sign"),
        pytest.param("a: {${1}\n", id="no-name"),
    ],
)
def test_broken_yaml_is_no_template_for_a_sign_that_is_none(text):
    assert "yaml-syntax" in rules(text)


def test_many_templates_are_named_by_one_note(tmp_path):
    for number in range(6):
        (tmp_path / f"{number}.yaml").write_text(JINJA)
    report = aksrdma.validate(tmp_path)

    names = ", ".join(str(tmp_path / f"{number}.yaml") for number in range(4))
    assert report.notes == (f"{names} and 2 more: skipped as a template (Jinja): validate what it makes",)


@pytest.mark.parametrize("sign", ["{{ a", "${A:-", "{%", "{{", "${"])
def test_a_sign_that_is_never_closed_takes_no_square_of_time(sign):
    import time

    began = time.process_time()
    aksrdma.validate(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{a: '{sign * 100_000}'}}}}\n")
    aksrdma.validate(f"a: {{\n{sign * 100_000}\n")

    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(POD % "busybox", id="a-shell-and-its-environment"),
        pytest.param("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '${B} {{ c }}'}\n", id="data"),
    ],
)
def test_free_text_makes_no_template(text):
    report = aksrdma.validate(text)

    assert report.findings == ()
    assert report.summary.documents == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            DEPLOYMENT + "  template: {spec: {containers: [{name: main, env: [{name: A, value: b}]}]}}\n",
            id="a-workload-without-selector-and-images",
        ),
        pytest.param(DEPLOYMENT + "  replicas: 2\n", id="a-workload-that-only-scales"),
        pytest.param(POLICY + "  ofedDriver: {env: [{name: A, value: b}]}\n", id="a-policy-without-images"),
        pytest.param(
            DEPLOYMENT + "  template: {spec: {containers: [{name: main, $patch: delete}]}}\n", id="a-merge-directive"
        ),
    ],
)
def test_in_a_patch_nothing_is_missing(text):
    report = aksrdma.validate(text)

    assert [one.rule for one in report.findings] == []
    assert any("is a patch" in note for note in report.notes)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(
            DEPLOYMENT + "  template: {spec: {containers: [{name: main, image: busybox}]}}\n",
            "missing-field",
            id="a-selector-that-was-forgotten",
        ),
        pytest.param(
            POLICY + "  ofedDriver: {repository: nvcr.io/nvidia/mellanox, version: 25.01-0.6.0.0-0}\n",
            "missing-field",
            id="an-image-that-was-forgotten",
        ),
        pytest.param(DEPLOYMENT + "  replicas: two\n", "wrong-type", id="what-the-patch-says-itself"),
    ],
)
def test_what_is_wrong_all_the_same_is_reported(text, rule):
    assert rule in rules(text)


def test_an_object_without_api_version_is_judged_as_if_it_were_there():
    report = aksrdma.validate((POD % "busybox").replace("apiVersion: v1\n", "").replace("name: test", "name: Test"))

    assert [(one.rule, one.path, one.line) for one in report.findings] == [
        ("missing-field", "apiVersion", 1),
        ("invalid-metadata", "metadata.name", 3),
    ]
    assert report.findings[0].fix == "add apiVersion: v1"


@pytest.mark.parametrize(
    ("text", "release", "found"),
    [
        pytest.param(
            "apiVersion: nv-ipam.nvidia.com/v1alpha1\nkind: CIDRPool\nmetadata: {name: a, namespace: network-operator}\n"
            "spec: {cidr: 192.168.0.0/16, perNodeNetworkPrefix: 24, perNodeExclusions: [{startIndex: 0, endIndex: 9}]}\n",
            "v25.10.0",
            ["nvipam-field-not-in-release"],
            id="a-field-that-is-new",
        ),
        pytest.param(
            POLICY + "  global: {repository: nvcr.io/nvidia/mellanox, version: network-operator-v26.1.2}\n"
            "  nvIpam: {image: nvidia-k8s-ipam}\n",
            "v26.1.2",
            ["nicnodepolicy-not-in-release"],
            id="what-an-unknown-section-would-have-given",
        ),
        pytest.param(
            DEPLOYMENT
            + "  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: main, image: busybox}]}}\n",
            "v26.4.1",
            ["missing-field"],
            id="a-field-that-is-missing",
        ),
    ],
)
def test_one_mistake_is_one_finding(text, release, found):
    assert rules(text, release=release) == found
