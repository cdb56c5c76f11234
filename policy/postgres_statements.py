"""Parameters that statements and scripts set on a PostgreSQL server: ALTER SYSTEM, lines for its files, options of ``pg_ctl``."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.kinds import starts_pods
from stack.capacity import pods
from stack.capacity.postgres_values import is_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

# What may stand between two words of a statement: blanks and comments.
GAP = r"(?:\s|--[^\n]{0,200}\n|/\*(?:[^*]|\*(?!/)){0,80}\*/){1,20}"
# A value in quotes, in those of a text within a text, or without any.
VALUE = r"''[\w.$%-]{1,80}''|'[^'\n]{0,80}'|[^\s;'\"\\)]{1,80}"
_VALUE = rf"({VALUE})"
_ALTER = re.compile(rf"\balter{GAP}system{GAP}set{GAP}\"?([a-z_]\w{{0,62}})\"?\s{{0,20}}(?:=|\bto\b)\s{{0,20}}{_VALUE}", re.IGNORECASE)
# The files in which a server keeps parameters, and the program that starts it with options.
_FILES = re.compile(r"postgresql\.(?:auto\.)?conf\b")
# Longest comment that is recognized, in characters: a longer one is read like a statement.
_LONGEST = 1000
_OPTION_BEGINS = re.compile(r"--[A-Za-z]")
# Properties with plain and with encoded files.
_PLACES = {"ConfigMap": ("data", "binaryData"), "Secret": ("stringData", "data")}
_HANDLERS = ("livenessProbe", "readinessProbe", "startupProbe")
_LINE = re.compile(rf"(?:^|[\s\"'/|])([a-z_]\w{{0,62}})[ \t]{{0,20}}=[ \t]{{0,20}}{_VALUE}", re.IGNORECASE | re.MULTILINE)
_OPTION = re.compile(rf"(?:-c\s{{0,9}}|--)([a-z][\w-]{{0,62}})={_VALUE}", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def statements(resource: Declared) -> tuple[Mapping[str, str], ...]:
    """Return what each text of a ConfigMap or a workload sets on a server: parameters in lower case, with values as written."""
    return tuple(found for text in texts(resource) if (found := _set_in(text)))


def _set_in(text: str) -> dict[str, str]:
    lowered = text.lower()
    matches: list[re.Match[str]] = []
    if "system" in lowered and "alter" in lowered:
        matches += [one for one in _ALTER.finditer(text) if not is_commented(text, one.start())]
    if _FILES.search(lowered):
        matches += _LINE.finditer(text)
    if "pg_ctl" in lowered:
        matches += _OPTION.finditer(text)
    # the sign behind a value is that of a script: s/old/new/
    named = {one[1].lower().replace("-", "_"): one[2].rstrip("/|") for one in matches}
    return {name: value for name, value in named.items() if is_known(name)}


def is_commented(text: str, position: int) -> bool:
    """Return whether a place is in a comment of SQL or of a shell; options (``--dbname``) and paths (``/tmp/*``) begin none."""
    return _is_behind_a_sign(text, position) or _is_between_signs(text, position)


def _is_between_signs(text: str, position: int) -> bool:
    begins = max(text.rfind(f"{before}/*", max(position - _LONGEST, 0), position) for before in (" ", "\n", "\t", ";"))
    if begins < 0 and position < _LONGEST and text.startswith("/*"):
        begins = 0
    return begins >= 0 and text.find("*/", begins, position) < 0 <= text.find("*/", position, position + _LONGEST)


def _is_behind_a_sign(text: str, position: int) -> bool:
    before = text[max(text.rfind("\n", 0, position) + 1, position - 400, 0) : position]
    if before.lstrip().startswith("#"):
        return True
    at = before.find("--")
    while at >= 0:
        # behind an option stands the quote in which the statement begins
        if not _OPTION_BEGINS.match(before, at) or not any(quote in before[at:] for quote in "\"'"):
            return True
        at = before.find("--", at + 2)
    return False


def texts(resource: Declared) -> Iterator[str]:
    """Yield the texts in a resource that may be SQL or a script: files, commands, hooks and variables."""
    plain, encoded = _PLACES.get(resource.kind, ("", "")) if resource.is_kubernetes else ("", "")
    yield from _strings(resource.inputs.get(plain))
    yield from map(_decoded, _strings(resource.inputs.get(encoded)))
    spec = pods.lenient_spec(resource.kind, resource.inputs) if starts_pods(resource) else None
    for place in ("initContainers", "containers"):
        listed = spec.get(place) if spec else None
        for container in listed if isinstance(listed, (list, tuple)) else ():
            if isinstance(container, Mapping):
                yield from _of_container(container)


def _strings(data: object) -> list[str]:
    return [text for text in data.values() if isinstance(text, str)] if isinstance(data, Mapping) else []


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""


def _of_container(container: Mapping[str, object]) -> Iterator[str]:
    yield _joined(container.get("command")) + " " + _joined(container.get("args"))
    hooks = container.get("lifecycle")
    for handler in (*(hooks.values() if isinstance(hooks, Mapping) else ()), *(container.get(name) for name in _HANDLERS)):
        executed = handler.get("exec") if isinstance(handler, Mapping) else None
        yield _joined(executed.get("command")) if isinstance(executed, Mapping) else ""
    env = container.get("env")
    for entry in env if isinstance(env, (list, tuple)) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("value"), str):
            yield entry["value"]


def _joined(words: object) -> str:
    return " ".join(str(word) for word in words) if isinstance(words, (list, tuple)) else ""
