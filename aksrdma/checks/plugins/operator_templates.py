"""What the operator's templates make of the fields of an object: they put most texts into YAML as they are.

Source: manifests and pkg/render/render.go of Mellanox/network-operator, v25.1.0 to v26.7.0-rc.2; which field stands where is in
`catalog/operator_templates.yaml`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.catalog import load
from aksrdma.checks.register import rule
from aksrdma.documents.placed import LONE_APOSTROPHE, READ_AS, json_problem, plain_problem, quoted_problem
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube import names
from aksrdma.kube.kinds import OPERATOR_NETWORKS, POLICY_KINDS
from aksrdma.kube.values import mapping, sequence, step, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

RULE: Final = "operator-template-broken"
_NAME: Final = ("metadata", "name")
_PLACED: Final[dict[str, Callable[[str], str | None]]] = {
    "json": json_problem,
    "plain": plain_problem,
    "quoted": quoted_problem,
}
_CONFIGS: Final[frozenset[FieldPath]] = frozenset(
    ("spec", name, "config") for name in ("rdmaSharedDevicePlugin", "sriovDevicePlugin")
)
_TOLD_APART: Final[Mapping[str, frozenset[FieldPath]]] = {
    "HostDeviceNetwork": frozenset({("spec", "ipam")}),
    "IPoIBNetwork": frozenset({("spec", "ipam"), ("spec", "master")}),
    "NicClusterPolicy": _CONFIGS,
    "NicNodePolicy": _CONFIGS,
}
"""Whose apostrophes device-plugin-config-apostrophe and ipam-apostrophe tell."""
_FIXES: Final = {
    "json": "write the name alone, without quotes, backslashes and apostrophes",
    "plain": "write a text that YAML reads as itself without quotes",
    "quoted": "leave the apostrophe out; in JSON write \\u0027",
}
_GRAMMARS: Final = {"networkNamespace": names.dns_label, "ufmSecret": names.dns_subdomain}
"""What the API server asks of a field where its template puts it, and the CRD does not."""
_ANOTHER: Final = "another value is deployed"
_REFUSED: Final = "the API server refuses what the operator makes of it"
_NOTHING: Final = "the operator deploys nothing of it"
_CONFIG: Final = "the config of the network is another one, or none"
_OF_IMAGES: Final = frozenset({"image", "imagePullSecrets", "repository", "version"})
_DEPTH: Final = 2
"""How deep below `spec` an image may stand."""


class Broken(NamedTuple):
    """A field that its template does not survive, or that becomes something else there."""

    path: FieldPath
    value: str
    problem: str
    fix: str
    becomes: str
    """What comes of it."""
    where: str = " in the operator's template"
    """Where it is a problem; empty: anywhere."""

    @property
    def unread(self) -> bool:
        """Whether the operator cannot read what its template became, and so deploys nothing of the component."""
        return self.becomes == _NOTHING

    @property
    def message(self) -> str:
        """What is wrong with the value, and what comes of it."""
        shown = "the text" if self.path[-1] in ("config", "ipam") else repr(self.value)
        return f"{shown} {self.problem}{self.where}, so {self.becomes}"


@cache
def _fields(kind: str) -> Mapping[str, tuple[tuple[FieldPath, str], ...]]:
    """Return the fields of a kind, by the section of spec that they are in, or `metadata`, with how they are placed."""
    found: dict[str, list[tuple[FieldPath, str]]] = defaultdict(list)
    for name, placed in load.read("operator_templates.yaml")["fields"].get(kind, {}).items():
        path = tuple(name.split("."))
        found[path[0]].append((path if path == _NAME else ("spec", *path), placed))
    return {section: tuple(fields) for section, fields in found.items()}


@rule(RULE, kinds=POLICY_KINDS | OPERATOR_NETWORKS)
def broken_templates(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find texts that break the YAML or JSON of the operator's template, or are another value there."""
    if document.api_version.startswith("mellanox.com/") or not document.api_version:
        for one in broken(document.data):
            if one.problem != LONE_APOSTROPHE or one.path not in _TOLD_APART.get(document.kind, ()):
                yield Problem(RULE, one.path, one.message, one.fix)


def broken(data: Any) -> Iterator[Broken]:
    """Yield the fields of a policy or network that the operator's templates do not survive."""
    data = mapping(data)
    kind, spec = text(data.get("kind")), mapping(data.get("spec"))
    for section, fields in _fields(kind).items():
        for path, placed in fields if section in spec or section == _NAME[0] else ():
            value = step(data, path)
            if isinstance(value, str) and value:
                yield from _of_field(path, value, placed)
    if kind in POLICY_KINDS:
        for path, image in _images(spec):
            yield from _of_image(path, image)


def _of_field(path: FieldPath, value: str, placed: str) -> Iterator[Broken]:
    if problem := _PLACED[placed](value):
        yield _broken(path, value, problem, placed)
    elif path[-1] in _GRAMMARS and (reason := _GRAMMARS[path[-1]](value)):
        yield Broken(path, value, reason, names.fix(value, _GRAMMARS[path[-1]]), _REFUSED, where="")


def _broken(path: FieldPath, value: str, problem: str, placed: str) -> Broken:
    if problem.startswith(READ_AS):
        becomes = _ANOTHER if "'" in problem else _REFUSED
    else:
        becomes = _CONFIG if placed == "json" and quoted_problem(value) is None else _NOTHING
    return Broken(path, value, problem, _FIXES[placed], becomes)


def _images(spec: Mapping[str, Any]) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """Yield the sections of a policy that have an image, or a part of one, or secrets to pull it."""
    waiting: list[tuple[FieldPath, Any]] = [(("spec", key), value) for key, value in spec.items()]
    for path, value in waiting:
        if not isinstance(value, dict):
            continue
        if not _OF_IMAGES.isdisjoint(value):
            yield path, value
        if len(path) <= _DEPTH:
            waiting += (((*path, key), one) for key, one in value.items() if isinstance(one, dict))


def _of_image(path: FieldPath, image: Mapping[str, Any]) -> Iterator[Broken]:
    get = image.get
    for index, secret in enumerate(sequence(get("imagePullSecrets"))):
        if isinstance(secret, str) and secret and (problem := plain_problem(secret)):
            yield _broken((*path, "imagePullSecrets", index), secret, problem, "plain")
    # They stand together; as long as that is read as itself, so is each of them.
    if plain_problem(f"{get('repository') or 'a'}/{get('image') or 'a'}:{get('version') or '1'}") is None:
        return
    for key in ("repository", "image", "version"):
        value = get(key)
        before, behind = ("a/a:", "") if key == "version" else ("a/", ":1") if key == "image" else ("", "/a:1")
        if isinstance(value, str) and value and (problem := plain_problem(f"{before}{value}{behind}")):
            yield _broken((*path, key), value, problem, "plain")
