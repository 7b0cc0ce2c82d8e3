"""Pods that a kind writes otherwise than as a pod template: read as one, and written back.

A shape reads what the kind has (a bare spec, one container, fields of its own) as the template that its controller makes
of it. Where it can, the template shares the mappings of the object; what it does not share is carried back by `store`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aksrdma.findings import FieldPath
from aksrdma.kube.values import integer, mapping, sequence, step, text

Moves = dict[FieldPath, FieldPath]
"""By steps inside the template as it is read: where that part stands in the object."""

_PARAMETER: Final = "{{"
"""Begins a parameter of Argo, whose value is not known here."""


@dataclass(slots=True)
class Made:
    """A pod template as a controller makes it."""

    path: FieldPath
    """Names it in the object; no other template of the object has the same."""
    data: dict[str, Any]
    """`metadata` and `spec`."""
    moved: Moves = field(default_factory=dict)
    complete: bool = True
    """Whether that is the whole pod, and nothing is merged into it that is not in the object."""


Read = Callable[[Mapping[str, Any], FieldPath, "dict[str, Any]"], "Made | None"]
"""Reads the mapping at a path of an object; None where it makes no pod."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind writes a pod."""

    read: Read
    back: Callable[[dict[str, Any], dict[str, Any]], None] | None = None
    """Writes into the mapping what the template got and only this shape can place."""
    refuses: frozenset[str] = frozenset()
    """Fields of a pod's spec that the kind has no place for."""


class NotAMappingError(Exception):
    """Something else stands where a mapping is to be written into."""

    def __init__(self, path: FieldPath) -> None:
        super().__init__(path)
        self.path = path


def store(shape: Shape, data: Mapping[str, Any], path: FieldPath, template: dict[str, Any]) -> None:
    """Write into an object what was added to a template that was read of it.

    Args:
        shape: How the object writes its pods.
        data: The object.
        path: Where the mapping stands that was read.
        template: What was read of it, changed.

    Raises:
        NotAMappingError: A value that the kind does not take there.
    """
    holder = step(data, path)
    before = shape.read(data, path, holder)
    if before is None:
        return
    if shape.back is not None:
        shape.back(holder, template)
        before = shape.read(data, path, holder) or before
    boxes = "containers"
    pod = mapping(template.get("spec"))
    for index, box in enumerate(sequence(pod.get(boxes))):
        was = mapping(step(before.data, ("spec", boxes, index)))
        _carry(_mapping_at(data, _moved(before, ("spec", boxes, index))), box, was)
    spec = {key: value for key, value in pod.items() if key != boxes and key not in shape.refuses}
    for part, after in (("spec", spec), ("metadata", template.get("metadata") or {})):
        was = mapping(before.data.get(part))
        if any(was.get(key) is not value and was.get(key) != value for key, value in after.items()):
            _carry(_mapping_at(data, _moved(before, (part,))), after, was)


