"""One set to findings: calls the checks, leaves out what only follows from another mistake, adds place, severity and fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.register import document_checks, set_checks
from aksrdma.errors import UnknownNameError
from aksrdma.findings import Finding, Position, Problem, format_path
from aksrdma.kube.kinds import ANY_PODS, POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath
    from aksrdma.validation.report import Options

Locate = Callable[["Document", "FieldPath"], "tuple[str, Position]"]
"""Finds file and position of a field; a kustomization's built objects are placed in its source files."""


def judge(
    manifests: ManifestSet,
    options: Options,
    locate: Locate,
    more: Iterable[Problem] = (),
    patches: Collection[Document] = (),
    foreign: Collection[Document] = (),
) -> tuple[list[Finding], int]:
    """Return the wanted findings of a set, and how many a comment suppresses.

    Args:
        manifests: the set.
        options: which findings are wanted.
        locate: finds the place of a field.
        more: problems that were found elsewhere, to be reported in the same way.
        patches: objects in which nothing is missing, for their base has it.
        foreign: objects without a schema of ours that were judged, in which comments may suppress findings, too.
    """
    wanted = []
    for problem in without_consequences([*more, *_problems(manifests)]):
        if problem.subject in patches and _is_about_absence(problem):
            continue
        file, position = locate(problem.subject, problem.path)
        # A problem knows its place in its own document; one of a kustomization's build is shown in the source files.
        if problem.at is not None and file == problem.subject.file:
            position = problem.at
        finding = finding_of(problem, file, position)
        if options.reports(finding.rule, finding.layer):
            wanted.append(finding)
    return suppress(wanted, [one for each in (*manifests.documents, *foreign) for one in suppressions_of(each)])


def _problems(manifests: ManifestSet) -> Iterator[Problem]:
    webhook = manifests.admission_controller
    for document in manifests.documents:
        for check in document_checks(document.kind, webhook):
            for problem in check(document, manifests):
                yield problem if problem.document is not None else problem._replace(document=document)
    for document in manifests.unknown:
        for check in document_checks(ANY_PODS, webhook) if document in manifests.templates else ():
            yield from _placed((one._replace(document=document) for one in check(document, manifests)), manifests)
    found = (problem for check in set_checks(manifests.kinds, webhook) for problem in check(manifests))
    # Only these write pods otherwise than as pod templates.
    yield from _placed(found, manifests) if manifests.unknown or "TrainJob" in manifests.by_kind else found


def _placed(problems: Iterable[Problem], manifests: ManifestSet) -> Iterator[Problem]:
    from aksrdma.checks.relation.pods import where_they_stand  # a set without such pods may have no pods at all

    return where_they_stand(problems, manifests)


def _is_about_absence(problem: Problem) -> bool:
    """Whether a problem is that a field is missing."""
    if not problem.path:
        return False
    *above, last = problem.path
    holder = problem.subject.value(tuple(above))
    return holder is None or (isinstance(holder, dict) and last not in holder)


def finding_of(problem: Problem, file: str, position: Position) -> Finding:
    """Return the finding of a problem that is bound to its document, at a place of a file."""
    rule = catalog.rule(problem.rule)
    return Finding(
        rule=rule.id,
        severity=problem.severity or rule.severity,
        layer=rule.layer,
        message=problem.message,
        fix=_clause(problem.fix or rule.fix),
        file=file,
        line=position.line,
        column=position.column,
        document=problem.subject.index,
        object=problem.subject.label,
        path=format_path(problem.path),
    )


def _clause(fix: str) -> str:
    """Return a fix as it follows the message after a semicolon: no capital, unless it is a name, and no period."""
    first = fix.split(" ", 1)[0]
    lower = first[:1].isupper() and first[1:].islower()
    return (fix[:1].lower() + fix[1:] if lower else fix).removesuffix(".")


