"""What a container of an example pod prints: its own command, run with stand-ins for the programs of its image."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

from tools.rehearsal.api import Object
from tools.rehearsal.processes import end, start

PLAIN = [
    "awk",
    "basename",
    "bash",
    "cat",
    "cut",
    "date",
    "dirname",
    "echo",
    "env",
    "false",
    "grep",
    "head",
    "hostname",
    "ls",
    "mkdir",
    "printf",
    "sed",
    "seq",
    "sh",
    "sleep",
    "sort",
    "tail",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "true",
    "uniq",
    "wc",
    "xargs",
]
"""Programs of any image that do no harm here."""
PORT = """\
hca_id:	{name}
	transport:			InfiniBand (0)
	fw_ver:				28.42.1000
	phys_port_cnt:			1
		port:	1
			state:			PORT_ACTIVE (4)
			max_mtu:		4096 (5)
			active_mtu:		4096 (5)
			link_layer:		{layer}
"""
LINK = "{name:<16} UP             00:00:00:00:00:00 <BROADCAST,MULTICAST,UP,LOWER_UP>\n"
LAYER = """\
{index}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 2044 qdisc mq state UP mode DEFAULT group default qlen 256
    link/{layer} 00:00:00:00 brd 00:ff:ff:ff
"""
ALTNAME = "    altname {name}\n"
ADDRESS = """\
    inet {address} brd 192.168.255.255 scope global {name}
       valid_lft forever preferred_lft forever
"""
COPY_SECONDS = 5
"""How long what an ended program has printed may take to its log."""
SHELL = "ulimit() {{ echo {memlock}; }}\n"
"""Read by bash before the command: a limit of the container's, not of this machine."""


class Container:
    """One container that runs; `log` grows while it does."""

    def __init__(self, folder: Path, command: list[str], sees: Object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        write_programs(folder, sees)
        environment = {"PATH": str(folder), "HOME": str(folder), "BASH_ENV": str(folder / "bashrc")} | sees["env"]
        if not Path(command[0]).is_absolute() or Path(command[0]).name in PLAIN:
            command = [str(folder / Path(command[0]).name), *command[1:]]
        self.log.write_bytes(b"")
        self._copier: threading.Thread | None = None
        try:
            self.process: subprocess.Popen[bytes] | None = start(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as error:
            self.process = None
            self.log.write_text(f"exec: {error}\n")
        else:  # through a pipe, as from a real container: a program may open /dev/stderr
            self._copier = threading.Thread(target=self._copy, daemon=True)
            self._copier.start()

    def _copy(self) -> None:
        assert self.process
        assert self.process.stdout
        with self.process.stdout as printed, self.log.open("ab", buffering=0) as log:
            while part := printed.read1():  # type: ignore[attr-defined]
                log.write(part)

    def wait(self, seconds: float) -> int | None:
        """Its exit status, once it has one."""
        if self.process is None:
            return 127
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """End it, with what it started; all that it printed is in the log then."""
        if self.process is not None:
            end(self.process)
        if self._copier is not None:
            self._copier.join(COPY_SECONDS)


def write_programs(folder: Path, sees: Object) -> None:
    """Write the programs of an image, as a container sees its devices and interfaces through them."""
    for name in PLAIN:
        if found := shutil.which(name):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(found)
    (folder / "bashrc").write_text(SHELL.format(memlock="unlimited" if sees["locks"] else "64"))
    layers = {"0207": "InfiniBand", "0200": "Ethernet"}
    ports = "".join(PORT.format(name=device["name"], layer=layers[device["class"]]) for device in sees["devices"])
    script(folder / "ibv_devinfo", ports, "No IB devices found")
    script(folder / "ibv_devices", "".join(f"    {device['name']}\n" for device in sees["devices"]), "")
    layered = addressed = ""
    for index, (name, address) in enumerate(sees["links"].items()):
        kind = "loopback" if name == "lo" else "ether" if name.startswith("eth") else "infiniband"
        text = LAYER.format(index=index + 1, name=name, layer=kind)
        if kind == "infiniband" and name.startswith("ib"):
            text = text.replace(f" {name}:", f" ib{index}:") + ALTNAME.format(name=name)
        layered += text
        addressed += text + ADDRESS.format(name=name, address=address)
        (folder / f"ip-{name}").write_text(text + ADDRESS.format(name=name, address=address))
    (folder / "ip-brief").write_text("".join(LINK.format(name=name) for name in sees["links"]))
    (folder / "ip-link").write_text(layered)
    (folder / "ip-address").write_text(addressed)
    (folder / "ip").write_text(IP.format(folder=folder))
    (folder / "ip").chmod(0o755)
    script(folder / "nvidia-smi", sees["gpus"] and "GPU\n" * sees["gpus"], "NVIDIA-SMI has failed")


IP = """#!/bin/bash
last="${{@: -1}}"
case "$*" in
  *-br*) cat {folder}/ip-brief ;;
  l | link | "link show" | *" link" | *" link show") cat {folder}/ip-link ;;
  a | addr | address | *show) cat {folder}/ip-address ;;
  *) cat {folder}/ip-"$last" 2>/dev/null || {{ echo "Device \\"$last\\" does not exist." >&2; exit 1; }} ;;
esac
"""


def script(path: Path, text: str | int, otherwise: str) -> None:
    """A program that prints a text, or fails with another where there is none."""
    data = path.with_suffix(".txt")
    data.write_text(str(text) if text else otherwise + "\n")
    path.write_text(f"#!/bin/bash\ncat {data}{'' if text else ' >&2; exit 1'}\n")
    path.chmod(0o755)


def once(folder: Path, command: list[str], sees: Object) -> tuple[int, str]:
    """Run one command in a container, as `kubectl exec` does: exit status and output."""
    container = Container(folder, command, sees)
    status = container.wait(30)
    container.stop()
    return 124 if status is None else status, container.log.read_text(errors="replace")
