"""What the checks of one pod, or of one pod template, share."""

from __future__ import annotations

from typing import Any

from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath
from aksrdma.kube.values import integer, items, mapping, text

_DEFAULT_GRACE_SECONDS = 30


class Pod:
    """A pod as the API server sees it once its defaults are set.

    Attributes:
        report: takes what is wrong.
        spec: the pod's spec.
        path: path of the spec.
        metadata: metadata of the pod or template.
        is_pod: whether it is a Pod, which is judged more strictly than a template.
        volumes: volumes by name; filled by the check of the volumes.
        dropped: names of the volumes of container images: a server without that feature drops these volumes and their
            mounts before it judges the rest; filled by the check of the volumes.
        windows: whether any security context has options for Windows; filled by the check of these.
    """

    __slots__ = ("dropped", "is_pod", "metadata", "path", "report", "spec", "volumes", "windows")

    def __init__(self, report: Report, path: FieldPath, template: dict[str, Any], *, is_pod: bool) -> None:
        self.report = report
        self.path: FieldPath = (*path, "spec")
        self.spec = mapping(template.get("spec"))
        self.metadata = mapping(template.get("metadata"))
        self.is_pod = is_pod
        self.volumes: dict[str, dict[str, Any]] = {}
        self.dropped: set[str] = set()
        self.windows = False

    @property
    def security(self) -> dict[str, Any]:
        """The pod's security context."""
        return mapping(self.spec.get("securityContext"))

    @property
    def host_network(self) -> bool:
        """Whether the pod is in the network namespace of its node."""
        return self.spec.get("hostNetwork") is True

    @property
    def host_users(self) -> bool:
        """Whether the pod is in the user namespace of its node, which is the default."""
        return self.spec.get("hostUsers") is not False

    @property
    def grace_seconds(self) -> int | None:
        """Seconds that the pod has to end; None where the field is no number."""
        value = self.spec.get("terminationGracePeriodSeconds")
        return _DEFAULT_GRACE_SECONDS if value is None else integer(value)

    @property
    def restart_policy(self) -> str:
        """Restart policy of the containers."""
        return text(self.spec.get("restartPolicy")) or "Always"

    @property
    def os(self) -> str:
        """Name of the operating system that the pod asks for, empty where it asks for none."""
        return text(mapping(self.spec.get("os")).get("name"))

    @property
    def claims(self) -> list[str]:
        """Names of the pod's resource claims."""
        return [text(claim.get("name")) for _, claim in items(self.spec.get("resourceClaims"), ())]
