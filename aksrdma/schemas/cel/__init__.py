"""The part of the Common Expression Language that CRD validation rules use."""

from __future__ import annotations

from aksrdma.schemas.cel.parser import compile_expression
from aksrdma.schemas.cel.values import CelError, Mismatch, UnsupportedError, usable

__all__ = ["CelError", "Mismatch", "UnsupportedError", "compile_expression", "usable"]
