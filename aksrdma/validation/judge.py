"""One set to findings: calls the checks, leaves out what only follows from another mistake, adds place, severity and fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aksrdma import catalog
from aksrdma.checks.leftovers import told
from aksrdma.checks.register import document_checks, set_checks
from aksrdma.findings import Finding, Position, Problem, format_path
from aksrdma.kube.kinds import ANY_PODS, POLICY_KINDS
from aksrdma.validation.patches import DIRECTIVES

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath
    from aksrdma.validation.report import Options
    from aksrdma.validation.suppressions import Suppressions

Locate = Callable[["Document", "FieldPath"], "tuple[Document, Position] | None"]
"""Finds the document and the place in its file where a field was written: an object that a kustomization built was written
in source files. None: in a file of which nothing is to be told."""


def judge(
    manifests: ManifestSet,
    options: Options,
    locate: Locate,
    suppressions: Suppressions,
    more: Iterable[Problem],
    patches: Mapping[Document, Document],
) -> tuple[list[Finding], int]:
    """Return the wanted findings of a set, and how many of them a comment suppresses.

    Args:
        manifests: the set.
        options: which findings are wanted.
        locate: finds the place of a field.
        suppressions: the comments that suppress findings; they are told which, wanted or not.
        more: problems that were found elsewhere, to be reported in the same way.
        patches: what was written of each object that is a patch: nothing is missing in one, for its base has it.
    """
    wanted, suppressed = [], 0
    for problem in map(told, without_consequences([*more, *_problems(manifests)])):
        written = patches.get(problem.subject)
        if written is not None and _is_for_the_base(problem, written):
            continue
        place = locate(problem.subject, problem.path)
        if place is None:
            continue
        document, position = place
        # A problem knows its place in its own document; one of a kustomization's build is shown in the source files.
        if problem.at is not None and document is problem.subject:
            position = problem.at
        finding = finding_of(problem, document, position)
        hidden, reported = suppressions.suppress(finding, document), options.reports(finding.rule, finding.layer)
        suppressed += hidden and reported
        if reported and not hidden:
            wanted.append(finding)
    return wanted, suppressed


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


def _is_for_the_base(problem: Problem, written: Document) -> bool:
    """Whether a problem of a patch is that a field is missing, or is about one that nobody wrote, or about a directive."""
    if not problem.path:
        return False
    if any(isinstance(step, str) and step.startswith(DIRECTIVES) for step in problem.path):
        return True
    *above, last = problem.path
    holder = written.value(tuple(above))
    return holder is None or (isinstance(holder, dict) and last not in holder)


def finding_of(problem: Problem, document: Document, position: Position) -> Finding:
    """Return the finding of a problem at a place of the document in which it was written."""
    rule = catalog.rule(problem.rule)
    return Finding(
        rule=rule.id,
        severity=problem.severity or rule.severity,
        layer=rule.layer,
        message=problem.message,
        fix=_clause(problem.fix or rule.fix),
        file=document.file,
        line=position.line,
        column=position.column,
        document=document.index,
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
        weak = {name for name in self._rules if catalog.rule(name).follows.whatever}
        self._fields = {(one.subject, one.path) for one in problems if one.rule not in weak} if weak else frozenset()
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
            or (follows.whatever and (document, path) in self._fields)
            or any((document, rule, path) in self._below for rule in follows.part)
            or any((document, rule, path[:-1]) in self._below for rule in follows.beside)
            or any((document, rule, path[:-2]) in self._below for rule in follows.resources)
            or not self._rules.isdisjoint(follows.anywhere)
            or not self._sections.isdisjoint(follows.section)
            or any((document, (*above, key)) in self._meant for key in follows.key for above in _prefixes(path))
            or any((document, above) in self._meant for above in _prefixes(path))
            or any((document, "missing-field", above) in self._at for above in _prefixes(path[:-1]))
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
