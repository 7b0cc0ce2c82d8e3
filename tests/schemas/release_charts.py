"""Charts in the layout of Network Operator's, with as little in them as a release can have."""

import gzip
import io
import tarfile

import yaml

from aksrdma import catalog

NEW = "v26.10.0"
GROUPS = {
    "mellanox.com": ("NicClusterPolicy", "NicNodePolicy", "IPoIBNetwork", "MacvlanNetwork", "HostDeviceNetwork"),
    "nv-ipam.nvidia.com": ("IPPool", "CIDRPool"),
    "k8s.cni.cncf.io": ("NetworkAttachmentDefinition",),
    "nfd.k8s-sigs.io": ("NodeFeature", "NodeFeatureGroup", "NodeFeatureRule"),
}
IMAGE = {"type": "object", "properties": {name: {"type": "string"} for name in ("image", "repository", "version")}}


def crd(group, kind, spec=None):
    version = "v1" if group == "k8s.cni.cncf.io" else "v1alpha1"
    properties = {"spec": spec or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.lower()}s.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster" if group == "mellanox.com" else "Namespaced",
            "names": {"kind": kind, "plural": f"{kind.lower()}s"},
            "versions": [{"name": version, "served": True, "schema": {"openAPIV3Schema": {"properties": properties}}}],
        },
    }


def policy_spec(without=(), **more):
    """Return the spec of a NicClusterPolicy with the sections of the newest release, which take any field besides an image."""
    spec = {"type": "object", "properties": {}, "x-kubernetes-preserve-unknown-fields": True}
    paths = [one.path.split(".")[1:] for one in catalog.release(catalog.newest()).components.values()]
    for path in [*(one for one in paths if one[-1] not in without), *more.items()]:
        one = spec
        for name in path if isinstance(path, list) else path[:1]:
            one = one.setdefault("properties", {}).setdefault(
                name, {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
            )
        if isinstance(path, tuple):
            one.clear()
            one |= path[1]
        else:
            one["properties"] = {**IMAGE["properties"], **one.get("properties", {})}
    return spec


def values(tag=f"network-operator-{NEW}", registry="nvcr.io/nvidia/mellanox", **more):
    """Return the chart's values: those that the newest release has a row of, with their images."""
    newest, made = catalog.release(catalog.newest()), {}
    for path, value in [*newest.helm_defaults.items(), *more.items()]:
        put(made, path, list(value) if isinstance(value, tuple) else value)
    for image in newest.helm_images.values():
        put(made, image.path, f"{registry}/{image.image}:{tag}")
    put(
        made,
        "operator.ofedDriver.initContainer",
        {"enable": True, "repository": registry, "image": "network-operator-init-container", "version": tag},
    )
    put(
        made,
        "maintenance-operator-chart.operator.image",
        {"repository": registry, "name": "maintenance-operator", "tag": tag},
    )
    put(made, "node-feature-discovery.image", {"repository": f"{registry}/node-feature-discovery", "tag": tag})
    put(made, "operator.repository", "nvcr.io/nvidia/cloud-native")
    return made


def put(data, path, value):
    *above, last = path.split(".")
    for key in above:
        data = data.setdefault(key, {})
    data[last] = value


def chart(app_version=NEW, spec=None, kinds=GROUPS, without=("nv-ipam.nvidia.com",), **parts):
    """Return the files of a chart by path: those of its own CRDs, and in its sub-chart those of NFD."""
    metadata = {
        "apiVersion": "v2", "name": "network-operator", "version": app_version.removeprefix("v"), "appVersion": app_version,
        "kubeVersion": ">= 1.33.0-0",
        "dependencies": [{"name": "node-feature-discovery", "condition": "nfd.enabled", "version": "0.3.0"}],
    }  # fmt: skip
    files = {"Chart.yaml": metadata | parts.get("metadata", {}), "values.yaml": parts.get("values", values())}
    for group, names in kinds.items():
        for kind in names if group not in without else ():
            folder = "charts/node-feature-discovery/crds" if group.startswith("nfd") else "crds"
            own = (spec or policy_spec()) if kind == "NicClusterPolicy" else None
            files[f"{folder}/{group}_{kind.lower()}.yaml"] = crd(group, kind, own)
    files["charts/node-feature-discovery/Chart.yaml"] = {"name": "node-feature-discovery", "version": "0.3.0"}
    files["charts/node-feature-discovery/values.yaml"] = parts.get("below", {"image": {"tag": "own"}})
    files["charts/other/Chart.yaml"] = {"name": "other", "version": "1.0.0"}
    files["charts/other/crds/others.yaml"] = crd("other.example.com", "Other")
    files["templates/crds.yaml"] = "kind: CustomResourceDefinition\nname: {{ .Values.name }}\n"
    return {path: one if isinstance(one, str) else yaml.safe_dump(one, sort_keys=False) for path, one in files.items()}


def checkout(release, **options):
    """Return the files of a checkout of the operator, with the CRDs that it brings itself."""
    files = {f"deployment/network-operator/{path}": text for path, text in chart(**options).items()}
    files["hack/release.yaml"] = yaml.safe_dump(release)
    for kind in GROUPS["nv-ipam.nvidia.com"]:
        files[f"manifests/state-nv-ipam-cni/005-{kind.lower()}.yaml"] = yaml.safe_dump(crd("nv-ipam.nvidia.com", kind))
    files["manifests/state-nv-ipam-cni/010-daemonset.yaml"] = "kind: DaemonSet\nname: {{ .Name }}\n"
    files["bundle/manifests/policy.yaml"] = yaml.safe_dump(crd("mellanox.com", "NicClusterPolicy", IMAGE))
    return files


def write(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def pack(path, files, top="network-operator/", odd=()):
    """Write a chart as `helm package` does; `odd` are members besides its files."""
    with gzip.open(path, "wb") as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
        for member in odd:
            archive.addfile(member, io.BytesIO(b"\0" * member.size))
    return path
