"""The models and the schemas of every release say the same, in both directions."""

from __future__ import annotations

from functools import cache

import pytest

from aksrdma import catalog, schemas
from aksrdma.models import KINDS, model_of
from tests.models.flat_schemas import Facts, flat

SERVER_WRITES = {
    "metadata.creationTimestamp",
    "metadata.deletionGracePeriodSeconds",
    "metadata.deletionTimestamp",
    "metadata.generation",
    "metadata.managedFields",
    "metadata.ownerReferences",
    "metadata.resourceVersion",
    "metadata.selfLink",
    "metadata.uid",
    "status",
}
"""What kinds of the operator leave untyped; kinds of Kubernetes itself leave more (see their models)."""

CLOSER = {
    "operator": "the CRD copies a core type without its list; the objects made from it are refused with another value",
    "effect": "the CRD copies a core type without its list; the objects made from it are refused with another value",
    "type": "NFD refuses any value but version when the rule is run",
    "divisor": "shared with the CRDs, which take no fractions",
}
"""Last names of fields whose model allows less than the schema, with the reason."""

WIDER = {
    "kind": "the schema says it as a constant",
    "apiVersion": "the schema says it as a constant",
}
"""Last names of fields whose model allows more than the schema's list, with the reason."""

LATER_OPTIONAL = {
    "spec.secondaryNetwork.ipamPlugin.repository": "components share a model, in which v26.4.1 made it optional",
    "spec.secondaryNetwork.ipamPlugin.version": "components share a model, in which v26.4.1 made it optional",
}
"""Fields that every release with their component requires, and the model does not."""

BUILT_IN = [(version, kind) for version, kind in KINDS if version in ("v1", "apps/v1")]
OPERATOR = [pair for pair in KINDS if pair not in BUILT_IN and not pair[0].startswith("kustomize")]


def folders(api_version: str) -> tuple[str, ...]:
    return ("kubernetes-v1.34",) if api_version in ("v1", "apps/v1") else catalog.releases()


def limits(row: Facts) -> dict[str, object]:
    """The limits, without those of a 64-bit integer."""
    return {key: value for key, value in row.limits if (key, value) != ("minimum", -(2**63))}


def whole(path: str, types: frozenset[str]) -> frozenset[str]:
    """The types as meant: the server takes fractions in metadata and lists for a text with a format, and loses them."""
    meant = types - {"array"} if "string" in types else types
    return frozenset("integer" if name == "number" and path.startswith("metadata") else name for name in meant)


def typed(rows: dict[str, Facts], path: str) -> bool:
    return path in rows and rows[path].typed


@cache
def schema_rows(api_version: str, kind: str) -> dict[str, dict[str, Facts]]:
    """The rows of each release that has the kind, without what is below fields that the model leaves untyped."""
    group, _, version = api_version.rpartition("/")
    have = [name for name in folders(api_version) if schemas.Kind(group, version, kind) in schemas.kinds(name)]
    flattened = {name: flat(schemas.load(name, group, kind, version)) for name in have}
    below = tuple(f"{path}{end}" for path in untyped(api_version, kind) for end in (".", "[", "{"))
    return {
        name: {path: row for path, row in rows.items() if not path.startswith(below)}
        for name, rows in flattened.items()
    }


@cache
def all_model_rows(api_version: str, kind: str) -> dict[str, Facts]:
    return flat(model_of(api_version, kind).model_json_schema())


def untyped(api_version: str, kind: str) -> set[str]:
    return {path for path, row in all_model_rows(api_version, kind).items() if not row.types}


def model_rows(api_version: str, kind: str) -> dict[str, Facts]:
    """The rows of fields that are typed."""
    return {path: row for path, row in all_model_rows(api_version, kind).items() if row.types}


def everywhere(api_version: str, kind: str) -> set[str]:
    return {path for rows in schema_rows(api_version, kind).values() for path in rows}


@pytest.mark.parametrize(("api_version", "kind"), [*OPERATOR, *BUILT_IN])
def test_every_field_of_every_release_has_a_model_field(api_version: str, kind: str) -> None:
    assert schema_rows(api_version, kind)
    assert sorted(everywhere(api_version, kind) - all_model_rows(api_version, kind).keys()) == []


