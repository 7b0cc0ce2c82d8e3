"""The rehearsal's own parts: how it reads a page and a command line, and what its stand-ins refuse."""

import json
import re
import shlex
from itertools import islice
from pathlib import Path

import pytest
import yaml

from tools.rehearsal import azure, blocks, crds, devices, expected, facts, kubelet, policies, programs
from tools.rehearsal.charts import DATA, merge, prunes, unknown_keys
from tools.rehearsal.flags import UsageError, understand
from tools.rehearsal.matrix import draw_clusters
from tools.rehearsal.session import names, unkept
from tools.rehearsal.shell import Shell

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "examples" / "rendered").glob("*/*INSTALL.md"))
H100 = facts.size("Standard_ND96isr_H100_v5")
GB300 = facts.size("Standard_ND128isr_GB300_v6")
MI300X = facts.size("Standard_ND96isr_MI300X_v5")

PAGE = """\
# Title

## 1. First

Some words.

```sh
export RESOURCE_GROUP=...   # yours
echo one
```
```bash
only in a case
```

It worked when it prints `one`,
or two.

If not: look.

## Later

Nothing to run.
"""


def test_a_page_is_read_as_steps_whose_sh_blocks_are_run_and_whose_others_are_not(tmp_path):
    (tmp_path / "INSTALL.md").write_text(PAGE)
    first, later = blocks.read(tmp_path / "INSTALL.md")
    assert (first.title, len(first.blocks), first.others) == ("1. First", 1, [("bash", "only in a case\n")])
    assert first.promises == ["It worked when it prints `one`, or two."]
    assert (later.title, later.blocks, later.promises) == ("Later", [], [])


def test_what_a_user_fills_in_is_filled_in_and_nothing_else():
    block = "export RESOURCE_GROUP=...   # yours\nexport CLUSTER=a\n"
    assert blocks.open_names(block) == ["RESOURCE_GROUP"]
    assert blocks.fill(block, {"RESOURCE_GROUP": "rg"}) == "export RESOURCE_GROUP=rg   # yours\nexport CLUSTER=a\n"


def test_a_block_without_an_end_is_an_error(tmp_path):
    (tmp_path / "page.md").write_text("## A\n```sh\necho\n")
    with pytest.raises(ValueError, match="has no end"):
        blocks.read(tmp_path / "page.md")


