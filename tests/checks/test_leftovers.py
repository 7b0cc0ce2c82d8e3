"""Placeholders that nobody filled in, and comments that YAML does not know."""

from __future__ import annotations

import pytest

import aksrdma
from aksrdma.checks.leftovers import has_placeholder, slash_comment

POD = """apiVersion: v1
kind: Pod
metadata:
  name: job
  namespace: {namespace}
  annotations: {{note: <your-note> // free}}
spec:
  schedulerName: {scheduler}
  restartPolicy: {restart}
  containers:
  - name: job
    image: registry.example.com/job:1
    args: ["--model=<model>", "REPLACE_ME // not"]
    env:
    - {{name: A, value: "{variable}"}}
    resources:
      limits:
        cpu: {cpu}
"""
RIGHT = {
    "namespace": "default",
    "scheduler": "default-scheduler",
    "restart": "Always",
    "variable": "a",
    "cpu": "2",
}


def said(**values: str) -> list[str]:
    report = aksrdma.validate(POD.format(**{**RIGHT, **values}))
    return [f"{one.severity} {one.rule} {one.path}: {one.message}; {one.fix}" for one in report.findings]


FILL = "is a placeholder that nobody filled in; write the value that is meant"
POLICY, CPU = "spec.restartPolicy", "spec.containers[0].resources.limits.cpu"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {"namespace": "__NAMESPACE__"},
            [f"error invalid-metadata metadata.namespace: '__NAMESPACE__' {FILL}"],
            id="a-name-that-is-refused",
        ),
        pytest.param(
            {"namespace": "your-namespace"},
            [f"warning placeholder-left metadata.namespace: 'your-namespace' {FILL}"],
            id="a-name-that-is-taken",
        ),
        pytest.param(
            {"variable": "<YOUR_TOKEN>"},
            [f"warning placeholder-left spec.containers[0].env[0].value: '<YOUR_TOKEN>' {FILL}"],
            id="a-variable",
        ),
        pytest.param(
            {"variable": "REPLACE_ME"},
            [f"warning placeholder-left spec.containers[0].env[0].value: 'REPLACE_ME' {FILL}"],
            id="a-variable-in-capitals",
        ),
        pytest.param({"variable": "<none>"}, [], id="a-variable-that-may-be-meant"),
        pytest.param({"variable": "http://<host>:80"}, [], id="a-part-of-a-variable"),
        pytest.param(
            {"scheduler": "gang  // gang scheduling"},
            [
                "warning slash-comment spec.schedulerName: '//' begins no comment in YAML, so the comment is part of the value "
                "'gang  // gang scheduling'; write gang, and # before the comment"
            ],
            id="a-comment-in-a-value-that-is-taken",
        ),
        pytest.param(
            {"restart": "Never // once"},
            [
                f"error value-not-allowed {POLICY}: '//' begins no comment in YAML, so the comment is part of the value "
                "'Never // once'; write Never, and # before the comment"
            ],
            id="a-comment-in-a-value-that-is-refused",
        ),
        pytest.param(
            {"restart": "// once"},
            [
                f"error value-not-allowed {POLICY}: '//' begins no comment in YAML, so the comment is part of the value "
                "'// once'; write the value, and # before the comment"
            ],
            id="a-comment-in-the-place-of-a-value",
        ),
        pytest.param(
            {"cpu": "2 of them"},
            [
                f"error invalid-resources {CPU}: '2 of them' is no quantity; write 2, and # before the rest if that is a comment"
            ],
            id="a-comment-without-its-sign",
        ),
    ],
)
def test_one_leftover_is_one_finding_of_its_own_or_of_who_refuses_it(values: dict[str, str], found: list[str]) -> None:
    assert said(**values) == found


