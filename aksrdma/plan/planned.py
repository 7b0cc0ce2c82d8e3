"""An object as it is planned: the typed object, why its values are what they are, and that its release takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aksrdma.errors import ModelError
from aksrdma.findings import FieldPath

if TYPE_CHECKING:
    from aksrdma.models import K8sObject


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
        return self.content if isinstance(self.content, Mapping) else self.content.wire()

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


def judged(planned: Planned, release: str) -> Planned:
    """Return what is planned, once the schemas of its release have taken it.

    Raises:
        ModelError: what the API server would refuse, a line each with the object, the field and what to do.
    """
    if release not in planned.taken_by:
        from aksrdma.schemas.judge import schemas_of  # who only decides judges nothing

        name = f"{planned.data['kind']} {planned.data['metadata']['name']}"
        if problems := schemas_of(release).judge(planned.data):
            place = "in the cluster file that it comes from"
            told = [one._replace(fix=f"{one.fix or 'change it'} {place}") for one in problems]
            raise ModelError([f"{name}: {one}" for one in told])
        planned.taken_by.add(release)
    return planned
