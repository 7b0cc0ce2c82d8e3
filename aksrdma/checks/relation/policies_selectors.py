"""Whether two selectors of the device plugins can match one device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, Generic, TypeVar

from aksrdma.checks.plugins.views import Selector, SharedResource, SriovResource

Keys = Mapping[str, frozenset[str]]
"""Values by selector key, without the lists that select nothing."""

_SAME: Final = {"deviceIDs": "devices"}
# Each of these names single devices in its own way: what one of them matches cannot be compared with another.
_NAMING: Final = frozenset({"acpiIndexes", "auxTypes", "ddpProfiles", "ifNames", "pKeys", "pciAddresses", "pfNames"})

_Owner = TypeVar("_Owner")


def shared_keys(resource: SharedResource) -> Keys:
    """Return what an entry of the RDMA shared device plugin selects by."""
    keys = _keys(resource.selector)
    return {**keys, "ifNames": frozenset(resource.devices)} if resource.devices else keys


def sriov_keys(resource: SriovResource) -> Iterator[Keys]:
    """Yield what each selectors object of an SR-IOV resource selects by."""
    return map(_keys, resource.selectors)


class SelectorIndex(Generic[_Owner]):
    """Selectors that were seen, found by their values."""

    def __init__(self) -> None:
        self._groups: dict[frozenset[str], _Group[_Owner]] = {}

    def add(self, keys: Keys, owner: _Owner) -> None:
        """Keep a selector."""
        self._groups.setdefault(frozenset(keys), _Group()).add(keys, owner)

    def meeting(self, keys: Keys) -> _Owner | None:
        """Return the owner of a selector that can match a device which this one matches, too."""
        naming = _NAMING & keys.keys()
        for own, group in self._groups.items():
            theirs = _NAMING & own
            if not naming or not theirs or naming & theirs:
                found = group.meeting(keys, own & keys.keys())
                if found is not None:
                    return found
        return None


class _Group(Generic[_Owner]):
    """Selectors with the same keys."""

    def __init__(self) -> None:
        self._members: list[tuple[Keys, _Owner]] = []
        self._by_value: dict[tuple[str, str], list[tuple[Keys, _Owner]]] = defaultdict(list)

    def add(self, keys: Keys, owner: _Owner) -> None:
        member = (keys, owner)
        self._members.append(member)
        for key, values in keys.items():
            for name in {_name(value) for value in values}:
                self._by_value[key, name].append(member)

    def meeting(self, keys: Keys, common: frozenset[str]) -> _Owner | None:
        found = [list(self._having(key, keys[key])) for key in common]
        for theirs, owner in min(found, key=len) if found else self._members:
            if all(_meet(keys[key], theirs[key]) for key in common):
                return owner
        return None

    def _having(self, key: str, values: frozenset[str]) -> Iterator[tuple[Keys, _Owner]]:
        for name in {_name(value) for value in values}:
            yield from self._by_value.get((key, name), ())


def _keys(selector: Selector) -> Keys:
    return {_SAME.get(key, key): frozenset(values) for key, values in selector.lists.items() if values}


def _meet(first: frozenset[str], second: frozenset[str]) -> bool:
    if first & second:
        return True
    return any(_ranges_meet(one, other) for one in first for other in second if "#" in one + other)


def _ranges_meet(first: str, second: str) -> bool:
    # `ens1f0#0-3` are the virtual functions 0 to 3 of ens1f0, `ens1f0` all of them.
    if _name(first) != _name(second):
        return False
    one, other = _functions(first), _functions(second)
    return one is None or other is None or bool(one & other)


def _functions(value: str) -> frozenset[int] | None:
    _, mark, text = value.partition("#")
    parts = [part.partition("-") for part in text.split(",")]
    if not mark or not all(first.isdecimal() and (last.isdecimal() or not last) for first, _, last in parts):
        return None
    ranges = (range(int(first), min(int(last or first), int(first) + 255) + 1) for first, _, last in parts)
    return frozenset(number for found in ranges for number in found)


def _name(value: str) -> str:
    return value.partition("#")[0]
