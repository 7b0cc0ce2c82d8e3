"""INSTALL.md and UNINSTALL.md: what they say to whom, and that their commands run as they are copied."""

import itertools
import re
import shutil
import subprocess

import pytest

import aksrdma
from aksrdma import Cluster, Drain, Ipoib, NodePool, OfedDriver, Rdma, UpgradePolicy, WaitForCompletion, catalog
from aksrdma.cluster import GpuOperator, Patch
from aksrdma.plan import PROFILES

NEWEST = catalog.releases()[-1]
H100 = NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=16, taints=["sku=gpu:NoSchedule"])
HB = NodePool(name="hb", vm_size="Standard_HB176rs_v4", count=8)
GB300 = NodePool(name="gb300", vm_size="Standard_ND128isr_GB300_v6", count=18)
MI300X = NodePool(name="mi300x", vm_size="Standard_ND96isr_MI300X_v5", count=2)
A100 = NodePool(name="a100", vm_size="Standard_ND96asr_v4", count=4)
CPU = NodePool(name="cpu", vm_size="Standard_D8s_v5", count=3)
CLUSTERS = {
    "no-pools": {},
    "h100-and-cpu": {"node_pools": [H100, CPU], "release": NEWEST},
    "hb-ipoib": {"node_pools": [HB], "profile": "ipoib", "release": NEWEST, "ipoib": Ipoib(namespace="mpi")},
    "whereabouts": {"node_pools": [HB], "profile": "ipoib", "release": "v25.1.0"},
    "mi300x": {"node_pools": [MI300X], "release": "v25.10.0"},
    "gb300": {"node_pools": [GB300], "release": "v26.4.1"},
    "aks": {"node_pools": [H100], "gpu_driver": "aks", "release": "v26.4.1"},
    "aks-managed": {"node_pools": [H100], "gpu_driver": "aks-managed", "release": "v26.4.1"},
    "own-gpus": {"node_pools": [H100], "gpu_driver": "none", "release": "v26.4.1"},
    "inbox": {"node_pools": [H100], "nic_driver": "inbox", "kubernetes_version": "1.35", "release": NEWEST},
    "ipoib-beside-h100": {
        "node_pools": [H100, NodePool(name="hb", vm_size="Standard_HB120rs_v3", count=2, profile="ipoib")],
        "ipoib": Ipoib(namespace="mpi"),
        "release": NEWEST,
    },
    "gb300-base": {"node_pools": [GB300], "profile": "base", "release": "v26.4.1"},
    "inbox-base": {
        "node_pools": [H100],
        "profile": "base",
        "nic_driver": "inbox",
        "kubernetes_version": "1.35",
        "release": NEWEST,
    },
    "base": {"node_pools": [A100], "profile": "base", "release": "v26.4.1"},
    "charts-rule": {"node_pools": [A100], "node_feature_rule": "chart", "release": "v26.4.1"},
    "counts-at-install": {"node_pools": [NodePool(name="hb", vm_size=HB.vm_size)], "release": "v26.4.1"},
    "private": {
        "node_pools": [H100, MI300X],
        "release": "v26.4.1",
        "registry": "contoso.azurecr.io/nvidia",
        "image_pull_secrets": ["acr"],
        "ofed_driver": OfedDriver(repo_config="apt-mirror"),
    },
    "harbor": {"node_pools": [HB], "release": "v26.4.1", "registry": "harbor.example.com/x"},
    "mixed": {"node_pools": [H100, HB, GB300, MI300X, CPU], "release": "v26.4.1"},
}
every_cluster = pytest.mark.parametrize("fields", [pytest.param(fields, id=name) for name, fields in CLUSTERS.items()])


def guides(**fields):
    tree = aksrdma.render(Cluster(**fields))
    return tree["INSTALL.md"], tree["UNINSTALL.md"]


def install(**fields):
    return guides(**fields)[0]


def uninstall(**fields):
    return guides(**fields)[1]


def blocks(text, language="sh"):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def step(text, title):
    """Return the part of a guide below the one heading that begins with `title`, after its number."""
    [found] = [part for part in re.split(r"^## (?:\d+\. )?", text, flags=re.MULTILINE) if part.startswith(title)]
    return found


def said(text):
    """Return a text without its line breaks."""
    return " ".join(text.split())


def titles(text):
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


@every_cluster
def test_steps_are_numbered_and_each_says_how_to_see_that_it_worked_and_what_to_do_else(fields):
    for text in guides(**fields):
        numbers = [int(title.split(".")[0]) for title in titles(text) if title[0].isdigit()]
        assert numbers == list(range(1, len(numbers) + 1))
        for part in re.split(r"^## (?=\d)", text, flags=re.MULTILINE)[1:]:
            if blocks(part):
                assert "\nIt worked when " in part, part
        assert not re.search(r"@\{|\{\w+\}:|\n{3}", text)


@every_cluster
def test_what_is_applied_is_applied_on_the_server_and_every_chart_has_its_version(fields):
    for text in guides(**fields):
        for line in "\n".join(blocks(text)).replace("\\\n", " ").splitlines():
            if "kubectl apply" in line:
                assert "kubectl apply --server-side" in line, line
            if re.search(r"helm (upgrade|pull) ", line):
                assert re.search(r"--version v?\d+\.\d+\.\d+( |$)", line), line
            if "helm upgrade" in line:
                assert re.search(r"--version v?\d+\.\d+\.\d+ .*--wait --timeout 15m", line), line
            if re.search(r"kubectl (wait|rollout status)", line):
                assert "--timeout" in line, line
            if re.search(r"\b(until|while) ", line) and not line.startswith("#"):
                assert line.strip() == 'until printed=$("$@") && [[ $printed =~ ^($pattern)$ ]]; do', line


