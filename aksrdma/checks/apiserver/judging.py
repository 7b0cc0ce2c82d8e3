"""What the checks share: the report that they write into, the pod at hand, and how the register calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import kind_of
from aksrdma.kube.values import integer, items, mapping, text
from aksrdma.schemas.judge import schemas_of
from aksrdma.schemas.judge.wording import taken_by
from aksrdma.schemas.store import kubernetes_versions

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

POD_RULES: Final = (
    "invalid-container",
    "invalid-metadata",
    "invalid-pod",
    "invalid-resources",
    "invalid-scheduling",
    "invalid-security-context",
    "invalid-volumes",
    "rdma-quantity-not-whole",
    "rdma-request-without-limit",
    "rdma-requests-differ-from-limits",
    "rdma-resource-at-pod-level",
    "rdma-resource-name-illegal",
    "rdma-resource-name-near-miss",
)
"""What may be wrong with a pod or a pod template."""
_DEFAULT_GRACE_SECONDS: Final = 30


class Report:
    """Collects the problems of one document."""

    __slots__ = ("document", "manifests", "problems")

    def __init__(self, document: Document, manifests: ManifestSet | None = None) -> None:
        self.document = document
        self.manifests = manifests
        self.problems: list[Problem] = []

    def add(self, rule: str, path: FieldPath, message: str, fix: str | None = None) -> None:
        """Note that `rule` is broken at `path`; `fix` replaces the rule's own where the check knows better."""
        self.problems.append(Problem(rule, path, message, fix, document=self.document))

    def taken_since(self, version: str, path: FieldPath | None = None) -> bool:
        """Tell whether the set's Kubernetes takes what is new in a version; where none is given it is, and `path` noted."""
        if self.manifests is None:
            return False
        later = kubernetes_versions()[kubernetes_versions().index(version) :]
        if self.manifests.kubernetes is None and path is not None:
            self.manifests.of_some_versions.append((self.document, taken_by(later)._replace(path=path)))
        return self.manifests.kubernetes in (None, *later)


ObjectCheck: TypeAlias = Callable[[Report, "dict[str, Any]"], None]
"""Judges the data of one object."""


def beyond_schema(check: ObjectCheck) -> Callable[[Document, ManifestSet], Iterator[Problem]]:
    """Make the check of an object one of a document, as the register wants it.

    It leaves alone what only has the name of a kind, such as the Jobs of others, and says nothing of a field of which
    the schema of the set's release does.
    """

    @wraps(check)
    def judge(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
        data = document.data
        row = kind_of(data.get("apiVersion"), data.get("kind")) if isinstance(data, dict) else None
        if row is None or not (row.builtin or row.has_schema):
            return iter(())
        if row.builtin and data["apiVersion"].rpartition("/")[2] not in row.versions:
            return iter(())
        report = Report(document, manifests)
        check(report, data)
        if not report.problems:
            return iter(())
        told = {problem.path for problem in schemas_of(manifests.release, manifests.kubernetes).judge(data)}
        return (problem for problem in report.problems if problem.path not in told)

    return judge


class Pod:
    """A pod as the API server sees it once its defaults are set.

    Attributes:
        report: takes what is wrong.
        spec: the pod's spec.
        path: path of the spec.
        metadata: metadata of the pod or template.
        is_pod: whether it is a Pod, which is judged more strictly than a template.
        volumes: volumes by name; filled by the check of the volumes.
        all_volumes: whether there are no other volumes than those.
        dropped: names of the volumes of container images: a server without that feature drops these volumes and their
            mounts before it judges the rest; filled by the check of the volumes.
    """

    __slots__ = ("all_volumes", "dropped", "is_pod", "metadata", "path", "report", "spec", "volumes")

    def __init__(self, report: Report, path: FieldPath, template: dict[str, Any], *, is_pod: bool) -> None:
        self.report = report
        self.path: FieldPath = (*path, "spec")
        self.spec = mapping(template.get("spec"))
        self.metadata = mapping(template.get("metadata"))
        self.is_pod = is_pod
        self.volumes: dict[str, dict[str, Any]] = {}
        self.all_volumes = True
        self.dropped: set[str] = set()

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

    def containers(self, *fields: str) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
        """Yield path and data of the containers in some fields of the spec, regular ones where none is named."""
        for field in fields or ("containers",):
            yield from items(self.spec.get(field), (*self.path, field))

    @property
    def claims(self) -> list[str]:
        """Names of the pod's resource claims."""
        return [text(claim.get("name")) for _, claim in items(self.spec.get("resourceClaims"), ())]


def steps_back(path: str) -> bool:
    """Say whether one of the parts of a path is `..`."""
    return ".." in path and ".." in path.split("/")


def check_relative(report: Report, rule: str, path: FieldPath, value: str) -> None:
    """Judge a path that must stay inside its folder."""
    if value.startswith("/"):
        report.add(rule, path, f"path {value!r} must be relative", "remove the leading '/'")
    if steps_back(value):
        report.add(rule, path, f"path {value!r} must not hold '..'", "write the path without '..'")
