"""YAML and JSON text to documents, read as the API server's clients read it; and objects to YAML text.

`read` takes the content of a file, `read_file` a path. Whatever is wrong with a text is a value in `Stream.problems`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.documents.document import NOWHERE, Document
    from aksrdma.documents.embedded import DuplicateKey, Embedded
    from aksrdma.documents.files import read_bytes, read_file
    from aksrdma.documents.limits import DEFAULT_LIMITS, Limits
    from aksrdma.documents.problems import YamlProblem
    from aksrdma.documents.reader import Stream, read
    from aksrdma.findings import Position

__all__ = [
    "DEFAULT_LIMITS",
    "NOWHERE",
    "Document",
    "DuplicateKey",
    "Embedded",
    "Limits",
    "Position",
    "Stream",
    "YamlProblem",
    "read",
    "read_bytes",
    "read_file",
]

__getattr__ = attach(
    __name__,
    {
        "document": ("NOWHERE", "Document", "Position"),
        "embedded": ("DuplicateKey", "Embedded"),
        "files": ("read_bytes", "read_file"),
        "limits": ("DEFAULT_LIMITS", "Limits"),
        "problems": ("YamlProblem",),
        "reader": ("Stream", "read"),
    },
)
