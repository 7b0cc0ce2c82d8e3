"""The operator's own validating webhook, judged without a cluster: off in the chart by default.

`policies.verdict` is what the webhook of one release says to one object.
"""
