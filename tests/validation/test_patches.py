"""Patches for kustomize: what is one, what is not, and what is wrong with one whatever its base has."""

import pytest

import aksrdma

POLICY = "apiVersion: mellanox.com/v1alpha1\nkind: NicClusterPolicy\nmetadata: {name: nic-cluster-policy}\nspec:\n"
CONFIG = """\
    config: '{"resourceList": [{"resourcePrefix": "rdma", "resourceName": "ib", "selectors": {"vendors": ["15b3"], "linkTypes": ["infiniband"], "isRdma": true}}]}'
"""
WORKLOAD = """\
apiVersion: {}
kind: {}
metadata: {{name: a}}
spec:
"""
RDMA = (
    "{name: a, resources: {limits: {rdma/ib: 8, nvidia.com/gpu: 8}}, volumeMounts: [{name: shm, mountPath: /dev/shm}]}"
)


def of(api_version, kind, spec):
    return WORKLOAD.format(api_version, kind) + "".join(f"  {line}\n" for line in spec.splitlines())


def template(containers, more=""):
    return f"template: {{spec: {{{more}containers: [{containers}]}}}}"


def is_patch(report):
    return any("is a patch" in note for note in report.notes)


PATCHES = [
    pytest.param(of("apps/v1", "Deployment", template(RDMA)), id="deployment"),
    pytest.param(of("apps/v1", "DaemonSet", template("{name: a, command: [b]}")), id="daemon-set"),
    pytest.param(of("batch/v1", "Job", template(RDMA)), id="job"),
    pytest.param(of("batch/v1", "Job", template("{name: a, command: [b]}")), id="job-with-another-command"),
    pytest.param(of("batch/v1", "CronJob", "suspend: true"), id="cron-job"),
    pytest.param(of("batch/v1", "CronJob", f"jobTemplate: {{spec: {{{template(RDMA)}}}}}"), id="cron-job-with-pods"),
    pytest.param(of("v1", "Service", "type: LoadBalancer"), id="service"),
    pytest.param(of("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "replicas: 3"), id="leader-worker-set"),
    pytest.param(of("kubeflow.org/v2beta1", "MPIJob", "runPolicy: {cleanPodPolicy: None}"), id="mpi-job"),
    pytest.param(
        of("kubeflow.org/v2beta1", "MPIJob", f"mpiReplicaSpecs: {{Worker: {{replicas: 3, {template(RDMA)}}}}}"),
        id="mpi-job-with-pods",
    ),
    pytest.param(
        of(
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            f"replicatedJobs: [{{name: w, template: {{spec: {{{template(RDMA)}}}}}}}]",
        ),
        id="job-set-with-pods",
    ),
    pytest.param(
        of("batch.volcano.sh/v1alpha1", "Job", f"tasks: [{{name: w, replicas: 2, {template(RDMA)}}}]"), id="volcano-job"
    ),
    pytest.param(
        of("ray.io/v1", "RayCluster", f"workerGroupSpecs: [{{groupName: g, replicas: 4, {template(RDMA)}}}]"),
        id="ray-cluster",
    ),
    pytest.param(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, annotations: {b: c}}\n", id="an-annotation-alone"
    ),
    pytest.param("apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, labels: {b: c}}\n", id="a-label-alone"),
    pytest.param(POLICY + "  ofedDriver: {version: 25.04-0.6.1.0-2}\n  tolerations: [{key: sku}]\n", id="a-version"),
    pytest.param(of("nvidia.com/v1", "ClusterPolicy", "driver: {rdma: {enabled: true}}"), id="gpu-operator"),
    pytest.param(
        of("nvidia.com/v1", "ClusterPolicy", "driver: {}\ntoolkit: {}\ndcgm: {}\ngfd: {}\nmig: {}"), id="some-sections"
    ),
    pytest.param(POLICY + "  ofedDriver: {repository: r.example.com}\n  nvIpam: {}\n", id="a-repository"),
]
WHOLE = [
    pytest.param(of("apps/v1", "Deployment", "selector: {}\n" + template(RDMA)), "spec.template", id="with-a-selector"),
    pytest.param(of("v1", "Pod", "containers: [{name: a}]"), "image", id="a-pod-without-an-image"),
    pytest.param(
        of("nvidia.com/v1", "ClusterPolicy", "driver: {}\ntoolkit: {}\ndcgm: {}\ngfd: {}\noperator: {}"),
        "spec.daemonsets",
        id="a-gpu-policy-with-most-sections",
    ),
    pytest.param(
        of("batch/v1", "Job", template("{name: a}", "restartPolicy: Never, ")), "image", id="a-job-without-an-image"
    ),
    pytest.param(of("batch/v1", "Job", "# nothing").replace("spec:\n", "spec: {}\n"), "template", id="an-empty-spec"),
    pytest.param(of("batch/v1", "Job", template(RDMA)).replace("name: a}", "}", 1), "metadata", id="without-a-name"),
    pytest.param(
        of("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "leaderWorkerTemplate: {workerTemplate: {spec: {containers: "
           "[{name: a, command: [b], ports: [{}]}]}}}"), "containerPort", id="a-group-that-runs-something",
    ),
    pytest.param(of("v1", "Service", "selector: {a: b}"), "spec.ports", id="a-service-with-a-selector"),
    pytest.param(of("v1", "Service", "type: ExternalName"), "spec", id="a-service-for-a-name"),
    pytest.param(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n", "spec", id="neither-spec-nor-annotation"
    ),
    pytest.param(POLICY + "  sriovDevicePlugin:\n" + CONFIG, "spec.sriovDevicePlugin", id="a-config-without-an-image"),
    pytest.param(
        POLICY + "  sriovDevicePlugin:\n    version: v3.9.0\n" + CONFIG, "spec.sriovDevicePlugin", id="a-config-and-a-version"
    ),
    pytest.param(POLICY + "  ofedDriver: {}\n  nvIpam: {}\n", "spec.nvIpam", id="sections-with-nothing-in-them"),
    pytest.param(
        POLICY + "  ofedDriver: {version: 25.04-0.6.1.0-2}\n  nvIpam: {image: a}\n", "spec.nvIpam", id="one-image-of-two"
    ),
    pytest.param(
        POLICY + "  global: {repository: r, version: network-operator-v26.4.1}\n  nvIpam: {env: []}\n", "spec.nvIpam",
        id="all-but-the-image-is-global",
    ),
]  # fmt: skip


@pytest.mark.parametrize("text", PATCHES)
def test_a_patch_has_nothing_that_a_base_could_settle(text):
    report = aksrdma.validate(text, release="v25.4.0", vm_sizes=("Standard_ND96isr_H100_v5",), nodes=2)

    assert is_patch(report)
    assert [f"{one.rule} {one.path}" for one in report.findings] == []


@pytest.mark.parametrize(("text", "path"), WHOLE)
def test_an_object_that_was_meant_to_be_whole_is_refused_with_the_field(text, path):
    report = aksrdma.validate(text, release="v26.4.1")

    assert not is_patch(report)
    assert any(path in one.path for one in report.findings if one.severity == "error")


RICH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  template:
    spec:
      initContainers:
      - name: i
        volumeMounts: [{name: shm, mountPath: /x}]
      containers:
      - name: a
        startupProbe: {failureThreshold: 90}
        livenessProbe: {httpGet: {port: http}}
        lifecycle: {preStop: {}}
        volumeMounts: [{name: shm, mountPath: /x}, {name: data, mountPath: /y}]
        volumeDevices: [{name: disk, devicePath: /z}]
        resources: {requests: {rdma/ib: 1, cpu: 2}}
      volumes:
      - name: data
      - {name: own, configMap: {optional: true}}
"""


def test_handlers_volumes_limits_and_ports_may_be_in_the_base():
    report = aksrdma.validate(RICH)

    assert is_patch(report)
    assert [f"{one.rule} {one.path}" for one in report.findings] == []


@pytest.mark.parametrize(
    ("written", "instead", "rule", "path"),
    [
        pytest.param("failureThreshold: 90", "failureThreshold: -1", "invalid-value", "startupProbe.failureThreshold", id="a-number"),
        pytest.param("failureThreshold: 90", "failureTreshold: 9", "unknown-field", "startupProbe.failureTreshold", id="a-misspelt-field"),
        pytest.param("rdma/ib: 1", "rdma/ib: 1.5", "rdma-quantity-not-whole", "resources.requests[rdma/ib]", id="an-amount"),
        pytest.param("mountPath: /y", "mountPath: 3", "wrong-type", "volumeMounts[1].mountPath", id="a-type"),
        pytest.param("{name: data, mountPath: /y}", "{name: data, mountPath: /x}", "invalid-volumes", "volumeMounts[1].mountPath", id="two-mounts-at-one-place"),
        pytest.param("preStop: {}", "preStop: {exec: {command: [a]}, httpGet: {port: 1}}", "invalid-container", "lifecycle.preStop", id="two-handlers"),
        pytest.param("lifecycle: {preStop: {}}", "env: [{name: NCCL_IB_DISABLE, value: '1'}]", "rdma-off-by-environment", "env[0].value", id="a-variable"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_patch_itself_is_found(written, instead, rule, path):
    report = aksrdma.validate(RICH.replace(written, instead))

    assert is_patch(report)
    assert [(one.rule, one.path.removeprefix("spec.template.spec.containers[0].")) for one in report.findings] == [
        (rule, path)
    ]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("  ofedDriver: {version: 25.04-0.6.1.0-2}\n", id="a-policy"),
        pytest.param("  $patch: merge\n  sriovDevicePlugin:\n    image: i\n    repository: r\n    version: v3\n" + CONFIG, id="with-a-config"),
    ],
)  # fmt: skip
def test_what_a_patch_of_a_policy_does_not_have_may_be_on_the_cluster(spec):
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: b\n" + (
        "    resources: {limits: {rdma/other: 1}}\n    securityContext: {capabilities: {add: [IPC_LOCK]}}\n"
    )
    network = (
        "apiVersion: mellanox.com/v1alpha1\nkind: IPoIBNetwork\nmetadata: {name: ib}\n"
        'spec: {networkNamespace: default, master: ibs0, ipam: \'{"type": "nv-ipam", "poolName": "p"}\'}\n'
    )
    report = aksrdma.validate(f"{POLICY}{spec}---\n{pod}---\n{network}", release="v25.10.0")

    assert [one.rule for one in report.findings if one.rule != "component-version-not-of-release"] == []


@pytest.mark.parametrize(
    "text",
    [
        "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\nspec: {template: {metadata: null, spec: null}}\n",
        "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\nspec: {template: {metadata: 3, spec: {containers: 3}}}\n",
        "kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {template: {spec: {containers: [3], volumes: 3}}}\n",
        "kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {template: {spec: {volumes: [3, null], containers: "
        "[{volumeMounts: 3, lifecycle: 3, livenessProbe: 3, resources: 3}]}}}\n",
        "kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{resources: "
        "{requests: {a/b: 1}, limits: 3}, volumeMounts: [3, {name: 3}]}]}}}\n",
    ],
)
def test_odd_values_in_a_patch_are_the_schemas_to_refuse(text):
    assert {one.layer for one in aksrdma.validate(text).findings} <= {"schema", "component"}
    # What nobody wrote is never lent from one document to the next.
    assert aksrdma.validate("kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {}\n").findings


def test_a_base_is_not_written_into_the_users_data():
    data = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
    data["spec"] = {"template": {"spec": {"containers": [{"name": "a"}]}}}
    aksrdma.validate(data)

    assert data["spec"] == {"template": {"spec": {"containers": [{"name": "a"}]}}}


IMAGE_OF_A_BASE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec: {template: {spec: {containers: [{name: a, image: b}]}}}
"""


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("manager_image_patch.yaml", True),
        ("patch.yml", True),
        ("patch-image.yaml", True),
        ("dispatch.yaml", False),
        ("patched/a.yaml", False),
        ("a.yaml", False),
    ],
)
def test_a_workload_of_a_file_that_is_named_as_a_patch_may_lack_a_selector(tmp_path, name, is_one):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(IMAGE_OF_A_BASE)
    assert [one.path for one in aksrdma.validate(file).findings] == ([] if is_one else ["spec.selector"])
