"""`make mutants` knows every package, and changes what it says it changes."""

from pathlib import Path

from tools.mutants import TESTS, changes

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_has_its_tests_named():
    packages = {path.parent.relative_to(ROOT / "aksrdma") for path in (ROOT / "aksrdma").rglob("__init__.py")}
    packages -= {Path(), Path("checks"), Path("workloads")}  # no more than a docstring, and the packages below

    def covered(package):
        return any(str(one) in TESTS for one in (package, *package.parents))

    assert [str(package) for package in packages if not covered(package)] == []
    assert [name for names in TESTS.values() for name in names if not (ROOT / name).exists()] == []


def test_logic_is_changed_and_words_for_readers_are_left_alone():
    source = (
        '"""Doc."""\nLIMIT: int = 3\n\n\ndef f(a: "int") -> bool:\n    """Doc."""\n    return a < LIMIT and a != 1\n'
    )

    assert sorted(after for _, _, after in changes(source)) == [
        "(a < LIMIT) or (a != 1)",
        "2",
        "4",
        "a <= LIMIT",
        "a == 1",
        "return None",
    ]
