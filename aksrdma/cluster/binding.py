"""Binds plain data to the frozen dataclasses of the cluster file, with a problem for each mistake.

Plain dataclasses, because `validate` and `fit` read cluster files too, and importing pydantic takes longer than either
of them takes to start. First what binds, then the rules that a single value must keep beyond its type.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from aksrdma.findings import FieldPath, Problem
from aksrdma.nearest import advice

Record = TypeVar("Record")
Problems = list[Problem]
Rule = Callable[[Any], str | None]
"""Says what is wrong with a value of the right type, or None."""

INVALID: Final = "cluster-file-invalid"
"""Rule of a field that cannot be right."""
_PLAIN: Final = {str: "text", int: "a whole number", bool: "true or false"}


@cache
def camel(name: str) -> str:
    """Return the cluster file's spelling of a field (`node_pools` -> `nodePools`)."""
    head, *rest = name.split("_")
    return head + "".join(_WORDS.get(word, word.capitalize()) for word in rest)


_WORDS: Final = {"cidr": "CIDR", "cidrs": "CIDRs"}


def bind(cls: type[Record], data: Mapping[Any, Any], path: FieldPath, problems: Problems) -> Record | None:
    """Make a `cls` of `data` (camelCase keys); None where `problems` has grown."""
    before = len(problems)
    known = {camel(field): field for field in hints(cls)}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            problems.append(
                Problem(INVALID, (*path, str(key)), "unknown field", advice(str(key), known) or known_list(known))
            )
        elif value is not None:  # null is an absent field, as for the API server
            values[known[key]] = convert(hints(cls)[known[key]], value, (*path, key), problems)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every bound class is a dataclass
        if field.name not in values and field.default is dataclasses.MISSING is field.default_factory:
            problems.append(Problem(INVALID, (*path, camel(field.name)), "is required"))
    if len(problems) > before:
        return None
    return _unchecked(cls, values)


def unbound(value: Any) -> Any:
    """Return a record, or a part of one, as plain data with the cluster file's spelling; what is not set is left out."""
    if dataclasses.is_dataclass(value):
        named = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {camel(name): unbound(one) for name, one in named if one is not None}
    return [unbound(one) for one in value] if isinstance(value, tuple) else value


def known_list(known: Mapping[str, Any]) -> str:
    """Return `the fields here are ...`, for a wrong name that is like none of them."""
    return f"the fields here are {', '.join(known)}"


def check(record: Any, problems: Problems) -> None:
    """Convert and check the fields of a record that was built in Python, in place."""
    for name, expected in hints(type(record)).items():
        value = getattr(record, name)
        converted = None if value is None else convert(expected, value, (camel(name),), problems)
        object.__setattr__(record, name, converted)


def hints(cls: type) -> dict[str, Any]:
    """Return the field types of a dataclass, with what `Annotated` adds."""
    return _hints(cls)


@cache  # apart from `hints`, because to mypy a class is no more hashable than its objects
def _hints(cls: Any) -> dict[str, Any]:
    found = get_type_hints(cls, include_extras=True)
    return {field.name: found[field.name] for field in dataclasses.fields(cls)}


def convert(expected: Any, value: Any, path: FieldPath, problems: Problems) -> Any:
    """Return `value` as the type `expected`; a mistake is added to `problems`."""
    origin = get_origin(expected)
    if origin is Annotated:
        base, *rules = get_args(expected)
        before = len(problems)
        converted = convert(base, value, path, problems)
        if len(problems) == before:  # a rule knows values of its own type only
            problems += [Problem(INVALID, path, wrong) for rule in rules if (wrong := rule(converted))]
        return converted
    if origin in (Union, types.UnionType):
        return convert(get_args(expected)[0], value, path, problems)  # the only unions are with None, for "not set"
    if origin is Sequence:
        if isinstance(value, Sequence) and not isinstance(value, str):
            item = get_args(expected)[0]
            return tuple(convert(item, one, (*path, index), problems) for index, one in enumerate(value))
        problems.append(Problem(INVALID, path, f"must be a list, not {shown(value)}"))
        return ()
    if origin is Mapping:  # of any content, such as Helm values
        if isinstance(value, Mapping):
            return value
        problems.append(Problem(INVALID, path, f"must be a mapping, not {shown(value)}"))
        return {}
    if origin is Literal:
        if value not in get_args(expected):
            words = [str(allowed) for allowed in get_args(expected)]
            wrong = f"must be one of {', '.join(words)}, not {shown(value)}"
            problems.append(Problem(INVALID, path, wrong, advice(str(value), words)))
        return value
    if dataclasses.is_dataclass(expected):
        if isinstance(value, cast(type, expected)):
            return value
        if isinstance(value, Mapping):
            return bind(cast(type, expected), value, path, problems)
        problems.append(Problem(INVALID, path, f"must be a mapping, not {shown(value)}"))
        return None
    if type(value) is not expected:
        # What was written is not known any more: 1.30 is 1.3 here, `no` is false.
        quoted = "put it in quotes as it is written" if expected is str and isinstance(value, int | float) else None
        problems.append(Problem(INVALID, path, f"must be {_PLAIN[expected]}, not {shown(value)}", quoted))
    return value


