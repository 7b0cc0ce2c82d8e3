"""`aksrdma workload`: jobs that prove that RDMA works."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from aksrdma.cli.clusters import plan_of
from aksrdma.cli.options import profile_option, quiet_option, release_option, say
from aksrdma.errors import ReadError, UsageError
from aksrdma.workloads.jobs import (
    KINDS,
    JobOptions,
    Target,
    plan_workload,
    target_of,
    workload_stream,
    workload_tree,
)


@click.command("workload")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--cluster", metavar="CLUSTER", help="Cluster file, or - for stdin.")
@click.option("--pool", metavar="NAME", help="Node pool of the cluster to run on; needed where there are several.")
@click.option("--vm-size", metavar="SIZE", help="VM size of the nodes, without a cluster file.")
@profile_option
@release_option
@click.option("--nodes", type=click.IntRange(min=1), metavar="N", help="Nodes; default: the pool's, or the fewest.")
@click.option("--kind", "job_kind", type=click.Choice(["job", "mpijob"]), default="job", show_default=True)
@click.option("--image", metavar="IMAGE", help="Image in place of upstream's.")
@click.option(
    "--topology-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Your copy of the published NCCL topology file; its hash is checked.",
)
@click.option("--gpu-memory", is_flag=True, help="perftest: write from GPU memory too.")
@click.option("--out-dir", type=click.Path(path_type=Path, file_okay=False), help="Write a kustomize folder here.")
@quiet_option
def command(
    kind: str,
    cluster: str | None,
    pool: str | None,
    vm_size: str | None,
    profile: str | None,
    release: str | None,
    nodes: int | None,
    job_kind: Literal["job", "mpijob"],
    image: str | None,
    topology_file: Path | None,
    gpu_memory: bool,
    out_dir: Path | None,
    quiet: bool,
) -> int:
    """Print a job that proves that RDMA works; it fails where a device, a link or the bandwidth is not as it should be.

    \b
    nccl-all-reduce   all GPUs of several nodes; NVIDIA
    rccl-all-reduce   the same on MI300X
    perftest          ib_read_lat and ib_write_bw of each NIC, between nodes two by two
    ibv-devices       counts the devices of each node and looks at their links
    sockperf          TCP over IPoIB; needs the profile ipoib

    \b
    aksrdma workload ibv-devices --vm-size Standard_ND96isr_H100_v5 | kubectl apply -f -
    aksrdma workload nccl-all-reduce --cluster cluster.yaml --pool ndh100 --nodes 4 --out-dir proof
    kubectl logs -l aksrdma.dev/workload=nccl-all-reduce --tail=-1 | aksrdma check-log --vm-size Standard_ND96isr_H100_v5
    """
    target = _target(cluster, pool, vm_size, profile, release)
    try:
        copy = topology_file.read_bytes() if topology_file else None
    except OSError as error:
        raise ReadError(f"{topology_file}: cannot be read: {error.strerror}") from error
    options = JobOptions(nodes=nodes, kind=job_kind, image=image, topology_file=copy, gpu_memory=gpu_memory)
    plan = plan_workload(kind, target, options)
    say(quiet, *plan.notes)
    if out_dir is None:
        click.echo(workload_stream(plan), nl=False)
        return 0
    done = workload_tree(plan).write(out_dir)
    condition = "complete" if plan.job_kind == "Job" else "Succeeded"
    say(
        quiet,
        f"{len(done.written)} files written to {out_dir}, {len(done.unchanged)} unchanged",
        f"next: kubectl apply -k {out_dir}",
        f"then: kubectl wait --for=condition={condition} {plan.job_kind.lower()}/{plan.kind} --timeout=60m",
    )
    return 0


def _target(
    cluster: str | None, pool: str | None, vm_size: str | None, profile: str | None, release: str | None
) -> Target:
    if (cluster is None) == (vm_size is None):
        raise UsageError("name the nodes by --cluster or by --vm-size, one of the two")
    if pool is not None and cluster is None:
        raise UsageError("--pool names a node pool of a cluster file; add --cluster")
    plan = plan_of(cluster, release, profile, [vm_size] if vm_size else [])
    return target_of(plan.decisions, pool, named=cluster is not None)
