"""The user's shell: one block of commands after the other, with the variables of those before."""

from __future__ import annotations

import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from json import dumps, loads
from pathlib import Path

from tools.rehearsal.processes import end, start

FASTER = 50
"""How much shorter a `sleep` is."""
POLL_SECONDS = 0.05
"""How long it takes a server to see that it is to end."""
BEGIN = """\
source {home}/state 2>/dev/null
sleep() {{
  local n=${{1%[smh]}}
  case $1 in *m) n=$((n * 60)) ;; *h) n=$((n * 3600)) ;; esac
  command sleep "$(printf '%d.%03d' $((n / {faster})) $((n % {faster} * 1000 / {faster})))"
  SECONDS=$((SECONDS + n))   # so that what counts them does not wait for longer, either
}}
cd -- "$(< {home}/folder)"
: > {home}/failed
set -E
trap 's=$?; case $BASH_COMMAND in "source "{home}*) ;; *) printf "%s\\t%s\\n" "$s" "${{BASH_COMMAND//$'\\n'/ }}" >> {home}/failed ;; esac' ERR
trap 'declare -p > {home}/state 2>/dev/null; declare -f >> {home}/state; pwd > {home}/folder' EXIT
source {block}
"""


@dataclass(frozen=True)
class Ran:
    """What became of a block."""

    output: str
    failed: tuple[tuple[int, str], ...]
    """Exit status and command of each that failed, outside of conditions."""
    ended: bool
    """False: it was ended from here, because it went on for too long."""
    seconds: float


class Shell:
    """A home folder, programs, and the state between two blocks."""

    def __init__(
        self, home: Path, folder: Path, kubectl: Path, serve: Callable[[str, list[str], Path], tuple[int, str, str]]
    ) -> None:
        self.home, self.programs = home, home / "bin"
        self.faster = FASTER
        self.programs.mkdir(parents=True)
        (home / "folder").write_text(str(folder))
        shim = Path(__file__).with_name("shim.py")
        asks = f'REHEARSAL_SOCKET={home}/%s.socket exec {sys.executable} -SE {shim} "$@"\n'
        for name in ("az", "helm"):
            self.write(name, "#!/bin/sh\n" + asks % name)
        # All of kubectl is real but for exec, since no containers are there.
        self.write("kubectl", f'#!/bin/sh\n[ "$1" != exec ] || {asks % "kubectl"}exec {kubectl} "$@"\n')
        self._servers = [server(home / f"{name}.socket", name, serve) for name in ("az", "helm", "kubectl")]

    def write(self, name: str, text: str) -> None:
        """Put a program on the user's path."""
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(self, block: str, seconds: float) -> Ran:
        """Run a block, for so long at most."""
        file = self.home / "block.sh"
        file.write_text(block)
        begin = time.monotonic()
        environment = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
        }
        script = BEGIN.format(home=self.home, block=file, faster=self.faster)
        with (self.home / "output").open("wb") as output:
            command = ["bash", "--noprofile", "--norc", "-c", script]
            process = start(command, env=environment, stdout=output, stderr=output)
            try:
                status = process.wait(seconds)
                ended = True
            except subprocess.TimeoutExpired:
                ended, status = False, 0
            end(process)
        rows = [line.split("\t", 1) for line in (self.home / "failed").read_text().splitlines()]
        failed = list(dict.fromkeys((int(row[0]), row[1]) for row in rows if len(row) == 2))
        if ended and status and not failed:
            failed = [(status, "the block itself")]
        text = (self.home / "output").read_text(errors="replace")
        return Ran(text, tuple(failed), ended, time.monotonic() - begin)

    def stop(self) -> None:
        """End what serves it."""
        for one in self._servers:
            one.shutdown()
            one.server_close()


def server(
    path: Path, program: str, serve: Callable[[str, list[str], Path], tuple[int, str, str]]
) -> socketserver.ThreadingUnixStreamServer:
    """Answer what shim.py asks."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = loads(self.rfile.readline())
            try:
                status, out, err = serve(program, asked["argv"], Path(asked["folder"]))
            except Exception as error:
                status, out, err = 70, "", f"rehearsal: {type(error).__name__}: {error}\n"
            self.wfile.write(dumps({"status": status, "out": out, "err": err}).encode() + b"\n")

    made = socketserver.ThreadingUnixStreamServer(str(path), Handler)
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
    return made
