"""An object as it is planned: the typed object, why its values are what they are, and that its release takes it.

The type checker sees every name and value that `build` is given, and the schemas of the release judge what comes of
them, so pydantic need not look as well: making its validators would take longer than a whole render.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, get_args

from aksrdma.errors import ModelError
from aksrdma.findings import FieldPath, format_path

if TYPE_CHECKING:
    from aksrdma.models import EmbeddedJson, K8sObject, Model
    from aksrdma.schemas.engine import SchemaProblem, Schemas

_Fields = ParamSpec("_Fields")
_Built = TypeVar("_Built")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is what it is."""

    text: str
    """What the comment above the value says."""
    source: str
    """Where the value comes from: a file and release, or a row of the catalog."""


@dataclass(frozen=True)
class Planned:
    """An object, a patch of one, or a values file, with the reasons of its values."""

    content: K8sObject | Mapping[str, Any]
    """The typed object; plain data for what has no model, such as Helm values."""
    reasons: Mapping[FieldPath, Reason] = field(default_factory=dict)
    taken_by: set[str] = field(default_factory=set, compare=False, repr=False)
    """Releases whose schemas have taken it, so that what many clusters have in common is judged once."""

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """What is written: the data that the API server gets."""
        if isinstance(self.content, Mapping):
            return self.content
        data = _wire(self.content)
        return data if data["metadata"] else {name: value for name, value in data.items() if name != "metadata"}

    @cached_property
    def text(self) -> str:
        """The YAML text, with the reasons as comments."""
        from aksrdma.documents.writer import dump  # who plans to count or to inject writes nothing

        return dump(self.data, {path: reason.text for path, reason in self.reasons.items()})

    @property
    def object(self) -> K8sObject:
        """The typed object of what is one."""
        assert not isinstance(self.content, Mapping), "a values file is no object"
        return self.content


def build(model: Callable[_Fields, _Built], *_: _Fields.args, **fields: _Fields.kwargs) -> _Built:
    """Make a model of fields that the type checker has seen, as its constructor would of right ones.

    >>> from aksrdma import models
    >>> build(models.ObjectMeta, name="a") == models.ObjectMeta(name="a")
    True
    """
    built = object.__new__(cast("type[_Built]", model))
    values = {name: tuple(value) if value.__class__ is list else value for name, value in fields.items()}
    object.__setattr__(built, "__dict__", {**_shape(model).defaults, **values})
    object.__setattr__(built, "__pydantic_fields_set__", set(values))
    object.__setattr__(built, "__pydantic_extra__", None)
    object.__setattr__(built, "__pydantic_private__", None)
    return built


@dataclass(frozen=True, slots=True)
class _Shape:
    """What `build` and `_wire` need to know of a model."""

    defaults: Mapping[str, Any]
    names: Mapping[str, str]
    """Field to its name on the wire."""
    embedded: Mapping[str, EmbeddedJson]
    """Fields whose value is JSON text on the wire."""


@cache
def _shape(model: type[Model]) -> _Shape:
    from aksrdma.models import EmbeddedJson

    fields = model.model_fields
    marks = {
        name: mark
        for name, one in fields.items()
        for part in get_args(one.annotation)  # config: Annotated[SharedDevicePluginConfig, EmbeddedJson()] | None
        for mark in getattr(part, "__metadata__", ())
        if isinstance(mark, EmbeddedJson)
    }
    defaults = {name: None if one.is_required() else one.default for name, one in fields.items()}
    return _Shape(defaults, {name: one.alias or name for name, one in fields.items()}, marks)


def _wire(model: Model) -> dict[str, Any]:
    """Return what `model.wire()` does, without its serializer."""
    shape = _shape(model.__class__)
    names, embedded = shape.names, shape.embedded
    data = {names[name]: _plain(value) for name, value in model.__dict__.items() if value is not None}
    for name in embedded:
        if names[name] in data:
            data[names[name]] = _text(data[names[name]], embedded[name])
    return data


def _text(data: Any, mark: EmbeddedJson) -> str:
    from aksrdma.models import json_text

    return json_text(data, escape_blanks=mark.escape_blanks)


def _plain(value: Any) -> Any:
    if value.__class__ in (str, int, bool):
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return _wire(value)


def judged(planned: Planned, release: str) -> Planned:
    """Return what is planned, once the schemas of its release have taken it.

    Raises:
        ModelError: what the API server would refuse, a line each with the object, the field and what to do.
    """
    if release not in planned.taken_by:
        if problems := _schemas(release).judge(planned.data):
            name = f"{planned.data['kind']} {planned.data['metadata']['name']}"
            raise ModelError([f"{name}: {_line(one)}" for one in problems])
        planned.taken_by.add(release)
    return planned


def _line(problem: SchemaProblem) -> str:
    fix = problem.fix or "change the value of the cluster file that it comes from"
    return f"{format_path(problem.path)}: {problem.message}; {fix}"


@cache
def _schemas(release: str) -> Schemas:
    from aksrdma.schemas.engine import Schemas  # who only decides judges nothing

    return Schemas(release)
