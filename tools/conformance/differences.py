"""Where kubectl-validate is known to differ from the API server's schema layer, each with its reason.

kubectl-validate judges Kubernetes' own kinds as if they were custom resources, and objects of any kind by more than
their schema. What is listed here was seen on a kube-apiserver of 1.34 (see tools/apiserver_judge).
"""

from __future__ import annotations

from typing import Final

from aksrdma.schemas.store import BUILTIN_PREFIX

from .judges import Verdict

BY_VALUE: Final = "metadata by value: names, labels, owners and finalizers are judged beyond the schema"
TYPED: Final = "decoded into Go: the API server reads int32, IntOrString and times itself, kubectl-validate does not"
LIST_FOR_TEXT: Final = "a list where the schema wants a formatted string: a gap of the API server's type check"
OLD_CEL: Final = (
    "a rule that the CEL of kubectl-validate's libraries (1.30) cannot compile; 1.34 can, and takes the object"
)

_DECODED: Final = frozenset({"range", "type", "format"})


def declared(folder: str, judge: Verdict, engine: Verdict) -> str | None:
    """Return the reason of a known difference, or None where the verdicts ought to agree."""
    if engine.accepts and any("rule compile error" in message for _, message in judge.causes):
        return OLD_CEL
    if engine.accepts:
        return BY_VALUE if _only_metadata(judge) else None
    codes = {code for code, _ in engine.causes}
    if folder.startswith(BUILTIN_PREFIX):
        return TYPED if codes <= _DECODED else None
    return LIST_FOR_TEXT if all("must be a string, is a list" in message for _, message in engine.causes) else None


def _only_metadata(judge: Verdict) -> bool:
    """Tell whether a refusal is about the values of metadata alone; then rules go unchecked, which is a cause too."""
    fields = [field for field, message in judge.causes if "some validation rules were not checked" not in message]
    by_schema = any("unknown field" in message or "Duplicate" in message for _, message in judge.causes)
    return bool(fields) and not by_schema and all(field.startswith("metadata") for field in fields)
