"""Templates that are YAML all the same: values that envsubst, Flux, Helm or a templating language still has to fill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aksrdma.documents import Document

_PLACEHOLDER: Final = re.compile(
    r"\$\{[A-Za-z_]\w*(?::?[-=?+][^}]*)?\}|\{\{-?\s*[\w.$\"(/].*?\}\}|\{%-?\s*\w", re.DOTALL
)
_MARKS: Final = ("${", "{{", "{%")
_FREE_TEXT: Final = frozenset(
    {
        *("command", "args", "env", "annotations", "data", "stringData", "binaryData"),
        *("labelsTemplate", "varsTemplate", "featureTemplate"),
    }
)
"""Fields whose text is a shell's, a program's or Node Feature Discovery's own, where such signs are no placeholders."""


def is_template(document: Document) -> bool:
    """Return whether a value outside of scripts and other free text is a placeholder."""
    if not any(document.mentions(mark) for mark in _MARKS):
        return False
    return any(_PLACEHOLDER.search(text) for text in _texts(document.data))


def _texts(value: Any) -> Iterator[str]:
    """Yield every key and string below a value, less those of free text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in _FREE_TEXT:
                yield key
                yield from _texts(part)
