"""Write every `after.yaml` anew; with `--check`, say which ones are stale, and exit 1.

Run it from the checkout: `python examples/inject/regenerate.py`.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

from aksrdma.cli.inject import command

HERE: Final = Path(__file__).resolve().parent
_H100: Final = ["--vm-size", "Standard_ND96isr_H100_v5"]
_POOL: Final = ["--cluster", str(HERE / "cluster.yaml"), "--pool", "ndh100"]

ARGUMENTS: Final[dict[str, list[str]]] = {
    "appwrapper": _POOL,
    "clustertrainingruntime": [*_POOL, "--gpus", "8"],
    "cronjob": [*_POOL, "--gpus", "8", "--topology-config-map", "nccl-topology"],
    "daemonset": ["--vm-size", "Standard_HB176rs_v4", "--profile", "rdma-shared-device-plugin"],
    "deployment": _H100,
    "dynamographdeployment": [*_H100, "--preset", "nixl"],
    "inferenceservice": _H100,
    "job": _H100,
    "jobset": _H100,
    "leaderworkerset": [*_POOL, "--preset", "nixl"],
    "llminferenceservice": _H100,
    "minicluster": ["--vm-size", "Standard_HB120rs_v3", "--profile", "rdma-shared-device-plugin"],
    "mpijob": ["--vm-size", "Standard_ND96asr_v4", "--topology-config-map", "nccl-topology"],
    "nodeset": _POOL,
    "pod": ["--vm-size", "Standard_HB120rs_v3"],
    "pytorchjob": _POOL,
    "raycluster": ["--vm-size", "Standard_ND96isr_MI300X_v5", "--gpus", "8"],
    "rayjob": ["--cluster", str(HERE.parent / "clusters/hbv4-ipoib.yaml")],
    "rayservice": _H100,
    "replicaset": ["--vm-size", "Standard_HX176rs", "--profile", "rdma-shared-device-plugin"],
    "rolebasedgroup": [*_POOL, "--preset", "nixl"],
    "statefulset": ["--vm-size", "Standard_HB120rs_v3", "--profile", "ipoib"],
    "stormservice": _H100,
    "trainingruntime": _H100,
    "trainjob": _H100,
    "volcanojob": _H100,
    "workflow": _H100,
    "workspace": _H100,
}
"""Arguments of `aksrdma inject` by example, behind its `before.yaml`."""


def after(name: str) -> str:
    """Return what `aksrdma inject before.yaml` prints for an example."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(io.StringIO()) as complaints:
        code = command.main([str(HERE / name / "before.yaml"), *ARGUMENTS[name]], standalone_mode=False)
    if code != 0:
        raise RuntimeError(complaints.getvalue())
    return printed.getvalue()


def stale() -> list[str]:
    """Return the examples whose `after.yaml` is not what the command prints."""
    files = {name: HERE / name / "after.yaml" for name in ARGUMENTS}
    return [name for name, file in files.items() if not file.is_file() or file.read_text("utf-8") != after(name)]


def regenerate() -> None:
    """Write every `after.yaml`."""
    for name in ARGUMENTS:
        (HERE / name / "after.yaml").write_text(after(name), "utf-8", newline="\n")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        found = stale()
        print("".join(f"{name}/after.yaml is stale; run {Path(__file__).name}\n" for name in found), end="")
        sys.exit(bool(found))
    regenerate()
