"""Every error that a caller of aksrdma may catch; each class is one exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aksrdma.findings import Problem

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
    """A release, VM size, profile, rule or field name that does not exist.

    `message` says so, and `fix` what would be right, where that is known.
    """

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(f"{message}; {fix}" if fix else message)
        self.message = message
        self.fix = fix


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

    `problems` holds each mistake, its path below `spec` of the cluster file.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class ReadError(AksrdmaError):
    """A file that cannot be read or parsed."""

    exit_code = 3


class OutputError(AksrdmaError):
    """A file that cannot be written."""

    exit_code = 3
