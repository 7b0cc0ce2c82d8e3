"""What the GPU Operator is told, against the policies, pods and cluster file of a set: what is said, and how bad it is."""

import pytest

import aksrdma

WHOLE = (
    "daemonsets: {}, dcgm: {}, dcgmExporter: {}, devicePlugin: {}, gfd: {}, nodeStatusExporter: {}, "
    "operator: {defaultRuntime: containerd}, toolkit: {}"
)
DRIVER = """
---
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec: {ofedDriver: {image: doca-driver, repository: nvcr.io/nvidia/mellanox, version: doca3.4.1-26.04-1.1.0.0-1}}
"""
NO_DRIVER = DRIVER.replace("ofedDriver", "nicFeatureDiscovery").replace("doca-driver", "nic-feature-discovery")
CLUSTER = """
---
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata: {name: c}
spec:
  release: v26.4.1
  gpuDriver: %s
  nodePools: [{name: ib, vmSize: Standard_ND96isr_H100_v5, count: 2, taints: [%s]}]
"""
POD = """
---
apiVersion: v1
kind: Pod
metadata: {name: train}
spec: {containers: [{name: a, image: r.example.com/a:1, resources: {limits: {nvidia.com/gpu: 1}}}]}
"""


def policy(driver, rest=WHOLE):
    head = "apiVersion: nvidia.com/v1\nkind: ClusterPolicy\nmetadata: {name: cluster-policy}\n"
    return f"{head}spec: {{driver: {driver}, {rest}}}\n"


def told(text, rule):
    found = aksrdma.validate(text).findings
    return [(one.severity, one.path, one.message, one.fix) for one in found if one.rule == rule]


@pytest.mark.parametrize(
    ("rule", "text", "severity", "path", "message", "fix"),
    [
        pytest.param(
            "gpu-operator-waits-for-host-driver", policy("{rdma: {enabled: true, useHostMofed: true}}") + DRIVER,
            "warning", "spec.driver.rdma.useHostMofed",
            "useHostMofed takes the NIC driver and its headers from the host, and ofedDriver brings it in a container",
            "set useHostMofed: false", id="host-driver",
        ),
        pytest.param(
            "gpu-operator-waits-for-container-driver", policy("{rdma: {enabled: true}}") + NO_DRIVER,
            "warning", "spec.driver.rdma.enabled",
            "nvidia-peermem waits for the driver container of ofedDriver, which no policy of the set deploys",
            "deploy ofedDriver, or set useHostMofed: true where the node image has the driver", id="container-driver",
        ),
        pytest.param(
            "gpu-direct-without-peermem", policy("{rdma: {enabled: false}}") + DRIVER,
            "info", "spec.driver.rdma.enabled",
            "nvidia-peermem is not loaded: GPUDirect RDMA is left to programs that use DMA-BUF",
            "set driver.rdma.enabled: true", id="dma-buf",
        ),
        pytest.param(
            "gpu-direct-without-peermem", policy("{kernelModuleType: proprietary}") + DRIVER,
            "warning", "spec.driver",
            "nvidia-peermem is not loaded, and proprietary kernel modules have no DMA-BUF: no GPUDirect RDMA at all",
            "set driver.rdma.enabled: true", id="no-dma-buf",
        ),
        pytest.param(
            "gpu-direct-without-peermem", policy("{useOpenKernelModules: false, rdma: {enabled: false}}") + DRIVER,
            "warning", "spec.driver.rdma.enabled",
            "nvidia-peermem is not loaded, and proprietary kernel modules have no DMA-BUF: no GPUDirect RDMA at all",
            "set driver.rdma.enabled: true", id="no-dma-buf-in-older-words",
        ),
        pytest.param(
            "gpu-driver-not-by-operator", policy("{enabled: true}") + CLUSTER % ("aks", ""),
            "warning", "spec.driver.enabled",
            "AKS installs the NVIDIA driver of these pools (gpuDriver: aks), and this installs a second one",
            "set driver.enabled: false, toolkit.enabled: false and operator.runtimeClass: nvidia-container-runtime, or make the pools with --gpu-driver none",
            id="two-drivers",
        ),
        pytest.param(
            "gpu-driver-not-by-operator", policy("{enabled: false}") + CLUSTER % ("gpu-operator", ""),
            "warning", "spec.driver.enabled",
            "nobody installs the NVIDIA driver: the pools are made without (gpuDriver: gpu-operator)",
            "set driver.enabled: true, or gpuDriver: aks in the cluster file", id="no-driver",
        ),
        pytest.param(
            "gpu-driver-not-by-operator",
            policy("{}", WHOLE.replace("toolkit: {}", "toolkit: {enabled: false}")) + CLUSTER % ("gpu-operator", ""),
            "warning", "spec.toolkit.enabled",
            "nobody installs the NVIDIA container toolkit: the pools are made without (gpuDriver: gpu-operator)",
            "set toolkit.enabled: true, or gpuDriver: aks in the cluster file", id="no-toolkit",
        ),
        pytest.param(
            "gpus-not-advertised",
            policy("{}", WHOLE.replace("devicePlugin: {}", "devicePlugin: {enabled: false}")) + POD,
            "warning", "spec.devicePlugin.enabled",
            "Pod/train asks for nvidia.com/gpu, which no node has without the device plugin",
            "set devicePlugin.enabled: true", id="no-device-plugin",
        ),
        pytest.param(
            "gpu-operator-misses-tainted-pools", policy("{}") + CLUSTER % ("gpu-operator", "'sku=gpu:NoSchedule'"),
            "warning", "spec.daemonsets",
            "the GPU Operator's pods do not run on the pool ib: its taint sku=gpu:NoSchedule is not tolerated",
            "add a toleration of sku=gpu:NoSchedule to daemonsets.tolerations", id="tainted-pool",
        ),
        pytest.param(
            "nfd-misses-tainted-pools",
            "nfd: {deployNodeFeatureRules: false}\n" + CLUSTER % ("gpu-operator", "'sku=gpu:NoSchedule'"),
            "warning", "",
            "Node Feature Discovery does not run on the pool ib: its taint sku=gpu:NoSchedule is not tolerated",
            "add a toleration of sku=gpu:NoSchedule to node-feature-discovery.worker.tolerations", id="discovery",
        ),
        pytest.param(
            "nvidia-driver-ignored",
            "apiVersion: nvidia.com/v1alpha1\nkind: NVIDIADriver\nmetadata: {name: a}\nspec: {image: driver}\n---\n"
            + policy("{}"),
            "warning", "",
            "the operator does not look at it: driver.useNvidiaDriverCRD of the ClusterPolicy is not true",
            "set driver.useNvidiaDriverCRD of the ClusterPolicy to true", id="driver-object",
        ),
    ],
)  # fmt: skip
def test_what_the_gpu_operator_is_told_is_held_against_the_set(rule, text, severity, path, message, fix):
    assert told(text, rule) == [(severity, path, message, fix)]


