"""Tools and folders that tests share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure, and in CI the same commit gives the same verdict.
settings.register_profile(
    "aksrdma", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("aksrdma")

ROOT = Path(__file__).resolve().parent.parent
INSTALL = "`make tools` installs it"


def tool(name: str) -> str:
    """Return the path of a program; without it skip, or fail where AKSRDMA_NEED_TOOLS says that it must be there."""
    found = shutil.which(name) or shutil.which(name, path=ROOT / ".tools")
    if found is None and os.environ.get("AKSRDMA_NEED_TOOLS"):
        pytest.fail(f"{name} is not on PATH; {INSTALL}")
    if found is None:
        pytest.skip(f"{name} is not on PATH; {INSTALL}")
    return found


@pytest.fixture(scope="session")
def kustomize() -> str:
    """The program kustomize."""
    return tool("kustomize")


@pytest.fixture(scope="session")
def kubeconform() -> str:
    """The program kubeconform."""
    return tool("kubeconform")


@pytest.fixture(scope="session")
def kubectl() -> str:
    """The program kubectl, which nothing installs: the test is skipped without it."""
    return shutil.which("kubectl") or pytest.skip("kubectl is not on PATH")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with upstream's configs and CRDs, which is not part of the project."""
    folder = os.environ.get("AKSRDMA_SHARED")
    if not folder:
        pytest.skip("AKSRDMA_SHARED names no folder with upstream's configs and CRDs")
    return Path(folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes golden files again."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files of tests/reports again")
