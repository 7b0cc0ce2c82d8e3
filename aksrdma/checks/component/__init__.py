"""What the components refuse or misread when they start: device plugins, CNI and IPAM plugins, Multus, NFD, admission.

Importing this package registers its checks. `views` holds the typed views that checks of other layers share.
"""

from __future__ import annotations

from aksrdma.checks.component import register

__all__ = ["register"]