def without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems less those that only follow from another one, in their order: one mistake is one finding.

    What follows from what is data: `follows` of the rules' rows. What follows from a field that is misspelt or
    misplaced is told here, for it needs the name or the place that was meant.
    """
    causes = _Causes(problems)
    return [one for one in problems if not causes.explain(one)]


class _Causes:
    """The problems of a set, to be asked by rule and place: never is each compared with each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._rules = {one.rule for one in problems}
        self._at: set[tuple[Document, str, FieldPath]] = set()
        self._below: set[tuple[Document, str, FieldPath]] = set()
        self._meant: set[tuple[Document, FieldPath]] = set()
        self._holders: set[tuple[Document, FieldPath]] = set()
        self._sections: set[str] = set()
        for one in problems:
            self._at.add((one.subject, one.rule, one.path))
            self._below.update((one.subject, one.rule, above) for above in _prefixes(one.path))
            if one.rule == "unknown-field" and one.path:
                if one.meant:
                    self._meant.add((one.subject, (*one.path[:-1], one.meant)))
                if one.belongs:
                    self._meant.add((one.subject, one.belongs))
                    self._holders.update((one.subject, above) for above in _prefixes(one.belongs[:-1]))
                if one.path[0] == "spec" and one.subject.kind in POLICY_KINDS:
                    self._sections.add(one.meant or str(one.path[-1]))

    def explain(self, one: Problem) -> bool:
        """Return whether a problem is told by another one already."""
        follows, document, path = catalog.rule(one.rule).follows, one.subject, one.path
        return (
            any((document, rule, path) in self._at for rule in follows.same_field)
            or any((document, rule, path) in self._below for rule in follows.part)
            or any((document, rule, path[:-1]) in self._below for rule in follows.beside)
            or any((document, rule, path[:-2]) in self._below for rule in follows.resources)
            or not self._rules.isdisjoint(follows.anywhere)
            or not self._sections.isdisjoint(follows.section)
            or any((document, (*above, key)) in self._meant for key in follows.key for above in _prefixes(path))
            or any((document, above) in self._meant for above in _prefixes(path))
            or (one.rule == "missing-field" and (document, path) in self._holders)
            or self._is_in_global(one)
        )

    def _is_in_global(self, one: Problem) -> bool:
        """Whether a component lacks what its policy has in a spec.global that the release does not know."""
        place: FieldPath = ("spec", "global")
        if one.rule != "missing-field" or not one.path or not one.subject.value((*place, one.path[-1])):
            return False
        return any((one.subject, rule, place) in self._at for rule in self._rules)


def _prefixes(path: FieldPath) -> Iterator[FieldPath]:
    return (path[:length] for length in range(len(path) + 1))


_COMMENT: Final = re.compile(
    r"#\s*aksrdma:\s*ignore\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--\s*(?P<reason>.*))?\Z"
)


@dataclass(slots=True)
class Suppression:
    """One rule of a comment `# aksrdma: ignore RULE[, RULE] -- reason`."""

    line: int
    rule: str
    document: Document
    used: bool = False

    @property
    def place(self) -> tuple[str, int, str]:
        """What it is among the comments of all files."""
        return self.document.file, self.line, self.rule

    def covers(self, finding: Finding) -> bool:
        """Whether it suppresses a finding: one of its line, or of the whole object that it stands above."""
        if self.document.file != finding.file or self.rule != finding.rule:
            return False
        above = self.line < self.document.first_line
        return finding.line == self.line or (above and finding.document == self.document.index)


def suppressions_of(document: Document) -> Iterator[Suppression]:
    """Yield the suppressions that stand in the text of a document."""
    if document.mentions("aksrdma:"):
        for line, comment in document.comments().items():
            if found := _COMMENT.match(comment.strip()):
                for rule in re.split(r"\s*,\s*", found["rules"]):
                    yield Suppression(line, rule, document)


def suppress(findings: Sequence[Finding], suppressions: Sequence[Suppression]) -> tuple[list[Finding], int]:
    """Return the findings that are left, with one for each unused suppression, and how many were suppressed."""
    left = []
    for finding in findings:
        covering = [one for one in suppressions if one.covers(finding)]
        for one in covering:
            one.used = True
        if not covering:
            left.append(finding)
    suppressed = len(findings) - len(left)
    # The objects of a list, or those that another one wraps, have the comments of one text.
    told = {one.place for one in suppressions if one.used}
    for one in suppressions:
        if one.place not in told:
            told.add(one.place)
            message = f"nothing here breaks {one.rule}, which this comment suppresses"
            try:
                catalog.rule(one.rule)
            except UnknownNameError as error:
                message = str(error)
            problem = Problem("unused-suppression", (), message, document=one.document)
            left.append(finding_of(problem, one.document.file, Position(one.line, 1)))
    return left, suppressed