STAND_INS = {
    "az": r"""
case "$*" in
  *"feature show"*InfinibandSupport*) case "$(cat "$STATE")" in un*) echo Unregistered;; *) echo Registered;; esac;;
  *"feature show"*) echo Registered;;
  *"feature register"*InfinibandSupport*) echo re > "$STATE";;
  *"feature unregister"*) echo un > "$STATE";;
  *"nodepool show"*) [[ "$*" =~ --name\ ([a-z0-9]+) ]]; grep -qx "${BASH_REMATCH[1]}" "$LOG";;
  *"nodepool add"*) [[ "$*" =~ --name\ ([a-z0-9]+) ]]; echo "${BASH_REMATCH[1]}" >> "$LOG";;
  "acr repository list"*) echo nvidia/nvcr.io/nvidia/driver;;
  "aks create"*) echo "the cluster" >> "$LOG";;
  "aks show"*"--output none"*) grep -qx "the cluster" "$LOG";;
esac
""",
    "kubectl": r"""
case "$*" in
  "get pod "*) echo "Running True";;
  "get nodes --selector feature"*"--output name") ;;
  "get nodes"*|"get namespace"*) echo a line;;
  "apply"*) case "$*" in *--server-side*) ;; *) exit 1;; esac;;
esac
""",
    "helm": "true",
    "skopeo": "true",
    "sleep": "true",
}


