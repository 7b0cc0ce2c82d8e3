"""Change random lines of logic in a copy of the checkout, and count how many changes the tests of their package catch.

    python -m tools.mutants [PACKAGE ...] [--count 20] [--seed 1] [--jobs 2] [--list]

A change is one of: a comparison turned (`<` to `<=`, `==` to `!=`, `in` to `not in`), a condition negated, `and` to `or`, a
number moved by one, a text altered, a boolean turned, a `return` emptied. Docstrings, annotations and what only type checkers
read are left alone. What a package's tests are stands in `TESTS`; they run with `-x`. Exit 1 where a package catches fewer
than 85 of 100.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
WANTED: Final = 85
"""Of 100 changes, as many are to be caught."""
SECONDS: Final = 300
"""A change may make a test run for ever."""
TESTS: Final[dict[str, tuple[str, ...]]] = {
    "kube": ("tests/kube", "tests/checks", "tests/workloads/fit", "tests/documents"),
    "documents": ("tests/documents",),
    "catalog": ("tests/catalog", "tests/test_public_names.py", "tests/cli", "tests/plan"),
    "schemas": ("tests/schemas",),
    "models": ("tests/models",),
    "cluster": ("tests/cluster", "tests/cli"),
    "plan": ("tests/plan", "tests/overlays", "tests/rendering"),
    "checks/register.py": ("tests/checks/test_register.py", "tests/checks/test_rule_cases.py", "tests/cli"),
    "checks/schema.py": ("tests/schemas/test_schemas_checks.py", "tests/checks", "tests/schemas"),
    "checks/apiserver": ("tests/checks/apiserver", "tests/checks/test_rule_cases.py"),
    "checks/plugins": ("tests/checks/plugins", "tests/checks/test_rule_cases.py"),
    "checks/webhook": ("tests/checks/webhook", "tests/checks/test_rule_cases.py"),
    "checks/relation": ("tests/checks/relation", "tests/checks/test_rule_cases.py"),
    "validation": ("tests/validation", "tests/cli", "tests/examples"),
    "delivery": ("tests/delivery", "tests/cli/test_cli_images.py"),
    "rendering": ("tests/rendering", "tests/overlays", "tests/examples"),
    "labelling": ("tests/labelling", "tests/cli/test_cli_label.py"),
    "workloads/fit": ("tests/workloads/fit", "tests/cli"),
    "workloads/inject": ("tests/workloads/inject", "tests/cli"),
    "workloads/jobs": ("tests/workloads/jobs", "tests/cli"),
    "diagnosis": ("tests/diagnosis",),
    "reports": ("tests/reports", "tests/cli"),
    "cli": ("tests/cli", "tests/examples"),
}

_COMPARED: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}


@dataclass(frozen=True)
class Mutant:
    """One change of one place."""

    file: Path
    line: int
    before: str
    after: str
    text: str
    """The whole file with the change."""

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {_short(self.before)} -> {_short(self.after)}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def changes(source: str) -> Iterator[tuple[str, ast.expr | ast.stmt, str]]:
    """Yield what kind of logic a node of a source is, the node, and what is to stand in its place."""

    def text(node: ast.AST) -> str:
        return ast.get_source_segment(source, node) or ""

    for node in _logic(ast.parse(source)):
        match node:
            case ast.Compare(left=left, ops=[operator]):
                old, new = _COMPARED[type(operator)]
                rest = text(node)[len(text(left)) :]
                yield "comparison", node, f"{text(left)}{rest.replace(old, new, 1)}"
            case ast.BoolOp(op=operator, values=values):
                turned = " or " if isinstance(operator, ast.And) else " and "
                yield "branch", node, turned.join(f"({text(value)})" for value in values)
            case ast.If(test=test) | ast.IfExp(test=test):
                yield "branch", test, f"not ({text(test)})"
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield "branch", node, "return None"
            case ast.Constant(value=bool() as value):
                yield "constant", node, str(not value)
            case ast.Constant(value=int() as value):
                yield "constant", node, str(value + 1)
            case ast.Constant(value=str() as value) if text(node)[:1] in ("'", '"'):
                yield "constant", node, repr(f"{value}X")


def _logic(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that are run and can be wrong: no docstrings, annotations, imports, lists of public names."""
    parts: list[ast.AST]
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.JoinedStr() | ast.Assert():
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Assign(targets=[ast.Name(id="__all__")]):
            return
        case ast.AnnAssign(value=value, annotation=annotation):
            parts = [] if value is None or "TypeAlias" in ast.unparse(annotation) else [value]
        case ast.arguments(defaults=defaults, kw_defaults=named):
            parts = [default for default in (*defaults, *named) if default is not None]
        case ast.FunctionDef(args=arguments, body=body):
            parts = [arguments, *body]
        case _:
            parts = list(ast.iter_child_nodes(node))
            yield node
    for part in parts:
        yield from _logic(part)


