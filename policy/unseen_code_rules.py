"""Rule for code at deployment: what a command or a dynamic resource does is in no preview, so no rule can judge it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.rule import Rule
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_COMMAND = re.compile(r"command:(local|remote):\w+")
# Providers that consist of the program's own code, by language; a subclass may give the type a name of its own.
_DYNAMIC = re.compile(r"pulumi-(python|nodejs|dotnet|go|java):dynamic([/:].*)?")


def _seen(resource: Declared, _record: Record) -> Iterator[Problem]:
    runs = "runs a command" if _COMMAND.fullmatch(resource.type) else "runs code of its own" if _DYNAMIC.fullmatch(resource.type) else ""
    if runs:
        yield Problem(
            rule=f"{runs} at deployment, and no preview shows what that changes",
            cure="declare the result as a resource of its provider, or add an exception that names this resource",
        )


RULES = (
    Rule(
        name="code-seen",
        says="Nothing runs code at deployment whose effect no preview shows.",
        check=_seen,
        severity="critical",
    ),
)