@pytest.fixture
def run(tmp_path):
    """Run the `sh` blocks of a guide as they are copied, with stand-ins that say what the programs say; return the calls."""
    bash = shutil.which("bash")
    assert bash, "the guides are for bash"
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, body in STAND_INS.items():
        (programs / name).write_text(f'#!{bash}\necho "{name} $*" >> "$CALLS"\n{body}\n')
        (programs / name).chmod(0o755)
    (tmp_path / "state").write_text("")
    (tmp_path / "log").write_text("")

    def run_blocks(text, **environment):
        calls = tmp_path / "calls"
        calls.write_text("")
        done = subprocess.run(
            [bash, "-eu"],
            input="\n".join(blocks(text)),
            env={
                "PATH": f"{programs}:/usr/bin:/bin",
                "CALLS": str(calls),
                "STATE": str(tmp_path / "state"),
                "LOG": str(tmp_path / "log"),
                **environment,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done, calls.read_text().splitlines()

    return run_blocks


@every_cluster
def test_the_commands_run_as_they_are_copied_and_once_more(fields, run):
    forth, back = guides(**fields)
    chosen = {"RESOURCE_GROUP": "rg", "REGISTRY_USER": "me", "REGISTRY_PASSWORD": "pass", "ARM64_IMAGE": "own"} | {
        f"NODES_{pool.name.upper()}": "3" for pool in fields.get("node_pools", [])
    }

    first, calls = run(forth, **chosen)
    second, again = run(forth, **chosen)
    away, _ = run(back, **chosen)

    assert (first.returncode, second.returncode, away.returncode) == (0, 0, 0), (
        first.stderr + second.stderr + away.stderr
    )
    made = [call for call in calls if "nodepool add" in call]
    assert len(made) == len(fields.get("node_pools", []))
    assert not [call for call in again if "nodepool add" in call or "aks create" in call]


def test_a_pool_is_made_while_the_feature_is_as_it_wants_it(run):
    _, calls = run(install(**CLUSTERS["mixed"]), RESOURCE_GROUP="rg", ARM64_IMAGE="own")
    told = [call for call in calls if re.search(r"feature (un)?register|nodepool add", call)]
    order = [re.search(r"unregister|register|--name (?!AKS)\w+", call)[0].removeprefix("--name ") for call in told]

    assert order == ["unregister", "gb300", "register", "ndh100", "hb", "mi300x", "cpu"]


def test_who_unregisters_the_feature_hears_that_other_sizes_want_it():
    again = "`az feature register --namespace Microsoft.ContainerService --name AKSInfinibandSupport`"

    assert again in said(step(install(**CLUSTERS["gb300"]), "Unregister"))
    assert again not in said(install(**CLUSTERS["mixed"])), "INSTALL.md turns it back itself"
    assert again not in said(install(**CLUSTERS["h100-and-cpu"]))


def test_a_second_run_leaves_the_feature_as_somebody_turned_it_back(run):
    for name in ("gb300", "mixed"):
        for _ in range(2):
            done, calls = run(install(**CLUSTERS[name]), RESOURCE_GROUP="rg", ARM64_IMAGE="own")
        assert done.returncode == 0
        assert not [call for call in calls if "feature unregister" in call]


def test_nodes_without_the_driver_of_their_image_are_told_apart():
    told = said(step(install(**CLUSTERS["mixed"]), "See the resources"))

    assert "Nodes of gb300 may also have another image" in told
    assert "ofed_info -s` prints its version" in told
    assert "ofed_info" not in install(**CLUSTERS["gb300-base"])
    assert "ofed_info" not in install(**CLUSTERS["h100-and-cpu"])


def test_a_cluster_without_a_registry_asks_for_no_password():
    text = install(**CLUSTERS["mixed"])

    assert "REGISTRY" not in text
    assert "Fill the registry" not in text
    assert "helm registry login" in uninstall(**CLUSTERS["private"])
    assert "helm repo add" not in uninstall(**CLUSTERS["private"])


@pytest.mark.parametrize("unset", ["RESOURCE_GROUP", "NODES_HB"])
def test_what_only_the_reader_knows_is_asked_for_before_anything_runs(unset, run):
    chosen = {"RESOURCE_GROUP": "rg", "NODES_HB": "3"}
    del chosen[unset]
    done, calls = run(install(**CLUSTERS["counts-at-install"]), **chosen)

    assert done.returncode != 0
    assert f"{unset}: say it first: export {unset}=" in done.stderr
    assert calls == []


def test_a_wait_has_an_end(run):
    done, _ = run(
        "```sh\n" + blocks(install())[0] + "\nuntil_prints 0 Registered echo Registering\n```", RESOURCE_GROUP="rg"
    )

    assert done.returncode == 1
    assert "gave up waiting for 'Registered': echo Registering prints 'Registering'" in done.stderr


def test_a_pod_that_failed_ends_its_wait(run):
    tried = blocks(step(install(), "Try it"))[0]
    pattern = re.search(r"until_prints 600 '(.*)' kubectl", tried)[1]

    for printed, ends in {
        "Running True": True,
        "Failed False": True,
        "Succeeded False": True,
        "Pending False": False,
    }.items():
        assert bool(re.fullmatch(pattern, printed)) is ends
    assert "Pending " not in pattern
    assert tried.index("kubectl logs") < tried.index("--for=condition=Ready"), "the log is seen before the step fails"


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        pytest.param({"node_pools": [H100]}, "--node-vm-size Standard_ND96isr_H100_v5 \\", id="the-pool"),
        pytest.param({"node_pools": [NodePool(name="a", vm_size="nd96ISR_h100_v5")]}, "--node-vm-size Standard_ND96isr_H100_v5 \\", id="its-size-as-azure-has-it"),
        pytest.param({"node_pools": [H100, NodePool(name="c", vm_size="D8s_v5")]}, "--node-vm-size Standard_D8s_v5 \\", id="another-size-too"),
        pytest.param({"node_pools": [H100]}, "--node-taints sku=gpu:NoSchedule", id="its-taint"),
        pytest.param({"node_pools": [H100]}, "--gpu-driver none", id="the-gpu-driver-is-gpu-operators"),
        pytest.param({"node_pools": [H100, CPU]}, "--node-vm-size Standard_D8s_v5 \\", id="a-pool-without-infiniband"),
        pytest.param(CLUSTERS["mixed"], "--labels nvidia.com/gpu.deploy.operands=false \\", id="gpu-operator-leaves-a-pool-alone"),
        pytest.param({"release": "v25.10.0"}, "--version 25.10.0 -f values/network-operator/values.yaml --wait", id="the-chart"),
        pytest.param({"name": "train-01"}, "export CLUSTER=train-01", id="the-cluster"),
        pytest.param({"release": "v26.4.1"}, "export KUBERNETES_VERSION=1.35 ", id="the-newest-version-in-community-support"),
        pytest.param({"release": "v25.10.0"}, "--tier premium --k8s-support-plan AKSLongTermSupport", id="long-term-support"),
        pytest.param({"kubernetes_version": "1.33"}, "export KUBERNETES_VERSION=1.33 ", id="the-version-that-was-asked-for"),
        pytest.param({}, "kubectl apply --server-side -k namespace", id="the-namespace"),
        pytest.param({"operator_namespace": "nvidia"}, "--namespace nvidia \\", id="another-namespace"),
        pytest.param({}, "kubectl apply --server-side -k node-feature-rule", id="the-rule"),
        pytest.param({"profile": "base"}, "kubectl apply --server-side -k nicclusterpolicy/base", id="the-policy"),
        pytest.param(CLUSTERS["mixed"], "kubectl apply --server-side -k nicnodepolicy\n", id="policies-of-pools"),
        pytest.param({}, "RDMA:.status.allocatable.rdma/ib", id="the-resource"),
        pytest.param({}, "It worked when each node shows the number of its InfiniBand NICs.", id="as-many-as-nics"),
        pytest.param({"profile": "rdma-shared-device-plugin"}, "It worked when each node shows 63, its slots.", id="or-as-slots"),
        pytest.param({"node_pools": [H100]}, "--for=jsonpath='{.status.allocatable.nvidia\\.com/gpu}'=8", id="the-gpus"),
        pytest.param({"node_pools": [H100], "rdma": Rdma(resource_prefix="rdma.io")}, "{.status.allocatable.rdma\\.io/ib}'=8", id="a-dot-in-a-resource"),
        pytest.param({"node_pools": [A100], "profile": "rdma-shared-device-plugin", "rdma": Rdma(shared_slots=5)}, "rdma/shared_ib}'=5", id="slots"),
        pytest.param({}, "kubectl apply --server-side -f examples/sriov-device-plugin.yaml", id="the-pod"),
        pytest.param(CLUSTERS["aks"], "kubectl apply --server-side -k nvidia-peermem-reloader", id="peermem"),
        pytest.param(CLUSTERS["aks"], "kubectl apply --server-side -k nvidia-device-plugin", id="the-device-plugin"),
        pytest.param({"node_pools": [H100], "release": "v26.4.1"}, "helm upgrade --install gpu-operator nvidia/gpu-operator", id="gpu-operator"),
        pytest.param(CLUSTERS["hb-ipoib"], "kubectl wait pod/rdma-ipoib --namespace mpi", id="the-pods-namespace"),
        pytest.param(CLUSTERS["mi300x"], "kubectl rollout status daemonset/install-amdgpu-driver", id="amds-driver"),
        pytest.param(CLUSTERS["mi300x"], "--create-namespace --version v1.15.1 --set crds.enabled=true --wait", id="what-amds-operator-needs"),
        pytest.param(CLUSTERS["aks-managed"], "--enable-managed-gpu=true", id="managed-gpus"),
        pytest.param(CLUSTERS["aks-managed"], "--name ManagedGPUExperiencePreview", id="their-feature"),
        pytest.param(CLUSTERS["aks-managed"], "with its extension aks-preview 19.0.0b29 or later", id="their-extension"),
        pytest.param(CLUSTERS["inbox"], "kubectl rollout status daemonset/infiniband-modules", id="modules-of-the-kernel"),
        pytest.param(CLUSTERS["own-gpus"], "`gpuDriver: none` for ndh100", id="gpus-of-ones-own"),
        pytest.param(CLUSTERS["gb300"], "az feature unregister --namespace Microsoft.ContainerService", id="the-flag-must-not-be-there"),
        pytest.param(CLUSTERS["gb300"], "--os-sku Ubuntu2404", id="the-only-system"),
        pytest.param(CLUSTERS["gb300"], "Standard_ND128isr_GB300_v6: disks are NVMe alone", id="its-disks"),
        pytest.param({"node_pools": [NodePool(name="hb", vm_size=HB.vm_size, count=120)]}, "> Note: hb: a node pool with InfiniBand holds 100 nodes", id="too-many-nodes"),
    ],
)  # fmt: skip
def test_install_has_the_command(fields, command):
    text = install(**fields)

    assert command in text or command in said(text)


