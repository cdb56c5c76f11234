"""Parameters that statements and scripts set on a PostgreSQL server: ALTER SYSTEM, lines for its files, options of ``pg_ctl``."""

from __future__ import annotations

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
_LINE = re.compile(rf"(?:^|[\s\"'])([a-z_]\w{{0,62}})[ \t]{{0,20}}=[ \t]{{0,20}}{_VALUE}", re.IGNORECASE | re.MULTILINE)
_OPTION = re.compile(rf"(?:-c\s{{0,9}}|--)([a-z][\w-]{{0,62}})={_VALUE}", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def statements(resource: Declared) -> tuple[Mapping[str, str], ...]:
    """Return what each text of a ConfigMap or a workload sets on a server: parameters in lower case, with values as written."""
    return tuple(found for text in _texts(resource) if (found := _set_in(text)))


def _set_in(text: str) -> dict[str, str]:
    lowered = text.lower()
    matches: list[re.Match[str]] = []
    if "system" in lowered and "alter" in lowered:
        matches += [one for one in _ALTER.finditer(text) if not _is_commented(text, one.start())]
    if _FILES.search(lowered):
        matches += _LINE.finditer(text)
    if "pg_ctl" in lowered:
        matches += _OPTION.finditer(text)
    named = {one[1].lower().replace("-", "_"): one[2] for one in matches}
    return {name: value for name, value in named.items() if is_known(name)}


def _is_commented(text: str, position: int) -> bool:
    return "--" in text[max(text.rfind("\n", 0, position), position - 200, 0) : position]


def _texts(resource: Declared) -> Iterator[str]:
    if resource.is_kubernetes and resource.kind == "ConfigMap":
        data = resource.inputs.get("data")
        yield from (text for text in data.values() if isinstance(text, str)) if isinstance(data, Mapping) else ()
    spec = pods.lenient_spec(resource.kind, resource.inputs) if starts_pods(resource) else None
    for place in ("initContainers", "containers"):
        listed = spec.get(place) if spec else None
        for container in listed if isinstance(listed, (list, tuple)) else ():
            if isinstance(container, Mapping):
                yield from _of_container(container)


def _of_container(container: Mapping[str, object]) -> Iterator[str]:
    words = [word for place in ("command", "args") if isinstance(listed := container.get(place), (list, tuple)) for word in listed]
    yield " ".join(str(word) for word in words)
    env = container.get("env")
    for entry in env if isinstance(env, (list, tuple)) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("value"), str):
            yield entry["value"]
