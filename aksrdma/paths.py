"""Where the data that ships with aksrdma lies, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parent
CATALOG: Final = PACKAGE / "catalog"

_WHEEL_SCHEMAS = PACKAGE / "_schemas"
SCHEMAS: Final = _WHEEL_SCHEMAS if _WHEEL_SCHEMAS.is_dir() else PACKAGE.parent / "schemas"
"""The JSON Schemas: `schemas/` of a checkout, `aksrdma/_schemas/` of a wheel."""
