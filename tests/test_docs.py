"""The documentation is current: what is made from the code, links, and the commands that it names."""

import re

import pytest

from aksrdma.cli import COMMANDS
from tools.render_docs import made

CODE = re.compile(r"```sh\n.*?```|`aksrdma [^`]+`", re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("path", sorted(made()))
def test_what_is_made_from_the_code_is_current(path, root):
    assert (root / path).read_text(encoding="utf-8") == made()[path], "run `make docs`"


def pages(root):
    return [*root.glob("*.md"), *(root / "docs").glob("*.md"), *(root / "examples").glob("*.md")]


def test_every_link_leads_somewhere(root):
    broken = [
        f"{page.relative_to(root)}: {link}"
        for page in pages(root)
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]

    assert broken == []


def test_every_command_that_the_documentation_names_is_one(root):
    command = re.compile(r"(?m)(?:`|^|\\| )aksrdma ([a-z][a-z-]+)(?=[ `\\n])")
    text = "\n".join(block for page in pages(root) for block in CODE.findall(page.read_text(encoding="utf-8")))

    assert set(command.findall(text)) <= set(COMMANDS)


def test_every_make_target_that_the_documentation_names_is_one(root):
    targets = set(re.findall(r"(?m)^([a-z]+):", (root / "Makefile").read_text()))
    named = {name for page in pages(root) for name in re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8"))}

    assert named <= targets
