"""How the objects of a set fit each other, the release, the nodes and AKS.

Importing this package registers its checks. `facts.facts_of` finds once what several of them ask for.
"""

from __future__ import annotations

from aksrdma.checks.relation import pods_register, register

__all__ = ["pods_register", "register"]
