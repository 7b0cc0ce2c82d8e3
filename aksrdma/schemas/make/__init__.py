"""Makes schemas, for `aksrdma schemas import`; nothing that judges needs any of it."""

from __future__ import annotations

from aksrdma.schemas.make.crds import import_crds
from aksrdma.schemas.make.openapi import import_openapi

__all__ = ["import_crds", "import_openapi"]