@pytest.mark.parametrize(
    "value",
    [
        *("<name>", "<your-registry>/job", "registry/<team name>/job:1", "__NAME__", "a__NAME__b", "YOUR_NAME"),
        *("your-name", "my/your-app", "REPLACE_ME", "replaceme", "change-me", "CHANGEME", "replace-with-name"),
        *("xxx", "XXXX", "xxx.xxx.xxx.xxx", "xxx.azurecr.io", "TODO", "TODO:name", "FIXME"),
    ],
)
def test_a_placeholder_is(value: str) -> None:
    assert has_placeholder(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "name", "<", "a < b and c > d", "cat <<EOF", "<b>bold</b>", "<br/>", "(?P<name>x)", "Vec<String>();"),
        *("map<a,b>", "${NAME}", "{{ name }}", "__name__", "__", "yours", "our-name", "exchange-mesh", "changement"),
        *("xx", "job-xxx", "xxxl", "TODOS", "do your-thing and more", "5<a>=6", '"<name>"', "<name>" + "a" * 300),
    ],
)
def test_no_placeholder_is(value: str) -> None:
    assert not has_placeholder(value)


@pytest.mark.parametrize(
    ("value", "before"),
    [
        ("a // b", "a"),
        ("a  //b", "a"),
        ("a b\t// c", "a b"),
        ("// b", ""),
        ("https://a/b", None),
        ("//a", None),
        ("a //1", None),
        ("a//b", None),
        ("a / b", None),
        ("a\n// b", None),
        ("a // b" + "c" * 300, None),
    ],
)
def test_a_comment_of_slashes_is_behind(value: str, before: str | None) -> None:
    assert slash_comment(value) == before


def test_the_items_of_a_long_list_are_looked_at_in_time_that_grows_with_it() -> None:
    items = "".join(f"- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: n{n}}}}}\n" for n in range(2000))
    text = f"apiVersion: v1\nkind: List\nitems:\n{items}- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: your-map}}}}\n"

    assert [one.rule for one in aksrdma.validate(text).findings] == ["placeholder-left"]


def test_text_of_programs_and_readers_is_not_looked_at() -> None:
    fields = "data: {a: your-name}\nbinaryData: {b: eW91cg==}\n"
    annotated = "metadata: {name: a, annotations: {x: your-name // y}}\n"
    assert aksrdma.validate(f"apiVersion: v1\nkind: ConfigMap\n{annotated}{fields}").findings == ()


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"namespace": "FILLED BY THE OPERATOR"}, "error invalid-metadata metadata.namespace"),
        ({"namespace": "{name}"}, None),
        ({"restart": "SET BY SOMEBODY"}, f"error value-not-allowed {POLICY}"),
        ({"restart": "Set By"}, None),
    ],
)
def test_words_in_capitals_that_are_refused_are_a_placeholder(values: dict[str, str], place: str | None) -> None:
    (value,) = values.values()
    told = [one for one in said(**values) if one.endswith(FILL)]
    assert told == ([] if place is None else [f"{place}: {value!r} {FILL}"])


@pytest.mark.parametrize("image", ["FILLED BY THE OPERATOR", "{user}/app:1", "ghcr.io/{user}/app:1"])
def test_an_image_that_is_to_be_filled_in_is_told_so(image: str) -> None:
    report = aksrdma.validate(POD.format(**RIGHT).replace("image: registry.example.com/job:1", f'image: "{image}"'))
    assert [f"{one.rule} {one.message}; {one.fix}" for one in report.findings] == [
        f"image-reference-invalid {image!r} {FILL}"
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("activeDeadlineSeconds", "NUM_SECONDS", "'NUM_SECONDS' " + FILL),
        ("hostNetwork", "HOST_NETWORK", "'HOST_NETWORK' " + FILL),
        ("activeDeadlineSeconds", "SECONDS", 'must be an integer, is a string: "SECONDS"; write an integer'),
        ("activeDeadlineSeconds", "NUM_seconds", 'must be an integer, is a string: "NUM_seconds"; write an integer'),
        ("securityContext", "POD_CONTEXT", 'must be an object, is a string: "POD_CONTEXT"'),
    ],
)
def test_a_name_in_capitals_where_no_word_can_stand_is_a_placeholder(field: str, value: str, words: str) -> None:
    report = aksrdma.validate(POD.format(**RIGHT) + f"  {field}: {value}\n")
    (found,) = (f"{one.rule} {one.path}: {one.message}; {one.fix}" for one in report.findings)
    assert found.startswith(f"wrong-type spec.{field}: {words}")


def test_a_comment_alone_makes_a_document_one_to_look_at() -> None:
    (found,) = said(scheduler="gang // all at once")
    assert found.startswith("warning slash-comment")
