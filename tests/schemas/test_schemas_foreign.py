"""Kinds that aksrdma has no schema of are judged by the schemas that a user names, and its own kinds never are."""

import json
import subprocess
import sys

import pytest

import aksrdma
from aksrdma.cli import run
from aksrdma.cli.config import configured
from aksrdma.errors import ReadError, UsageError
from aksrdma.schemas.judge.foreign import Location, judge_by

TEMPLATE = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
WIDGET = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1},
                "mode": {"type": "string", "enum": ["Fast", "Slow"]},
                "hosts": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}


@pytest.fixture
def crds(tmp_path):
    """A folder with the schema of a kind that nobody here knows."""
    write(tmp_path / "example.com/widget_v1.json", WIDGET)
    return tmp_path


def write(path, schema):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema), encoding="utf-8")
    return path


def widget(text="size: 1", *, version="example.com/v1", kind="Widget"):
    return f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: a\nspec: {{{text}}}\n"


def validate(text, *locations, **options):
    return aksrdma.validate(text, schema_locations=list(map(str, locations)), **options)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("size: 1", [], id="clean"),
        pytest.param("size: 1, mode: null", [], id="a-null-is-left-out"),
        pytest.param("size: 2.0", [], id="a-whole-float-is-an-integer"),
        pytest.param("", [("missing-field", "spec.size", "size is required")], id="a-field-not-there"),
        pytest.param(
            "size: null",
            [("missing-field", "spec.size", "size is null, which counts as left out; it is required")],
            id="a-required-null",
        ),
        pytest.param("size: 0", [("invalid-value", "spec.size", "must be 1 or more, is 0")], id="too-small"),
        pytest.param(
            "size: 1, Mode: Fast", [("unknown-field", "spec.Mode", "unknown field Mode")], id="an-unknown-field"
        ),
        pytest.param(
            "size: 1, mode: fast",
            [("value-not-allowed", "spec.mode", '"fast" is none of "Fast", "Slow"')],
            id="a-value-that-is-not-listed",
        ),
        pytest.param(
            "size: 1, hosts: [a, null]",
            [("null-list-item", "spec.hosts[1]", "a list item must not be null")],
            id="a-null-in-a-list",
        ),
        pytest.param(
            "size: 1, hosts: [a, a]",
            [("duplicate-list-item", "spec.hosts[1]", "is the same as item 0")],
            id="an-item-twice",
        ),
        pytest.param(
            "size: '1'",
            [("wrong-type", "spec.size", 'must be an integer, is a string: "1"')],
            id="a-wrong-type",
        ),
    ],
)
def test_an_object_of_a_foreign_kind_is_judged_in_our_words(crds, text, found):
    report = validate(widget(text), crds / TEMPLATE)

    assert [(one.rule, one.path, one.message) for one in report.findings] == found
    assert {one.layer for one in report.findings} <= {"schema"}
    assert (report.summary.documents, report.summary.unknown_kinds) == (1, ())


def test_a_finding_has_its_line_and_its_fix(crds):
    (finding,) = validate(widget("size: 1, mod: Fast"), crds / TEMPLATE).findings

    assert (finding.line, finding.column, finding.fix, finding.object) == (5, 17, "did you mean mode?", "Widget/a")


def test_a_kind_without_a_schema_there_is_still_unknown(crds):
    report = validate(widget(kind="Gadget"), crds / TEMPLATE, strict=True)

    assert report.summary.unknown_kinds == (("example.com/v1 Gadget", 1),)
    assert [one.rule for one in report.findings] == ["unknown-kind"]


def test_own_kinds_keep_our_schemas(crds):
    write(crds / "v1/pod_v1.json", {"not": {}})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}

    with_ours = aksrdma.validate(pod)

    assert validate(pod, crds / TEMPLATE).findings == with_ours.findings


def test_the_first_location_with_a_schema_counts_and_default_means_ours(crds):
    write(crds / "other/widget.json", {"not": {}})

    assert validate(widget(), "default", crds / TEMPLATE, crds / "other/{{.ResourceKind}}.json").ok
    assert not validate(widget(), crds / "other/{{.ResourceKind}}.json", crds / TEMPLATE).ok
    assert validate(widget(), "default").summary.unknown_kinds == (("example.com/v1 Widget", 1),)


def test_a_comment_suppresses_a_finding_and_an_unused_one_is_told(crds):
    text = widget("size: 0").rstrip() + "  # aksrdma: ignore invalid-value -- a test\n"
    idle = widget("size: 1").rstrip() + "  # aksrdma: ignore invalid-value -- a test\n"

    assert (validate(text, crds / TEMPLATE).findings, validate(text, crds / TEMPLATE).summary.suppressed) == ((), 1)
    assert [one.rule for one in validate(idle, crds / TEMPLATE).findings] == ["unused-suppression"]


