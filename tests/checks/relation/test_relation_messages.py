"""What the rules on pods say in words: the name to write, and the weight that depends on the set."""

from __future__ import annotations

from pathlib import Path

import pytest

import aksrdma
from aksrdma import catalog
from aksrdma.findings import Finding

CASES = Path(__file__).parents[2] / "cases" / "rules"


def found(rule: str, example: str, **options: object) -> Finding:
    text = (CASES / rule / f"{example}.yaml").read_text(encoding="utf-8")
    report = aksrdma.validate(text, release="v26.4.1", select=(rule,), **options)
    return report.findings[0]


@pytest.mark.parametrize(
    ("rule", "example", "severity"),
    [
        ("nccl-pod-without-shm-volume", "bad", "warning"),
        ("nccl-pod-without-shm-volume", "bad_one_gpu", "info"),
        ("network-annotation-wrong-namespace", "bad", "error"),
        ("network-annotation-wrong-namespace", "bad_pod_names_no_namespace", "warning"),
        ("operator-namespace-not-privileged", "bad", "error"),
        ("operator-namespace-not-privileged", "bad_no_label", "warning"),
        ("shm-size-above-memory-limit", "bad", "warning"),
        ("shm-size-above-memory-limit", "bad_no_size", "info"),
    ],
)
def test_severity_is_as_grave_as_the_case(rule: str, example: str, severity: str) -> None:
    assert found(rule, example).severity == severity


@pytest.mark.parametrize(
    ("rule", "example", "fix"),
    [
        ("pod-rdma-resource-unexposed", "bad_misspelt", "ask for nvidia.com/mlnxnics, "),
        ("pod-rdma-resource-unexposed", "bad_driver_only", "add rdmaSharedDevicePlugin or sriovDevicePlugin"),
        ("network-annotation-unknown-network", "bad", "write aks-infiniband, "),
        ("network-annotation-wrong-namespace", "bad", "write default/aks-infiniband, "),
        ("sriov-rdma-count-above-vm-nics", "bad_pool_of_the_pod", "ask for at most 1"),
        ("vm-size-without-infiniband", "bad", "choose a size with InfiniBand, such as Standard_ND96isr_H100_v5"),
        ("trainjob-drops-rdma-resource", "bad", "add rdma/ib to resourcesPerNode"),
    ],
)
def test_fix_names_what_to_write(rule: str, example: str, fix: str) -> None:
    assert found(rule, example).fix.startswith(fix)


def test_all_exposed_names_are_listed_the_nearest_first() -> None:
    text = (CASES / "pod-rdma-resource-unexposed" / "bad.yaml").read_text(encoding="utf-8")
    two = text.replace('{"resourceName": "ib",', '{"resourceName": "a", "selectors": {}}, {"resourceName": "share_ib",')

    report = aksrdma.validate(two, release="v26.4.1", select=("pod-rdma-resource-unexposed",))

    assert "(rdma/share_ib, intel.com/a)" in report.findings[0].fix


def test_an_illegal_name_in_a_worker_is_found_though_the_api_server_does_not_look_there() -> None:
    file = CASES / "rdma-requests-differ-from-limits" / "bad_worker_of_a_custom_resource.yaml"
    text = file.read_text(encoding="utf-8").replace("rdma/ib", "RDMA_x/ib")

    report = aksrdma.validate(text, release="v26.4.1", select=("rdma-resource-name-illegal",))

    assert {finding.severity for finding in report.findings} == {"error"}
    assert len(report.findings) == 2


CHECKOUT = Path(__file__).parents[3]
OURS = tuple(rule.id for theme in ("hardware", "pod") for rule in catalog.rules_of(theme))
SIZE = "Standard_ND96isr_H100_v5"


@pytest.mark.parametrize("release", catalog.releases())
def test_rendered_pods_fit_the_policies_and_the_vm_size(release: str) -> None:
    files = sorted((CHECKOUT / "overlays" / release).rglob("*.yaml"))
    texts = [file.read_text(encoding="utf-8") for file in files if "values" not in file.parts]
    assert any("kind: Pod" in text for text in texts)

    report = aksrdma.validate("---\n".join(texts), release=release, vm_sizes=(SIZE,), select=OURS)

    assert report.findings == ()


@pytest.mark.parametrize("file", sorted((CHECKOUT / "examples" / "pods").glob("*.yaml")), ids=lambda file: file.stem)
def test_example_pods_have_no_findings(file: Path) -> None:
    assert aksrdma.validate(file, release="v26.4.1", vm_sizes=(SIZE,), select=OURS).findings == ()
