"""Every workload on every usable VM size with every profile: nothing to complain about, or a sentence that refuses."""

import contextlib
import json
import subprocess

import pytest
import yaml

import aksrdma
from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.errors import PlanError, UsageError
from aksrdma.plan import PROFILES, make_plan
from aksrdma.rendering import stream
from aksrdma.workloads.jobs import KINDS, JobOptions, plan_workload, target_of, workload_stream, workload_tree

SIZES = [name for name in catalog.vm_sizes() if catalog.vm_size(name).usable]
OPTIONS = [JobOptions(), JobOptions(kind="mpijob"), JobOptions(gpu_memory=True)]
RELEASE = "v26.4.1"


def plan_of(size, profile):
    """Return the plan of a cluster with one pool; None where no release can serve it."""
    pool = NodePool(name="pool1", vm_size=size, count=4, taints=["sku=gpu:NoSchedule"])
    try:
        return make_plan(Cluster(release=RELEASE, profile=profile, node_pools=[pool]))
    except PlanError:
        return None


def workloads(size, profile, *, named):
    """Yield every workload that a VM size can run with a profile."""
    plan = plan_of(size, profile)
    where = plan and target_of(plan.decisions, named=named)
    for kind in KINDS if where else ():
        for options in OPTIONS:
            with contextlib.suppress(UsageError):
                yield plan_workload(kind, where, options)


def fits(kind, size, profile):
    """Whether a VM size and a profile can run a workload, told from the catalog alone."""
    facts, gpu = catalog.job(kind), catalog.vm_size(size).gpu
    return profile in facts.profiles and (
        facts.gpu_vendor is None or (gpu is not None and gpu.vendor == facts.gpu_vendor)
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_workload_is_planned_where_it_fits_and_nowhere_else(size, profile):
    if plan_of(size, profile) is None:
        return
    planned = {plan.kind for plan in workloads(size, profile, named=True)}

    assert planned == {kind for kind in KINDS if fits(kind, size, profile)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("named", [pytest.param(True, id="in-a-pool"), pytest.param(False, id="by-vm-size")])
def test_validate_has_nothing_to_complain_about(size, named):
    for profile in PROFILES:
        for plan in workloads(size, profile, named=named):
            report = aksrdma.validate(workload_stream(plan), release=RELEASE, vm_sizes=(size,))

            assert [one for one in report.findings if one.severity != "info"] == []


@pytest.mark.parametrize("size", ["Standard_HB120rs_v3", "Standard_ND96isr_H100_v5", "Standard_ND96isr_MI300X_v5"])
@pytest.mark.parametrize("profile", PROFILES)
def test_workloads_fit_the_cluster_that_is_rendered(size, profile):
    cluster = stream(plan_of(size, profile))
    for plan in workloads(size, profile, named=True):
        report = aksrdma.validate(f"{cluster}---\n{workload_stream(plan)}", release=RELEASE, vm_sizes=(size,))

        assert [one for one in report.findings if one.severity != "info"] == []


def test_kubeconform_accepts_every_workload(kubeconform, root, tmp_path):
    found = [
        document
        for size in SIZES
        for profile in PROFILES
        for plan in workloads(size, profile, named=True)
        for document in (one.data for one in plan.objects)
    ]
    (tmp_path / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": found}))
    template = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
    locations = [f"{root / 'schemas' / name}/{template}" for name in ("kubernetes-v1.34", "workloads")]
    options = [word for location in locations for word in ("-schema-location", location)]
    done = subprocess.run(
        [kubeconform, "-strict", "-summary", "-output", "json", *options, tmp_path / "all.json"],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )

    assert json.loads(done.stdout)["summary"] == {"valid": len(found), "invalid": 0, "errors": 0, "skipped": 0}


@pytest.mark.parametrize("kind", ["nccl-all-reduce", "perftest", "ibv-devices", "sockperf"])
def test_kustomize_builds_the_folder(kind, kustomize, tmp_path):
    plan = plan_workload(kind, target_of(plan_of("Standard_ND96isr_H100_v5", "ipoib").decisions))
    workload_tree(plan).write(tmp_path)
    built = subprocess.run([kustomize, "build", tmp_path], capture_output=True, check=True, encoding="utf-8").stdout

    def by_name(documents):
        return {(one["kind"], one["metadata"]["name"]): one for one in documents}

    assert by_name(yaml.safe_load_all(built)) == by_name(yaml.safe_load_all(workload_stream(plan)))