def test_a_patch_of_a_foreign_kind_lacks_nothing(crds):
    report = validate(widget("$patch: merge"), crds / TEMPLATE)

    assert [one.path for one in report.findings] == []
    assert "is a patch" in report.notes[-1]


@pytest.mark.parametrize(
    ("template", "api_version", "kind", "file"),
    [
        pytest.param(TEMPLATE, "example.com/v1", "Widget", "example.com/widget_v1.json", id="group-kind-version"),
        pytest.param(TEMPLATE, "v1", "Thing", "v1/thing_v1.json", id="the-core-group-goes-by-its-version"),
        pytest.param(
            "{{ .ResourceKind }}{{ .KindSuffix }}.json",
            "example.com/v1",
            "Widget",
            "widget-example-v1.json",
            id="the-suffix-has-the-first-part-of-the-group",
        ),
        pytest.param("{{.ResourceKind}}{{.KindSuffix}}.json", "v1", "Thing", "thing-v1.json", id="a-suffix-of-core"),
        pytest.param(
            "", "example.com/v1", "Widget", "v1.37.0-standalone-strict/widget-example-v1.json", id="the-usual-layout"
        ),
        pytest.param("all.json", "example.com/v1", "Widget", "all.json", id="one-file-for-all"),
    ],
)
def test_a_template_names_the_file_of_a_kind(tmp_path, template, api_version, kind, file):
    path = write(tmp_path / file, {})

    assert Location(str(tmp_path / template) if template else str(tmp_path)).find(api_version, kind) == path


def test_kubeconform_finds_the_same_files(tmp_path, kubeconform):
    template = "{{.Group}}/{{ .NormalizedKubernetesVersion }}{{.StrictSuffix}}{{.ResourceKind}}{{.KindSuffix}}_{{.ResourceAPIVersion}}.json"
    location = str(tmp_path / template)
    write(tmp_path / "example.com/v1.34.0-strictwidget-example-v1_v1.json", {"not": {}})
    write(tmp_path / "v1/v1.34.0-strictthing-v1_v1.json", {"not": {}})
    text = widget() + "---\n" + widget(version="v1", kind="Thing")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")

    command = [kubeconform, "-strict", "-kubernetes-version", "1.34.0", "-schema-location", location]
    told = subprocess.run([*command, tmp_path / "a.yaml"], capture_output=True, text=True, check=False).stdout

    assert told.count(" a is invalid") == 2
    assert not any(
        Location(location, "v1.34").find(*kind) is None for kind in (("example.com/v1", "Widget"), ("v1", "Thing"))
    )


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        pytest.param("../example.com/v1", "Widget", id="a-step-up"),
        pytest.param("..", "Widget", id="a-version-that-is-a-step-up"),
        pytest.param("example.com/../v1", "Widget", id="a-step-up-in-the-middle"),
        pytest.param("example.com/..", "Widget", id="a-step-up-at-the-end"),
        pytest.param("/etc/v1", "Widget", id="an-absolute-path"),
        pytest.param("*/v1", "Widget", id="a-wild-card"),
        pytest.param("example.com/v1", "../Widget", id="a-step-up-in-a-kind"),
        pytest.param("example.com/v1", "Wid*", id="a-wild-card-in-a-kind"),
        pytest.param("example.com/v1", "W\0", id="a-byte-that-no-path-has"),
        pytest.param("a" * 253 + "/" + "b" * 63, "C" * 63, id="names-too-long-for-a-file"),
        pytest.param("", "Widget", id="no-version"),
    ],
)
def test_no_name_leads_out_of_the_folder(crds, api_version, kind):
    write(crds / "inner/x.json", {})
    places = ["{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json", "{{.Group}}{{.ResourceKind}}.json"]

    assert [Location(str(crds / "inner" / one)).find(api_version, kind) for one in places] == [None, None]
    assert Location(str(crds / TEMPLATE)).find(api_version, kind) is None