def test_a_version_is_documented_where_any_that_aks_has_is():
    assert "of these AKS has, on " in install(release="v26.4.1")
    assert ", none: take a later release" in install(release="v25.1.0")
    assert "--k8s-support-plan" not in install(release="v26.4.1")


@pytest.mark.parametrize(
    ("fields", "namespaces"),
    [
        pytest.param({"node_pools": [HB], "release": "v26.4.1"}, "network-operator default", id="no-gpus"),
        pytest.param(
            {"node_pools": [H100], "release": "v26.4.1"}, "network-operator gpu-operator default", id="gpu-operator"
        ),
        pytest.param(CLUSTERS["aks"], "network-operator gpu-resources default", id="daemon-sets"),
        pytest.param(CLUSTERS["hb-ipoib"], "network-operator mpi", id="pods-elsewhere"),
        pytest.param(CLUSTERS["mi300x"], "network-operator kube-amd-gpu cert-manager default", id="amd"),
    ],
)
def test_the_whole_list_of_excluded_namespaces_is_there_on_aks_automatic(fields, namespaces):
    assert f"--excluded-ns {namespaces} $ALSO_EXCLUDED\n" in install(**fields)


@pytest.mark.parametrize("name", ["h100-and-cpu", "aks", "mi300x", "hb-ipoib", "ipoib-beside-h100"])
def test_every_namespace_of_privileged_pods_has_the_pod_security_label(name):
    text = install(**CLUSTERS[name])
    tree = aksrdma.render(Cluster(**CLUSTERS[name]))
    looped = re.search(r"for namespace in (.*); do", text)
    labelled = set(looped[1].split()) if looped else set()
    for path, made in tree.items():
        if path.startswith("namespace/") and "kind: Namespace" in made:
            assert "pod-security.kubernetes.io/enforce: privileged" in made
            labelled.add(re.search(r"^  name: (.*)$", made, re.MULTILINE)[1])
    shown = re.search(r"kubectl get namespace (.*) --label-columns", text)[1].split()

    assert set(shown) == labelled


def test_the_kind_that_nv_ipam_brings_is_waited_for():
    applied = blocks(step(install(**CLUSTERS["hb-ipoib"]), "Deploy the driver"))[0]

    assert applied.count("kubectl apply --server-side -k nicclusterpolicy/ipoib") == 2
    assert "kubectl wait crd/ippools.nv-ipam.nvidia.com --for=create" in applied
    assert "ippools" not in install(**CLUSTERS["whereabouts"])


@pytest.mark.parametrize(
    ("pool", "profile", "looked_up"),
    [
        pytest.param(HB, "ipoib", True, id="not-documented"),
        pytest.param(NodePool(name="hb", vm_size="Standard_HB120rs_v3", count=2), "ipoib", False, id="known"),
        pytest.param(HB, "rdma-shared-device-plugin", False, id="no-ipoib"),
    ],
)
def test_an_interface_name_that_is_a_guess_is_looked_up_on_the_nodes(pool, profile, looked_up):
    text = install(node_pools=[pool], profile=profile, release="v26.4.1")

    assert ("-- ip link" in text) is looked_up


def test_an_interface_that_the_reader_found_is_no_guess_of_ours():
    told = said(install(node_pools=[HB], profile="ipoib", ipoib=Ipoib(master="ib0")))

    assert "the cluster file has ib0." in told
    assert "is a guess" not in told
    assert "It worked when `ib0` is there" in told


def test_another_interface_than_those_of_the_size_is_looked_up_too():
    pool = NodePool(name="hb", vm_size="Standard_HB120rs_v3", count=2)
    text = install(node_pools=[pool], profile="ipoib", release="v26.4.1", ipoib=Ipoib(master="ib7"))

    assert "It worked when `ib7` is there, on all 2 nodes." in text


def test_the_list_of_interfaces_has_the_altnames_of_infiniband_and_no_others():
    awk = re.search(r"awk '(.*?)'", blocks(step(install(**CLUSTERS["hb-ipoib"]), "Look up"))[0])[1]
    shown = """\
2: eth0: <BROADCAST> mtu 1500
    link/ether 00:0d:3a:00:00:00 brd ff:ff:ff:ff:ff:ff
    altname enP1p0s0
3: ib0: <BROADCAST> mtu 2044
    link/infiniband 00:00:01:2e:fe:80 brd 00:ff:ff:ff
    altname ibP257p0s0
"""
    printed = subprocess.run(["awk", awk], input=shown, capture_output=True, text=True, check=True).stdout

    assert printed == "ib0\nib0 ibP257p0s0\n"


def test_the_log_of_the_ipoib_pod_is_what_it_prints():
    ipoib, other = install(**CLUSTERS["hb-ipoib"]), install()

    assert "the interface `net1` with an address of 192.168.0.0/16 and a port with `PORT_ACTIVE`" in said(ipoib)
    command = aksrdma.render(Cluster(**CLUSTERS["hb-ipoib"]))["examples/ipoib.yaml"]
    assert command.index("ip addr show net1") < command.index("ibv_devinfo | tee /dev/stderr | grep")
    assert "link_layer" not in step(ipoib, "Try it")
    assert "`PORT_ACTIVE` and `link_layer: InfiniBand`" in step(other, "Try it")


