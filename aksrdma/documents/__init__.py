"""YAML and JSON text to documents, read as the API server's clients read it; and objects to YAML text.

`read` takes the content of a file, `read_file` a path. Whatever is wrong with a text is a value in `Stream.problems`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aksrdma._lazy import attach

STDIN: Final = "-"
"""How stdin is called where a file is named."""

if TYPE_CHECKING:
    from aksrdma.documents.document import NOWHERE, Document, DuplicateKey, Embedded
    from aksrdma.documents.reading import DEFAULT_LIMITS, Limits, Stream, read, read_bytes, read_file

__all__ = [
    "DEFAULT_LIMITS",
    "NOWHERE",
    "STDIN",
    "Document",
    "DuplicateKey",
    "Embedded",
    "Limits",
    "Stream",
    "read",
    "read_bytes",
    "read_file",
]

if not TYPE_CHECKING:  # else a misspelt name would be no mistake to type checkers
    __getattr__, __dir__ = attach(
        __name__,
        {
            "document": ("NOWHERE", "Document", "DuplicateKey", "Embedded"),
            "reading": ("DEFAULT_LIMITS", "Limits", "Stream", "read", "read_bytes", "read_file"),
        },
    )