@pytest.mark.parametrize(
    ("location", "message"),
    [
        pytest.param("https://example.com/{{.Group}}.json", "only local files are read", id="a-url"),
        pytest.param("file:///{{.Group}}.json", "only local files are read", id="a-url-of-a-file"),
        pytest.param("{{.Grup}}.json", "there is no field Grup; did you mean Group", id="a-slip"),
        pytest.param("{{.Xyz}}.json", "there is no field Xyz; there are Group, KindSuffix", id="an-unknown-field"),
        pytest.param("{{.Group | lower}}.json", "only fields stand in double braces", id="a-function"),
        pytest.param("{{.Group}}/}}.json", "only fields stand in double braces", id="a-lone-brace"),
        pytest.param("nowhere/at/all/{{.Group}}.json", "there is no folder nowhere/at/all", id="no-folder"),
    ],
)
def test_a_location_that_cannot_be_right_is_refused(location, message):
    with pytest.raises(UsageError, match="schema location " + r".*" + message):
        validate(widget(), location)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "is no JSON Schema", id="no-json"),
        pytest.param("[]", "is no JSON Schema", id="a-list"),
        pytest.param('{"$schema": 1}', "is no JSON Schema", id="a-draft-that-is-no-text"),
        pytest.param('{"type": "objekt"}', "is no JSON Schema: 'objekt'", id="a-type-that-there-is-not"),
        pytest.param(
            '{"$ref": "../other.json"}', r"refers to ../other.json, which is not there", id="out-of-the-folder"
        ),
        pytest.param('{"$ref": "https://example.com/a.json"}', "refers to https://example.com", id="the-network"),
        pytest.param('{"$ref": "#/definitions/a"}', "refers to", id="nowhere"),
        pytest.param('{"properties": {"kind": {"pattern": "("}}}', "is no JSON Schema|has a pattern", id="a-pattern"),
    ],
)
def test_a_schema_that_cannot_be_used_is_an_error_that_names_it(tmp_path, text, message):
    folder = tmp_path / "crds"
    folder.mkdir()
    (folder / "widget.json").write_text(text, encoding="utf-8")
    write(tmp_path / "other.json", {})

    with pytest.raises(ReadError, match=rf"widget.json: ({message})"):
        validate(widget(), folder / "{{.ResourceKind}}.json")


def judged(folder, schema, value):
    return [(one.path, one.rule, one.message) for one in judge_by(write(folder / "a.json", schema), folder)(value)]


NO_FORM = "fits none of the forms that the schema allows"
PART = {"type": "string", "maxLength": 1}


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        pytest.param(
            {"minimum": 1, "exclusiveMinimum": True}, 1, ["must be more than 1, is 1"], id="a-bound-of-draft-4"
        ),
        pytest.param({"maximum": 1, "exclusiveMaximum": True}, 1, ["must be less than 1, is 1"], id="the-upper-one"),
        pytest.param({"maximum": 1, "exclusiveMaximum": False}, 1, [], id="a-bound-that-is-not-exclusive"),
        pytest.param({"minimum": 1}, "0", [], id="a-bound-is-for-numbers"),
        pytest.param({"maximum": 1}, True, [], id="and-not-for-booleans"),
        pytest.param({"multipleOf": 0.5}, 0.25, ["must be a multiple of 0.5, is 0.25"], id="no-multiple"),
        pytest.param({"multipleOf": 0.5}, 1.5, [], id="a-multiple"),
        pytest.param({"minLength": 2}, "a", ['"a" is too short; it needs 2 characters or more'], id="too-short"),
        pytest.param({"minLength": 2}, [], [], id="a-length-is-for-text"),
        pytest.param({"pattern": r"^\d$"}, "a", [r'"a" does not match ^\d$'], id="a-pattern"),
        pytest.param({"pattern": r"^a$"}, "a\n", [r'"a\n" does not match ^a$'], id="a-pattern-is-read-as-go-reads-it"),
        pytest.param({"format": "date-time"}, "2026-04-01", ["is not a time such as"], id="a-time"),
        pytest.param({"format": "date-time"}, "2026-02-30T00:00:00Z", ["is not a time such as"], id="no-such-day"),
        pytest.param({"format": "int32"}, "a", [], id="an-unknown-format"),
        pytest.param({"minItems": 1}, [], ["needs 1 item or more, has 0"], id="too-few-items"),
        pytest.param({"maxItems": 1}, [1, 2], ["takes at most 1 item, has 2"], id="too-many-items"),
        pytest.param({"maxItems": 1}, {"a": 1, "b": 2}, [], id="items-are-not-fields"),
        pytest.param({"minProperties": 1}, {}, ["needs 1 field or more, has 0"], id="too-few-fields"),
        pytest.param({"maxProperties": 0}, {"a": 1}, ["takes at most 0 fields, has 1"], id="too-many-fields"),
        pytest.param({"uniqueItems": False}, [1, 1], [], id="items-that-may-be-the-same"),
        pytest.param({"uniqueItems": True}, [{"a": 1}, {"a": 1.0}], ["is the same as item 0"], id="the-same-value"),
        pytest.param({"enum": [1]}, True, ["true is none of 1"], id="true-is-not-1"),
        pytest.param({"const": "a"}, "b", ['"b" is none of "a"'], id="not-the-one-value"),
        pytest.param(
            {"anyOf": [{"type": "integer"}, {"type": ["string", "boolean"]}]},
            [],
            ["must be an integer or a string or a boolean, is a list"],
            id="forms-that-are-types",
        ),
        pytest.param({"oneOf": [{"type": "integer"}, {"minLength": 2}]}, "a", [NO_FORM], id="other-forms"),
        pytest.param({"anyOf": [{"items": {"type": "string"}}]}, [1], [NO_FORM], id="a-type-further-down"),
        pytest.param({"not": {"type": "string"}}, "a", [NO_FORM], id="not"),
        pytest.param({"allOf": [{"minimum": 1}]}, 0, ["must be 1 or more, is 0"], id="all-of-the-forms"),
        pytest.param(
            {"dependencies": {"a": ["b"]}}, {"a": 1}, ["does not fit dependencies of its schema"], id="others"
        ),
        pytest.param(
            {"additionalProperties": PART}, {"a": "bb"}, ["has 2 characters; at most 1 are taken"], id="a-map"
        ),
        pytest.param(
            {"patternProperties": {"^x-": {}}, "additionalProperties": False},
            {"x-a": 1, "y": 1},
            ["unknown field y"],
            id="fields-by-a-pattern",
        ),
        pytest.param({"properties": {"a": PART}}, {"a": None}, [], id="a-null-is-left-out"),
        pytest.param(
            {"properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]},
            {"a": None},
            [],
            id="a-null-may-be-taken",
        ),
        pytest.param({"$ref": "parts/b.json#/definitions/c"}, "bb", ["has 2 characters"], id="another-file"),
        pytest.param(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "exclusiveMinimum": 1},
            1,
            ["must be more than 1, is 1"],
            id="a-later-draft",
        ),
        pytest.param(
            {"$schema": "urn:unheard-of", "minimum": 1}, 0, ["must be 1 or more, is 0"], id="an-unknown-draft"
        ),
    ],
)
def test_a_keyword_is_judged(tmp_path, schema, value, found):
    write(tmp_path / "parts/b.json", {"definitions": {"c": PART}})

    messages = [message for _, _, message in judged(tmp_path, schema, value)]

    assert len(messages) == len(found)
    assert all(part in message for part, message in zip(found, messages, strict=True))