@pytest.mark.parametrize(
    ("program", "line", "words"),
    [
        (
            "az",
            "aks nodepool add -g g --cluster-name c -n p --gpu-drivers none",
            "--gpu-drivers; did you mean --gpu-driver?",
        ),
        ("az", "aks nodepool add -g g --cluster-name c -n p --os-sku Fedora", "'Fedora' is not one of AzureLinux"),
        ("az", "aks nodepool add -g g --cluster-name c -n p --node-count many", "invalid int value: 'many'"),
        ("az", "aks nodepool add -g g --cluster-name c", "required: --nodepool-name"),
        (
            "az",
            "aks nodepool add -g g --cluster-name c -n p --enable-managed-gpu true",
            "without the extension aks-preview",
        ),
        ("az", "aks nodepool add -g g --cluster-name c -n p --os-sku", "--os-sku: expected a value"),
        ("az", "aks nodepools add", "no command 'aks nodepools add'"),
        ("az", "feature show --namespace N --name F stray", "unrecognized arguments: stray"),
        ("helm", "upgrade --install a b/c --wit", "--wit; did you mean --wait?"),
        ("helm", "repo add nvidia", "unrecognized arguments: nvidia"),
    ],
)
def test_a_command_line_is_refused_as_its_program_refuses_it(program, line, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        understand(program, line.split())


def test_a_command_line_is_understood_with_short_names_lists_and_any_case():
    call = understand(
        "az",
        [
            "aks",
            "nodepool",
            "add",
            "-g",
            "g",
            "--cluster-name=c",
            "-n",
            "p",
            "--gpu-driver",
            "none",
            "--labels",
            "a=b",
            "c=d",
            "--no-wait",
        ],
    )
    assert call.command == "aks nodepool add"
    assert call.options == {
        "--resource-group": "g", "--cluster-name": "c", "--nodepool-name": "p", "--gpu-driver": "none",
        "--labels": ["a=b", "c=d"], "--no-wait": True,
    }  # fmt: skip
    call = understand("helm", ["upgrade", "-i", "n", "r/c", "-f", "a.yaml", "-f", "b.yaml", "--set", "x=1"])
    assert (call.get("--values"), call.get("--set"), call.words) == (["a.yaml", "b.yaml"], ["x=1"], ("n", "r/c"))
    preview = frozenset({"aks-preview"})
    assert understand(
        "az",
        ["aks", "nodepool", "add", "-g", "g", "--cluster-name", "c", "-n", "p", "--enable-managed-gpu", "true"],
        preview,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_the_commands_of_the_examples_pages_have_options_that_az_and_helm_know(page):
    found = [
        call
        for step in blocks.read(page)
        for block in [*step.blocks, *(text for _, text in step.others)]
        for call in blocks.calls(block)
    ]
    for program, words in found:
        understand(program, words, frozenset({"aks-preview"}))
    assert {program for program, _ in found} == {"az", "helm"}


def test_command_lines_are_found_wherever_they_stand():
    block = "until_prints 9 'a|b' az feature show \\\n  --name x\n# az nothing\nif ! az a b 2>/dev/null; then\n"
    block += '[ "$(az c --query "q r" -o tsv)" = X ] || helm d $E && f\nmy-az g\n'
    assert blocks.calls(block) == [
        ("az", ["feature", "show", "--name", "x"]), ("az", ["a", "b"]), ("az", ["c", "--query", "q r", "-o", "tsv"]), ("helm", ["d", "$E"]),
    ]  # fmt: skip


# Azure


@pytest.fixture
def cloud():
    made = []
    state = azure.Azure(lambda node, size: made.append(node), lambda pool: None, lambda file, name: None, 10250)
    state.made = made
    return state


def run(cloud, line):
    status, out, err = cloud.run(shlex.split(line))
    return status, (out or err).strip()


FEATURE = "--namespace Microsoft.ContainerService --name AKSInfinibandSupport"
ADD = "aks nodepool add -g rg --cluster-name c --name p --node-vm-size Standard_ND96isr_H100_v5 --node-count 2"


def test_a_pool_with_infiniband_wants_the_feature_registered_and_then_the_provider(cloud):
    run(cloud, "aks create -g rg -n c")
    assert "wants the feature AKSInfinibandSupport Registered" in run(cloud, ADD)[1]
    run(cloud, f"feature register {FEATURE}")
    run(cloud, "provider register --namespace Microsoft.ContainerService")
    assert "then it was Registering" in run(cloud, ADD)[1]
    states = [run(cloud, f"feature show {FEATURE} --query properties.state -o tsv")[1] for _ in range(3)]
    assert states[-1] == "Registered"
    assert "Registering" in states
    run(cloud, "provider register --namespace Microsoft.ContainerService")
    assert run(cloud, ADD)[0] == 0
    assert (
        len([node for node in cloud.made if node["metadata"]["labels"]["kubernetes.azure.com/agentpool"] == "p"]) == 2
    )
    assert run(cloud, ADD)[1].startswith("ERROR: Node pool p already exists")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--name two-words", "1 to 12 lower-case letters"),
        ("--node-count 101", "one InfiniBand fabric takes 100"),
        ("--labels kubernetes.azure.com/x=y", "is reserved"),
        ("--node-taints sku=gpu", "is not key=value:effect"),
        ("--node-vm-size Standard_ND96isr_MI300X_v5", "wants --gpu-driver none"),
        ("--node-vm-size Standard_ND128isr_GB300_v6", "AKSInfinibandSupport unregistered"),
        ("--node-vm-size Standard_HB60rs", "is not available"),
    ],
)
def test_a_pool_that_azure_would_not_make_is_refused(cloud, options, words):
    cloud.features["AKSInfinibandSupport"] = ["Registered"]
    run(cloud, "provider register --namespace Microsoft.ContainerService")
    run(cloud, "aks create -g rg -n c")
    status, text = run(cloud, f"{ADD} {options}")
    assert status
    assert words in text


