"""What an injection has to say: where a workload contradicts it, and what its user should know."""

from __future__ import annotations

from dataclasses import dataclass, field

from aksrdma.errors import AksrdmaError
from aksrdma.findings import FieldPath, format_path


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place where a workload says something that cannot stand beside what RDMA needs."""

    path: FieldPath
    message: str
    """What the workload has there, and what it would have to be."""
    fix: str

    def __str__(self) -> str:
        return f"{format_path(self.path)}: {self.message}; {self.fix}"


@dataclass(slots=True)
class Report:
    """Collects conflicts and notes of one object."""

    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def conflict(self, path: FieldPath, message: str, fix: str) -> None:
        """Add a conflict."""
        self.conflicts.append(Conflict(path, message, fix))

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)


class InjectionError(AksrdmaError):
    """A workload that contradicts what RDMA needs; `conflicts` holds one a place."""

    exit_code = 1

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__("\n".join(str(conflict) for conflict in conflicts))
        self.conflicts = conflicts


class MalformedError(Exception):
    """A value of a type that Kubernetes does not take there; it ends the work on one pod template."""

    def __init__(self, path: FieldPath, wanted: str) -> None:
        super().__init__(path, wanted)
        self.path = path
        self.wanted = wanted
