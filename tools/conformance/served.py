"""Compares `aksrdma validate` with a real API server."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from aksrdma import catalog
from aksrdma.schemas.store import BUILTIN, WORKLOADS
from aksrdma.validation import Options

from .changes import changed_objects
from .compare import Comparison
from .corpus import Case
from .differences import PATCH, of_another_version, of_the_cluster
from .rich import bases
from .server import Answer, Given, is_patch, our_verdict, server_answers
from .texts import changed_texts


@dataclass(frozen=True)
class Served:
    """One object, or the text of one, with what was changed in it and the reason of a known difference."""

    change: str
    given: Given
    declared: str | None = None


def compare_with_server(folder: str, found: list[Case], results: list[Comparison], args: argparse.Namespace) -> int:
    """Print how often the server and aksrdma agree; return how often they do not, without a reason."""
    asked = list(_asked(folder, found, results, args))
    release = catalog.newest() if folder.startswith(BUILTIN) or folder == WORKLOADS else folder
    crds = args.shared / "crds" / release, args.shared / "crds-workloads"
    answers = server_answers(args.apiserver_judge, [one.given for one in asked], crds=crds)
    version = folder.removeprefix(f"{BUILTIN}-") if folder.startswith(BUILTIN) else None
    options = Options(release=release, kubernetes_version=version)
    judged = [_outcome(one, answer, options) for one, answer in zip(asked, answers, strict=True)]
    _print_counts(folder, judged)
    wrong = [text for outcome, text in judged if text]
    print("".join(f"{text}\n" for text in wrong[: args.show]), end="")
    return len(wrong)


def _asked(folder: str, found: list[Case], results: list[Comparison], args: argparse.Namespace) -> Iterator[Served]:
    reasons = [None if result.agrees else result.reason for result in results]
    for case, reason in zip(found, reasons, strict=True):
        yield Served(f"{case.path} {case.change}", case.data, reason)
    rich = bases(folder)
    for change, data in changed_objects(rich, args.changed, args.seed):
        yield Served(change, data)
    for change, text in changed_texts(rich, args.texts, args.seed):
        yield Served(change, text)


def _outcome(one: Served, answer: Answer, options: Options) -> tuple[str, str]:
    """Return how the two verdicts go together, and a report where they do not."""
    ours, server = our_verdict(one.given, options), answer.verdict
    if ours.accepts == server.accepts:
        same = "taken by both" if server.accepts else "refused by both"
        return (f"the server agrees: {one.declared}" if one.declared else same), ""
    if ours.accepts and (reason := of_the_cluster(one.change, server.text)):
        return f"the server refuses: {reason}", ""
    if ours.accepts and is_patch(one.given, options):
        return f"the server refuses: {PATCH}", ""
    if options.kubernetes_version not in (None, "v1.34") and (reason := of_another_version(ours, server, one.given)):
        return f"{'the server refuses' if ours.accepts else 'we refuse'}: {reason}", ""
    outcome = "WE REFUSE, THE SERVER TAKES" if server.accepts else "THE SERVER REFUSES, WE TAKE"
    shown = str(one.given)[:600]
    return outcome, f"{outcome}: {one.change}: {shown}\n    server: {server.text}\n    aksrdma: {ours.text}"


def _print_counts(folder: str, judged: list[tuple[str, str]]) -> None:
    print(f"{folder}: {len(judged)} objects for the API server")
    for outcome, count in Counter(outcome for outcome, _ in judged).most_common():
        print(f"  {count:6} {outcome}")