def rolled_out(**fields):
    policy = UpgradePolicy(**fields)
    return said(step(install(node_pools=[H100], ofed_driver=OfedDriver(upgrade_policy=policy)), "Later"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({}, "16 nodes x 15 minutes / 1 = 4.0 hours", id="one-after-the-other"),
        pytest.param({"max_parallel_upgrades": 3}, "3 at a time (`maxParallelUpgrades`)", id="three-at-a-time"),
        pytest.param({"max_parallel_upgrades": 3}, "16 nodes x 15 minutes / 3 = 1.5 hours", id="the-last-round-is-not-full"),
        pytest.param({"max_parallel_upgrades": 0}, "all at the same time", id="all"),
        pytest.param({"drain": Drain(timeout_seconds=3600)}, "16 nodes x 70 minutes / 1", id="a-long-drain"),
        pytest.param({"drain": Drain(enable=False)}, "16 nodes x 10 minutes / 1", id="no-drain"),
        pytest.param({"wait_for_completion": WaitForCompletion(pod_selector="app=nccl")}, "waits for the pods `app=nccl` to end,", id="for-ever"),
        pytest.param({"wait_for_completion": WaitForCompletion(pod_selector="a")}, "for the drain, and what the jobs take.", id="with-the-jobs"),
        pytest.param({"wait_for_completion": WaitForCompletion(pod_selector="a", timeout_seconds=9)}, "to end (for 9 s at most)", id="for-a-while"),
        pytest.param({"auto_upgrade": False}, "until you drain a node and delete its driver pod", id="by-hand"),
    ],
)  # fmt: skip
def test_a_roll_out_of_the_driver_is_reckoned(fields, words):
    assert words in rolled_out(**fields)


def test_nodes_without_the_driver_container_are_not_reckoned():
    assert "A new driver" not in install(**CLUSTERS["gb300"])
    assert "26 nodes x" in install(**CLUSTERS["mixed"])  # 16 + 8 + 2; GB300 brings its own


def test_install_leaves_out_what_does_not_concern_the_cluster():
    text = install(node_pools=[NodePool(name="hb", vm_size="Standard_HB120rs_v3")])

    assert "gpu-operator" not in text
    assert "--gpu-driver" not in text
    assert "peermem" not in text


@pytest.mark.parametrize(
    ("name", "command"),
    [
        pytest.param("h100-and-cpu", 'nccl-all-reduce --cluster "$CLUSTER_FILE" --nodes 2', id="nvidia"),
        pytest.param("mi300x", 'rccl-all-reduce --cluster "$CLUSTER_FILE" --nodes 2', id="amd"),
        pytest.param("counts-at-install", 'perftest --cluster "$CLUSTER_FILE" --nodes 2', id="no-gpus"),
        pytest.param("hb-ipoib", 'sockperf --cluster "$CLUSTER_FILE" --nodes 2', id="ipoib"),
        pytest.param("mixed", 'perftest --cluster "$CLUSTER_FILE" --pool hb --nodes 2', id="a-pool-of-several"),
        pytest.param("gb300", 'perftest --cluster "$CLUSTER_FILE" --image "$ARM64_IMAGE" --nodes 2', id="arm64"),
        pytest.param("no-pools", 'perftest --vm-size "$VM_SIZE" --nodes 2', id="no-pools"),
    ],
)
def test_two_nodes_of_a_pool_prove_that_data_goes_over_infiniband(name, command):
    part = step(install(**CLUSTERS[name]), "Prove it between two nodes")

    assert f"aksrdma workload {command} | kubectl apply --server-side -f -\n" in part


@pytest.mark.parametrize("name", ["h100-and-cpu", "ipoib-beside-h100", "mixed"])
def test_a_job_of_the_proof_begins_by_taking_away_the_one_that_ran_before(name):
    *jobs, _ = blocks(step(install(**CLUSTERS[name]), "Prove it"), "bash")

    for job in jobs:
        first, second, *_ = job.splitlines()
        kind = second.split()[2]
        namespace = " --namespace mpi" if "mpi" in job else ""
        assert first == (
            f"kubectl delete job,service,configmap --selector aksrdma.dev/workload={kind}{namespace} --cascade foreground"
        )


def test_jobs_of_the_proof_are_looked_at_where_they_run():
    *jobs, delete = blocks(step(install(**CLUSTERS["ipoib-beside-h100"]), "Prove it"), "bash")

    assert [("--namespace mpi" in job) for job in jobs] == [False, True, True]
    for name, job in zip(("nccl-all-reduce", "perftest", "sockperf"), jobs, strict=True):
        assert f"kubectl get job {name}" in job
        assert f"kubectl logs --selector aksrdma.dev/workload={name}" in job
    assert [line.endswith(" --namespace mpi") for line in delete.splitlines()] == [False, True]


@pytest.mark.parametrize(
    ("release", "version", "other"),
    [
        pytest.param(NEWEST, "one that the top of this page names", "upgrade one of the two first", id="documented"),
        pytest.param("v25.1.0", "1.32, which nobody has documented for v25.1.0", "take a later `release`", id="none"),
    ],
)  # fmt: skip
def test_the_version_of_the_cluster_is_compared_with_what_the_page_names(release, version, other):
    made = said(step(install(node_pools=[H100], release=release), "Get the cluster"))

    assert f"their VERSION is {version}." in made
    assert other in made


@pytest.mark.parametrize(
    ("printed", "ends"),
    [
        ("SuccessCriteriaMet Complete", True),
        ("FailureTarget Failed", True),
        ("Complete", True),
        ("FailureTarget", False),
        ("", False),
    ],
)
def test_a_job_that_failed_ends_its_wait_too(printed, ends):
    [pattern] = set(re.findall(r"until_prints 3900 '(.*)' kubectl get job", install(**CLUSTERS["h100-and-cpu"])))

    assert bool(re.fullmatch(pattern, printed)) is ends