def test_gb_sizes_want_ubuntu_24_04_and_the_feature_unregistered(cloud):
    run(cloud, "aks create -g rg -n c --kubernetes-version 1.34 --tier premium --k8s-support-plan AKSLongTermSupport")
    add = f"{ADD} --node-vm-size Standard_ND128isr_GB300_v6"
    assert "wants --os-sku Ubuntu2404" in run(cloud, f"{add} --os-sku Ubuntu")[1]
    assert run(cloud, f"{add} --os-sku Ubuntu2404")[0] == 0


def test_a_cluster_is_made_of_a_version_that_aks_creates(cloud):
    assert "needs --tier premium" in run(cloud, "aks create -g rg -n c --kubernetes-version 1.33")[1]
    assert "is not supported" in run(cloud, "aks create -g rg -n c --kubernetes-version 1.29")[1]
    assert run(cloud, "aks create -g rg -n c --kubernetes-version 1.35")[0] == 0


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("a.b", 1),
        ("rows[].n", ["x", "y"]),
        ("rows[0].n", "x"),
        ("rows[?n=='y'].v", [2]),
        ("rows[1]", {"n": "y", "v": 2}),
        ("z.y", None),
    ],
)
def test_a_query_is_answered_as_jmespath_does(query, value):
    assert azure.pick({"a": {"b": 1}, "rows": [{"n": "x", "v": 1}, {"n": "y", "v": 2}]}, query) == value


def test_a_query_that_is_not_understood_is_an_error():
    with pytest.raises(UsageError, match="does not understand it from"):
        azure.pick({}, "a | b")


# Devices


def shared(selectors):
    return json.dumps({"configList": [{"resourceName": "shared_ib", "rdmaHcaMax": 63, "selectors": selectors}]})


def sriov(selectors):
    return json.dumps({"resourceList": [{"resourcePrefix": "rdma", "resourceName": "ib", "selectors": selectors}]})


@pytest.mark.parametrize(
    ("selectors", "netdevs", "count"),
    [
        pytest.param({"vendors": ["15b3"], "linkTypes": ["infiniband"], "isRdma": True}, True, 8, id="by link type"),
        pytest.param(
            {"vendors": ["15b3"], "isRdma": True}, True, 9, id="the Ethernet function of accelerated networking, too"
        ),
        pytest.param(
            {"vendors": ["15b3"], "linkTypes": ["infiniband"]}, False, 0, id="no link type without an interface"
        ),
        pytest.param({"devices": ["101e"]}, False, 8, id="by device"),
        pytest.param([{"devices": ["101e"]}, {"vendors": ["15b3"]}], True, 9, id="several sets, a device counts once"),
    ],
)
def test_the_sr_iov_plugin_counts_what_its_selectors_find(selectors, netdevs, count):
    assert devices.sriov(sriov(selectors), H100.devices(netdevs)) == {"rdma/ib": count}


def test_the_shared_plugin_has_all_slots_or_none():
    found = devices.shared(shared({"linkTypes": ["infiniband"]}), H100.devices(True), devices.WHOLE)
    assert found == {"rdma/shared_ib": 63}
    assert devices.shared(shared({"linkTypes": ["infiniband"]}), H100.devices(False), devices.WHOLE) == {
        "rdma/shared_ib": 0
    }
    assert devices.shared(shared({"vendors": ["15b3"]}), H100.devices(True), set()) == {"rdma/shared_ib": 0}


def test_a_selector_that_the_plugin_does_not_have_is_told():
    with pytest.raises(devices.PluginError, match="'deviceIDs' is none"):
        devices.sriov(sriov({"deviceIDs": ["101e"]}), [])
    with pytest.raises(devices.PluginError, match="no JSON"):
        devices.shared("{", [], set())


# Nodes


def test_ubuntu_is_24_04_from_kubernetes_1_35_on():
    assert facts.system(H100, "Ubuntu", "1.34.2").version == "22.04"
    assert facts.system(H100, "", "1.35.0").version == "24.04"
    assert facts.system(H100, "Ubuntu2404", "1.33.1").version == "24.04"
    assert facts.system(H100, "AzureLinux", "1.35.0").os_id == "azurelinux"
    assert facts.system(GB300, "Ubuntu2404", "1.35.0").kernel.endswith("nvidia")


