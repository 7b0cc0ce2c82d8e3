"""Every process that a rehearsal starts: each is ended by its id, also when the rehearsal itself is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_RUNNING: set[subprocess.Popen[bytes]] = set()


def start(command: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process, in a session of its own, without input."""
    run = list(map(str, command))
    process = subprocess.Popen(run, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    _RUNNING.add(process)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # nothing of it is kept
    process.wait()
    _RUNNING.discard(process)


def end_all() -> None:
    """End all that runs."""
    for process in list(_RUNNING):
        end(process)
