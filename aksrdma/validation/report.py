"""The result of a validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from aksrdma.findings import Finding
from aksrdma.validation.options import Options


@dataclass(frozen=True, slots=True)
class Summary:
    """What was judged and what was not."""

    files: int = 0
    documents: int = 0
    """Objects that were judged."""
    sets: int = 0
    """Sets that hold an object."""
    not_manifests: int = 0
    """Documents without apiVersion and kind, and Helm templates, which were skipped."""
    unknown_kinds: tuple[tuple[str, int], ...] = ()
    """Kinds that aksrdma does not know and skipped, with the number of their objects."""
    suppressed: int = 0
    """Findings that a comment suppresses."""

    def __add__(self, other: Summary) -> Summary:
        kinds = Counter(dict(self.unknown_kinds))
        kinds.update(dict(other.unknown_kinds))
        return Summary(
            self.files + other.files,
            self.documents + other.documents,
            self.sets + other.sets,
            self.not_manifests + other.not_manifests,
            tuple(sorted(kinds.items())),
            self.suppressed + other.suppressed,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation found."""

    findings: tuple[Finding, ...]
    """By file, line and column."""
    summary: Summary
    notes: tuple[str, ...] = ()
    """What the user should know about how it was judged, a sentence each."""
    options: Options = field(default_factory=Options)

    @property
    def ok(self) -> bool:
        """Whether no finding is as severe as `Options.fail_on`."""
        return not any(self.options.fails(finding.severity) for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """Return the number of findings by severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in ("error", "warning", "info")}


def joined(parts: Iterable[Report], options: Options) -> Report:
    """Return one report of several, sorted, with each note once."""
    findings: list[Finding] = []
    summary = Summary()
    notes: dict[str, None] = {}
    for part in parts:
        findings += part.findings
        summary += part.summary
        notes |= dict.fromkeys(part.notes)
    return Report(tuple(sorted(findings, key=place)), summary, tuple(notes), options)


def place(finding: Finding) -> tuple[str, int, int, str, str]:
    """Return what findings are sorted by."""
    return finding.file, finding.line, finding.column, finding.rule, finding.path
