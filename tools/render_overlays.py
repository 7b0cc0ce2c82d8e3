"""Render `overlays/` and the committed outputs of `examples/` again; tests fail where they are stale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import aksrdma  # noqa: E402 (the checkout's own package, wherever it is run)
from aksrdma import catalog  # noqa: E402
from aksrdma.rendering.tree import overlay_tree  # noqa: E402


def main() -> None:
    """Write the overlays of every release, the trees of the example clusters and the output of the example programs."""
    for release in catalog.releases():
        _report(f"overlays/{release}", overlay_tree(release))
    for cluster in sorted((ROOT / "examples" / "clusters").glob("*.yaml")):
        _report(f"examples/rendered/{cluster.stem}", aksrdma.render(aksrdma.load(cluster)))
    _output("examples/inject/regenerate.py")
    for manifests in sorted((ROOT / "examples" / "mistakes").glob("*.yaml")):
        manifests.with_suffix(".txt").write_text(mistakes_text(manifests), encoding="utf-8")
    for program in sorted((ROOT / "examples" / "python").glob("*.py")):
        program.with_suffix(".txt").write_text(_output(program), encoding="utf-8")


def mistakes_text(manifests: Path) -> str:
    """Return what `aksrdma validate` says to an example with mistakes."""
    options = ["-q", "--fail-on", "never", "--vm-size", "Standard_ND96isr_H100_v5"]
    return _output("-m", "aksrdma", "validate", *options, manifests.relative_to(ROOT))


def _output(*arguments: str | Path) -> str:
    """Return what Python prints for these arguments, in the checkout and with its package."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, encoding="utf-8").stdout


def _report(folder: str, tree: aksrdma.Tree) -> None:
    done = tree.write(ROOT / folder, prune=True)
    print(f"{folder}: {len(done.written)} written, {len(done.unchanged)} unchanged, {len(done.removed)} removed")


if __name__ == "__main__":
    main()
