"""The scripts that run in the pods, as files of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "scripts"
MOUNT: Final = "/opt/aksrdma"
"""Where the pods find them."""


def read_scripts(names: tuple[str, ...]) -> dict[str, str]:
    """Return the text of scripts by name, in the order in which they are asked for."""
    return {name: (FOLDER / name).read_text(encoding="utf-8") for name in names}


def command(name: str) -> list[str]:
    """Return the command that runs a script in a pod."""
    return ["/bin/bash", f"{MOUNT}/{name}"]
