"""Imports point one way, and the start is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import aksrdma

PACKAGE = Path(aksrdma.__file__).parent
LAYERS = [
    "_version", "nearest", "_lazy", "findings", "errors", "paths", "kube", "documents", "catalog", "schemas", "models", "cluster",
    "plan", "checks", "validation", "delivery", "rendering", "labelling", "workloads", "diagnosis", "api", "reports", "cli", "__main__",
]  # fmt: skip

# A problem names the document that it is in; only type checkers follow that import.
UPWARD = {("findings.py", "aksrdma.documents")}


def layer(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def imports(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("aksrdma"):
            if node.module == "aksrdma":
                yield from (f"aksrdma.{name.name}" for name in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("aksrdma."))


def test_a_module_imports_its_own_layer_and_those_below_it():
    wrong = []
    for file in PACKAGE.rglob("*.py"):
        own = file.relative_to(PACKAGE).with_suffix("").parts[0]
        if own == "__init__":
            continue
        for module in imports(file):
            other = layer(module)
            place = (str(file.relative_to(PACKAGE)), module)
            if LAYERS.index(other) > LAYERS.index(own) and place not in UPWARD:
                wrong.append(f"{file.relative_to(PACKAGE)} imports {module}")
    assert wrong == []


def test_every_part_is_in_the_list_of_layers():
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert parts - {"__init__"} == set(LAYERS)


def _cli(*arguments):
    return f"from aksrdma.cli import cli; cli.main({list(arguments)!r}, standalone_mode=False)"


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        pytest.param("import aksrdma", ["pydantic", "click", "yaml", "jsonschema"], id="importing-aksrdma"),
        pytest.param("import aksrdma; aksrdma.render(aksrdma.Cluster())", ["click", "jsonschema"], id="rendering"),
        pytest.param(
            "from aksrdma.plan import make_plan; from aksrdma import Cluster; make_plan(Cluster(profile='ipoib'))",
            ["pydantic", "click", "jsonschema"],
            id="deciding",
        ),
        pytest.param("import aksrdma.cli, aksrdma.cli.render", ["pydantic", "jsonschema"], id="the-command-line"),
        pytest.param(_cli("validate", "examples/pods"), ["pydantic", "jsonschema"], id="validate"),
        pytest.param(_cli("validate", "examples/clusters"), ["pydantic", "jsonschema"], id="validate-a-cluster-file"),
        pytest.param(_cli("catalog", "vm-sizes"), ["pydantic", "jsonschema"], id="catalog"),
        pytest.param(_cli("check-log", "README.md"), ["pydantic", "jsonschema"], id="check-log"),
    ],
)
def test_a_start_loads_only_what_it_needs(statement, absent):
    code = f"import sys; {statement}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, check=True, encoding="utf-8"
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_every_public_name_is_there():
    assert all(getattr(aksrdma, name) is not None for name in aksrdma.__all__)
