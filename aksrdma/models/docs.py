"""The docstrings under fields, read from the source when someone asks for them."""

from __future__ import annotations

import ast
import inspect
from functools import cache

from pydantic import BaseModel


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field of a model, by the field's Python name, inherited ones included."""
    docs: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            docs |= _classes(cls.__module__).get(cls.__qualname__, {})
    return {name: text for name, text in docs.items() if name in model.model_fields}


@cache
def _classes(module: str) -> dict[str, dict[str, str]]:
    source = inspect.getsource(__import__(module, fromlist=["__name__"]))
    return {node.name: _attributes(node) for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


def _attributes(node: ast.ClassDef) -> dict[str, str]:
    docs = {}
    for statement, follower in zip(node.body, node.body[1:], strict=False):
        target = getattr(statement, "target", None)
        if isinstance(target, ast.Name) and (text := _text(follower)):
            docs[target.id] = inspect.cleandoc(text)
    return docs


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return ""
