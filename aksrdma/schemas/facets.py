"""The compiled form of a schema: for each Python type, the check of a value of that type.

A check returns None where the value is fine, which costs nothing, or the problems that it found. A facet that is None
itself says that every value of the type is fine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from aksrdma.schemas.problems import SchemaProblem, null, unknown_field, wrong_type

Found: TypeAlias = "list[SchemaProblem] | None"
Facet: TypeAlias = "Callable[[Any], Found] | None"

_BASES: Final[tuple[type, ...]] = (dict, list, str, bool, int, float)


class Facets(dict[type, Facet]):
    """Facets by type; a type that is not among them is refused."""

    def __init__(self, facets: dict[type, Facet], types: tuple[str, ...]) -> None:
        super().__init__(facets)
        self._types = types

    def __missing__(self, found: type) -> Facet:
        """Answer for a type that is new: a subclass of a known one, or a wrong one."""
        facet = next((self.get(base, self._wrong) for base in _BASES if issubclass(found, base)), self._wrong)
        self[found] = facet
        return facet

    def _wrong(self, value: Any) -> Found:
        return [null() if value is None else wrong_type(value, self._types)]


class Unknown(Facets):
    """The facets of a field that the schema does not have."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__({}, ())
        self._problem = unknown_field(name, known)

    def __missing__(self, found: type) -> Facet:
        """Refuse whatever its type."""
        return self._refuse

    def _refuse(self, value: Any) -> Found:
        return [self._problem]


class Anything(Facets):
    """The facets of a place where every value is taken."""

    def __init__(self) -> None:
        super().__init__({}, ())

    def __missing__(self, found: type) -> Facet:
        """Take whatever its type."""
        return None


def both(first: Facet, second: Facet) -> Facet:
    """Return the facet that asks `second` only where `first` finds nothing, so that one mistake is one problem."""
    if first is None or second is None:
        return first or second
    one, other = first, second
    return lambda value: one(value) or other(value)
