"""Render `overlays/` and the committed outputs of `examples/` again; tests fail where they are stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import aksrdma  # noqa: E402 (the checkout's own package, wherever it is run)
from aksrdma import catalog  # noqa: E402
from aksrdma.rendering.overlays import overlay_tree  # noqa: E402


def main() -> None:
    """Write the overlays of every release, the trees of the example clusters and the output of the example programs."""
    for release in catalog.releases():
        _report(f"overlays/{release}", overlay_tree(release))
    for cluster in sorted((ROOT / "examples" / "clusters").glob("*.yaml")):
        _report(f"examples/rendered/{cluster.stem}", aksrdma.render(aksrdma.load(cluster)))
    for program in sorted((ROOT / "examples" / "python").glob("*.py")):
        done = subprocess.run([sys.executable, program], cwd=ROOT, capture_output=True, check=True, encoding="utf-8")
        program.with_suffix(".txt").write_text(done.stdout, encoding="utf-8")


def _report(folder: str, tree: aksrdma.Tree) -> None:
    done = tree.write(ROOT / folder, prune=True)
    print(f"{folder}: {len(done.written)} written, {len(done.unchanged)} unchanged, {len(done.removed)} removed")


if __name__ == "__main__":
    main()