def _carry(target: dict[str, Any], after: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Write what `after` has beyond `before`; a value that both share was changed in its place."""
    for key, value in after.items():
        old = before.get(key)
        if old is value or (old == value and key in before):
            continue
        if isinstance(old, list) and isinstance(value, list):
            target[key] = [*sequence(target.get(key)), *value[len(old) :]]
        elif isinstance(old, dict) and isinstance(value, dict):
            target[key] = dict(mapping(target.get(key)))
            _carry(target[key], value, old)
        else:
            target[key] = value


def _mapping_at(data: Mapping[str, Any], path: FieldPath) -> dict[str, Any]:
    """Return the mapping at a path, made where it is missing."""
    here: Any = data
    for depth, key in enumerate(path, 1):
        if isinstance(here, dict) and here.get(key) is None:
            here[key] = {}
        here = step(here, (key,))
        if not isinstance(here, dict | list):
            raise NotAMappingError(path[:depth])
    if not isinstance(here, dict):
        raise NotAMappingError(path)
    return here


def _moved(made: Made, inside: FieldPath) -> FieldPath:
    return moved_path(made.moved, inside) or (*made.path, *inside)


def moved_path(moved: Mapping[FieldPath, FieldPath], inside: FieldPath) -> FieldPath | None:
    """Return where a part of a template stands in the object, or None where it was not moved."""
    for length in range(len(inside), 0, -1):
        place = moved.get(inside[:length])
        if place is not None:
            return (*place, *inside[length:])
    return None


def _boxes(holder: Mapping[str, Any], path: FieldPath, *keys: str) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the containers of a list, which are written to, with their paths; an item that is no mapping is none."""
    for index, box in enumerate(sequence(step(holder, keys))):
        if isinstance(box, dict):
            yield (*path, *keys, index), box


@dataclass(frozen=True, slots=True)
class Inherited:
    """What of the labels and annotations of an object its controller gives to its pods, where they have no other."""

    labels: tuple[str, ...] = ()
    """Beginnings of their keys; an empty one is of all."""
    annotations: tuple[str, ...] = ()

    def metadata(
        self, data: Mapping[str, Any], own: Mapping[str, Any], place: FieldPath, of_all: FieldPath = ("metadata",)
    ) -> tuple[Mapping[str, Any], Moves]:
        """Return labels and annotations of the pods, and where they stand.

        Args:
            data: The object.
            own: The mapping that has those of the pods alone.
            place: Where it stands.
            of_all: Where those stand that the pods get, too.
        """
        found, moved = own, Moves({("metadata",): place})
        for key, begins in (("labels", self.labels), ("annotations", self.annotations)):
            mine = mapping(own.get(key))
            given = mapping(step(data, (*of_all, key))) if begins else {}
            above = {name: value for name, value in given.items() if name not in mine and str(name).startswith(begins)}
            if above:
                found = {**found, key: {**above, **mine}}
                moved |= {("metadata", key, name): (*of_all, key, name) for name in above}
        return found, moved


WHOLE_METADATA: Final = Inherited(labels=("",), annotations=("",))
_NOTHING: Final = Inherited()


def bare(
    key: str | None = None, *, complete: bool = True, labels_above: bool = False, inherits: Inherited = _NOTHING
) -> Shape:
    """Return the shape of a bare pod spec, with labels and annotations of its pods beside it.

    Args:
        key: Where it stands in the mapping; None: it is the mapping, among other fields of it.
        complete: Whether nothing of the controller's own is merged into it.
        labels_above: Whether the labels are those of the mapping around it, as it has no place for its own.
        inherits: What the pods get of the labels and annotations of the object.
    """

    def read(data: Mapping[str, Any], path: FieldPath, holder: dict[str, Any]) -> Made | None:
        spec = holder if key is None else holder.get(key)
        if not isinstance(spec, dict) or (key is None and not isinstance(spec.get("containers"), list)):
            return None
        base = path if key is None else (*path, key)
        place = path[:-1] if labels_above else path
        metadata, moved = inherits.metadata(data, mapping(step(data, place)), place)
        return Made(base, {"metadata": metadata, "spec": spec}, {("spec",): base, **moved}, complete)

    return Shape(read)


def model_server(keys: tuple[str, ...], name: str, inherits: Inherited) -> Shape:
    """Return the shape of a pod spec with one container under a key of its own, which is merged into one of a runtime.

    Args:
        keys: Keys under which the container may stand.
        name: Name that it gets.
        inherits: What the pods get of the labels and annotations of the object.
    """

    def read(data: Mapping[str, Any], path: FieldPath, holder: dict[str, Any]) -> Made | None:
        key = next((one for one in keys if isinstance(holder.get(one), dict)), None)
        if key is None:
            return plain.read(data, path, holder)
        boxes = [{"name": name} | holder[key], *sequence(holder.get("containers"))]
        metadata, moved = inherits.metadata(data, holder, path)
        moved |= {("spec",): path, ("spec", "containers", 0): (*path, key)}
        moved |= {("spec", "containers", index): (*path, "containers", index - 1) for index in range(1, len(boxes))}
        return Made(path, {"metadata": metadata, "spec": {**holder, "containers": boxes}}, moved, complete=False)

    plain = bare(inherits=inherits)
    return Shape(read)


def _slurmd(_data: Mapping[str, Any], path: FieldPath, holder: dict[str, Any]) -> Made | None:
    """The container of slurmd, which the operator makes privileged unless told, and a template with the rest."""
    template, slurmd = mapping(holder.get("template")), holder.get("slurmd")
    base = (*path, "template")
    if not isinstance(slurmd, dict):
        return Made(base, template) if template else None
    pod = mapping(template.get("spec"))
    boxes = [{"name": "slurmd"} | slurmd, *sequence(pod.get("containers"))]
    moved: Moves = {("spec", "containers", 0): (*path, "slurmd")}
    moved |= {("spec", "containers", index): (*base, "spec", "containers", index - 1) for index in range(1, len(boxes))}
    return Made(base, {**template, "spec": {**pod, "containers": boxes}}, moved, complete=False)


SLURM_NODES: Final = Shape(_slurmd)
"""NodeSet of the Slurm operator: internal/builder/workerbuilder/worker_app.go of SlinkyProject/slurm-operator v1.2.1."""


_SHM: Final = "shared-memory"
_SHM_SIZE: Final = "8Gi"


def _of_graph(data: Mapping[str, Any], path: FieldPath, key: str) -> list[Any]:
    """Return the variables that a graph puts before those of each of its components."""
    return sequence(step(data, ("spec", key))) if len(path) > 1 else []


def _service(data: Mapping[str, Any], path: FieldPath, holder: dict[str, Any]) -> Made | None:
    """A service of Dynamo: `extraPodSpec` with a main container, into which the fields beside it are merged."""
    if "podTemplate" in holder:  # one of v1beta1
        return None
    extra = mapping(holder.get("extraPodSpec"))
    main, base = mapping(extra.get("mainContainer")), (*path, "extraPodSpec")
    box = {"name": "main"} | main
    own, given, of_all = sequence(holder.get("envs")), sequence(main.get("env")), _of_graph(data, path, "envs")
    moved: Moves = {("spec",): base, ("metadata",): (*path, "extraPodMetadata")}
    moved[("spec", "containers", 0)] = (*base, "mainContainer")
    places: list[FieldPath] = [("spec", "envs", index) for index in range(len(of_all))]
    places += [(*path, "envs", index) for index in range(len(own))]
    places += [(*base, "mainContainer", "env", index) for index in range(len(given))]
    moved |= {("spec", "containers", 0, "env", index): place for index, place in enumerate(places)}
    if places:
        box["env"] = [*of_all, *own, *given]
    resources = {key: dict(value) for key, value in mapping(main.get("resources")).items() if isinstance(value, dict)}
    for kind in ("requests", "limits"):
        for name, value, place in _amounts(mapping(step(holder, ("resources", kind)))):
            resources.setdefault(kind, {})[name] = value
            moved[("spec", "containers", 0, "resources", kind, name)] = (*path, "resources", kind, *place)
    claims = step(holder, ("resources", "claims")) or step(main, ("resources", "claims"))
    if resources or claims:
        box["resources"] = resources | ({"claims": claims} if claims else {})
    boxes = [box, *sequence(extra.get("containers"))]
    moved |= {("spec", "containers", index): (*base, "containers", index - 1) for index in range(1, len(boxes))}
    spec = {**extra, "containers": boxes}
    spec.pop("mainContainer", None)
    shared = mapping(holder.get("sharedMemory"))
    if shared.get("disabled") is not True:
        _share_memory(spec, box, shared.get("size") or _SHM_SIZE, moved, (*path, "sharedMemory", "size"))
    return Made(base, {"metadata": dict(mapping(holder.get("extraPodMetadata"))), "spec": spec}, moved)


def _share_memory(
    spec: dict[str, Any], box: dict[str, Any], size: Any, moved: Moves, place: FieldPath, name: str = _SHM
) -> None:
    """Mount the /dev/shm that a controller gives to a container, unless that has one.

    Args:
        spec: The pod's spec.
        box: The container.
        size: The limit of its size; None where it has none.
        moved: Takes where that limit stands.
        place: Where that is.
        name: What the controller calls the volume; one of that name that is there is taken.
    """
    mounts, volumes = sequence(box.get("volumeMounts")), sequence(spec.get("volumes"))
    if any(mapping(one).get("mountPath") == "/dev/shm" for one in mounts):
        return
    box["volumeMounts"] = [*mounts, {"name": name, "mountPath": "/dev/shm"}]
    if all(mapping(one).get("name") != name for one in volumes):
        memory = {"medium": "Memory"} | ({"sizeLimit": size} if size else {})
        spec["volumes"] = [*volumes, {"name": name, "emptyDir": memory}]
        moved[("spec", "volumes", len(volumes), "emptyDir", "sizeLimit")] = place


def _ray_pod(data: Mapping[str, Any], path: FieldPath, template: dict[str, Any]) -> Made | None:
    """A pod of Ray: its first container gets a /dev/shm for the object store, which may fill its memory."""
    spec, moved = dict(mapping(template.get("spec"))), Moves()
    boxes = list(sequence(spec.get("containers")))
    elsewhere = "plasma-directory" in mapping(step(data, (*path[:-1], "rayStartParams")))
    if elsewhere or not boxes or not isinstance(boxes[0], dict):
        return Made(path, template)
    box = boxes[0] = dict(boxes[0])
    places = [("resources", key, "memory") for key in ("limits", "requests")]
    place = next((one for one in places if step(box, one)), places[0])
    _share_memory(spec, box, step(box, place), moved, (*path, "spec", "containers", 0, *place), "shared-mem")
    return Made(path, {**template, "spec": {**spec, "containers": boxes}}, moved)


RAY_POD: Final = Shape(_ray_pod)
"""A pod of a RayCluster: BuildPod in ray-operator/controllers/ray/common/pod.go of ray-project/kuberay v1.7.0."""


def _component(data: Mapping[str, Any], path: FieldPath, holder: dict[str, Any]) -> Made | None:
    """A component of Dynamo: a pod template, whose container `main` gets a /dev/shm and the variables of the graph."""
    template, base = holder.get("podTemplate"), (*path, "podTemplate")
    if not isinstance(template, dict):
        return None
    spec, moved = mapping(template.get("spec")), Moves()
    boxes = list(sequence(spec.get("containers")))
    index = next((at for at, one in enumerate(boxes) if mapping(one).get("name") == "main"), None)
    of_all, has_memory = _of_graph(data, path, "env"), str(holder.get("sharedMemorySize")) != "0"
    if index is None or not (has_memory or of_all):
        return Made(base, template)
    box, spec = dict(boxes[index]), {**spec, "containers": boxes}
    boxes[index] = box
    if of_all:
        own: FieldPath = ("spec", "containers", index, "env")
        given = sequence(box.get("env"))
        box["env"] = [*of_all, *given]
        moved |= {(*own, at): ("spec", "env", at) for at in range(len(of_all))}
        moved |= {(*own, len(of_all) + at): (*base, *own, at) for at in range(len(given))}
    if has_memory:
        _share_memory(spec, box, holder.get("sharedMemorySize") or _SHM_SIZE, moved, (*path, "sharedMemorySize"))
    return Made(base, {**template, "spec": spec}, moved)


DYNAMO_COMPONENT: Final = Shape(_component)
"""A component of Dynamo's v1beta1."""


def _amounts(item: Mapping[str, Any]) -> list[tuple[str, Any, FieldPath]]:
    """Return the resources of one of Dynamo's lists: their names in Kubernetes, how many, and where they stand."""
    found: list[tuple[str, Any, FieldPath]] = [(key, item[key], (key,)) for key in ("cpu", "memory") if item.get(key)]
    if item.get("gpu"):
        found.append((text(item.get("gpuType")) or "nvidia.com/gpu", item["gpu"], ("gpu",)))
    return found + [(name, value, ("custom", name)) for name, value in mapping(item.get("custom")).items()]


def _to_service(holder: dict[str, Any], template: dict[str, Any]) -> None:
    """Write resources where the service has its own, as the texts that Dynamo wants; else they are the container's."""
    if not isinstance(holder.get("resources"), dict):
        return
    box = template["spec"]["containers"][0]
    for kind in ("requests", "limits"):
        known = {name for name, _, _ in _amounts(mapping(step(holder, ("resources", kind))))}
        known |= mapping(step(holder, ("extraPodSpec", "mainContainer", "resources", kind))).keys()
        for name, value in mapping(step(box, ("resources", kind))).items():
            if name not in known:
                _mapping_at(holder, ("resources", kind, "custom"))[name] = box["resources"][kind][name] = str(value)


DYNAMO_SERVICE: Final = Shape(_service, _to_service)
"""A service of Dynamo's v1alpha1: deploy/operator/api/v1alpha1 of ai-dynamo/dynamo v1.0; later versions have templates."""


def _mini_cluster(key: str, path: FieldPath, holder: dict[str, Any]) -> Made | None:
    """Containers whose variables and volumes are mappings, and a pod with a few fields of its own."""
    moved: Moves = {("metadata",): (*path, "pod"), ("spec",): (*path, "pod")}
    boxes: list[dict[str, Any]] = []
    volumes: list[dict[str, Any]] = []
    for place, given in _boxes(holder, path, key):
        inside: FieldPath = ("spec", "containers", len(boxes))
        moved[inside] = place
        box = {key: value for key, value in given.items() if key not in ("environment", "volumes", "secrets")}
        variables = list(mapping(given.get("environment")).items())
        box["env"] = [{"name": name, "value": value} for name, value in variables]
        if isinstance(given.get("command"), str):  # one line, which Flux runs on all nodes
            box["command"] = ["sh", "-c", given["command"]]
            moved[(*inside, "command")] = moved[(*inside, "command", 2)] = (*place, "command")
        for index, (name, _) in enumerate(variables):
            for last in ((), ("value",)):
                moved[(*inside, "env", index, *last)] = (*place, "environment", name)
        rights = dict(mapping(given.get("securityContext")))
        added = sequence(rights.pop("addCapabilities", None))
        if added:
            given_add = sequence(step(rights, ("capabilities", "add")))
            rights["capabilities"] = {**mapping(rights.get("capabilities")), "add": [*given_add, *added]}
            moved[(*inside, "securityContext", "capabilities", "add")] = (*place, "securityContext", "addCapabilities")
            box["securityContext"] = rights
        box["volumeMounts"] = []
        for name, volume in mapping(given.get("volumes")).items():
            source, where = _volume(mapping(volume))
            moved[("spec", "volumes", len(volumes))] = moved[(*inside, "volumeMounts", len(box["volumeMounts"]))] = (
                *place, "volumes", name,
            )  # fmt: skip
            volumes.append({"name": name, **source})
            box["volumeMounts"].append({"name": name, "mountPath": where})
        boxes.append(box)
    pod = mapping(holder.get("pod"))
    spec = {key: pod[key] for key in _POD_FIELDS if key in pod} | {"containers": boxes, "volumes": volumes}
    wanted = [
        {"key": key, "operator": "In", "values": values} for key, values in mapping(pod.get("nodeAffinity")).items()
    ]
    if wanted:
        terms = {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    metadata = {key: pod[key] for key in ("labels", "annotations") if key in pod}
    base = path if key == "containers" else (*path, key)
    return Made(base, {"metadata": metadata, "spec": spec}, moved) if boxes else None


_POD_FIELDS: Final = ("nodeSelector", "tolerations", "hostIPC", "hostPID", "restartPolicy", "schedulerName")


def _volume(volume: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the source of a MiniCluster's volume, and where it is mounted: an emptyDir always at /dev/shm."""
    where = text(volume.get("path"))
    if volume.get("emptyDir") is True:
        medium = {"medium": "Memory"} if volume.get("emptyDirMedium") == "memory" else {}
        size = volume.get("emptyDirSizeLimit")
        return {"emptyDir": medium | ({"sizeLimit": size} if size else {})}, "/dev/shm"
    if volume.get("hostPath"):
        return {"hostPath": {"path": volume["hostPath"]}}, where
    if volume.get("configMapName"):
        return {"configMap": {"name": volume["configMapName"]}}, where
    return {}, where


def _to_mini_cluster(key: str, holder: dict[str, Any], template: dict[str, Any]) -> None:
    """Write variables and volumes as the mappings that they are here, and capabilities where the others are."""
    volumes = {one.get("name"): one for one in template["spec"]["volumes"]}
    for given, box in zip((one for _, one in _boxes(holder, (), key)), template["spec"]["containers"], strict=True):
        for variable in box["env"]:
            if variable["name"] not in mapping(given.get("environment")):
                _mapping_at(given, ("environment",))[variable["name"]] = variable.get("value", "")
        rights = mapping(given.get("securityContext"))
        if rights.get("addCapabilities"):  # of 0.2.1, which knows no other; since then it is as in a pod
            asked = sequence(step(box, ("securityContext", "capabilities", "add")))
            rights["addCapabilities"] = asked[len(sequence(step(rights, ("capabilities", "add")))) :]
        for mount in box["volumeMounts"]:
            source = volumes.get(mount["name"], {})
            if mount["name"] in mapping(given.get("volumes")):
                continue
            here = _mapping_at(given, ("volumes", mount["name"]))
            if "emptyDir" in source:
                size = source["emptyDir"].get("sizeLimit")
                here |= {"emptyDir": True, "emptyDirMedium": "memory"} | ({"emptyDirSizeLimit": size} if size else {})
            elif "configMap" in source:
                keys = {one["key"]: one["path"] for one in source["configMap"].get("items", ())}
                here |= {"configMapName": source["configMap"]["name"], "path": mount["mountPath"]}
                here |= {"items": keys or {"topo.xml": "topo.xml"}}


def mini_cluster(key: str) -> Shape:
    """Return the shape of the pods of a MiniCluster: controllers/flux of flux-framework/flux-operator@0d75cef.

    Args:
        key: What has their containers: `containers`, or `services` of the one pod beside them.
    """
    return Shape(
        lambda _, path, holder: _mini_cluster(key, path, holder),
        lambda holder, template: _to_mini_cluster(key, holder, template),
        frozenset({"affinity", "volumes"}),
    )


def _step(data: Mapping[str, Any], path: FieldPath, holder: dict[str, Any]) -> Made | None:
    """A template of Argo that runs a container, a script or a set of containers; steps and graphs make no pod."""
    moved: Moves = {("spec",): path}
    boxes: list[dict[str, Any]] = []
    for key in ("container", "script"):
        if isinstance(holder.get(key), dict):
            moved[("spec", "containers", len(boxes))] = (*path, key)
            boxes.append(_known({"name": "main"} | holder[key]))
    for place, box in _boxes(holder, path, "containerSet", "containers"):
        moved[("spec", "containers", len(boxes))] = place
        boxes.append(_known(box))
    if not boxes:
        return None
    for place, box in _boxes(holder, path, "sidecars"):
        moved[("spec", "containers", len(boxes))] = place
        boxes.append(_known(box))
    whole = mapping(step(data, path[:-2]))
    spec: dict[str, Any] = {key: whole[key] for key in _STEP_FIELDS if key in whole}
    spec |= {key: holder[key] for key in _STEP_FIELDS if key in holder}
    volumes = sequence(holder.get("volumes"))
    shared = sequence(whole.get("volumes"))
    moved |= {("spec", "volumes", index): (*path[:-2], "volumes", index) for index in range(len(shared))}
    for index in range(len(volumes)):
        moved[("spec", "volumes", len(shared) + index)] = (*path, "volumes", index)
    spec |= {"containers": boxes, "volumes": [*shared, *volumes]}
    own, of_all = dict(mapping(holder.get("metadata"))), (*path[:-2], "podMetadata")
    metadata, places = WHOLE_METADATA.metadata(data, own, (*path, "metadata"), of_all)
    complete = not (holder.get("podSpecPatch") or whole.get("podSpecPatch") or whole.get("templateDefaults"))
    return Made(path, {"metadata": metadata, "spec": spec}, moved | places, complete)


_STEP_FIELDS: Final = (
    *("nodeSelector", "affinity", "tolerations", "initContainers", "securityContext", "hostNetwork", "resourceClaims"),
)


def _known(box: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container without the values of its resources and image that parameters only fill in later."""
    found = {key: value for key, value in box.items() if not (key == "image" and _PARAMETER in str(value))}
    resources = mapping(box.get("resources"))
    if any(_PARAMETER in str(value) for part in resources.values() for value in mapping(part).values()):
        found["resources"] = {
            key: {name: value for name, value in part.items() if _PARAMETER not in str(value)}
            for key, part in resources.items()
            if isinstance(part, dict)
        }
    return found


ARGO_STEP: Final = Shape(_step)
"""A template of a Workflow: workflow/controller/workflowpod.go of argoproj/argo-workflows v4.1.2."""


def parallel_nodes(parallelism: Mapping[str, Any]) -> int:
    """Return the pods of one group of an LLMInferenceService: data over local data, else the pipeline's stages."""
    data, local, pipeline = (integer(parallelism.get(key)) or 0 for key in ("data", "dataLocal", "pipeline"))
    if data > 0 or local > 0:
        return max(max(data, 1) // max(local, 1), 1)
    return max(pipeline, 1)
