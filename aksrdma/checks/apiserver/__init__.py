"""What the API server refuses beyond the schema: metadata of every kind, pods, workloads, Services, ConfigMaps."""

from aksrdma.checks.apiserver.objects import problems
from aksrdma.checks.apiserver.pod_templates import pod_templates

__all__ = ["pod_templates", "problems"]
