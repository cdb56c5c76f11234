"""Property files inside ConfigMaps."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared


# A key, whatever separates it, and its value
_PAIR = re.compile(r"((?:\\.|[^\\=:\s])+)[ \t\f]*[=:]?[ \t\f]*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_WORDS = re.compile(r"[^\s,]\s+[^\s,]")
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def properties(text: str) -> dict[str, str]:
    """Parse a file as ``java.util.Properties`` does: every separator, escapes and continued lines; the last line of a key counts."""
    return dict(_properties(text))


@functools.lru_cache(maxsize=256)
def _properties(text: str) -> dict[str, str]:
    found = (match for line in _logical_lines(text) if (match := _PAIR.fullmatch(line)))
    return {_unescaped(match[1]): _unescaped(match[2]).strip() for match in found}


def _logical_lines(text: str) -> Iterator[str]:
    """Yield lines without comments, each with those that continue it."""
    begun = ""
    for line in text.splitlines():
        rest = line.lstrip()
        if not begun and (not rest or rest[0] in "#!"):
            continue
        if (len(rest) - len(rest.rstrip("\\"))) % 2:
            begun += rest[:-1]
            continue
        yield begun + rest
        begun = ""
    if begun:
        yield begun


def _unescaped(text: str) -> str:
    return (
        _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _LETTERS.get(found[2], found[2]), text) if "\\" in text else text
    )


def with_key(resource: Declared, key: str, parse: Callable[[str], dict[str, str]] = properties) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name and the properties of each file in a ConfigMap that sets a key."""
    data = resource.inputs.get("data")
    if resource.is_kubernetes and resource.kind == "ConfigMap" and isinstance(data, Mapping):
        for name, text in data.items():
            # most files have nothing to do with the key, unless they escape its letters
            parsed = parse(str(text)) if key in str(text).lower() or "\\" in str(text) else {}
            # prose that begins with the key has more words behind it
            if key in parsed and not _WORDS.search(parsed[key]):
                yield str(name), parsed
