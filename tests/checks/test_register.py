"""The register: which checks are called for which kinds, and what becomes of the checks of a plugin."""

import sys

import pytest

from aksrdma import catalog
from aksrdma.catalog import _rules
from aksrdma.checks import register
from aksrdma.checks.register import document_checks, every_check, load_plugin, set_checks
from aksrdma.errors import UsageError
from aksrdma.findings import Problem


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Load a module of checks, and forget it after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(register, "_FOREIGN", [])
    monkeypatch.setattr(_rules, "_OWN", {})
    document_checks.cache_clear()

    def load(text, name="acme_rules"):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        load_plugin(name)

    yield load
    document_checks.cache_clear()
    monkeypatch.undo()
    catalog.rules.cache_clear()


def names(checks):
    return [check.__name__ for check in checks]


def test_a_check_is_called_for_its_kinds_alone():
    assert "check_pod" in names(document_checks("Pod", webhook=False))
    assert "check_pod" not in names(document_checks("Job", webhook=False))
    assert document_checks("NoSuchKind", webhook=False) == ()


def test_the_schema_comes_first_and_then_the_judges_in_the_order_of_the_packages():
    packages = [check.__module__.split(".")[2] for check in document_checks("NicClusterPolicy", webhook=True)]

    assert packages[0] == "schema"
    assert packages == sorted(packages, key=register.PACKAGES.index)
    assert {"apiserver", "plugins", "webhook"} <= set(packages)
    assert [one.module for one in every_check()] == [row.module for row in register._indexed()]


def test_the_webhook_judges_only_where_it_is_on():
    off, on = (
        {check.__module__ for check in document_checks("NicClusterPolicy", webhook)} for webhook in (False, True)
    )

    assert not any(".webhook." in module for module in off)
    assert on - off == {"aksrdma.checks.webhook.policies"}


def test_checks_of_a_set_are_called_where_it_has_one_of_their_kinds():
    with_policy = {check.__name__ for check in set_checks(frozenset({"NicClusterPolicy"}), webhook=False)}

    assert "node_affinity" in with_policy
    assert "lacks_ipc_lock" not in with_policy
    assert "lacks_ipc_lock" in {check.__name__ for check in set_checks(frozenset({"Pod"}), webhook=False)}
    assert list(set_checks(frozenset(), webhook=True)) == []
    conflicts = [
        {check.__name__ for check in set_checks(frozenset({"NicNodePolicy"}), webhook)} for webhook in (False, True)
    ]
    assert conflicts[1] - conflicts[0] == {"webhook_conflicts"}


RULE = """
import aksrdma
from aksrdma.errors import UsageError
from aksrdma.findings import Problem

@aksrdma.rule("acme-{name}", kinds={{"Pod"}}, severity="warning", statement="s", why="w", fix="f", source="here:1")
def {name}(document, manifests):
    {body}
"""


def test_a_plugin_adds_a_check_with_its_row(plugin):
    before = names(document_checks("Pod", webhook=False))

    plugin(RULE.format(name="labels", body='yield Problem("acme-labels", (), "has none")'))

    assert names(document_checks("Pod", webhook=False)) == [*before, "guarded"]
    assert names(document_checks("Job", webhook=False))[-1] != "guarded"
    *_, check = document_checks("Pod", webhook=False)
    assert list(check(None, None)) == [Problem("acme-labels", (), "has none")]
    row = catalog.rule("acme-labels")
    assert (row.severity, row.layer, row.releases, row.kinds) == ("warning", "practice", "all", ("Pod",))
    assert (row.statement, row.why, row.fix, row.source) == ("s", "w", "f", "here:1")


def test_a_check_of_one_argument_is_one_of_the_set(plugin):
    text = RULE.format(name="whole", body='yield Problem("acme-whole", (), "a set")')
    plugin(text.replace("(document, manifests)", "(manifests)"))

    *_, check = set_checks(frozenset({"Pod"}), webhook=False)
    assert [one.message for one in check(None)] == ["a set"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("yield 1 / 0", "ZeroDivisionError: division by zero", id="any-error"),
        pytest.param("raise UsageError('own words'); yield", "^own words$", id="an-error-of-ours"),
    ],
)
def test_a_check_that_fails_is_named(plugin, body, message):
    plugin(RULE.format(name="fails", body=body))

    *_, check = document_checks("Pod", webhook=False)
    with pytest.raises(UsageError, match=message):
        list(check(None, None))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param(
            "acme-rules", "", "a plugin is a Python module such as acme.rdma_rules, not 'acme-rules'", id="no-module"
        ),
        pytest.param("acme..rules", "", "a plugin is a Python module", id="an-empty-part"),
        pytest.param("acme_none", None, "acme_none cannot be imported: ModuleNotFoundError", id="not-there"),
        pytest.param("acme_broken", "1 / 0", "acme_broken cannot be imported: ZeroDivisionError", id="fails"),
        pytest.param(
            "acme_ours",
            RULE.format(name="Bad_Id", body="yield"),
            "^(?!.*cannot be imported).*acme-Bad_Id",
            id="an-id-that-is-none",
        ),
    ],
)
def test_a_plugin_that_cannot_be_loaded_says_why(plugin, tmp_path, name, text, message):
    if text is not None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        load_plugin(name)


def test_a_module_below_a_package_is_a_plugin(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "acme_package").mkdir()
    (tmp_path / "acme_package" / "rules.py").write_text("", encoding="utf-8")

    load_plugin("acme_package.rules")