@pytest.mark.parametrize(("api_version", "kind"), [*OPERATOR, *BUILT_IN])
def test_every_model_field_is_in_the_schema_of_a_release(api_version: str, kind: str) -> None:
    assert sorted(all_model_rows(api_version, kind).keys() - everywhere(api_version, kind)) == []


@pytest.mark.parametrize(("api_version", "kind"), OPERATOR)
def test_a_kind_of_the_operator_leaves_untyped_only_what_is_reported_about_it(api_version: str, kind: str) -> None:
    assert untyped(api_version, kind) - SERVER_WRITES == set()


@pytest.mark.parametrize(("api_version", "kind"), [*OPERATOR, *BUILT_IN])
def test_models_and_schemas_agree_on_types(api_version: str, kind: str) -> None:
    model = model_rows(api_version, kind)
    wrong = {
        (release, path): (sorted(row.types), sorted(model[path].types))
        for release, rows in schema_rows(api_version, kind).items()
        for path, row in rows.items()
        if path in model
        and whole(path, row.types) != model[path].types
        and path.rpartition(".")[2] not in CLOSER
        and row.types
    }
    assert wrong == {}


@pytest.mark.parametrize(("api_version", "kind"), [*OPERATOR, *BUILT_IN])
def test_a_model_allows_the_values_that_any_release_allows(api_version: str, kind: str) -> None:
    wrong = {}
    for path, row in model_rows(api_version, kind).items():
        found = [rows[path].allowed for rows in schema_rows(api_version, kind).values() if typed(rows, path)]
        if not found:
            continue
        if frozenset().union(*found) != row.allowed and path.rpartition(".")[2] not in (*CLOSER, *WIDER):
            wrong[path] = (sorted(frozenset().union(*found)), sorted(row.allowed))
    assert wrong == {}


@pytest.mark.parametrize(("api_version", "kind"), OPERATOR)
def test_models_and_schemas_agree_on_limits(api_version: str, kind: str) -> None:
    model = model_rows(api_version, kind)
    wrong = {
        (release, path): (row.limits, model[path].limits)
        for release, rows in schema_rows(api_version, kind).items()
        for path, row in rows.items()
        if path in model and row.typed and limits(row) != limits(model[path])
    }
    assert wrong == {}


@pytest.mark.parametrize(("api_version", "kind"), OPERATOR)
def test_a_model_requires_what_every_release_requires(api_version: str, kind: str) -> None:
    model = model_rows(api_version, kind)
    spec = {path for path in everywhere(api_version, kind) if path in model and path.startswith("spec")}
    needed = {
        path: all(rows[path].required for rows in schema_rows(api_version, kind).values() if path in rows)
        for path in spec - LATER_OPTIONAL.keys()
        if any(typed(rows, path) for rows in schema_rows(api_version, kind).values())
    }
    assert {path: need for path, need in needed.items() if need != model[path].required} == {}


LEFT_TO_THE_SCHEMA = (
    *("ontainers[].image", "KeyRef.name", "configMapRef.name", "secretRef.name"),
    *("configMap.name", "secret.secretName"),
)


@pytest.mark.parametrize(("api_version", "kind"), BUILT_IN)
def test_a_model_of_a_built_in_kind_requires_what_the_schema_requires(api_version: str, kind: str) -> None:
    """The model requires more: Go's empty strings stand in for fields that the API server then refuses as empty.

    What a strategic merge patch may leave out, and what the operator's CRDs let be empty, `for_release` asks for.
    """
    model = model_rows(api_version, kind)
    rows = schema_rows(api_version, kind)["kubernetes-v1.34"]
    more = {path for path, row in rows.items() if row.required and path in model and not model[path].required}
    assert {path for path in more if not path.endswith(LEFT_TO_THE_SCHEMA)} == {"apiVersion", "kind"}


def test_every_kind_of_the_newest_release_has_a_model_or_is_made_by_nfd_itself() -> None:
    known = {(kind.api_version, kind.kind) for kind in schemas.kinds(catalog.newest())}
    assert {kind for _, kind in known - set(KINDS)} == {"NodeFeature", "NodeFeatureGroup"}
