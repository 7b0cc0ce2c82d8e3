"""Why something is said of a log: the words, the line that shows it, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aksrdma.diagnosis.lines import Line


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is, with the line that shows it and what to do next."""

    text: str
    line: Line | None = None
    fix: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; the line as its number and its text."""
        line = self.line
        number, quote = (line.number, line.quote) if line else (None, None)
        return {"text": self.text, "line": number, "quote": quote, "fix": self.fix}
