"""Print the files below a folder as a tree, as `tree` does where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path


def lines(folder: Path, indent: str = "") -> Iterator[str]:
    """Yield a line for each file and folder, folders after files."""
    entries = sorted(folder.iterdir(), key=lambda entry: (entry.is_dir(), entry.name))
    for number, entry in enumerate(entries, start=1):
        last = number == len(entries)
        yield f"{indent}{'└── ' if last else '├── '}{entry.name}{'/' if entry.is_dir() else ''}"
        if entry.is_dir():
            yield from lines(entry, indent + ("    " if last else "│   "))


if __name__ == "__main__":
    root = Path(sys.argv[1])
    print("\n".join([f"{root}/", *lines(root)]))
