"""The environment variables of a container."""

from __future__ import annotations

from aksrdma.workloads.inject.cursor import Cursor
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.report import Report


def add_environment(owner: Cursor, injection: Injection, report: Report) -> None:
    """Add the presets' variables to `env` of a container, or of a TrainJob's trainer; what is set there stays.

    Raises:
        MalformedError: `env` is no list of mappings.
    """
    given = {item.data.get("name"): item for item in owner.items("env")}
    for name, value in injection.environment.items():
        if name not in given:
            owner.append("env", {"name": name, "value": value})
            continue
        item = given[name]
        if "valueFrom" not in item.data and item.data.get("value") != value:
            _differs(item, name, value, injection, report)
    if injection.environment and owner.data.get("envFrom"):
        report.note("variables of the preset go before those of the same name that envFrom brings")


def _differs(item: Cursor, name: str, value: str, injection: Injection, report: Report) -> None:
    theirs = item.data.get("value", "")
    if injection.keep_env:
        report.note(f"{name} stays {theirs!r}; the preset for {injection.vm_size.name} has {value!r}")
        return
    report.conflict(
        (*item.path, "value"),
        f"{name} is {theirs!r}, and the preset for {injection.vm_size.name} has {value!r}",
        "take the variable out, keep yours with --keep-env, or leave the presets out with --preset none",
    )
