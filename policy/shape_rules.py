"""Rule for the fields of Kubernetes objects: each has a type that the API server takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.rule import Rule
from policy.shapes import misfits
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

CURES: Final = {"a text": "put it in quotes", "a list": "write a list", "an object": "write an object with its fields"}
# Fields in one message
_MOST: Final = 5


def _typed(resource: Declared, _record: Record) -> Iterator[Problem]:
    for at, (path, got, wanted) in enumerate(misfits(resource.type, resource.inputs)):
        if at == _MOST:
            return
        yield Problem(path=path, rule=f"is {got}, where Kubernetes takes {wanted}", cure=CURES[wanted])


RULES = (
    Rule(
        name="fields-typed",
        says="Every field of a Kubernetes object has the type that the API server takes.",
        check=_typed,
    ),
)
