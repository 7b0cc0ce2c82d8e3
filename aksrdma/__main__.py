"""The program `aksrdma`, also run as `python -m aksrdma` and `kubectl aksrdma`."""

from __future__ import annotations

import gc
import sys

_YOUNG_OBJECTS = 50_000
"""Objects between two collections; Python's own 700 makes a start a tenth slower, and next to nothing here has cycles."""


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_YOUNG_OBJECTS)
    from aksrdma.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
