"""Lists of objects, unpacked as kubectl unpacks them.

Source: `unstructuredJSONScheme.decodeToList` of k8s.io/apimachinery v0.34.2; kubectl takes any object with `items` for
a list, here its kind must say so too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma.documents.document import Document


def unpack(document: Document) -> Iterator[Document]:
    """Yield the items of a List as documents of their own, items of Lists in it included; else the document itself."""
    items = document.data.get("items") if isinstance(document.data, dict) else None
    if not document.kind.endswith("List") or not isinstance(items, list):
        yield document
        return
    for number, item in enumerate(items):
        yield from unpack(document.part(("items", number), _inherit(item, document)))


def _inherit(item: Any, parent: Document) -> Any:
    """Return an item with the kind and version that its List implies where it names neither itself."""
    if not isinstance(item, dict) or item.get("kind") or item.get("apiVersion"):
        return item
    kind = parent.kind.removesuffix("List")
    return {**item, "kind": kind, "apiVersion": parent.api_version}
