"""The part of the Common Expression Language that CRD validation rules use."""

from __future__ import annotations

from aksrdma.schemas.cel.parser import compile_expression
from aksrdma.schemas.cel.values import CelError, UnsupportedError

__all__ = ["CelError", "UnsupportedError", "compile_expression"]
