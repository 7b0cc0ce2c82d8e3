"""`aksrdma inject`: RDMA for workloads that a user already has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import click

from aksrdma.cli.clusters import plan_of
from aksrdma.cli.options import name_of, nothing_in, output_option, paths_beside, profile_option, quiet_option, say
from aksrdma.errors import UsageError
from aksrdma.validation.sources import iter_files, sources_of

if TYPE_CHECKING:
    from aksrdma.documents import Document
    from aksrdma.workloads.inject import InjectedFile, InjectedObject, Injection
    from aksrdma.workloads.inject.edits import Planned


@click.command("inject")
@click.argument("paths", nargs=-1, metavar="[PATH ...]")
@click.option("--cluster", metavar="CLUSTER", help="Cluster file, as `aksrdma init` prints it.")
@click.option(
    "--pool",
    metavar="NAME",
    help="Node pool of the cluster [the only one that the workload selects, or that can run it].",
)
@click.option("--vm-size", metavar="SIZE", help="VM size of the nodes, without a cluster file.")
@profile_option
@click.option("--gpus", type=int, metavar="N", help="GPUs for each container that works.")
@click.option("--nics", type=int, metavar="N", help="NICs for each container that works [in proportion to its GPUs].")
@click.option("--container", metavar="NAME", help="The container that works [those with GPUs, else the first].")
@click.option(
    "--preset",
    "presets",
    multiple=True,
    metavar="NAME",
    help="Environment: one that `aksrdma catalog presets` has for the VM size, such as nccl, or none; repeat it [nccl for "
    "NVIDIA GPUs, rccl for AMD, none without GPUs].",
)
@click.option(
    "--keep-env", is_flag=True, help="A variable with another value, or one that turns RDMA off, is no conflict."
)
@click.option("--fix-env", is_flag=True, help="Take variables out that turn RDMA off, also beside --keep-env.")
@click.option(
    "--topology-config-map",
    metavar="NAME",
    help="ConfigMap with the NCCL topology file under the key topo.xml; mount it.",
)
@output_option("yaml", "patch")
@click.option("--diff", is_flag=True, help="Show what would be added.")
@quiet_option
def command(
    paths: tuple[str, ...],
    cluster: str | None,
    pool: str | None,
    vm_size: str | None,
    profile: str | None,
    gpus: int | None,
    nics: int | None,
    container: str | None,
    presets: tuple[str, ...],
    keep_env: bool,
    fix_env: bool,
    topology_config_map: str | None,
    output: str,
    diff: bool,
    quiet: bool,
) -> int:
    """Add what RDMA needs to workloads that you have; exit 1 and print nothing where they contradict it.

    PATH is a file, a folder (read with all below it) or `-` for stdin, which is also meant without PATH. Every pod
    that works gets the RDMA resource, IPC_LOCK, a memory-backed /dev/shm, the environment of its library, and the
    nodes of one fabric. What you set stays. Other kinds, comments and order stay as they are.

    \b
    aksrdma inject train.yaml --cluster cluster.yaml --pool ndh100 | kubectl apply -f -
    aksrdma inject train.yaml --vm-size Standard_ND96isr_H100_v5 --gpus 8 --diff
    kustomize build base | aksrdma inject --cluster cluster.yaml -o patch > rdma/kustomization.yaml
    """
    from aksrdma.workloads.inject import component, inject_files, injection_for, pool_named

    _check(cluster, pool, vm_size, output, diff)
    named = paths_beside(cluster, paths, "the cluster file and the manifests")
    plan = plan_of(cluster, None, profile, [vm_size] if vm_size else [])
    notes: list[str] = []

    @cache
    def injection(pool: str | None) -> Injection:
        return injection_for(
            plan.decisions,
            pool=pool,
            gpus=gpus,
            nics=nics,
            presets=presets,
            topology_config_map=topology_config_map,
            container=container,
            keep_env=keep_env,
            fix_env=fix_env,
        )

    def for_each(documents: Sequence[Document]) -> list[Injection]:
        from aksrdma.workloads.inject import pools_for  # which reads pods as fit does

        chosen = pools_for(plan.decisions, documents, gpus=gpus, nics=nics)
        notes.extend(chosen.notes)
        return [injection(one) for one in chosen.pools]

    one_pool = pool is not None or vm_size is not None or len(plan.decisions.pools) < 2
    own = injection(pool_named(plan.decisions, pool) if cluster else None) if one_pool else for_each
    files = inject_files(list(_contents(named)), own)
    if not any(file.objects for file in files):
        raise nothing_in(named)
    if conflicts := list(_conflicts(files)):
        click.echo("\n".join(conflicts), err=True)
        return 1
    text = "".join(file.diff() for file in files) if diff else component(files) if output == "patch" else _joined(files)
    click.echo(text, nl=False)
    _show_plan(files, quiet)
    say(quiet, *dict.fromkeys([*notes, *_of_all(files), *_notes(files)]))
    return 0


def _check(cluster: str | None, pool: str | None, vm_size: str | None, output: str, diff: bool) -> None:
    if (cluster is None) == (vm_size is None):
        raise UsageError(
            "give --cluster or --vm-size, one of them: what RDMA needs depends on the VM size of the nodes"
        )
    if pool is not None and cluster is None:
        raise UsageError("--pool names a node pool of a --cluster")
    if diff and output == "patch":
        raise UsageError("--diff shows the YAML; leave -o patch out")


def _contents(paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    from aksrdma.documents import read_bytes

    sources = sources_of(paths, together=True)
    for source in sources:
        for folder in map(os.path.relpath, source.kustomizations):
            raise UsageError(
                f"{folder} is a kustomization: pipe it in (`kustomize build {folder} | aksrdma inject ...`), with -o patch "
                "to keep the additions as a component of it"
            )
    for file in iter_files(sources):
        yield name_of(file), read_bytes(file)


def _conflicts(files: Sequence[InjectedFile]) -> Iterator[str]:
    from aksrdma.findings import format_path

    for file in files:
        for one in file.objects:
            for conflict in one.result.conflicts:
                where = " ".join(filter(None, (one.document.label, format_path(conflict.path))))
                yield f"{one.place(conflict.path)}: conflict {where}: {conflict.message}; {conflict.fix}"


def _show_plan(files: Sequence[InjectedFile], quiet: bool) -> None:
    """Print to stderr what each pod template got, and why; that one with GPUs stays without RDMA is told in any case."""
    told: dict[tuple[tuple[str, str], ...], str] = {}
    for one in (one for file in files for one in file.objects):
        for plan in one.result.plan:
            role = "" if plan.role == "pod" else f" {plan.role}"
            place = one.place(plan.path)
            head = f"{place}: {one.document.label}{role}"
            if plan.left and plan.lacks:
                click.echo(f"warning: {head} gets no RDMA: {plan.left}", err=True)
            elif plan.left:
                say(quiet, f"{head} gets nothing: {plan.left}")
            elif plan.added and not quiet:
                several = len(plan.containers) > 1
                rows = tuple(
                    (f"{one.container}: " * (several and one.container != "") + one.what, one.why) for one in plan.added
                )
                names = f", container{'s' * several} {', '.join(plan.containers)}" if plan.containers else ""
                same = told.setdefault(rows, place)
                click.echo(f"{head}{names}:{'' if same == place else f' the same as {same}'}", err=True)
                if same == place:
                    width = max(len(what) for what, _ in rows)
                    click.echo("\n".join(f"  + {what.ljust(width)}  {why}" for what, why in rows), err=True)
                    if _is_far(one, plan):
                        click.echo(
                            "  ? whether these NICs are the ones near its GPUs nobody promises: see below", err=True
                        )


def _of_all(files: Sequence[InjectedFile]) -> Iterator[str]:
    """Yield what is to be said once of the nodes for which something was added."""
    from aksrdma.workloads.inject.proportion import near

    for one in (one for file in files for one in file.objects):
        if one.injection is not None and one.result.edits:
            if any(_is_far(one, plan) for plan in one.result.plan):
                yield from filter(None, [near(one.injection.vm_size)])
            yield from one.injection.notes


def _is_far(one: InjectedObject, plan: Planned) -> bool:
    """Whether a pod has a part of a node of which it cannot be said that its NICs are near its GPUs."""
    from aksrdma.workloads.inject.proportion import near

    return bool(plan.part and plan.added and one.injection and near(one.injection.vm_size))


def _notes(files: Sequence[InjectedFile]) -> Iterator[str]:
    for file in files:
        for one in file.objects:
            name = one.document.label or "a document without a kind"
            yield from (f"{one.place(note.path)}: {name}: {note.text}" for note in one.result.notes)
            label = f"{one.place(())}: {name}"
            if one.unknown and not one.result.plan:
                yield f"{label} passes through unchanged: aksrdma knows no pods of this kind"
        yield from (f"{file.name}: {label} was written anew, without its comments" for label in file.rewritten)
    if not any(
        one.result.edits or any(plan.left for plan in one.result.plan) for file in files for one in file.objects
    ):
        yield "nothing to add: there is no workload, or each has what RDMA needs"


def _joined(files: Sequence[InjectedFile]) -> str:
    joined = ""
    for file in files:
        if not file.after.strip():
            continue
        line_end = "\r\n" if "\r\n" in file.after else "\n"
        separator = f"---{line_end}" if joined and not file.after.lstrip().startswith("---") else ""
        joined += separator + file.after + ("" if file.after.endswith("\n") else line_end)
    return joined
