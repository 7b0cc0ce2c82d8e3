"""What INSTALL.md says of a registry of one's own."""

import shutil
import subprocess

import pytest

from aksrdma import Cluster, NodePool, OfedDriver
from aksrdma.cluster import GpuOperator
from aksrdma.delivery.images import chart_in
from aksrdma.delivery.steps import (
    attached_registry,
    chart_source,
    egress_of,
    filling_commands,
    needed_values,
    secret_commands,
    secret_variables,
)
from aksrdma.plan import make_plan

ACR, HARBOR = "contoso.azurecr.io/nvidia", "harbor.example.com/x"
H100, MI300X, GB300, HB = (
    "Standard_ND96isr_H100_v5", "Standard_ND96isr_MI300X_v5", "Standard_ND128isr_GB300_v6", "Standard_HB120rs_v3"
)  # fmt: skip


def plan(*sizes, **fields):
    pools = [NodePool(name=f"pool{number}", vm_size=size, count=2) for number, size in enumerate(sizes)]
    return make_plan(Cluster(release="v26.4.1", node_pools=pools, **fields))


def test_the_registry_is_filled_by_the_way_that_it_has():
    assert filling_commands(plan(HB)) == ()
    assert any(line.startswith("az acr import --name contoso ") for line in filling_commands(plan(HB, registry=ACR)))
    harbor = filling_commands(plan(HB, registry=HARBOR))
    assert any(line.startswith("skopeo copy ") for line in harbor)
    assert not any(line.startswith("az ") for line in harbor)


def test_sources_of_the_copies_are_the_publishers():
    imports = [line for line in filling_commands(plan(H100, registry=ACR)) if " --source " in line]

    assert len(imports) > 10
    assert all("contoso" not in line.split(" --source ")[1].split()[0] for line in imports)


@pytest.mark.parametrize(
    ("fields", "attached"),
    [
        pytest.param({}, None, id="no-registry"),
        pytest.param({"registry": ACR}, "contoso", id="the-nodes-have-to-be-let-in"),
        pytest.param({"registry": ACR, "image_pull_secrets": ["acr"]}, None, id="secrets-let-them-in"),
        pytest.param({"registry": HARBOR}, None, id="another-registry"),
    ],
)
def test_nodes_are_let_into_an_azure_container_registry(fields, attached):
    assert attached_registry(plan(HB, **fields)) == attached


def test_secrets_are_made_in_each_namespace_once():
    made = secret_commands(
        plan(HB, registry=ACR, image_pull_secrets=["a", "b"]), "network-operator", "default", "default"
    )

    assert [line.split(" --docker-server")[0] for line in made] == [
        "kubectl create secret docker-registry a --namespace network-operator",
        "kubectl create secret docker-registry b --namespace network-operator",
        "kubectl create secret docker-registry a --namespace default",
        "kubectl create secret docker-registry b --namespace default",
    ]
    assert all("--docker-server contoso.azurecr.io " in line for line in made)
    assert all('--docker-username "$REGISTRY_USER" ' in line for line in made)
    assert all(line.endswith("| kubectl apply --server-side -f -") for line in made)


def test_without_a_registry_secrets_are_for_nvidias():
    (made,) = secret_commands(plan(HB, image_pull_secrets=["ngc"]), "network-operator")

    assert "--docker-server nvcr.io --docker-username '$oauthtoken' " in made
    assert secret_commands(plan(HB, registry=ACR), "network-operator") == ()


def test_who_may_pull_is_asked_for_where_secrets_are_made():
    assert secret_variables(plan(HB, registry=ACR)) == ()
    user, password = secret_variables(plan(HB, registry=ACR, image_pull_secrets=["a", "b"]))
    assert user.startswith(': "${REGISTRY_USER:?')
    assert password.startswith(': "${REGISTRY_PASSWORD:?')
    assert "contoso.azurecr.io}" in user
    (key,) = secret_variables(plan(HB, image_pull_secrets=["ngc"]))
    assert "REGISTRY_PASSWORD" in key, "the user name of NVIDIA's registry is always the same"
    assert "nvcr.io}" in key


def test_a_shell_reads_the_lines():
    made = plan(HB, image_pull_secrets=["ngc"])
    lines = [*secret_variables(made), *secret_commands(made, "network-operator")]
    shell = shutil.which("sh")
    assert shell

    done = subprocess.run([shell, "-n"], input="\n".join(lines), capture_output=True, encoding="utf-8", check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_helm_takes_a_chart_from_the_registry_or_from_its_repository():
    url = "https://helm.ngc.nvidia.com/nvidia"

    assert chart_source(plan(HB), url, "nvidia", "network-operator") == "nvidia/network-operator"
    moved = "oci://contoso.azurecr.io/nvidia/helm.ngc.nvidia.com/nvidia/network-operator"
    assert chart_source(plan(HB, registry=ACR), url, "nvidia", "network-operator") == moved
    assert chart_in(ACR, url, "network-operator") == moved


def test_a_chart_that_another_one_needs_is_told_of_the_registry():
    values = needed_values(
        plan(MI300X, registry=ACR, image_pull_secrets=["acr"]), "cert-manager", "v1.15.1", {"crds": {"enabled": True}}
    )

    assert values["crds"] == {"enabled": True}
    assert values["global"] == {"imagePullSecrets": [{"name": "acr"}]}
    assert values["webhook"]["image"]["repository"] == f"{ACR}/quay.io/jetstack/cert-manager-webhook"
    assert needed_values(plan(MI300X), "cert-manager", "v1.15.1", {"crds": {}}) == {"crds": {}}


@pytest.mark.parametrize(
    ("made", "parts"),
    [
        pytest.param(plan(HB), ["doca-driver"], id="the-driver-is-compiled"),
        pytest.param(plan(HB, ofed_driver=OfedDriver(repo_config="apt")), [], id="from-an-apt-mirror"),
        pytest.param(plan(H100), ["doca-driver", "gpu-driver"], id="the-gpu-driver-too"),
        pytest.param(
            plan(H100, gpu_operator=GpuOperator(helm_values={"driver": {"repoConfig": {"configMapName": "apt"}}})),
            ["doca-driver"],
            id="which-has-a-mirror",
        ),
        pytest.param(plan(H100, gpu_driver="aks"), ["doca-driver", "peermem-reloader"], id="the-reloader-has-no-kmod"),
        pytest.param(plan(MI300X), ["doca-driver", "amd-driver"], id="amd"),
        pytest.param(plan(GB300), [], id="the-node-image-has-all"),
    ],
)
def test_what_nodes_still_fetch_is_known(made, parts):
    assert [row.part for row in egress_of(made)] == parts
    assert all(row.hosts and row.instead and row.what for row in egress_of(made))


@pytest.mark.parametrize("driver", [None, {"repoConfig": None}, "text", {"repoConfig": {"configMapName": None}}])
def test_the_gpu_driver_has_ubuntus_sources_whatever_else_the_user_says_of_it(driver):
    rows = [one.what for one in egress_of(plan(H100, gpu_operator=GpuOperator(helm_values={"driver": driver})))]

    assert rows == [one.what for one in egress_of(plan(H100))]
