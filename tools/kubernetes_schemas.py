"""Make the schemas of Kubernetes' own kinds again: `python tools/kubernetes_schemas.py DIR`.

DIR holds the OpenAPI v3 documents of one version as an API server serves them, `api/v1.json` and
`apis/<group>/<version>.json`; its name is the version, `v1.34`.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aksrdma.schemas.make import import_openapi  # noqa: E402 (the checkout's own package, wherever it is run)

if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    for written in import_openapi(folder, folder.name):
        print(written)
