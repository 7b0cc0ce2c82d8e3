"""Packages whose names load late offer the same names to a running program, to `dir()` and to type checkers."""

import ast
import importlib
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import aksrdma
from aksrdma import _lazy

ROOT = Path(aksrdma.__file__).parent
FILES = {
    ".".join(file.parent.relative_to(ROOT.parent).parts): file
    for file in sorted(ROOT.rglob("__init__.py"))
    if "attach(" in file.read_text(encoding="utf-8")
}
EACH = pytest.mark.parametrize("name", FILES)


@pytest.fixture
def late(monkeypatch):
    """Return what a package tells `attach`: module to names."""

    def table(name):
        seen = {}
        with monkeypatch.context() as patch:
            patch.setattr(_lazy, "attach", lambda _, modules: (seen.update(modules), None))
            runpy.run_path(str(FILES[name]))
        return {f"{name}.{module}": set(names) for module, names in seen.items()}

    return table


def for_type_checkers(name):
    """Return what a package imports for type checkers alone: module to names, or None for all of a module."""
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    found = {node.module: {alias.name for alias in node.names} for node in block.body}
    return {module: None if names == {"*"} else names for module, names in found.items()}


def defined_in(module):
    tree = ast.parse(Path(importlib.import_module(module).__file__).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


@EACH
def test_type_checkers_see_what_loads_late_and_from_the_same_module(name, late):
    table, seen = late(name), for_type_checkers(name)

    assert table.keys() == seen.keys()
    for module, names in table.items():
        assert seen[module] == names or (seen[module] is None and names <= set(defined_in(module))), module


@EACH
def test_all_names_what_loads_late_and_what_the_package_defines_itself(name, late):
    package = importlib.import_module(name)
    names = {each for found in late(name).values() for each in found}

    listed = vars(package).get("__all__", sorted(names))
    assert len(listed) == len(set(listed))
    assert names <= set(listed)
    assert all(each in vars(package) for each in set(listed) - names)


@EACH
def test_dir_shows_every_public_name_before_and_after_it_is_used(name, late):
    package = importlib.import_module(name)
    names = {each for found in late(name).values() for each in found}

    assert names <= set(dir(package))
    assert set(vars(package).get("__all__", names)) == set(dir(package))
    assert all(getattr(package, each) is not None for each in names)
    assert set(vars(package).get("__all__", names)) == set(dir(package))


@EACH
def test_a_misspelt_name_is_answered_with_the_nearest(name, late):
    package = importlib.import_module(name)
    right = max((each for found in late(name).values() for each in found), key=len)

    with pytest.raises(AttributeError) as caught:
        getattr(package, f"{right}z")
    assert str(caught.value) == f"module {name!r} has no attribute '{right}z'; did you mean {right}?"
    assert not hasattr(package, "no_name_is_near_this")


def test_a_name_like_no_other_gets_no_advice():
    with pytest.raises(AttributeError, match=r"^module 'aksrdma' has no attribute 'qqq'$"):
        aksrdma.qqq  # noqa: B018 (the access is the act)


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        pytest.param("import aksrdma.catalog", False, id="not-by-the-package"),
        pytest.param("from aksrdma import catalog; dir(catalog)", False, id="not-by-dir"),
        pytest.param("from aksrdma import catalog; catalog.rules", True, id="by-the-first-use"),
    ],
)
def test_a_module_is_loaded_by_the_first_use_of_its_names(statement, loaded):
    code = f"import sys; {statement}; sys.exit('aksrdma.catalog._rules' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, check=False).returncode == loaded


def test_looking_for_a_module_pays_for_no_advice():
    code = "import sys; from aksrdma import catalog, errors, kube; sys.exit('difflib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, check=False).returncode == 0


def test_python_adds_no_second_advice_to_a_traceback():
    code = "import aksrdma; aksrdma.rendr"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, check=False, capture_output=True, text=True)

    assert done.stderr.lower().count("did you mean") == 1
