"""The edits as a kustomize component: one JSON Patch for each object, with the target that it is for.

JSON Patch for every kind: a strategic merge patch of a custom resource replaces lists as a whole, containers with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aksrdma.documents import Document
from aksrdma.documents.writer import dump
from aksrdma.errors import UsageError
from aksrdma.workloads.inject.edits import Edit
from aksrdma.workloads.inject.files import InjectedFile

_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}


def component(files: Iterable[InjectedFile]) -> str:
    """Return the text of a component that adds to the objects what was added to them in the files.

    Put it into a folder as `kustomization.yaml` and name the folder under `components` of your kustomization.

    Raises:
        UsageError: an object without a name, which kustomize cannot find.
    """
    patches = [_patch(one.document, one.result.edits) for file in files for one in file.objects if one.result.edits]
    return dump({**_COMPONENT, "patches": patches})


def _patch(document: Document, edits: Iterable[Edit]) -> dict[str, Any]:
    operations = ",\n".join(f"  {json.dumps(edit.operation, ensure_ascii=False)}" for edit in edits)
    return {"target": _target(document), "patch": f"[\n{operations}\n]\n"}


def _target(document: Document) -> dict[str, str]:
    if not document.name:
        raise UsageError(
            f"{document.file}:{document.first_line}: {document.kind} has no metadata.name, by which kustomize would find "
            "it; use -o yaml"
        )
    group, _, version = document.api_version.rpartition("/")
    fields = {"group": group, "version": version, "kind": document.kind, "name": document.name}
    return {key: value for key, value in (fields | {"namespace": document.namespace}).items() if value}
