"""Makes schemas, for `aksrdma schemas import` and `catalog import`; nothing that judges needs any of it."""

from __future__ import annotations

from aksrdma.schemas.make.charts import read_chart
from aksrdma.schemas.make.crds import import_crds
from aksrdma.schemas.make.openapi import import_openapi
from aksrdma.schemas.make.release_rows import imported

__all__ = ["import_crds", "import_openapi", "imported", "read_chart"]
