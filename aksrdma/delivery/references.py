"""The image references in an object, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aksrdma.findings import FieldPath


def image_references(data: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield each image that an object names, with the path of the field, or of the section with its parts.

    One is a text in a field `image` or `...Image`, or the parts `repository`, `image` and `version` beside each other, as
    Network Operator's kinds have them.
    """
    if isinstance(data, Mapping):
        if isinstance(data.get("repository"), str) and isinstance(data.get("image"), str):
            yield path, _joined(data)
        for key, value in data.items():
            if isinstance(value, str) and _is_image(key) and "repository" not in data:
                yield (*path, key), value
            elif not isinstance(value, str):
                yield from image_references(value, (*path, key))
    elif isinstance(data, Sequence) and not isinstance(data, str):
        for index, item in enumerate(data):
            yield from image_references(item, (*path, index))


def _is_image(key: Any) -> bool:
    return isinstance(key, str) and (key == "image" or key.endswith("Image"))


def _joined(section: Mapping[str, Any]) -> str:
    repository, version = f"{section['repository']}/{section['image']}", section.get("version")
    if not version:
        return repository
    return f"{repository}{'@' if str(version).startswith('sha256:') else ':'}{version}"
