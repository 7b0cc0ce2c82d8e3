"""The operator's own validating webhook, judged without a cluster: off in the chart by default.

`verdict` is what the webhook of one release says to one object; importing this package registers the checks.
"""

from __future__ import annotations

from aksrdma.checks.webhook.policies import verdict
from aksrdma.checks.webhook.refusals import Refusal
from aksrdma.checks.webhook.register import webhook_conflicts, webhook_verdict

__all__ = ["Refusal", "verdict", "webhook_conflicts", "webhook_verdict"]
