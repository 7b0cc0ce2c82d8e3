"""The program `aksrdma`, also run as `python -m aksrdma` and `kubectl aksrdma`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from aksrdma.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
