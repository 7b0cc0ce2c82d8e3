"""`aksrdma check-log`: did a job really use RDMA?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

import click

from aksrdma import catalog
from aksrdma.errors import ReadError

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize
    from aksrdma.diagnosis import LogReport

STDIN = "-"


@click.command("check-log")
@click.argument("files", nargs=-1, metavar="[FILE ...]")
@click.option("--vm-size", metavar="SIZE", help="VM size of the nodes, whose bandwidth floors the log should reach.")
@click.option("--output", "-o", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format.")
def command(files: tuple[str, ...], vm_size: str | None, output: str) -> int:
    """Say whether the log of a job proves that it used RDMA; exit 1 where it does not.

    FILE is the log of an NCCL, RCCL, nccl-tests, perftest or UCX job, plain or gzip; `-` is stdin, which is also meant
    without FILE. A log is read once, as a stream, so it may be a pipe. With --vm-size, a figure below what a healthy
    node of that size reaches is a failure too.

    \b
    kubectl logs job/nccl-test-launcher | aksrdma check-log --vm-size Standard_ND96isr_H100_v5
    aksrdma check-log run-*.log -o json
    """
    size = catalog.vm_size(vm_size) if vm_size else None
    reports = []
    for number, file in enumerate(files or (STDIN,)):
        report = _check(file, size)
        reports.append(report)
        if output == "text":
            _print(report, first=number == 0)
    if output == "json":
        from aksrdma.diagnosis import render_json

        click.echo(render_json(reports), nl=False)
    return 0 if all(report.ok for report in reports) else 1


def _check(file: str, size: VmSize | None) -> LogReport:
    from aksrdma.diagnosis import check_log

    if file == STDIN:
        return check_log(sys.stdin.buffer, "<stdin>", size)
    with _opened(file) as stream:
        return check_log(stream, file, size)


def _opened(file: str) -> BinaryIO:
    try:
        return open(file, "rb")  # noqa: PTH123 (keeps the user's own spelling in messages)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ReadError(f"{file}: cannot be read: {reason}; give a file that exists and that you may read") from None


def _print(report: LogReport, *, first: bool) -> None:
    from aksrdma.diagnosis import render_text

    click.echo(("" if first else "\n") + render_text(report), nl=False)
