"""A pod to run the scripts in: only the tools that a test puts there, and recorded output in place of InfiniBand."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

import aksrdma

SCRIPTS = Path(aksrdma.__file__).parent / "workloads" / "jobs" / "scripts"
BASE_TOOLS = (
    "awk basename bash cat cp dirname env grep head kill mkdir paste perl printf readlink rm sed sleep sort tail "
    "taskset tee timeout touch true wc"
)


class Pod:
    """A folder with a PATH of its own; scripts run there until they end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._outputs = {}
        self.bin = folder / "bin"
        self.base = folder / "base"
        self.state = folder / "state"
        self.sysfs = folder / "sys"
        self.devfs = folder / "dev"
        for made in (self.bin, self.base, self.sysfs, self.devfs):
            made.mkdir()
        for name in BASE_TOOLS.split():
            if found := shutil.which(name):
                (self.base / name).symlink_to(found)

    def stub(self, name, script):
        """Put a program into the image."""
        file = self.bin / name
        file.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        file.chmod(0o755)

    def prints(self, name, text, code=0):
        """Put a program into the image that prints a text."""
        (self.folder / f"{name}.txt").write_text(text, encoding="utf-8")
        self.stub(name, f'cat "{self.folder}/{name}.txt"; exit {code}')

    def file(self, path, text):
        """Write a file, below the pod's folder."""
        made = self.folder / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text, encoding="utf-8")
        return made

    def calls(self, name):
        """Return the command lines that a stub has noted."""
        noted = self.folder / f"{name}.calls"
        return noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []

    def environment(self, **variables):
        common = {
            "PATH": f"{self.bin}:{self.base}",
            "STATE_DIR": str(self.state),
            "SYSFS": str(self.sysfs),
            "DEVFS": str(self.devfs),
            "RUN_DIR": str(self.folder / "run"),
            "SSH_CONFIG": str(self.folder / "ssh_config"),
            "CALLS": str(self.folder),
            "RETRY_SECONDS": "0.05",
            "READY_SECONDS": "1",
            "STEP_SECONDS": "5",
            "VM_SIZE": "Standard_Test",
            "NIC_COUNT": "2",
            "HOME": os.environ.get("HOME", "/"),
        }
        return common | variables

    def start(self, script, *arguments, **variables):
        """Start a script and return its process; its output goes to a file, which no left-over child keeps open."""
        number = len(list(self.folder.glob("output-*")))
        with (self.folder / f"output-{number}").open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                ["/bin/bash", str(SCRIPTS / script), *arguments],
                env=self.environment(**variables),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._outputs[process.pid] = self.folder / f"output-{number}"
        return process

    def stop(self, process):
        """End a script that was started, with all that it started, and return its output."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        return self._outputs[process.pid].read_text(encoding="utf-8")

    def run(self, script, *arguments, **variables):
        """Run a script and return exit code and output."""
        process = self.start(script, *arguments, **variables)
        process.wait(timeout=60)
        return process.returncode, self.stop(process)


PORT = """\
hca_id:\t{device}
\ttransport:\t\t\tInfiniBand (0)
\tfw_ver:\t\t\t\t28.38.1900
\tnode_guid:\t\t\t0015:5dff:fe34:0001
\tsys_image_guid:\t\t\ta088:c203:0012:3456
\tvendor_id:\t\t\t0x02c9
\tvendor_part_id:\t\t\t4126
\thw_ver:\t\t\t\t0x0
\tboard_id:\t\t\tMT_0000000838
\tphys_port_cnt:\t\t\t1
\t\tport:\t1
\t\t\tstate:\t\t\t{state}
\t\t\tmax_mtu:\t\t4096 (5)
\t\t\tactive_mtu:\t\t4096 (5)
\t\t\tsm_lid:\t\t\t9
\t\t\tport_lid:\t\t853
\t\t\tport_lmc:\t\t0x00
\t\t\tlink_layer:\t\t{link}

"""
"""As ibv_devinfo of rdma-core prints a device."""


def devinfo(*devices):
    """Return what ibv_devinfo prints for devices, each `name` or `name:STATE:link layer`."""
    states = {"ACTIVE": "PORT_ACTIVE (4)", "DOWN": "PORT_DOWN (1)", "INIT": "PORT_INIT (2)"}
    text = ""
    for device in devices:
        name, state, link = (*device.split(":"), "ACTIVE", "InfiniBand")[:3]
        text += PORT.format(device=name, state=states[state], link=link)
    return text


@pytest.fixture
def pod(tmp_path):
    """A pod whose image has no tool of InfiniBand."""
    return Pod(tmp_path)


@pytest.fixture
def healthy(pod):
    """A pod with two active InfiniBand devices and an Ethernet function before them."""
    pod.prints("ibv_devinfo", devinfo("mlx5_0:ACTIVE:Ethernet", "mlx5_1", "mlx5_2"))
    return pod


@pytest.fixture(name="devinfo")
def _devinfo():
    return devinfo


@pytest.fixture
def scripts():
    """The folder of the scripts."""
    return SCRIPTS
