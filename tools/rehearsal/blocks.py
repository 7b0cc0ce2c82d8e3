"""INSTALL.md and UNINSTALL.md as steps: the commands to run, and what the page says of their outcome."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

RUN = "sh"
"""The tag of blocks that everyone runs; those with another tag are for some case that the text names."""
OPEN = re.compile(r"(?m)^(\s*export\s+)([A-Z][A-Z0-9_]*)=\.\.\.")
"""A value that the user fills in."""


@dataclass
class Step:
    """A heading and what stands below it."""

    title: str
    blocks: list[str] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    """Blocks that are not run, with their tags."""
    text: str = ""

    @property
    def promises(self) -> list[str]:
        """Sentences that say what success looks like."""
        return [" ".join(part.split()) for part in self.text.split("\n\n") if part.strip().startswith("It worked when")]


def read(path: Path) -> list[Step]:
    """Read a page; text before the first heading of level 2 is a step without a title."""
    steps = [Step("")]
    tag: str | None = None
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if tag is None and line.startswith("## "):
            steps.append(Step(line[3:].strip()))
        elif line.startswith("```"):
            if tag is None:
                tag, lines = line[3:].strip(), []
                continue
            text = "\n".join(lines) + "\n"
            if tag == RUN:
                steps[-1].blocks.append(text)
            else:
                steps[-1].others.append((tag, text))
            tag = None
        elif tag is not None:
            lines.append(line)
        else:
            steps[-1].text += line + "\n"
    if tag is not None:
        raise ValueError(f"{path}: a block of {tag!r} has no end")
    return [step for step in steps if step.blocks or step.others or step.title]


def prose(steps: list[Step]) -> str:
    """What a page says, without the commands that everyone runs."""
    return "\n".join(step.text + "".join(text for _, text in step.others) for step in steps)


def calls(block: str) -> list[tuple[str, list[str]]]:
    """The command lines of az and helm in a block, wherever they stand in it: program and words."""
    found = []
    for line in re.sub(r"\\\n\s*", " ", block).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line)
        for call in re.finditer(r"(?<![\w/.-])(az|helm) +([a-z].*?) *(?=$|[|;)&]|\d?>)", line):
            found.append((call[1], shlex.split(call[2])))
    return found


def fill(block: str, values: dict[str, str]) -> str:
    """Fill in what the user is to fill in; KeyError names what nobody knows."""
    return OPEN.sub(lambda found: f"{found[1]}{found[2]}={values[found[2]]}", block)


def open_names(block: str) -> list[str]:
    """Names that the user is to fill in."""
    return [found[2] for found in OPEN.finditer(block)]
