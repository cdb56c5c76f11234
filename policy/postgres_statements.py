"""Parameters that statements and scripts set on a PostgreSQL server: ALTER SYSTEM, lines for its files, options of ``pg_ctl``."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from capacity import pods
from capacity.postgres_values import is_known
from policy.kinds import starts_pods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

_VALUE = r"('[^'\n]{0,80}'|[^\s;'\"\\)]{1,80})"
_ALTER = re.compile(
    rf"\balter\s{{1,20}}system\s{{1,20}}set\s{{1,20}}\"?([a-z_]\w{{0,62}})\"?\s{{0,20}}(?:=|\bto\b)\s{{0,20}}{_VALUE}", re.IGNORECASE
)
# The files in which a server keeps parameters, and the program that starts it with options.
_FILES = re.compile(r"postgresql\.(?:auto\.)?conf\b")
_COMMENT = re.compile(r"/\*[^*]{0,200}\*/")
_HANDLERS = ("livenessProbe", "readinessProbe", "startupProbe")
_LINE = re.compile(rf"(?:^|[\s\"'/|])([a-z_]\w{{0,62}})[ \t]{{0,20}}=[ \t]{{0,20}}{_VALUE}", re.IGNORECASE | re.MULTILINE)
_OPTION = re.compile(rf"(?:-c\s{{0,9}}|--)([a-z][\w-]{{0,62}})={_VALUE}", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def statements(resource: Declared) -> tuple[Mapping[str, str], ...]:
    """Return what each text of a ConfigMap or a workload sets on a server: parameters in lower case, with values as written."""
    return tuple(found for text in _texts(resource) if (found := _set_in(text)))


def _set_in(text: str) -> dict[str, str]:
    text = _COMMENT.sub(" ", text) if "/*" in text else text
    lowered = text.lower()
    matches: list[re.Match[str]] = []
    if "system" in lowered and "alter" in lowered:
        matches += [one for one in _ALTER.finditer(text) if not _is_commented(text, one.start())]
    if _FILES.search(lowered):
        matches += _LINE.finditer(text)
    if "pg_ctl" in lowered:
        matches += _OPTION.finditer(text)
    # the sign behind a value is that of a script: s/old/new/
    named = {one[1].lower().replace("-", "_"): one[2].rstrip("/|") for one in matches}
    return {name: value for name, value in named.items() if is_known(name)}


def _is_commented(text: str, position: int) -> bool:
    return "--" in text[max(text.rfind("\n", 0, position), position - 200, 0) : position]


def _texts(resource: Declared) -> Iterator[str]:
    if resource.is_kubernetes and resource.kind == "ConfigMap":
        data = resource.inputs.get("data")
        yield from (text for text in data.values() if isinstance(text, str)) if isinstance(data, Mapping) else ()
        binary = resource.inputs.get("binaryData")
        yield from (_decoded(text) for text in binary.values() if isinstance(text, str)) if isinstance(binary, Mapping) else ()
    spec = pods.lenient_spec(resource.kind, resource.inputs) if starts_pods(resource) else None
    for place in ("initContainers", "containers"):
        listed = spec.get(place) if spec else None
        for container in listed if isinstance(listed, (list, tuple)) else ():
            if isinstance(container, Mapping):
                yield from _of_container(container)


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