def test_a_single_node_has_nobody_to_talk_to():
    one, two, none = (NodePool(name=f"hb{count}", vm_size=HB.vm_size, count=count) for count in (1, 2, 0))

    assert "Prove it" not in install(node_pools=[one, none])
    assert "two nodes of hb2 are free" in said(step(install(node_pools=[one, two]), "Prove it"))


def test_nodes_of_another_architecture_get_an_image_for_it(run):
    forth, _ = guides(**CLUSTERS["gb300"])
    done, calls = run(forth, RESOURCE_GROUP="rg", ARM64_IMAGE="own/tools:1")

    assert done.returncode == 0
    assert "kubectl set image --local -f examples/sriov-device-plugin.yaml ibtools=own/tools:1 --output yaml" in calls
    for name in ("mi300x", "h100-and-cpu", "no-pools"):
        assert "ARM64_IMAGE" not in install(**CLUSTERS[name])
    assert "ibtools=" not in install(**CLUSTERS["mixed"]), "its example pod takes the first pool, which is amd64"


def test_an_image_that_a_patch_gives_the_example_pod_stays():
    container = {"name": "ibtools", "image": "own/tools:1", "command": ["sleep", "infinity"]}
    patch = Patch(target={"kind": "Pod", "name": "rdma-sriov"}, patch={"spec": {"containers": [container]}})

    assert "kubectl set image" not in install(**CLUSTERS["gb300"], patches=[patch])


@every_cluster
def test_the_example_pod_is_there_to_be_looked_at_where_it_did_not_work(fields):
    for title in titles(install(**fields)):
        if "Try it" in title:
            part = step(install(**fields), title.split(". ", 1)[1])
            tried, away = blocks(part)
            assert "kubectl delete" not in tried
            assert away.startswith("kubectl delete -f examples/")


def test_what_the_nodes_have_left_is_asked_of_them():
    part = said(step(install(), "Try it"))

    assert (
        "`kubectl get nodes,pods --all-namespaces --output json | aksrdma fit examples/sriov-device-plugin.yaml --cluster -`"
        in part
    )


def test_later_changes_of_pools_have_their_commands():
    later = said(step(install(**CLUSTERS["h100-and-cpu"]), "Later"))

    assert "`az aks nodepool scale`" in later
    assert "`az aks nodepool update --node-taints`" in later
    assert later.index("`kubectl delete --ignore-not-found -f FILE`") < later.index(
        "Run the steps from the namespaces on"
    )
    assert "taints are changed by" in said(step(install(**CLUSTERS["h100-and-cpu"]), "Add the node pool"))


@pytest.mark.parametrize(
    ("release", "steps"),
    [
        pytest.param("v25.10.0", "from v25.10.0 take one after the other, v26.1.2, v26.4.2 and v26.7.0", id="three"),
        pytest.param("v26.1.2", "from v26.1.2 take one after the other, v26.4.2 and v26.7.0", id="two"),
        pytest.param("v26.4.1", None, id="the-next-is-the-newest"),
        pytest.param(NEWEST, None, id="the-newest"),
    ],
)
def test_the_releases_on_the_way_to_the_newest_are_named(release, steps):
    later = said(step(install(node_pools=[HB], profile="rdma-shared-device-plugin", release=release), "Later"))

    assert (steps in later) if steps else ("one after the other" not in later)


@pytest.mark.parametrize("name", ["gb300", "inbox", "gb300-base", "inbox-base"])
def test_nothing_is_said_of_a_driver_container_where_there_is_none(name):
    for text in guides(**CLUSTERS[name]):
        told = text.split("## Which profile when")[0].split("\n## 1. ")[1]
        assert not re.search(r"ofed-driver|mofed|compile|DOCA|peermem", told)


@pytest.mark.parametrize(
    ("name", "installed", "applied"),
    [
        pytest.param("gb300-base", False, False, id="nothing-to-deploy"),
        pytest.param("inbox-base", True, False, id="gpu-operator-reads-its-nfd"),
        pytest.param("gb300", True, True, id="a-device-plugin"),
    ],
)
def test_network_operator_is_left_out_where_nothing_needs_it(name, installed, applied):
    forth, back = guides(**CLUSTERS[name])

    assert ("helm upgrade --install network-operator" in forth) is installed
    assert ("helm uninstall network-operator" in back) is installed
    assert ("## " in forth and "Leave Network Operator out" in forth) is not installed
    assert ("-k nicclusterpolicy/" in forth) is applied
    assert ("-k node-feature-rule" in forth) is ("-k node-feature-rule" in back) is applied
    assert ("-k namespace\n" in forth) is installed


def test_nothing_of_nvidia_is_installed_for_amds_gpus():
    for text in guides(**CLUSTERS["mi300x"]):
        assert "nvidia/gpu-operator" not in text
        assert "peermem" not in text
        assert "nvidia.com/gpu" not in text


def test_aks_managed_pools_get_nothing_that_aks_brings():
    text = install(**CLUSTERS["aks-managed"])

    assert "gpu-operator" not in text
    assert "nvidia-device-plugin" not in text
    assert "'{.status.allocatable.nvidia\\.com/gpu}'=8" in text


def test_install_says_how_long_the_driver_takes_where_it_is_deployed():
    compiled = "The nodes compile the driver, all at the same time, which takes minutes."

    assert compiled in install()
    assert compiled not in install(**CLUSTERS["gb300"])
    safe = OfedDriver(upgrade_policy=UpgradePolicy(safe_load=True))
    assert "cordoned and drained before its first driver" in install(ofed_driver=safe)


