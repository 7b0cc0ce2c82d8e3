"""Facts are rows of the catalog: no release has its name in code."""

import ast
import re
from pathlib import Path

import pytest

import aksrdma

PACKAGE = Path(aksrdma.__file__).parent
RELEASE = re.compile(r"\bv2\d\.\d+(\.\d+)?\b")


def literals(source):
    """Yield the texts of a module, without docstrings and without the help of commands."""
    tree = ast.parse(source)
    documentation = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation:
            yield node.value


def with_releases():
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        found = [text for text in literals(file.read_text(encoding="utf-8")) if RELEASE.search(text)]
        if name.startswith("cli/"):  # the help of an option shows what one writes
            found = [text for text in found if "such as" not in text]
        if found:
            yield name


def test_no_code_names_a_release():
    assert list(with_releases()) == [], "put the fact into aksrdma/catalog, with its source, and read the row"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param('x = "v25.7.0"', True, id="a-literal"),
        pytest.param('x = f"from v25.7.0 on {y}"', True, id="part-of-a-message"),
        pytest.param('def f():\n    """As in v25.7.0."""', False, id="a-docstring"),
        pytest.param('class C:\n    a: int\n    """From v25.7.0 on."""', False, id="the-docstring-of-a-field"),
        pytest.param('x = "v1alpha1"', False, id="another-version"),
    ],
)
def test_the_search_finds_literals_and_lets_docstrings_be(source, names):
    assert any(RELEASE.search(text) for text in literals(source)) is names
