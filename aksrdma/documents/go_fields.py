"""How Go's encoding/json finds the field of a struct among the keys of an object.

Source: encoding/json/decode.go and fold.go of Go 1.26.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_FOLDS: Final = {"\u017f": "s", "\u212a": "k"}


def go_get(mapping: Mapping[str, Any], name: str) -> Any:
    """Return what Go reads into the struct field of that JSON name: the last entry that fits, whatever its case.

    An exact match has no precedence over one in another case. A later null leaves what an earlier entry set, which is
    what Go does for strings, numbers, booleans and structs.

    Returns:
        The value, or None where no key fits.

    >>> go_get({"resourceName": "a", "ResourceNAME": "b"}, "resourceName")
    'b'
    """
    found, folded = None, fold(name)
    for key, value in mapping.items():
        if value is not None and (key == name or fold(key) == folded):
            found = value
    return found


def unknown_keys(mapping: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """Return the keys that fit none of the fields `known`, in their order: Go ignores them."""
    folded = {fold(name) for name in known}
    return [key for key in mapping if fold(key) not in folded]


def fold(name: str) -> str:
    """Return a name as Go folds it to compare: ASCII letters, and the two signs that fold to one of them."""
    if name.isascii():
        return name.lower()
    return "".join(_FOLDS.get(character, character.lower()) for character in name)
