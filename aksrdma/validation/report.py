"""What a validation is told, and what it reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from aksrdma.findings import Finding

FailOn: TypeAlias = Literal["error", "warning", "info", "never"]
SEVERITIES: Final = ("error", "warning", "info")
FAIL_ON: Final = (*SEVERITIES, "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to judge."""

    release: str | None = None
    """Network Operator release; None: that of the cluster file, of the image versions, or the newest."""
    kubernetes_version: str | None = None
    """Version of Kubernetes that its own kinds are judged by, such as 1.36; None: that of the cluster file, or any."""
    admission_controller: bool = False
    """Whether the operator's webhook is on (chart value `operator.admissionController.enabled`, false by default)."""
    vm_sizes: tuple[str, ...] = ()
    """VM sizes of the nodes."""
    nodes: int | None = None
    """Number of nodes."""
    together: bool = False
    """Whether all that is named is one set."""
    strict: bool = False
    """Whether what is no manifest, and kinds that aksrdma does not know, are errors."""
    select: tuple[str, ...] = ()
    """Rules to report, or layers; empty: all."""
    ignore: tuple[str, ...] = ()
    """Rules or layers not to report."""
    fail_on: FailOn = "error"
    """The least severity that makes a report fail."""
    schema_locations: tuple[str, ...] = ()
    """Where JSON Schemas of further kinds lie, as kubeconform's templates of local files; `default` means ours."""
    plugins: tuple[str, ...] = ()
    """Modules with rules of yours, written with `@aksrdma.rule`; they are imported, so they run."""
    catalog: str | None = None
    """Folder with VM sizes and releases of yours, in the catalog's own format."""
    max_file_size: int | None = None
    """Bytes of a file; None: the reader's own limit."""

    def reports(self, rule: str, layer: str) -> bool:
        """Whether a finding of a rule is wanted."""
        wanted = not self.select or rule in self.select or layer in self.select
        return wanted and rule not in self.ignore and layer not in self.ignore

    def fails(self, severity: str) -> bool:
        """Whether a finding of a severity makes the report fail."""
        return self.fail_on != "never" and SEVERITIES.index(severity) <= SEVERITIES.index(self.fail_on)


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
    by_pods_alone: tuple[tuple[str, int], ...] = ()
    """Kinds without a schema whose objects were judged by their pods alone, with the number of these objects."""

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.files + other.files,
            self.documents + other.documents,
            self.sets + other.sets,
            self.not_manifests + other.not_manifests,
            _sum(self.unknown_kinds, other.unknown_kinds),
            self.suppressed + other.suppressed,
            _sum(self.by_pods_alone, other.by_pods_alone),
        )


def _sum(one: tuple[tuple[str, int], ...], other: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    if not (one and other):
        return one or other
    kinds = Counter(dict(one))
    kinds.update(dict(other))
    return tuple(sorted(kinds.items()))


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation found."""

    findings: tuple[Finding, ...]
    """By file, line and column."""
    summary: Summary
    notes: tuple[str, ...] = ()
    """What the user should know about how it was judged, a sentence each."""
    options: Options = field(default_factory=Options)
    is_empty: bool = False
    """Whether there was nothing to read: no object, and no text that could have been meant as one."""

    @property
    def ok(self) -> bool:
        """Whether no finding is as severe as `Options.fail_on`."""
        return not any(self.options.fails(finding.severity) for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """Return the number of findings by severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}


class Note(NamedTuple):
    """What the user should know about how something was judged."""

    where: str
    """The set or the file; empty where it is about all."""
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """What was found in one set."""

    findings: tuple[Finding, ...]
    summary: Summary
    notes: tuple[Note, ...] = ()
    is_empty: bool = False


_NAMED: Final = 4
"""Sets that one note names at most."""


def joined(parts: Iterable[Part], options: Options) -> Report:
    """Return the report of all parts, sorted; of several that one note is about, the note is told once."""
    findings: list[Finding] = []
    summary = Summary()
    notes: dict[str, dict[str, None]] = {}
    is_empty = True
    for part in parts:
        is_empty = is_empty and part.is_empty
        findings += part.findings
        summary += part.summary
        for note in part.notes:
            notes.setdefault(note.text, {})[note.where] = None
    findings.sort(key=lambda one: (one.file, one.line, one.column, one.rule, one.path, one.message))
    # Overlays that build on one base find the same in it.
    findings = [one for one, before in zip(findings, [None, *findings], strict=False) if one != before]
    told = tuple(_told(text, list(where)) for text, where in notes.items())
    return Report(tuple(findings), summary, told, options, is_empty)


def _told(text: str, where: list[str]) -> str:
    named = [one for one in where if one]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"{', '.join(named[:_NAMED])}{more}: {text}" if named else text
