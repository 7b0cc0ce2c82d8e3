"""The keys of a chart's values are read from its own files: defaults, templates, sub-charts, from release to release."""

from tools.helm_charts import gone, keys_of, merged

VALUES = """\
image: {name: a, tag: b}
enabled: true
shown: true
labels: {a: b}
none: null
secrets: []
names: []
count: 1
sub: {own: 1}
part: {enabled: true}
"""
TEMPLATE = """\
{{- if .Values.enabled }}
image: {{ .Values.image.name }}:{{ .Values.image.tag | default "x" }}
shown: {{ .Values.shown }}
labels: {{ toYaml .Values.labels | nindent 2 }}
{{- end }}
{{- with .Values.extra }}
extra: {{ .first }}/{{ .second }}
{{- end }}
{{- with .Values.whole }}
{{ toYaml . }}
{{- end }}
{{- range .Values.names }}
- name: {{ . }}
{{- end }}
{{- if .Values.asked }}{{ end }}
pulled: {{ index .Values.image "pull-policy" }}
"""


def chart(folder, values, template, dependencies=""):
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"name: {folder.name}\n{dependencies}")
    (folder / "values.yaml").write_text(values)
    (folder / "templates/a.yaml").write_text(template)
    return folder


def test_a_chart_has_the_values_of_its_defaults_and_of_its_templates(tmp_path):
    folder = chart(tmp_path / "c", VALUES, TEMPLATE, "dependencies: [{name: sub, condition: part.enabled}]\n")
    chart(folder / "charts/sub", "below: x\n", "{{ if .Values.on }}{{ .Values.below }}{{ end }}")

    assert keys_of(folder) == {
        "image": {"name": "text", "tag": "text", "pull-policy": "text"},
        "enabled": "switch",
        "shown": "bool",
        "labels": "map",
        "none": "any",
        "secrets": "list",
        "names": "names",
        "count": "number",
        "sub": {"below": "text", "on": "any", "own": "number"},
        "part": {"enabled": "condition"},
        "extra": {"first": "text", "second": "text"},
        "whole": "any",
        "asked": "any",
    }


def test_a_map_that_goes_into_an_object_has_the_keys_of_its_schema(tmp_path):
    folder = chart(tmp_path / "c", "a: {}\nb: {}\n", "a: {{ toYaml .Values.a }}\nb: {{ toYaml .Values.b }}")
    (folder / "crds").mkdir()
    (folder / "crds/x_clusterpolicies.yaml").write_text(
        "spec: {versions: [{schema: {openAPIV3Schema: {properties: {spec: {properties: {a: {type: object, properties: {"
        "has: {type: boolean}, args: {type: array, items: {type: string}}, any: {}}}}}}}}}]}\n"
    )

    assert keys_of(folder) == {"a": {"has": "bool", "args": "names", "any": "any"}, "b": "map"}


def test_releases_are_told_where_not_all_have_a_value():
    trees = {
        "v1.1": {"a": "text", "b": {"c": "bool"}, "d": "list"},
        "v1.2": {"a": "text", "b": {"c": "switch"}, "e": "map"},
        "v1.3": {"a": "number", "b": {"c": "switch", "f": "any"}},
    }

    assert merged(trees, list(trees)) == {
        "a": "any",
        "b": {"c": "switch", "f": "any since v1.3"},
        "d": "list until v1.2",
        "e": "map since v1.2 until v1.3",
    }


def test_what_only_older_releases_have_is_gone_since_the_first_without():
    old = {"v0.1": {"a": "text", "b": {"c": "text", "d": "text"}}, "v0.2": {"b": {"c": "text"}, "e": {"f": "text"}}}

    assert dict(gone(old, {"b": {"d": "text"}}, "v1.1")) == {"a": "v0.2", "b.c": "v1.1", "e": "v1.1"}
