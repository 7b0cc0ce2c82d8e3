"""Compares verdicts and sorts out where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from aksrdma.findings import format_path
from aksrdma.schemas import Kind, load
from aksrdma.schemas.judge import compile_schema

from .corpus import Case
from .differences import declared
from .judges import Verdict
from .reference import reference_validator

Judge: TypeAlias = "Callable[[dict[str, Any]], Verdict]"


@dataclass(frozen=True)
class Comparison:
    """One object with all that was said of it."""

    folder: str
    case: Case
    judge: Verdict
    engine: Verdict
    reference: Verdict

    @property
    def agrees(self) -> bool:
        """Whether all three say the same."""
        return self.judge.accepts == self.engine.accepts == self.reference.accepts

    @property
    def reason(self) -> str | None:
        """Why the judge may differ, where that is known; engine and reference must agree in any case."""
        same = self.engine.accepts == self.reference.accepts
        return declared(self.folder, self.judge, self.engine, self.case.data) if same else None


def compare(folder: str, found: list[Case], judged: list[Verdict]) -> Iterator[Comparison]:
    """Yield each object with the judge's verdict and with ours."""
    for case, judge in zip(found, judged, strict=True):
        engine, reference = _ours(folder, case.kind)
        yield Comparison(folder, case, judge, engine(case.data), reference(case.data))


@cache
def _ours(folder: str, kind: Kind) -> tuple[Judge, Judge]:
    schema = load(folder, kind.group, kind.kind, kind.version)
    judge, validator = compile_schema(schema), reference_validator(schema)

    def engine(data: dict[str, Any]) -> Verdict:
        problems = judge(data)
        text = "; ".join(f"{format_path(problem.path)}: {problem.rule}: {problem.message}" for problem in problems)
        return Verdict(not problems, text, tuple((problem.rule, problem.message) for problem in problems))

    def reference(data: dict[str, Any]) -> Verdict:
        error = next(validator.iter_errors(data), None)
        return Verdict(error is None, error.message if error else "")

    return engine, reference
