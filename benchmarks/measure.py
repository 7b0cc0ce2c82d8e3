"""Times of commands and of code, as medians, and a table of them with ratios."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

RUNS = 15


@dataclass(frozen=True)
class Measure:
    """One measured command."""

    name: str
    wall_ms: float
    """Median wall time in milliseconds."""
    cpu_ms: float
    """Median user and system time in milliseconds."""
    peak_mib: float
    """Largest resident set of the runs, in MiB."""


def command(name: str, arguments: Sequence[str], *, runs: int = RUNS, codes: tuple[int, ...] = (0,)) -> Measure:
    """Run a command a number of times, its output thrown away."""
    walls, cpus, peak = [], [], 0.0
    for _ in range(runs):
        started = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - started)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            raise SystemExit(f"{' '.join(arguments)} exited with {process.returncode}")
        cpus.append(usage.ru_utime + usage.ru_stime)
        peak = max(peak, usage.ru_maxrss / 1024)
    return Measure(name, median(walls) * 1e3, median(cpus) * 1e3, peak)


def timed(function: Callable[[], object]) -> float:
    """Return the wall time of a call in seconds."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def own_peak_mib() -> float:
    """Return the largest resident set of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(title: str, measures: Sequence[Measure], base: str) -> None:
    """Print measures with their ratio to the one named `base`."""
    reference = next(one for one in measures if one.name == base)
    print(f"\n{title}\n")
    print(f"| {'what':44} | wall ms | CPU ms | peak MiB | to {base} |")
    print(f"|{'-' * 46}|--------:|-------:|---------:|-----:|")
    for one in measures:
        ratio = one.wall_ms / reference.wall_ms
        print(f"| {one.name:44} | {one.wall_ms:7.1f} | {one.cpu_ms:6.1f} | {one.peak_mib:8.1f} | {ratio:.2f} |")


def aksrdma_command(*arguments: str) -> list[str]:
    """Return the command that runs aksrdma as a user does: the script beside this Python, where it is installed."""
    script = Path(sys.executable).with_name("aksrdma")
    return [str(script), *arguments] if script.exists() else python("-m", "aksrdma", *arguments)


def python(*arguments: str) -> list[str]:
    """Return the command that runs this very Python."""
    return [sys.executable, *arguments]
