"""Helm values: where they are found, for which chart and release they are judged, and what is said of them."""

import textwrap

import pytest

import aksrdma
from aksrdma.checks.relation.helm_values import ChartValues, chart_of

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: network-operator, namespace: network-operator}}
spec:
  chart: {{spec: {{chart: {chart}, version: "{version}"}}}}
  values:
    {values}
"""


def findings(text, **options):
    report = aksrdma.validate(textwrap.dedent(text), **options)
    return [(one.severity, one.path, one.message, one.fix) for one in report.findings]


def of_release(values, chart="network-operator", version="26.4.1"):
    return findings(RELEASE.format(chart=chart, version=version, values=values))


def test_the_sections_of_which_a_policy_was_made_are_one_finding():
    found = findings(
        "deployCR: true\nofedDriver: {deploy: true}\nsriovDevicePlugin: {deploy: true, resources: [{name: ib}]}\n"
    )

    assert found == [
        (
            "warning",
            "deployCR",
            "deployCR, ofedDriver and sriovDevicePlugin are no longer read: since v24.10 the chart makes no "
            "NicClusterPolicy of its values",
            "write a NicClusterPolicy and apply it yourself (aksrdma render makes one); the resources of a device "
            "plugin belong in its config",
        )
    ]


def test_one_such_section_alone_is_in_the_singular():
    (found,) = of_release("ofedDriver: {deploy: true}")

    assert found[2].startswith("ofedDriver is no longer read: since v24.10")
    assert "config" not in found[3]


def test_a_value_that_moved_comes_with_what_to_do_instead():
    (found,) = of_release("nvPeerDriver: {deploy: true}")

    assert found == (
        "warning",
        "spec.values.nvPeerDriver",
        "no longer read: the chart network-operator has been without it since v23.7",
        "set driver.rdma.enabled in the values of the GPU Operator, which loads nvidia-peermem",
    )


@pytest.mark.parametrize(
    ("values", "path", "message", "fix"),
    [
        ("nfd: {deployNodeFeatureRule: false}", "nfd.deployNodeFeatureRule",
         "did you mean nfd.deployNodeFeatureRules?", "write nfd.deployNodeFeatureRules"),
        ("nfd: {DeployNodeFeatureRules: false}", "nfd.DeployNodeFeatureRules",
         "did you mean nfd.deployNodeFeatureRules?", "write nfd.deployNodeFeatureRules"),
        ("deployNodeFeatureRules: false", "deployNodeFeatureRules",
         "it belongs at nfd.deployNodeFeatureRules", "move it to nfd.deployNodeFeatureRules"),
        ("nfd: {worker: {}}", "nfd.worker",
         "it belongs at node-feature-discovery.worker", "move it to node-feature-discovery.worker"),
        ("operator: {nfd: {enabled: true}}", "operator.nfd", "it belongs at nfd", "move it to nfd"),
        ("gdrcopy: {enabled: true}", "gdrcopy",
         "it is a value of the chart gpu-operator", "move it into the values of gpu-operator"),
    ],
)  # fmt: skip
def test_an_unknown_value_is_answered_with_its_place(values, path, message, fix):
    assert of_release(values) == [
        ("warning", f"spec.values.{path}", f"network-operator v26.4.1 does not read this value; {message}", fix)
    ]


def test_an_unknown_value_without_any_near_one_says_where_to_look():
    (found,) = of_release("zzz: 1")

    assert found[2:] == (
        "network-operator v26.4.1 does not read this value",
        "write a key of the chart; helm show values prints them",
    )


def test_a_key_with_several_places_is_not_sent_to_one_of_them():
    (found,) = of_release("extraArgs: []")

    assert found[2] == "network-operator v26.4.1 does not read this value"


@pytest.mark.parametrize(
    ("version", "found"), [("25.1.0", 1), ("25.1", 1), ("24.10.1", 0), ("1.4.0", 0), ("1.2.3.4", 1)]
)
def test_keys_are_judged_from_the_oldest_release_on_that_is_known(version, found):
    assert len(of_release("zzz: 1", version=version)) == found


@pytest.mark.parametrize(
    ("version", "message", "fix"),
    [
        (
            "25.4.0",
            "came with network-operator v25.7, and v25.4.0 does not read it",
            "use v25.7 or later, or remove it",
        ),
        ("v25.7.0", None, None),
        ("25.x", None, None),
        ("24.7.0", None, None),
    ],
)
def test_a_value_of_a_later_release_is_unknown_to_an_earlier_one(version, message, fix):
    found = of_release("operator: {cniNetworkDirectory: /etc/cni/net.d}", version=version)

    assert [one[2:] for one in found] == ([(message, fix)] if message else [])


def test_a_value_of_an_earlier_release_is_gone_in_a_later_one_and_an_info_where_the_release_is_not_known():
    values = "nicConfigurationOperator: {enabled: true}"

    assert [one[0] for one in of_release(values, version="25.10.0")] == ["warning"]
    assert [one[0] for one in of_release(values, version="25.7.0")] == []
    assert [one[0] for one in of_release(values, version="")] == ["info"]


def test_a_section_that_is_gone_as_a_whole_is_one_finding():
    values = "driver: {rdma: {enabled: true}}\noperator:\n  initContainer: {image: cuda, repository: nvcr.io/nvidia}\n"

    assert [(severity, path) for severity, path, *_ in findings(values)] == [("info", "operator.initContainer")]


def test_the_release_of_a_file_of_values_is_that_of_its_set():
    values = "nicConfigurationOperator: {enabled: true}\nnfd: {deployNodeFeatureRules: true}\n"
    cluster = (
        "---\napiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nmetadata: {name: c}\nspec: {release: v25.4.0}\n"
    )

    assert [one[0] for one in findings(values)] == ["info"]
    assert [one[0] for one in findings(values, release="v26.4.1")] == ["warning"]
    assert [one[0] for one in findings(values + cluster)] == []


@pytest.mark.parametrize(
    ("values", "severity", "message", "fix"),
    [
        ('nfd: {enabled: "false"}', "warning",
         "is the text 'false': helm takes nothing but a boolean here, and the sub-chart is installed or not as by default",
         "write false without quotes"),
        ('nfd: {deployNodeFeatureRules: "False"}', "warning",
         "is the text 'False', which the chart's templates take for true", "write false without quotes"),
        ('node-feature-discovery: {worker: {enable: "true"}}', "error",
         "is the text 'true' where network-operator v26.4.1 wants a boolean, and helm refuses anything else",
         "write a boolean"),
        ("operator: {tolerations: {key: sku}}", "error",
         "is a map where network-operator v26.4.1 wants a list", "write a list"),
        ("operator: {nodeSelector: [a]}", "error", "is a list where network-operator v26.4.1 wants a map", "write a map"),
        ("operator: {repository: {a: b}}", "error", "is a map where network-operator v26.4.1 wants one word", "write one word"),
        ("imagePullSecrets: [{name: ngc}]", "error",
         "is a list of maps where network-operator v26.4.1 wants a list of texts", "write the names alone"),
        ("nfd: false", "error", "is false where network-operator v26.4.1 wants a map", "write a map"),
        ("nfd: 3", "error", "is the number 3 where network-operator v26.4.1 wants a map", "write a map"),
        ("operator: {useDTK: []}", "error", "is a list where network-operator v26.4.1 wants a boolean", "write a boolean"),
        ("upgradeCRDs: {enabled: true}", "error",
         "is a map where network-operator v26.4.1 wants a boolean", "write a boolean"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_told_with_what_the_chart_wants(values, severity, message, fix):
    assert [(one[0], *one[2:]) for one in of_release(values)] == [(severity, message, fix)]


@pytest.mark.parametrize(
    "values",
    [
        'operator: {useDTK: "false"}',
        'upgradeCRDs: "true"',
        "operator: {tolerations: null}",
        'operator: {tolerations: ""}',
        "nfd: null",
        "operator: {image: 5}",
        "imagePullSecrets: [ngc, 5]",
        "node-feature-discovery: {imagePullSecrets: [{name: ngc}]}",
    ],
)
def test_what_the_templates_can_use_is_no_finding(values):
    assert of_release(values) == []


def test_values_that_are_text_in_an_argo_application_are_found_on_their_line():
    text = """\
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: gpu}
        spec:
          sources:
          - chart: gpu-operator
            targetRevision: v26.3.3
            helm:
              values: |
                nfd:
                  enabled: false
                driver:
                  rmda:
                    enabled: true
    """

    (found,) = aksrdma.validate(textwrap.dedent(text)).findings

    assert (found.line, found.column, found.path) == (13, 11, "spec.sources[0].helm.values.driver.rmda")
    assert found.fix == "write driver.rdma"


def test_values_of_a_sub_chart_in_a_text_are_found_on_their_line():
    text = """\
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: all}
        spec:
          source:
            path: charts/all
            helm:
              values: |
                grafana: {}
                gpu-operator:
                  driver: {rdma: {enabled: true}}
                  nfdd: {enabled: false}
    """

    (found,) = aksrdma.validate(textwrap.dedent(text)).findings

    assert (found.line, found.column, found.path) == (12, 11, "spec.source.helm.values.gpu-operator.nfdd")


@pytest.mark.parametrize(
    "text",
    [
        """\
        apiVersion: argoproj.io/v1alpha1
        kind: ApplicationSet
        metadata: {name: no}
        spec: {template: {spec: {source: {chart: network-operator, targetRevision: 26.4.1,
          helm: {valuesObject: {nfdx: 1}}}}}}
        """,
        """\
        apiVersion: helm.cattle.io/v1
        kind: HelmChart
        metadata: {name: no}
        spec: {chart: oci://registry.example/charts/network-operator, valuesContent: "nfdx: 1"}
        """,
        """\
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {name: no}
        spec: {chartRef: {kind: OCIRepository, name: x}, values: {upgradeCRDs: true, deployCR: false, nfdx: 1}}
        """,
        """\
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: no}
        spec: {source: {chart: network-operator, helm: {parameters: [{name: nfdx, value: "1"}, {value: "2"}]}}}
        """,
    ],
    ids=["application-set", "helm-chart", "chart-known-by-its-values", "parameter"],
)
def test_values_are_found_wherever_a_controller_takes_them_from(text):
    assert "chart-value-unknown" in [one.rule for one in aksrdma.validate(textwrap.dedent(text)).findings]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"nfd": {"deployNodeFeatureRules": False}}, "network-operator"),
        ({"deployCR": True, "ofedDriver": {}}, "network-operator"),
        ({"driver": {"rdma": {"enabled": True}}}, "gpu-operator"),
        ({"toolkit": {}, "devicePlugin": {}, "gfd": {}}, "gpu-operator"),
        ({"nfd": {"enabled": True}}, None),
        ({"nfd": {"enabled": True}, "driver": {"enabled": True}}, "gpu-operator"),
        ({"nfd": {"enabled": True}, "deployCR": True}, "network-operator"),
        ({"operator": {"image": "x"}, "nfd": {"enabled": True}}, None),
        ({"driver": {"enabled": True}}, None),
        ({"deployCR": True}, None),
        ({"driver": {"rdma": {}}, "a": 1, "b": 1}, None),
        ({"driver": {"rdma": {}}, "a": 1, "x-b": 1, "_c": 1}, "gpu-operator"),
        ({"kind": "X", "driver": {"rdma": {}}}, None),
        ([1], None),
        (None, None),
    ],
)
def test_a_chart_is_known_by_values_that_no_other_has(data, name):
    found = chart_of(data)

    assert (found.name if found else None) == name


def test_values_of_a_chart_that_is_not_judged_are_skipped_and_counted():
    report = aksrdma.validate("worker: {tolerations: x}\nmaster: {}\nimage: {}\n")

    assert report.findings == ()
    assert report.summary.not_manifests == 1


def test_judged_values_are_no_stranger_to_strict_and_can_be_suppressed():
    text = "nfd: {deployNodeFeatureRules: false}\nnonsense: 1 # aksrdma: ignore chart-value-unknown -- ours\n"
    report = aksrdma.validate(text, strict=True)

    assert report.findings == ()
    assert (report.summary.documents, report.summary.not_manifests, report.summary.suppressed) == (1, 0, 1)


def test_a_helm_release_of_another_chart_is_not_said_to_be_judged():
    report = aksrdma.validate(RELEASE.format(chart="grafana", version="1", values="a: 1"))

    assert report.notes == ()
    assert report.summary.unknown_kinds == (("helm.toolkit.fluxcd.io/v2 HelmRelease", 1),)


@pytest.mark.parametrize("value", ["1", "[1]", "{a: 1}", "'{'", '"a: b: c"', "null", "|\n      - x"])
def test_values_of_any_shape_are_read_without_a_failure(value):
    for path in ("values", "valuesContent", "chart", "source", "sources", "template"):
        for kind in ("helm.toolkit.fluxcd.io/v2 HelmRelease", "argoproj.io/v1alpha1 Application",
                     "argoproj.io/v1alpha1 ApplicationSet", "helm.cattle.io/v1 HelmChart"):  # fmt: skip
            version, name = kind.split()
            text = f"apiVersion: {version}\nkind: {name}\nmetadata: {{name: a}}\nspec:\n  {path}: {value}\n"
            assert aksrdma.validate(text).findings == ()


POLICY = """\
---
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec:
  sriovDevicePlugin:
    image: sriov-network-device-plugin
    repository: nvcr.io/nvidia/mellanox
    version: network-operator-v26.4.1
    config: |
      {"resourceList": [{"resourceName": "ib", "resourcePrefix": "rdma", "selectors": {"isRdma": true, "vendors": ["15b3"]}}]}