def test_readiness_is_of_what_was_applied_where_the_release_can_tell():
    assert "nic-cluster-policy --for=condition=Ready" in install(release="v26.7.0")
    assert "nic-cluster-policy --for=jsonpath='{.status.state}'=ready" in install(release="v26.4.1")


def test_install_gives_the_guides_advice():
    text = install()

    assert all(f"| `{profile}` |" in text for profile in PROFILES)
    assert "63 slots outlast the GPUs" in text  # GPU exhaustion
    assert "privileged containers only" in text  # what driver-only means


def test_every_file_and_folder_that_a_guide_names_is_in_the_tree():
    for fields in CLUSTERS.values():
        tree = aksrdma.render(Cluster(**fields))
        for text in (tree["INSTALL.md"], tree["UNINSTALL.md"]):
            words = "\n".join(blocks(text) + blocks(text, "bash")).replace(";", " ").split()
            for option, name in itertools.pairwise(words):
                if option == "-k" or (option == "-f" and name != "-"):
                    assert any(path == name or path.startswith(f"{name}/") for path in tree), name


def order(text, *parts):
    return [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_what_serves_others_goes_after_them():
    text = uninstall(**CLUSTERS["mixed"])

    assert order(
        text,
        "kubectl delete deviceconfigs.amd.com --all",
        "helm uninstall amd-gpu-operator",
        "helm uninstall gpu-operator ",
        "kubectl delete -k node-feature-rule",
        "kubectl delete nicnodepolicies.mellanox.com ndh100",
        "helm uninstall network-operator ",
        "crds=$(kubectl get crd",
        "kubectl delete namespace network-operator ",
    )


def test_the_network_goes_before_the_policy_that_brings_its_kind():
    text = uninstall(**CLUSTERS["hb-ipoib"])

    assert order(
        text,
        "delete ipoibnetworks.mellanox.com aks-infiniband",
        "delete ippools.nv-ipam.nvidia.com",
        "nicclusterpolicies",
    )
    assert "kubectl delete namespace mpi " in text
    assert "ippools" not in uninstall(**CLUSTERS["whereabouts"])


def test_uninstall_takes_away_every_namespace_chart_and_daemon_set_that_install_brings():
    for fields in CLUSTERS.values():
        forth, back = guides(**fields)
        for release in re.findall(r"helm upgrade --install (\S+)", forth):
            assert f"helm uninstall {release} " in back, release
        for namespace in re.search(r"kubectl get namespace (.*) --label-columns", forth)[1].split():
            assert f"kubectl delete namespace {namespace} --ignore-not-found --timeout 10m" in back, namespace
        for folder in re.findall(r"-k (amd-driver-installer|infiniband-modules|nvidia\S+|node-feature-rule)\n", forth):
            assert f"kubectl delete -k {folder} --ignore-not-found" in back, folder
        assert "--timeout" in back
        for line in back.splitlines():
            assert not re.match(r"\s*kubectl (delete (?!-f)|wait)(?!.*(timeout|\\$))", line), line


def test_labels_are_pruned_where_the_chart_has_to_be_told():
    assert "--set node-feature-discovery.postDeleteCleanup=true" in uninstall(release="v26.4.1")
    assert "postDeleteCleanup" not in uninstall(release="v25.1.0")


def test_the_operators_label_is_taken_by_hand_where_the_charts_rule_goes_with_the_chart():
    assert (
        "kubectl label nodes --all feature.node.kubernetes.io/pci-15b3.present- network.nvidia.com/operator.mofed.wait-"
        in uninstall(**CLUSTERS["charts-rule"])
    )
    assert "mofed.wait" not in uninstall(release="v26.4.1")
    assert "Take the label" not in uninstall(**CLUSTERS["charts-rule"])


def test_pods_that_hold_a_resource_are_listed_where_there_is_one():
    holding = step(uninstall(node_pools=[H100], release="v26.4.1", rdma=Rdma(resource_prefix="rdma.io")), "Stop what")

    assert r"rdma.io/ib:.spec.containers[*].resources.limits.rdma\.io/ib' |" in holding
    assert "custom-columns" not in step(uninstall(**CLUSTERS["base"]), "Stop what")


def test_nothing_is_waited_for_on_pools_without_nodes():
    empty = NodePool(name="later", vm_size="Standard_HB120rs_v3", count=0, profile="rdma-shared-device-plugin")
    beside = install(node_pools=[H100, empty], release=NEWEST)
    alone = install(node_pools=[empty], release=NEWEST)

    assert "--name later \\\n" in beside
    assert "--node-count 0" in beside
    waits = [line for line in "\n".join(blocks(beside)).replace("\\\n", "").splitlines() if "kubectl wait" in line]
    assert not [line for line in waits if "later" in line]
    assert "kubectl wait nicnodepolicy ndh100 --for" in beside
    assert "later: no nodes, so nothing is waited for there." in said(beside)
    assert "examples/rdma-shared-device-plugin.yaml" not in beside
    assert "kubectl wait" not in alone.replace("kubectl wait pod", "")
    assert "no nodes, so" not in said(install(node_pools=[H100]))


def test_uninstall_names_the_pools_that_stay():
    text = step(uninstall(**CLUSTERS["h100-and-cpu"]), "What stays")

    assert '--cluster-name "$CLUSTER" --name ndh100' in text
    assert "--name cpu" not in text, "a pool without InfiniBand is not ours"


PRIVATE = CLUSTERS["private"]


def test_a_registry_of_ones_own_is_filled_before_anything_is_made():
    text = install(**PRIVATE)
    part = step(text, "Fill the registry")

    assert titles(text)[1:3] == ["2. Get the cluster", "3. Fill the registry"]
    (block,) = blocks(part)
    imports = [line for line in block.splitlines() if line.startswith("az acr import --name contoso --force ")]
    repositories = {line.split()[-1].rpartition(":")[0] for line in imports}
    assert len(repositories) > 15
    assert f"prints {len(repositories)} or more" in part
    assert block.splitlines()[-1] == "az acr repository list --name contoso --output tsv | grep --count '^nvidia/'"
    assert "helm push network-operator-26.4.1.tgz oci://contoso.azurecr.io/nvidia/helm.ngc.nvidia.com/nvidia" in block
    assert "Fill the registry" not in install(node_pools=[H100])


def test_charts_come_from_the_registry():
    code = "\n".join(blocks(install(**PRIVATE)))

    assert "helm repo add" not in code
    found = re.findall(r"helm upgrade --install (\S+) (\S+)", code)
    assert [name for name, _ in found] == ["network-operator", "gpu-operator", "cert-manager", "amd-gpu-operator"]
    assert all(chart.startswith("oci://contoso.azurecr.io/nvidia/") for _, chart in found)
    cert_manager = next(line for line in code.replace("\\\n", "").splitlines() if "--install cert-manager" in line)
    assert "--set image.repository=contoso.azurecr.io/nvidia/quay.io/jetstack/cert-manager-controller" in cert_manager
    assert "--set 'global.imagePullSecrets[0].name=acr'" in cert_manager
    assert "--set crds.enabled=true" in cert_manager


def test_pull_secrets_are_made_wherever_pods_are():
    text = install(**PRIVATE)

    code = "\n".join(blocks(step(text, "Make the namespaces")))
    made = re.findall(r"create secret docker-registry acr --namespace (\S+)", code)
    assert made == ["network-operator", "gpu-operator", "kube-amd-gpu", "default", "cert-manager", "kube-system"]
    assert code.index("create namespace cert-manager") < code.index("acr --namespace cert-manager")
    first = "\n".join(blocks(step(text, "Say what is yours")))
    assert '"${REGISTRY_USER:?' in first
    assert '"${REGISTRY_PASSWORD:?' in first
    assert "REGISTRY_" not in install(**{**PRIVATE, "image_pull_secrets": []})


def test_nodes_without_pull_secrets_are_let_into_the_registry():
    attach = 'az aks update --resource-group "$RESOURCE_GROUP" --name "$CLUSTER" --attach-acr contoso'

    assert attach in install(**{**PRIVATE, "image_pull_secrets": []})
    assert attach not in install(**PRIVATE)
    assert "--attach-acr" not in install(**CLUSTERS["harbor"])


def test_another_registry_is_filled_by_skopeo():
    part = step(install(**CLUSTERS["harbor"]), "Fill the registry")

    (block,) = blocks(part)
    assert block.splitlines()[-1].startswith("skopeo inspect --format '{{.Digest}}' docker://harbor.example.com/x/")
    assert "az acr" not in block
    assert "with `skopeo` and helm logged in to it" in said(part)
    assert "the last one prints a digest." in said(part)


def test_what_is_still_fetched_is_said_with_what_to_do():
    part = step(install(**{**PRIVATE, "ofed_driver": OfedDriver()}), "Fill the registry")

    assert "Nodes still fetch from the Internet:" in part
    assert "archive.ubuntu.com" in part
    assert "repo.radeon.com" in part
    assert "ofedDriver.repoConfig" in part
    assert "ofedDriver.repoConfig" not in step(install(**PRIVATE), "Fill the registry")
    nothing = install(node_pools=[GB300], release="v26.4.1", registry="a.azurecr.io")
    assert "fetch from the Internet" not in step(nothing, "Fill the registry")


def test_a_step_that_needs_an_apt_mirror_begins_by_looking_for_it():
    first = blocks(step(install(**PRIVATE), "Deploy the driver"))[0].splitlines()[0]
    own = {"driver": {"repoConfig": {"configMapName": "apt-mirror"}}}
    gpus = step(
        install(**{**PRIVATE, "node_pools": [H100], "gpu_operator": GpuOperator(helm_values=own)}),
        "Install GPU Operator",
    )

    assert first == "kubectl get configmap apt-mirror --namespace network-operator"
    told = said(install(**PRIVATE))
    assert "The ConfigMap `apt-mirror` of `network-operator` has the apt sources" in told
    assert "`kubectl create configmap apt-mirror --namespace network-operator --from-file=ubuntu.sources`" in told
    assert blocks(gpus)[0].splitlines()[0] == "kubectl get configmap apt-mirror --namespace gpu-operator"
    assert "configmap" not in "".join(blocks(install(**CLUSTERS["mixed"])))


def test_the_charts_rule_labels_other_nodes_too():
    assert "lists the 4 nodes of the pools, beside nodes whose accelerated" in said(install(**CLUSTERS["charts-rule"]))
    assert "lists the 4 nodes of the pools and no other." in said(install(**CLUSTERS["base"]))


def test_what_stays_of_a_registry_is_said():
    part = step(uninstall(**PRIVATE), "What stays")

    assert "- *Images and charts* in `contoso.azurecr.io/nvidia`" in part
    assert "`kubectl delete secret acr --namespace NAME`" in part
    assert "--detach-acr" not in part
    assert "--detach-acr contoso`" in step(uninstall(**{**PRIVATE, "image_pull_secrets": []}), "What stays")
    plain = step(uninstall(node_pools=[H100]), "What stays")
    assert "secret" not in plain
    assert "Images" not in plain


@pytest.mark.parametrize(
    ("release", "taken"), [("v25.1.0", True), ("v25.4.0", True), ("v25.7.0", False), ("v26.7.0", False)]
)
def test_the_label_of_driver_upgrades_is_taken_where_the_operator_leaves_it(release, taken):
    pool = NodePool(name="a", vm_size="Standard_ND96isr_H100_v5")
    text = aksrdma.render(Cluster(release=release, node_pools=[pool]))["UNINSTALL.md"]

    assert ("kubectl label nodes --all nvidia.com/ofed-driver-upgrade-state-" in text) is taken