def shown(value: Any) -> str:
    """Return a value as a message shows it: YAML spelling, cut where it is long."""
    if value is None:
        return "null"
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unchecked(cls: type[Record], values: Mapping[str, Any]) -> Record:
    """Build a record whose values are already converted, without checking them a second time."""
    record = object.__new__(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # as above
        if field.name in values:
            value = values[field.name]
        elif field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        else:
            value = field.default
        object.__setattr__(record, field.name, value)
    return record


# Kubernetes apimachinery pkg/util/validation, written anew beside `kube.names`, because the JSON Schema shows patterns.
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"
_QUALIFIED_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = rf"((?=[^/]{{1,253}}/){_SUBDOMAIN}/)?{_QUALIFIED_NAME}"


class Matches:
    """The whole text matches a regular expression."""

    def __init__(self, pattern: str, wanted: str) -> None:
        self.pattern: Final = pattern
        self.wanted: Final = wanted

    def __call__(self, value: str) -> str | None:
        """Say what is wrong with a text."""
        # re keeps what it compiles, and most clusters need two or three of the patterns.
        return None if re.fullmatch(self.pattern, value) else f"must be {self.wanted}, not {value!r}"


class Between:
    """A whole number within bounds, both included."""

    def __init__(self, low: int, high: int | None = None) -> None:
        self.low: Final = low
        self.high: Final = high

    def __call__(self, value: int) -> str | None:
        """Say what is wrong with a number."""
        if value < self.low or (self.high is not None and value > self.high):
            limit = f"between {self.low} and {self.high}" if self.high is not None else f"{self.low} or more"
            return f"must be {limit}, not {value}"
        return None


DNS_LABEL: Final = Matches(
    _DNS_LABEL, "a DNS label (lower-case letters, digits and inner hyphens, at most 63 characters)"
)
SUBDOMAIN: Final = Matches(
    rf"(?=.{{1,253}}\Z){_SUBDOMAIN}", "a DNS subdomain (lower-case letters, digits, hyphens and dots)"
)
POOL_NAME: Final = Matches(
    r"[a-z][a-z0-9]{0,11}", "an AKS node pool name (lower-case letters and digits, a letter first, at most 12)"
)
# Both device plugins take this; dots and hyphens pass one and kill the other (embedded in their name checks).
RESOURCE_NAME: Final = Matches(
    r"[A-Za-z0-9]([A-Za-z0-9_]{0,61}[A-Za-z0-9])?", "a resource name (letters, digits and inner underscores)"
)
TAINT: Final = Matches(
    rf"{_LABEL_KEY}(={_QUALIFIED_NAME}|=)?:(NoSchedule|PreferNoSchedule|NoExecute)",
    "a taint written KEY=VALUE:EFFECT or KEY:EFFECT, with the effect NoSchedule, PreferNoSchedule or NoExecute",
)
LABEL_KEY: Final = Matches(
    _LABEL_KEY, "a label key (letters, digits, '-', '_' and '.', maybe after a DNS subdomain and '/')"
)
LABEL_VALUE: Final = Matches(
    rf"({_QUALIFIED_NAME})?", "a label value (letters, digits, '-', '_' and '.', at most 63 characters)"
)
CHART_VERSION: Final = Matches(
    r"v?[0-9]{1,9}(\.[0-9]{1,9}){2}([-+][0-9A-Za-z.+-]{1,60})?", "a version of the chart, three numbers"
)
KUBERNETES: Final = Matches(r"[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,5})?", "a version of Kubernetes such as 1.36, in quotes")
INTERFACE: Final = Matches(
    r"[^\s/'\"\\\x00-\x1f]{1,127}",
    "an interface name or altname (no blanks, slashes, backslashes, apostrophes or quotes)",
)

# As Docker's grammar (kube.image_names); a host has a dot or a port, else it would be a folder of Docker Hub.
_PATH_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
REGISTRY: Final = Matches(
    rf"(?=[^/]*[.:])(?=.{{1,200}}\Z){_SUBDOMAIN}(:[0-9]{{1,5}})?(/{_PATH_PART})*",
    "a registry with its host and maybe a path, such as contoso.azurecr.io/nvidia (no scheme, no tag, lower case)",
)


def network(value: str) -> str | None:
    """Say what is wrong with an address range such as `192.168.0.0/16`."""
    from ipaddress import ip_network  # a few milliseconds that only IPoIB and explicit ranges need

    try:
        ip_network(value)
    except ValueError as error:
        return f"must be an address range such as 192.168.0.0/16: {error}"
    return None if "/" in value else f"must be an address range with a prefix length, such as {value}/16"


def address(value: str) -> str | None:
    """Say what is wrong with an IP address."""
    from ipaddress import ip_address

    try:
        ip_address(value)
    except ValueError as error:
        return f"must be an IP address: {error}"
    return None