"""


@pytest.mark.parametrize("enabled", [True, False])
def test_the_webhook_judges_where_the_values_switch_it_on(enabled):
    values = f"operator: {{admissionController: {{enabled: {str(enabled).lower()}, useCertManager: true}}}}\n"
    report = aksrdma.validate(values + POLICY)

    assert ("webhook-resource-prefix" in {one.rule for one in report.findings}) is enabled
    note = ": operator.admissionController.enabled is true: judged as the webhook does, too"
    assert any(one.endswith(note) for one in report.notes) is enabled


def test_the_last_word_on_a_value_counts():
    first, last = (
        "nfd: {deployNodeFeatureRules: true, enabled: false}",
        "nfd: {deployNodeFeatureRules: true, enabled: true}",
    )
    other = "---\ndriver: {rdma: {enabled: true}}\nnfd: {enabled: true}\n"

    def rules(*values):
        return {one.rule for one in aksrdma.validate("\n---\n".join(values) + "\n" + other).findings}

    assert "node-feature-discovery-twice" in rules(first, last)
    assert "node-feature-discovery-twice" not in rules(last, first)


def test_two_charts_with_discovery_are_told_once_and_at_the_second():
    text = "nfd: {deployNodeFeatureRules: true}\n---\ndriver: {rdma: {enabled: true}}\n"
    (found,) = [one for one in aksrdma.validate(text).findings if one.rule == "node-feature-discovery-twice"]

    assert found.document == 2
    assert found.message == (
        "nfd.enabled is true by default, and the chart network-operator of the set brings Node Feature Discovery, too"
    )


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("25.10.0", "v25.10.0"),
        (" v25.10.0 ", "v25.10.0"),
        ("25.10", "v25.10"),
        ("v26.7.0-rc.2", "v26.7.0"),
        ("1.2.3+build", "v1.2.3"),
        ("25", None),
        ("1.2.3.4", None),
        ("25.x", None),
        ("^25.1.0", None),
        (">=25.1.0 <26.0.0", None),
        ("*", None),
        ("²5.1", None),
        ("\u0662\u0665.\u0661", None),
        ("main", None),
        ("", None),
    ],
)
def test_only_an_exact_version_of_a_chart_is_a_release(version, release):
    assert ChartValues(None, None, (), {}, version).exact_version == release


TWICE = "node-feature-discovery-twice"


def rules_of(*texts):
    return [(one.rule, one.path) for one in aksrdma.validate("\n---\n".join(texts)).findings]


def helm_chart(kind, chart, values, more=""):
    spec = f"{{chart: {chart}, valuesContent: '{values}'{more}}}"
    return f"apiVersion: helm.cattle.io/v1\nkind: {kind}\nmetadata: {{name: {chart.rpartition('/')[2]}}}\nspec: {spec}"


def test_a_chart_that_is_installed_without_values_has_what_is_its_default():
    bare = RELEASE.format(chart="gpu-operator", version="25.3.4", values="{}").replace("  values:\n    {}\n", "")

    assert (TWICE, "spec") in rules_of("nfd: {deployNodeFeatureRules: true}", bare)


def test_what_an_own_chart_installs_counts_by_its_name_wherever_it_comes_from():
    network = RELEASE.format(chart="network-operator", version="26.4.1", values="upgradeCRDs: true")
    own = helm_chart("HelmChart", "oci://registry.k8s.io/nfd/charts/node-feature-discovery", "a: b")

    assert rules_of(network, own) == [(TWICE, "spec.values")]
    assert rules_of(network, own.replace("node-feature-discovery", "other")) == []


@pytest.mark.parametrize(
    "spec",
    [
        "{source: {chart: node-feature-discovery}}",
        "{sources: [{chart: other}, {chart: node-feature-discovery}]}",
        "{template: {spec: {source: {chart: node-feature-discovery}}}}",
    ],
)
def test_a_chart_of_argo_counts_by_its_name_wherever_it_is_named(spec):
    network = RELEASE.format(chart="network-operator", version="26.4.1", values="upgradeCRDs: true")
    kind = "ApplicationSet" if "template" in spec else "Application"

    own = f"apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}"
    assert rules_of(network, own) == [(TWICE, "spec.values")]


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        (helm_chart("HelmChart", "gpu-operator", "gfd: {enabled: true}"), True),
        (helm_chart("HelmChart", "gpu-operator", "gfd: {enabled: true}", ", valuesSecrets: [{name: a}]"), False),
        (helm_chart("HelmChartConfig", "gpu-operator", "gfd: {enabled: true}"), False),
    ],
    ids=["whole", "more-in-a-secret", "part"],
)
def test_what_a_part_of_the_values_does_not_say_is_not_known(text, is_told):
    assert (TWICE in dict(rules_of("nfd: {deployNodeFeatureRules: true}", text))) is is_told


def test_values_below_the_name_of_a_chart_that_are_not_its_own_are_left_alone():
    assert rules_of("gpu-operator: {nfd: {deployNodeFeatureRules: true}, zzz: 1}") == []
    assert rules_of("network-operator: {driver: {rdma: {enabled: true}}, zzz: 1}") == []


def test_a_helm_release_of_another_group_is_another_kind():
    text = RELEASE.format(chart="network-operator", version="26.4.1", values="zzz: 1")

    assert len(rules_of(text)) == 1
    assert rules_of(text.replace("helm.toolkit.fluxcd.io/v2", "helm.example.com/v1")) == []


WORKER = "node-feature-discovery: {worker: {config: {sources: {pci: {deviceLabelFields: [class, vendor]}}}}}\n"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param("nfd: {deployNodeFeatureRules: false}\n", True, id="nobody-else-labels"),
        pytest.param("nfd: {deployNodeFeatureRules: true}\n", False, id="the-rule-of-the-chart-does"),
        pytest.param("operator: {useDTK: true}\n", False, id="as-by-default"),
        pytest.param("nfd: {deployNodeFeatureRules: false, enabled: false}\n", False, id="it-is-not-installed"),
    ],
)
def test_the_configuration_of_discovery_is_judged_where_it_stands(values, told):
    found = [(one.rule, one.path) for one in aksrdma.validate(values + WORKER).findings]
    path = "node-feature-discovery.worker.config.sources.pci.deviceLabelFields"

    assert (("nfd-config-hides-label", path) in found) is told


def test_a_gpu_operator_alone_needs_no_label_of_nics_but_a_configuration_that_can_be_read():
    text = "driver: {rdma: {enabled: true}}\nnode-feature-discovery: {master: {config: {noPublish: 5, extra: 1}}}\n"

    assert rules_of(text + WORKER.replace("node-feature-discovery", "x-y")) == [
        ("nfd-config-invalid", "node-feature-discovery.master.config.noPublish"),
        ("nfd-config-invalid", "node-feature-discovery.master.config.extra"),
    ]
    assert rules_of("driver: {rdma: {enabled: true}}\n" + WORKER) == []


CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: more, namespace: network-operator}
data:
  values.yaml: |
    nfd:
      enable: false
  other: "deployCR: true"
"""


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{kind: ConfigMap, name: more}", [(7, 7, "data[values.yaml].nfd.enable")]),
        ("{kind: ConfigMap, name: more, valuesKey: other}", [(8, 11, "data.other.deployCR")]),
        ("{kind: ConfigMap, name: more, valuesKey: none}", []),
        ("{kind: ConfigMap, name: another}", []),
        ("{kind: Secret, name: more}", []),
        ("{kind: ConfigMap, name: more, targetPath: operator}", []),
        ("5", []),
    ],
)
def test_values_in_a_config_map_of_the_set_are_judged_where_they_stand(source, found):
    release = RELEASE.format(chart="network-operator", version="26.4.1", values="upgradeCRDs: true")
    release = release.replace("  values:", f"  valuesFrom: [{source}]\n  values:")
    report = aksrdma.validate(CONFIG_MAP + "---\n" + release)

    assert [(one.line, one.column, one.path) for one in report.findings] == found
