"""RDMA for workloads that a user already has: what a pod needs is added, what the user set stays.

`injection_for` decides what to add from a plan, `inject` adds it to one object, `inject_files` to whole files with
their comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.workloads.inject.edits import Edit, InjectionError, apply
    from aksrdma.workloads.inject.engine import Injected, inject, injected, injected_together, runtimes_of
    from aksrdma.workloads.inject.files import InjectedFile, InjectedObject, component, inject_files
    from aksrdma.workloads.inject.intent import Injection, injection_for, pool_named
    from aksrdma.workloads.inject.pools import pools_for

__all__ = [
    "Edit",
    "Injected",
    "InjectedFile",
    "InjectedObject",
    "Injection",
    "InjectionError",
    "apply",
    "component",
    "inject",
    "inject_files",
    "injected",
    "injected_together",
    "injection_for",
    "pool_named",
    "pools_for",
    "runtimes_of",
]

if not TYPE_CHECKING:  # else a misspelt name would be no mistake to type checkers
    __getattr__, __dir__ = attach(
        __name__,
        {
            "edits": ("Edit", "InjectionError", "apply"),
            "engine": ("Injected", "inject", "injected", "injected_together", "runtimes_of"),
            "files": ("InjectedFile", "InjectedObject", "component", "inject_files"),
            "intent": ("Injection", "injection_for", "pool_named"),
            "pools": ("pools_for",),
        },
    )
