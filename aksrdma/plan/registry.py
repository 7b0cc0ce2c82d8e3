"""Objects and values of a cluster that takes every image from a registry of its own, or with pull secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.findings import FieldPath
from aksrdma.kube.image_names import mirrored
from aksrdma.plan.planned import Planned, Reason

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.plan.chart_images import Pulled

_WHY: Final = Reason(
    "From the cluster's own registry, which keeps each image below the whole name that it has elsewhere.",
    "spec.registry of the cluster file",
)


def in_registry(planned: Planned, cluster: Cluster, *, moved: bool = True) -> Planned:
    """Return an object whose images come from the cluster's registry and are pulled with its secrets.

    Args:
        planned: with images as their publishers name them.
        cluster: whose object it is.
        moved: False leaves images where they are, because the user has named them.
    """
    if cluster.registry is None and not cluster.image_pull_secrets:
        return planned
    change = _Change(cluster.registry if moved else None, cluster.image_pull_secrets)
    data = change.of(planned.data)
    if data["kind"] == "DeviceConfig":
        data["spec"] = change.of_device_config(data["spec"])
    reasons = dict(planned.reasons)
    if change.first is not None:
        reasons.setdefault(change.first, _WHY)
    return Planned(data if isinstance(planned.content, Mapping) else type(planned.content).from_wire(data), reasons)


def values_in_registry(planned: Planned, cluster: Cluster, pulled: Sequence[Pulled]) -> Planned:
    """Return the values of a chart whose images come from the cluster's registry and are pulled with its secrets."""
    if cluster.registry is None and not cluster.image_pull_secrets:
        return planned
    from aksrdma.plan.chart_images import from_registry
    from aksrdma.plan.patches import merged

    values = from_registry(pulled, cluster.registry, cluster.image_pull_secrets)
    reasons = dict(planned.reasons)
    if cluster.registry and values:
        reasons.setdefault((next(key for key in values if key != "imagePullSecrets"),), _WHY)
    return Planned(merged(planned.data, values), reasons)


class _Change:
    """Walks through an object once; `first` is the path of the first image that it moved."""

    def __init__(self, registry: str | None, secrets: Sequence[str]) -> None:
        self.registry: Final = registry
        self.secrets: Final = list(secrets)
        self.first: FieldPath | None = None

    def of(self, data: Any, path: FieldPath = ()) -> Any:
        if isinstance(data, Sequence) and not isinstance(data, str):
            return [self.of(item, (*path, index)) for index, item in enumerate(data)]
        if not isinstance(data, Mapping):
            return data
        if isinstance(data.get("repository"), str) and isinstance(data.get("image"), str):
            return self._of_section(data, path)
        changed = {key: self._of_field(key, value, (*path, key)) for key, value in data.items()}
        if self.secrets and isinstance(data.get("containers"), Sequence):
            changed["imagePullSecrets"] = [{"name": secret} for secret in self.secrets]
        return changed

    def _of_section(self, data: Mapping[str, Any], path: FieldPath) -> dict[str, Any]:
        """Change a section of the operator's kinds, where a reference stands in parts."""
        whole = self._moved(f"{data['repository']}/{data['image']}", (*path, "repository"))
        secrets = {"imagePullSecrets": self.secrets} if self.secrets else {}
        return {**data, "repository": whole.rpartition("/")[0], **secrets}

    def of_device_config(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Change what AMD GPU Operator makes pods from: what it leaves out has images too, and secrets stand per part."""
        init = self._moved(catalog.pod_images()["amd-init"].reference, ("spec", "commonConfig"))
        whole = {**spec, "commonConfig": {"initContainerImage": init}}
        if self.secrets:
            secret = {"imageRegistrySecret": {"name": self.secrets[0]}}
            whole |= {part: {**spec[part], **secret} for part in ("devicePlugin", "metricsExporter") if part in spec}
        return whole

    def _of_field(self, key: Any, value: Any, path: FieldPath) -> Any:
        if isinstance(value, str) and isinstance(key, str) and (key == "image" or key.endswith("Image")):
            return self._moved(value, path)
        return self.of(value, path)

    def _moved(self, reference: str, path: FieldPath) -> str:
        if self.registry is None:
            return reference
        self.first = self.first or path
        return mirrored(reference, self.registry)
