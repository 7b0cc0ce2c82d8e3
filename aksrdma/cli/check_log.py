"""`aksrdma check-log`: did a job really use RDMA?"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

import click

from aksrdma import catalog
from aksrdma.cli.options import name_of, output_option
from aksrdma.documents import STDIN
from aksrdma.errors import ReadError


@click.command("check-log")
@click.argument("files", nargs=-1, metavar="[FILE ...]")
@click.option(
    "--vm-size", metavar="SIZE", help="VM size of the nodes: the log should reach its floors and use its NICs."
)
@output_option("text", "json")
def command(files: tuple[str, ...], vm_size: str | None, output: str) -> int:
    """Say whether the log of a job proves that it used RDMA; exit 1 where it does not.

    FILE is the log of a job of NCCL, RCCL, nccl-tests, perftest, UCX, NIXL, NVSHMEM, DeepEP, Mooncake or MPI, plain or
    gzip; `-` is stdin, which is also meant without FILE. A log is read once, as a stream, so it may be a pipe. With
    --vm-size, a figure below what a healthy node of that size reaches is a failure too, and so are NICs that are not
    used, or not the same on all ranks. What is no job's log (a device plugin's, events) proves no traffic.

    \b
    kubectl logs job/nccl-test-launcher | aksrdma check-log --vm-size Standard_ND96isr_H100_v5
    aksrdma check-log run-*.log -o json
    """
    from aksrdma.diagnosis import check_log, render_json, render_text

    size = catalog.vm_size(vm_size) if vm_size else None
    reports = []
    for file in files or (STDIN,):
        with _opened(file) as stream:
            reports.append(check_log(stream, name_of(file), size))
        if output == "text":  # at once: the next log may be a pipe of a job that still runs
            click.echo(("\n" if len(reports) > 1 else "") + render_text(reports[-1]), nl=False)
    if output == "json":
        click.echo(render_json(reports), nl=False)
    return 0 if all(report.ok for report in reports) else 1


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    if file == STDIN:
        return nullcontext(sys.stdin.buffer)
    try:
        return open(file, "rb")  # noqa: PTH123 (keeps the user's own spelling in messages)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ReadError(f"{file}: cannot be read: {reason}; give a file that exists and that you may read") from None