def test_a_problem_deep_down_has_its_path(tmp_path):
    schema = {"properties": {"a": {"items": {"required": ["b"], "additionalProperties": {"type": "string"}}}}}

    assert judged(tmp_path, schema, {"a": [{"b": "c"}, {"d": 1}]}) == [
        (("a", 1, "b"), "missing-field", "b is required"),
        (("a", 1, "d"), "wrong-type", "must be a string, is an integer: 1"),
    ]


def test_an_object_that_is_too_deep_is_a_finding_and_no_crash(tmp_path):
    deep = {}
    for _ in range(5_000):
        deep = {"a": deep}

    assert judged(tmp_path, {"properties": {"a": {"$ref": "#"}}}, deep) == [
        ((), "invalid-value", "is nested too deeply to be judged by its schema")
    ]


def test_locations_of_a_configuration_are_relative_to_it(crds, monkeypatch, tmp_path):
    below = tmp_path / "some/where"
    below.mkdir(parents=True)
    (tmp_path / "aksrdma.toml").write_text(f'schema-locations = ["default", "{TEMPLATE}"]', encoding="utf-8")

    monkeypatch.chdir(below)
    assert configured() == {"schema_locations": ("default", str(tmp_path / TEMPLATE))}


def test_the_command_line_takes_it_more_than_once(crds, capsys):
    (crds / "w.yaml").write_text(widget("size: 0"), encoding="utf-8")

    options = ["--schema-location", "default", "--schema-location", str(crds / TEMPLATE)]
    code = run(["validate", str(crds / "w.yaml"), "-q", *options])

    assert code == 1
    assert "invalid-value Widget/a spec.size: must be 1 or more, is 0" in capsys.readouterr().out


def test_without_a_location_nothing_is_loaded_that_makes_schemas_or_judges_foreign_ones(root):
    code = (
        "import sys, aksrdma; assert not aksrdma.validate('apiVersion: v1\\nkind: Pod\\nspec: {}').ok;"
        "print([name for name in sys.modules if name.split('.')[0] == 'jsonschema' or name.startswith('aksrdma.schemas.make')"
        " or name in ('aksrdma.schemas.judge.foreign', 'aksrdma.schemas.judge.cel')])"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "[]"