def test_a_node_has_the_labels_that_aks_gives():
    pool = {
        "name": "p", "cluster": "c", "mode": "User", "vm_size": "Standard_ND96isr_H100_v5", "os_sku": "Ubuntu",
        "kubernetes": "1.35.0", "taints": [], "labels": {"own": "1"}, "max_pods": 110,
    }  # fmt: skip
    labels = facts.node("n", pool, H100, 1)["metadata"]["labels"]
    assert labels.items() >= {
        "kubernetes.azure.com/agentpool": "p", "kubernetes.azure.com/accelerator": "nvidia", "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": "Standard_ND96isr_H100_v5", "own": "1",
    }.items()  # fmt: skip
    assert facts.node("n", pool, GB300, 1)["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"


def test_nfd_labels_nvidia_gpus_by_their_class_and_not_amd_ones():
    assert "feature.node.kubernetes.io/pci-10de.present" in facts.feature_labels(H100, facts.UBUNTU_24)
    assert not [label for label in facts.feature_labels(MI300X, facts.UBUNTU_24) if "pci" in label]
    elements = facts.features(MI300X, facts.UBUNTU_24)["instances"]["pci.device"]["elements"]
    assert [one["attributes"]["class"] for one in elements].count("1200") == 8


# What a cluster file means


def meant(tmp_path, **spec):
    (tmp_path / "cluster.yaml").write_text(yaml.safe_dump({"spec": spec}))
    return expected.read(tmp_path / "cluster.yaml")


def test_a_cluster_file_means_resources_and_daemons_for_each_pool(tmp_path):
    pools = [
        {"name": "a", "vmSize": "Standard_ND96isr_H100_v5", "count": 2},
        {"name": "b", "vmSize": "Standard_HB176rs_v4", "count": 3, "profile": "ipoib"},
        {"name": "c", "vmSize": "Standard_D8ds_v5", "count": 1},
        {"name": "d", "vmSize": "Standard_ND128isr_GB300_v6", "count": 1},
        {"name": "e", "vmSize": "Standard_ND96isr_H100_v5", "nicDriver": "inbox", "profile": "base"},
    ]
    a, b, c, d, e = (found := meant(tmp_path, nodePools=pools, rdma={"sharedSlots": 7})).pools
    assert [found.resource(pool) for pool in (a, b, c, d, e)] == [
        ("rdma/ib", 8),
        ("rdma/shared_ib", 7),
        None,
        ("rdma/ib", 4),
        None,
    ]
    assert a.runs() == {"driver", "sriov"}
    assert b.runs() == {"driver", "shared", "network"}
    assert c.runs() == e.runs() == set()
    assert d.runs() == {"sriov"}


def test_without_the_driver_container_nothing_of_it_is_meant(tmp_path):
    pools = [{"name": "a", "vmSize": "Standard_ND96isr_H100_v5", "count": 2}]
    assert meant(tmp_path, nodePools=pools, ofedDriver={"enabled": False}).pools[0].runs() == {"sriov"}


# Charts and definitions


def test_values_that_the_chart_does_not_have_are_told_with_the_release():
    known = {"a": {"b": "bool"}, "new": "text since v26.7", "old": "any until v26.7", "m": "map"}
    assert unknown_keys({"a": {"b": True}, "m": {"x": 1}, "global": {}}, known, (26, 4, 1)) == []
    assert unknown_keys({"a": {"c": True}}, known, (26, 4, 1)) == ["a.c is none of the chart's"]
    assert unknown_keys({"new": "x"}, known, (26, 4, 1)) == ["new is there since v26.7"]
    assert unknown_keys({"old": "x"}, known, (26, 7, 0)) == ["old is there until v26.7"]
    assert unknown_keys({"new": "x"}, known, (26, 7, 0)) == []


def test_nfd_takes_its_labels_where_it_is_told_to_and_unasked_in_the_oldest_chart():
    told = {"node-feature-discovery": {"postDeleteCleanup": True}}
    charts = ["network-operator 25.1.0", "network-operator 25.4.0", "gpu-operator 25.1.0"]
    assert [prunes({"chart": chart}) for chart in charts] == [True, False, False]
    assert [prunes({"chart": chart} | told) for chart in charts] == [True, True, True]


def test_values_are_merged_as_helm_merges_them():
    values = {"a": {"b": 1, "l": [1]}}
    merge(values, {"a": {"c": 2, "l": [2]}})
    assert values == {"a": {"b": 1, "c": 2, "l": [2]}}


def test_every_release_of_the_catalog_has_a_chart_that_can_be_installed():
    charts = {str(version) for version in DATA["charts"]["network-operator"]["versions"]}
    assert {path.stem.lstrip("v") for path in (ROOT / "aksrdma" / "catalog" / "releases").glob("v*.yaml")} <= charts


def test_a_schema_becomes_one_that_the_server_takes():
    schema = {
        "type": ["object", "null"],
        "required": ["a"],
        "properties": {
            "a": {"type": ["string", "null"], "enum": ["x", None]},
            "n": {"type": ["number", "null"], "multipleOf": 1},
            "p": {"type": ["integer", "string", "null"]},
            "m": {"type": "object", "additionalProperties": {"type": "string"}},
            "l": {"type": "array", "items": {"type": "string"}},
            "any": {},
        },
    }
    made = crds.structural(schema)
    assert made["required"] == ["a"]
    assert made["properties"] == {
        "a": {"type": "string", "enum": ["x"]},
        "n": {"type": "integer"},
        "p": {"x-kubernetes-int-or-string": True},
        "m": {"type": "object", "additionalProperties": {"type": "string"}},
        "l": {"type": "array", "items": {"type": "string"}},
        "any": {"x-kubernetes-preserve-unknown-fields": True},
    }


def test_a_release_without_schemas_has_those_of_the_one_before():
    assert crds.nearest_release("v26.1.9") == "v26.1.2"
    assert "nicnodepolicies.mellanox.com" in crds.definitions("v26.4.1")
    assert "nicnodepolicies.mellanox.com" not in crds.definitions("v25.10.0")


# The matrix, the shell, the promises


def test_the_same_seed_draws_the_same_clusters(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, again = ([path.read_text() for path in islice(draw_clusters(tmp_path / name, 5), 12)] for name in "ab")
    assert first == again
    assert len({yaml.safe_load(text)["spec"]["nodePools"][0]["vmSize"] for text in first}) == 12


@pytest.fixture
def shell(tmp_path):
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\necho "kubectl $*"\n')
    kubectl.chmod(0o755)
    made = Shell(
        tmp_path / "home",
        tmp_path,
        kubectl,
        lambda program, argv, folder: (len(argv), f"{program} {' '.join(argv)}\n", ""),
    )
    yield made
    made.stop()


def test_a_block_tells_each_command_that_failed_outside_of_a_condition(shell):
    ran = shell.run("if false; then :; fi\nfalse || true\n(exit 3)\ntrue\n", 10)
    assert ran.ended
    assert ran.failed == ((3, "( exit 3 )"),)


def test_what_a_block_sets_is_there_in_the_next(shell):
    shell.run("export A='1 2'\nf() { echo \"got $A\"; }\nmkdir sub && cd sub\n", 10)
    assert shell.run('f; basename "$PWD"\n', 10).output == "got 1 2\nsub\n"


def test_az_and_helm_are_answered_by_the_rehearsal_and_kubectl_is_real_but_for_exec(shell):
    ran = shell.run("helm\naz one two || true\nkubectl get pods\nkubectl exec\n", 10)
    assert ran.output == "helm \naz one two\nkubectl get pods\nkubectl exec\n"
    assert ran.failed == ((1, "kubectl exec"),)


def test_a_sleep_is_short_and_counts_as_what_it_says(shell):
    ran = shell.run('before=$SECONDS\nsleep 30\nsleep 1m\n[ "$((SECONDS - before))" -ge 90 ] && echo yes\n', 10)
    assert ran.output == "yes\n"


def test_a_block_that_goes_on_is_ended(shell):
    ran = shell.run("while :; do sleep 1; done\n", 0.5)
    assert not ran.ended


@pytest.mark.parametrize(
    ("promise", "output", "missing"),
    [
        ("It worked when it prints `a: b`.", "x\na:\t b\n", None),
        ("It worked when it prints `a`.", "b", "'a' is not in the output"),
        ("It worked when it prints `a`, or b where c.", "b", None),
        ("It worked when it prints `a`, or b where c.", "c", "'a' is not in the output"),
        (
            "It worked when the second command lists the 2 nodes of the pools.",
            "NAME\naks-a-1 Ready\n",
            "1 nodes are listed",
        ),
        ("It worked when each node shows 8: NICs.", "aks-a-1   8\naks-a-2   8\n", None),
        ("It worked when each node shows 8: NICs.", "aks-a-1   8\naks-a-2   <none>\n", "the nodes show 8, <none>"),
        ("It worked when every pod of `kubectl get pods` is Running.", "", "not every pod is Running: b Pending"),
    ],
)
def test_a_promise_is_held_against_the_output(promise, output, missing):
    assert unkept(promise, output, lambda command: "NAME STATUS\na Running\nb Pending\n") == missing


# Kubelets, policies, what is left


def pod(image="x/y:1", name="p", secrets=(), command=(), **labels):
    container = {"name": "c", "image": image, "command": list(command)}
    spec = {"containers": [container], "imagePullSecrets": [{"name": secret} for secret in secrets]}
    return {"metadata": {"name": name, "namespace": "n", "uid": name, "labels": labels}, "spec": spec}


@pytest.mark.parametrize(
    "reference",
    [
        "ghcr.io/azure/aks-rdma-infiniband/ibtools:latest",
        "ghcr.io/azure/aks-rdma-infiniband/ibtools@sha256:0",
        "contoso.azurecr.io:443/ghcr.io/azure/aks-rdma-infiniband/ibtools:1",
    ],
)
def test_an_image_is_known_by_the_end_of_its_repository(reference):
    assert kubelet.image(reference)["run"] is True
    assert kubelet.image("docker.io/library/ubuntu:24.04") is None


def machine(size, *pods, gpu_driver="none"):
    made = kubelet.Machine(size, {"gpu_driver": gpu_driver}, facts.UBUNTU_24)
    made.pods.update({one["metadata"]["uid"]: one for one in pods})
    return made


def test_interfaces_are_there_with_the_doca_driver_or_a_pod_that_loads_the_module():
    doca = machine(H100, pod(**{"nvidia.com/ofed-driver": ""}))
    loader = machine(H100, pod(command=["sh", "-c", "modprobe ib_ipoib; modprobe -a ib_umad rdma_ucm; sleep inf"]))
    bare = machine(H100)
    assert [one.driver for one in (doca, loader, bare, machine(GB300))] == ["doca", "inbox", "inbox", "node-image"]
    assert [one.functions()[0]["linkType"] for one in (doca, loader, bare)] == ["infiniband", "infiniband", ""]
    assert loader.modules >= devices.WHOLE


def test_a_gpu_driver_is_aks_s_or_a_pod_s():
    assert machine(H100, gpu_driver="").gpu_driver
    assert not machine(H100).gpu_driver
    assert machine(H100, pod(name="nvidia-driver-daemonset-a")).gpu_driver
    assert machine(MI300X, pod(name="install-amdgpu-driver-a")).gpu_driver
    assert not machine(MI300X, pod(name="amd-device-plugin-a"), gpu_driver="").gpu_driver


class Secrets:
    """An API server with one secret."""

    def get(self, path):
        return {} if path == "/api/v1/namespaces/n/secrets/acr" else None


@pytest.mark.parametrize(
    ("image", "secrets", "reason"),
    [
        ("r.io/a/x:1", ["acr"], None),
        ("r.io/a/x:1", ["other", "acr"], None),
        ("nvcr.io/x:1", ["acr"], "it is not in r.io/a"),
        ("r.io/a/x:1", [], "no imagePullSecret that is there"),
        ("r.io/a/x:1", ["other"], "no imagePullSecret that is there"),
    ],
)
def test_an_image_comes_from_the_private_registry_with_a_secret_that_is_there(image, secrets, reason):
    kubelets = kubelet.Kubelets.__new__(kubelet.Kubelets)
    kubelets.api = Secrets()
    found = kubelets._unreached(pod(image, secrets=secrets), image, "r.io/a", True)
    assert found is None if reason is None else reason in found
    assert kubelets._unreached(pod("r.io/a/x:1"), "r.io/a/x:1", "r.io/a", False) is None


def test_the_image_and_secrets_of_a_section_may_come_from_global():
    spec = {"global": {"repository": "r", "version": "v", "imagePullSecrets": ["s"]}}
    assert policies.picture(spec, {"image": "i"}) == "r/i:v"
    assert policies.picture(spec, {"image": "i", "repository": "q", "version": "w"}) == "q/i:w"
    assert policies.pulls(spec, {}) == {"imagePullSecrets": [{"name": "s"}]}
    assert policies.pulls({}, {}) == {}


def test_drivers_are_made_for_each_system_that_labelled_nodes_have():
    def node(version, **labels):
        marks = {"system-os_release.ID": "ubuntu", "system-os_release.VERSION_ID": version, "kernel-version.full": "k"}
        marks = {"feature.node.kubernetes.io/" + key: value for key, value in marks.items()}
        return {"metadata": {"labels": marks | labels}}

    nodes = [node("22.04", pool="a"), node("24.04", pool="b"), node("24.04", pool="c"), node("20.04")]
    for one in nodes[:3]:
        one["metadata"]["labels"][policies.PRESENT] = "true"
    policy = {"apiVersion": "v", "kind": "k", "metadata": {"name": "p", "uid": "u"}, "spec": {}}
    driver = {"repository": "r", "image": "i", "version": "v"}
    all_of = list(policies.driver_sets(driver, nodes, "", {}, {}, policy))
    some = list(policies.driver_sets(driver, nodes, "-p", {}, {"pool": "b"}, policy))
    assert [one["metadata"]["name"].split("-")[1] for one in all_of] == ["ubuntu22.04", "ubuntu24.04"]
    assert [one["spec"]["template"]["spec"]["nodeSelector"]["pool"] for one in some] == ["b"]


@pytest.mark.parametrize(
    ("marks", "ready", "drivers", "waits"),
    [
        ({}, False, [{}], None),
        ({policies.PRESENT: "true"}, False, [], "false"),
        ({policies.PRESENT: "true"}, False, [{}], "true"),
        ({policies.PRESENT: "true"}, True, [{}], "false"),
        ({policies.PRESENT: "true", "pool": "a"}, False, [{"pool": "b"}], "false"),
        ({policies.PRESENT: "true", "pool": "b"}, False, [{"pool": "a"}, {"pool": "b"}], "true"),
    ],
)
def test_device_plugins_wait_where_a_policy_has_a_driver_for_the_node(marks, ready, drivers, waits):
    assert policies.waiting(marks, ready, drivers) == waits


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"observedGeneration": 2, "desiredNumberScheduled": 3, "numberAvailable": 3}, "ready"),
        ({"observedGeneration": 2, "desiredNumberScheduled": 3, "numberAvailable": 2}, "notReady"),
        ({"observedGeneration": 1, "desiredNumberScheduled": 3, "numberAvailable": 3}, "notReady"),
        ({"observedGeneration": 2, "desiredNumberScheduled": 0}, "notReady"),
    ],
)
def test_a_daemonset_is_ready_when_all_that_is_wanted_is_there(status, state):
    assert policies.state_of({"metadata": {"generation": 2}, "status": status}) == state


def test_what_is_left_may_be_named_by_its_name_or_its_group_and_only_in_words():
    crd = "customresourcedefinitions.apiextensions.k8s.io ippools.nv-ipam.nvidia.com"
    assert names(crd) == ["ippools.nv-ipam.nvidia.com", "nv-ipam.nvidia.com", "nv-ipam.nvidia"]
    assert names("configmaps n/a") == ["a"]
    page = [blocks.Step("x", ["kubectl delete crd a.b\n"], [("bash", "az c\n")], "It stays: d.\n")]
    assert blocks.prose(page) == "It stays: d.\naz c\n"


def test_what_a_command_printed_is_there_when_it_has_ended(tmp_path):
    links = {"lo": "127.0.0.1/8", "ibP257p0s0": "172.16.1.2/16"}
    sees = {"devices": [], "links": links, "locks": True, "env": {}, "gpus": 0}
    printed = {programs.once(tmp_path / str(number), ["ip", "link"], sees) for number in range(40)}

    [(status, text)] = printed
    assert status == 0
    assert "altname ibP257p0s0" in text
