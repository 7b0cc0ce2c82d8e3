"""Makes schemas: what `aksrdma schemas import` calls."""

from __future__ import annotations

from aksrdma.schemas.crds import import_crds
from aksrdma.schemas.openapi import import_openapi

__all__ = ["import_crds", "import_openapi"]