def mutants(package: str, count: int, seed: int) -> list[Mutant]:
    """Return `count` changes of a package, a third of each kind; the same for the same seed and the same code."""
    found: dict[str, list[Mutant]] = {"comparison": [], "branch": [], "constant": []}
    place = ROOT / "aksrdma" / package
    for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        source = file.read_text(encoding="utf-8")
        data = source.encode()
        starts = [0]
        for line in data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for kind, node, after in changes(source):
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
            text = (data[:begin] + after.encode() + data[end:]).decode()
            found[kind].append(Mutant(file, node.lineno, data[begin:end].decode(), after, text))
    chance = random.Random(seed)
    for some in found.values():
        chance.shuffle(some)
    turns = (some.pop() for _ in range(count) for some in found.values() if some)
    return list(itertools.islice(filter(_compiles, turns), count))


def _compiles(mutant: Mutant) -> bool:
    try:
        compile(mutant.text, str(mutant.file), "exec")
    except SyntaxError:
        return False
    return mutant.before != mutant.after


def is_caught(mutant: Mutant, tests: Sequence[str], copy: Path) -> bool:
    """Return whether the tests fail in a copy of the checkout with the change."""
    target = copy / mutant.file.relative_to(ROOT)
    before = target.read_bytes()
    target.write_text(mutant.text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
            cwd=copy, env=environment, capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_bytes(before)


def _missed(some: Sequence[Mutant], tests: Sequence[str], copy: Path) -> list[Mutant]:
    return [one for one in some if not is_caught(one, tests, copy)]


def main() -> None:
    """Try the packages that are named, or all."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("packages", nargs="*", default=list(TESTS))
    options.add_argument("--count", type=int, default=20, help="changes a package")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="copies that are tested side by side")
    options.add_argument("--list", action="store_true", help="show the changes, and run nothing")
    told = options.parse_args()
    poor = []
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder, str(number)) for number in range(told.jobs)]
        for copy in copies if not told.list else ():
            shutil.copytree(
                ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".tools", "__pycache__", ".*_cache", "out")
            )
        for package in told.packages:
            chosen = mutants(package, told.count, told.seed)
            if told.list:
                print(*chosen, sep="\n")
                continue
            tests = [name for name in TESTS[package] if (ROOT / name).exists()]
            parts = [chosen[number :: told.jobs] for number in range(told.jobs)]
            with ThreadPoolExecutor(told.jobs) as pool:
                missed = [one for part in pool.map(_missed, parts, itertools.repeat(tests), copies) for one in part]
            share = 100 * (len(chosen) - len(missed)) // max(1, len(chosen))
            print(f"{package:18} {len(chosen) - len(missed):3} of {len(chosen):3} caught, {share} of 100", flush=True)
            for one in missed:
                print(f"    missed {one}", flush=True)
            poor += [package] if share < WANTED else []
    if poor:
        sys.exit(f"fewer than {WANTED} of 100 in {', '.join(poor)}")


if __name__ == "__main__":
    main()
