"""Every error that a caller of aksrdma may catch; each class is one exit code."""

from __future__ import annotations

__all__ = [
    "AksrdmaError",
    "ClusterError",
    "ModelError",
    "OutputError",
    "PlanError",
    "ReadError",
    "UnknownNameError",
    "UsageError",
]


class AksrdmaError(Exception):
    """Base of all errors of aksrdma; the text says where, what, and how to fix it."""

    exit_code = 2


class UsageError(AksrdmaError):
    """An argument or a combination of arguments that cannot be right."""


class UnknownNameError(UsageError):
    """A release, VM size, profile, rule or field name that does not exist."""


class ClusterError(AksrdmaError):
    """A cluster file, or the arguments of `Cluster`, that cannot be right.

    `problems` holds one line a mistake, each with file, line and field path.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ModelError(UsageError):
    """An object that its kind or its release does not allow.

    `problems` holds one line a mistake: field path, value, what is allowed.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PlanError(AksrdmaError):
    """A cluster that reads well but that no release, profile or VM size can serve.

    `problems` holds the field path below `spec` of the cluster file and the mistake, for each mistake.
    """

    def __init__(self, problems: list[tuple[tuple[str | int, ...], str]]) -> None:
        super().__init__("\n".join(f"{_dotted(path)}: {wrong}" for path, wrong in problems))
        self.problems = problems


class ReadError(AksrdmaError):
    """A file that cannot be read or parsed."""

    exit_code = 3


class OutputError(AksrdmaError):
    """A file that cannot be written."""

    exit_code = 3


def _dotted(path: tuple[str | int, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
