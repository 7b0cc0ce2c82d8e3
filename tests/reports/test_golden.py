"""Every report format of one set of findings, byte for byte; `pytest --update-golden` writes them again."""

import os
import re
from pathlib import Path

import pytest

import aksrdma
from aksrdma import reports
from aksrdma._version import __version__

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {"text": "txt", "json": "json", "junit": "xml", "sarif": "sarif", "github": "txt", "markdown": "md"}


@pytest.mark.parametrize("output", reports.FORMATS)
def test_a_report_is_as_committed(output, root, monkeypatch, request):
    monkeypatch.chdir(root)
    report = aksrdma.validate(Path("examples/mistakes/ten.yaml"), vm_sizes=("Standard_ND96isr_H100_v5",))
    text = re.sub(rf'"{re.escape(__version__)}"', '"VERSION"', reports.write(report, output))
    file = GOLDEN / f"{output}.{ENDINGS[output]}"
    if request.config.getoption("--update-golden") and not os.environ.get("CI"):
        file.write_text(text, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == text, "if meant: pytest --update-golden, then read git diff"
