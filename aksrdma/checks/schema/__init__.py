"""What the API server refuses by the schema of a kind, with what other releases make of it.

Importing this package registers its check.
"""

from __future__ import annotations

from aksrdma.checks.schema import verdict

__all__ = ["verdict"]
