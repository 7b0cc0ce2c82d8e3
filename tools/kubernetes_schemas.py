"""Make the schemas of Kubernetes' own kinds again: `python tools/kubernetes_schemas.py DIR`.

DIR holds a folder a version, `v1.36` and so on, of OpenAPI v3 documents as an API server serves them, `api/v1.json` and
`apis/<group>/<version>.json`; tools/kubernetes_openapi makes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aksrdma.schemas.make import import_openapi  # noqa: E402 (the checkout's own package, wherever it is run)

if __name__ == "__main__":
    for written in import_openapi(Path(sys.argv[1]).resolve()):
        print(written)
