"""Run the benchmarks: all, or those that are named."""

from __future__ import annotations

import platform
import sys
from importlib import import_module
from os import cpu_count

NAMES = ("render", "validate", "inject", "fit", "check_log")


def main() -> None:
    """Run each benchmark in turn."""
    print(f"Python {platform.python_version()}, {cpu_count()} cores, {platform.machine()}")
    for name in sys.argv[1:] or NAMES:
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
