"""Contents of a part of a parse tree, at any depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.ddl.names import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.ddl.parsing import Node

PUBLIC: Final = "public"
"""All roles together; no role may have this name."""


def functions(tree: Any) -> set[str]:  # noqa: ANN401 - any part of a tree
    """Return the names of all functions that are called, each without its schema."""
    return {words(node["funcname"])[-1] for kind, node in _nodes(tree) if kind == "FuncCall"}


def texts(tree: Any) -> list[str]:  # noqa: ANN401 - any part of a tree
    """Return all literals that are texts."""
    return [node["sval"].get("sval", "") for kind, node in _nodes(tree) if kind == "A_Const" and "sval" in node]


def roles(tree: Any) -> set[str]:  # noqa: ANN401 - any part of a tree
    """Return the names of all roles, and PUBLIC."""
    found = {node["rolename"] for _, node in _nodes(tree) if "rolename" in node}
    return found | {PUBLIC for _, node in _nodes(tree) if node.get("roletype") == "ROLESPEC_PUBLIC"}


def _nodes(tree: Any) -> Iterator[tuple[str, Node]]:  # noqa: ANN401 - any part of a tree
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            for key, value in part.items():
                if isinstance(value, dict):
                    yield key, value
                waiting.append(value)
        elif isinstance(part, list):
            waiting += part
