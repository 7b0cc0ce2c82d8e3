"""Text that is no manifest yet: which program's template it is."""

from __future__ import annotations

import re
from typing import Final

MARKS: Final = ("${", "{{", "{%")
"""One of them is in every template."""
_HELM: Final = re.compile(r"\.(?:Values|Release|Chart|Capabilities|Files)\b|\{\{-?\s*(?:include|tpl|toYaml)\b")
_GO: Final = re.compile(r"\{\{-?\s*(?:[.$\"(/]|(?:if|range|with|end|else|define|block|template|printf|index)\b)")
_TAG: Final = re.compile(r"\{\{-?\s*[\w.$\"(/]")
_STATEMENT: Final = re.compile(r"\{%[-+]?\s*\w")
_VARIABLE: Final = re.compile(r"\$\{[A-Za-z_]\w*(?:(?P<filled>\})|:?[-=?+])")


def language_of(text: str) -> str:
    """Return whose template a text is by its signs: Helm, Jinja, Go or envsubst; empty where it has none.

    A sign is a tag that is closed somewhere behind; what is in comments counts as well.
    """
    if _STATEMENT.search(text):
        return "Jinja"
    tag = _TAG.search(text)
    if tag is not None and text.find("}}", tag.end()) >= 0:
        return "Helm" if _HELM.search(text) else "Go" if _GO.search(text) else "Jinja"
    variable = _VARIABLE.search(text)
    filled = variable is not None and (variable["filled"] or text.find("}", variable.end()) >= 0)
    return "envsubst" if filled else ""
