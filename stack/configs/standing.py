"""Standing of each key: known to be harmless, judged by its value, or the program's alone; read from the folder ``standings``.

A key that no list names is not known to be harmless, and refused. The lists name every key of the tables, which a test compares.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Lists of the keys of each table; the clients' tables share one, and the worker is a client too.
LISTS: Mapping[str, tuple[str, ...]] = {
    "kafka-producer": ("kafka-producer", "kafka-client"),
    "kafka-consumer": ("kafka-consumer", "kafka-client"),
    "kafka-admin": ("kafka-admin", "kafka-client"),
    "connect-worker": ("connect-worker", "kafka-client"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Permission to set a key.

    Attributes:
        reason: Reason why the key is the program's alone; empty for any other key.
        is_fixed: Whether a stack may not set it at all: other parts of the program depend on its value.
        is_open: Whether a connector that the program does not render may have another value.
        is_judged: Whether a rule judges its value, which a preview must therefore see.
        values: Values that are harmless all the same, the program's own first.
        within: Smallest and largest number known to be harmless, or None.
    """

    reason: str = ""
    is_fixed: bool = False
    is_open: bool = False
    is_judged: bool = False
    values: tuple[str, ...] = ()
    within: tuple[float, float] | None = None


FREE = Standing()
JUDGED = Standing(is_judged=True)
# A key of a part that the tables do not know: a stack may not set it, a connector of its own may.
FOREIGN = Standing(reason="no list of this program contains it", is_open=True)


@functools.cache
def standings(name: str) -> Mapping[str, Standing]:
    """Return the standing of every key of a table, or of keys behind a prefix; see the folder ``standings``."""
    return {key: standing for listed in reversed(LISTS.get(name, (name,))) for key, standing in _read(listed).items()}


def entries(name: str) -> list[str]:
    """Return every entry of one list, with repetitions."""
    given = _parsed(name)
    groups = (*given.get("fixed", ()), *given.get("program", ()))
    return [*given["free"], *given["judged"], *given.get("within", {}), *(key for group in groups for key in group["keys"])]


def _read(name: str) -> dict[str, Standing]:
    given = _parsed(name)
    values: dict[str, tuple[str, ...]] = {key: tuple(listed) for key, listed in given.get("values", {}).items()}
    found = {**dict.fromkeys(given["free"], FREE), **dict.fromkeys(given["judged"], JUDGED)}
    for key, (least, most) in given.get("within", {}).items():
        found[key] = Standing(within=(least, most), values=values.get(key, ()), is_judged=True)
    for group in given.get("fixed", ()):
        reason = group.get("reason", "other parts of the program depend on it")
        found |= {key: Standing(reason=reason, is_fixed=True, is_open=True) for key in group["keys"]}
    for group in given.get("program", ()):
        is_open = group.get("open", False)
        found |= {key: Standing(reason=group["reason"], is_open=is_open, values=values.get(key, ())) for key in group["keys"]}
    return found


@functools.cache
def _parsed(name: str) -> dict[str, Any]:
    text = (resources.files("stack.configs") / "standings" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
