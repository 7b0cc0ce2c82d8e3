"""One set to findings: calls the checks, and adds place, severity and fix."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from aksrdma import catalog
from aksrdma.checks.register import document_checks, set_checks
from aksrdma.findings import Finding, Position, Problem, format_path
from aksrdma.validation.consequences import without_consequences
from aksrdma.validation.fragments import asks_for_more
from aksrdma.validation.options import Options
from aksrdma.validation.suppressions import apply, suppressions_of

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

Locate = Callable[["Document", "tuple[str | int | None, ...]"], "tuple[str, Position]"]
"""Finds file and position of a field; a kustomization's built objects are placed in its source files."""


def judge(
    manifests: ManifestSet,
    options: Options,
    locate: Locate | None = None,
    more: Iterable[Problem] = (),
    fragments: Collection[Document] = (),
    foreign: Collection[Document] = (),
) -> tuple[list[Finding], int]:
    """Return the wanted findings of a set, and how many a comment suppresses.

    Args:
        manifests: the set.
        options: which findings are wanted.
        locate: finds the place of a field; in its own document unless told.
        more: problems that were found elsewhere, to be reported in the same way.
        fragments: objects that are patches, in which nothing is missing.
        foreign: objects that were judged elsewhere, in which comments may suppress findings, too.
    """
    locate = locate or _in_its_file
    problems = without_consequences([*more, *_problems(manifests)])
    if fragments:
        problems = [one for one in problems if one.subject not in fragments or not asks_for_more(one)]
    found = [finding_of(problem, _place(problem, locate)) for problem in problems]
    wanted = [finding for finding in found if options.reports(finding.rule, finding.layer)]
    suppressions = [one for document in (*manifests.documents, *foreign) for one in suppressions_of(document)]
    return apply(wanted, suppressions) if suppressions else (wanted, 0)


def _problems(manifests: ManifestSet) -> Iterator[Problem]:
    webhook = manifests.admission_controller
    for document in manifests.documents:
        for check in document_checks(document.kind, webhook):
            for problem in check(document, manifests):
                yield problem if problem.document is not None else problem._replace(document=document)
    for set_check in set_checks(manifests.by_kind, webhook):
        yield from set_check(manifests)


def _in_its_file(document: Document, path: tuple[str | int | None, ...]) -> tuple[str, Position]:
    return document.file, document.position(path)


def _place(problem: Problem, locate: Locate) -> tuple[str, Position]:
    file, position = locate(problem.subject, problem.path)
    at_home = file == problem.subject.file  # and not in a source file of a kustomization
    return file, problem.at if problem.at is not None and at_home else position


def finding_of(problem: Problem, place: tuple[str, Position]) -> Finding:
    """Return the finding of a problem that is bound to its document, at a place of a file."""
    rule = catalog.rule(problem.rule)
    document = problem.subject
    file, position = place
    return Finding(
        rule=rule.id,
        severity=problem.severity or rule.severity,
        layer=rule.layer,
        message=problem.message,
        fix=_clause(problem.fix or rule.fix),
        file=file,
        line=position.line,
        column=position.column,
        document=document.index,
        object=document.label,
        path=format_path(problem.path),
    )


def _clause(fix: str) -> str:
    """Return a fix as it follows the message after a semicolon: no capital, unless it is a name, and no period."""
    first = fix.split(" ", 1)[0]
    lower = first[:1].isupper() and first[1:].islower()
    return (fix[:1].lower() + fix[1:] if lower else fix).removesuffix(".")


@cache
def known_names() -> frozenset[str]:
    """Return the ids of all rules and the names of all layers, which `--select` and `--ignore` take."""
    layers = {"yaml", "schema", "admission", "component", "relation", "practice"}
    return frozenset({*catalog.rules(), *layers})


def unknown_names(names: Iterable[str]) -> Sequence[str]:
    """Return those of `names` that are neither a rule nor a layer."""
    return [name for name in names if name not in known_names()]