@pytest.mark.parametrize(
    ("release", "version", "found"),
    [("v25.1.0", "", 0), ("v26.4.1", "", 1), ("v26.4.1", "24.9.2", 0), ("v25.1.0", "v25.10.1", 1)],
)
def test_values_are_judged_by_the_version_that_goes_with_the_cluster(release, version, found):
    cluster = (CLUSTER % ("gpu-operator", "")).replace("v26.4.1", release)
    asked = f"  gpuOperator: {{version: {version}}}\n" if version else ""
    values = "driver: {useOpenKernelModules: true}\nmigManager: {enabled: false}\ntoolkit: {enabled: true}\n"

    assert len(told(values + cluster + asked, "chart-value-gone")) == found


def test_pools_without_infiniband_need_no_node_feature_discovery():
    cluster = (CLUSTER % ("gpu-operator", "'sku=gpu:NoSchedule'")).replace(
        "Standard_ND96isr_H100_v5", "Standard_D8s_v5"
    )

    assert told("nfd: {deployNodeFeatureRules: false}\n" + cluster, "nfd-misses-tainted-pools") == []


@pytest.mark.parametrize("driver", ["{enabled: false, rdma: {enabled: true, useHostMofed: true}}", "{}"])
def test_a_driver_that_is_not_installed_and_one_without_rdma_wait_for_nothing(driver):
    rules = {one.rule for one in aksrdma.validate(policy(driver) + DRIVER).findings}

    assert not {rule for rule in rules if rule.startswith(("gpu-operator-waits", "gpu-direct"))}


@pytest.mark.parametrize(
    ("size", "driver", "rule", "message"),
    [
        pytest.param("Standard_ND96isr_H100_v5", "{rdma: {enabled: true, useHostMofed: true}}",
                     "gpu-operator-waits-for-host-driver", "useHostMofed takes", id="in-a-container"),
        pytest.param("Standard_ND128isr_GB300_v6", "{rdma: {enabled: true}}", "gpu-operator-waits-for-container-driver",
                     "nvidia-peermem waits for the driver container of ofedDriver, which the cluster file does not deploy",
                     id="on-the-node-image"),
        pytest.param("Standard_ND96isr_H100_v5", "{rdma: {enabled: false}}", "gpu-direct-without-peermem",
                     "nvidia-peermem is not loaded", id="no-peermem"),
        pytest.param("Standard_Unknown", "{rdma: {enabled: true, useHostMofed: true}}", None, "", id="an-unknown-size"),
    ],
)  # fmt: skip
def test_without_a_policy_the_cluster_file_tells_where_the_nic_driver_is(size, driver, rule, message):
    text = policy(driver) + (CLUSTER % ("gpu-operator", "")).replace("Standard_ND96isr_H100_v5", size)
    found = {one.rule: one.message for one in aksrdma.validate(text).findings if one.rule.startswith("gpu-")}

    assert list(found) == ([rule] if rule else [])
    assert found.get(rule, "").startswith(message)


def test_a_cluster_file_without_pools_says_nothing_of_who_installs_the_driver():
    cluster = "---\napiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nmetadata: {name: c}\nspec: {gpuDriver: aks}\n"

    assert told(policy("{enabled: true}") + cluster, "gpu-driver-not-by-operator") == []


def test_a_cluster_policy_of_another_project_is_none_of_the_gpu_operator():
    text = policy("{rdma: {enabled: true, useHostMofed: true}}").replace("nvidia.com", "kyverno.io") + DRIVER

    assert told(text, "gpu-operator-waits-for-host-driver") == []
