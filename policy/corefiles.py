"""Corefiles of CoreDNS: server blocks, plugins, and what these make of a name."""

from __future__ import annotations

import functools
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(r'"[^"\n]*"|[^\s"]+')
# A zone without its protocol, port and last point
_ZONE: Final = re.compile(r"(?:\w+://)?([^:/\s]*?)\.?(?::\d+)?")
_MATCHES: Final = ("exact", "prefix", "suffix", "substring", "regex")
# Plugins that answer before Kubernetes' own does, whose arguments are zones, and those that stand behind it
_ANSWERING: Final = {"route53", "clouddns", "azure"}
# Repetitions in a pattern that take long on a name, or more than this number of them
_NESTED: Final = re.compile(r"\)[*+{]")
_MOST_REPEATED: Final = 6
_GROUP: Final = re.compile(r"\{(\d)\}")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One line of a server block, with the lines between its braces.

    Attributes:
        name: Name of the plugin.
        words: Its arguments.
        body: The words of each line between its braces.
    """

    name: str
    words: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A server block: its zones, of which the empty one is the root, and its plugins."""

    zones: tuple[str, ...]
    plugins: tuple[Plugin, ...]


@functools.lru_cache(maxsize=64)
def blocks(text: str, *, is_override: bool = False) -> tuple[Block, ...]:
    """Return the server blocks of a Corefile.

    Args:
        text: The file.
        is_override: Whether it has the lines of the root's block alone, as an ``*.override`` of managed clusters.
    """
    lines = [words for line in text.splitlines() if (words := _words(line))]
    if is_override:
        return (Block(("",), tuple(_plugins(lines))),)
    found, at = [], 0
    while at < len(lines):
        header, end = lines[at], _end(lines, at)
        if header[-1] == "{":
            found.append(Block(tuple(zone(one.rstrip(",")) for one in header[:-1]), tuple(_plugins(lines[at + 1 : end]))))
        at = end + 1
    return tuple(found)


def _words(line: str) -> list[str]:
    words = [one.strip('"') for one in _TOKEN.findall(line)]
    at = next((at for at, one in enumerate(words) if one.startswith("#")), len(words))
    return words[:at]


def _end(lines: list[list[str]], at: int) -> int:
    """Return the line that closes the braces which a line opens; the line itself if it opens none."""
    depth = 0
    for end in range(at, len(lines)):
        depth += (lines[end][-1] == "{") - (lines[end][0] == "}")
        if depth <= 0:
            return end
    return len(lines)


def _plugins(lines: list[list[str]]) -> Iterator[Plugin]:
    at = 0
    while at < len(lines):
        words, end = lines[at], _end(lines, at)
        opened = words[-1] == "{"
        body = tuple(tuple(one) for one in lines[at + 1 : end]) if opened else ()
        if words[0] not in {"{", "}"}:
            yield Plugin(words[0], tuple(words[1:-1] if opened else words[1:]), body)
        at = end + 1


def zone(text: str) -> str:
    """Return a zone as it is compared: in small letters, without port and last point; empty for the root."""
    found = _ZONE.fullmatch(text.lower())
    return found[1] if found else text.lower()


def is_in(name: str, zones: tuple[str, ...]) -> bool:
    """Return whether a name is, or is below, one of some zones."""
    return any(not one or name == one or name.endswith(f".{one}") for one in zones)


def answered(plugin: Plugin, name: str, zones: tuple[str, ...]) -> str:
    """Return what a plugin answers for a name before Kubernetes does, for messages; empty where it leaves the name to the others.

    Args:
        plugin: The plugin.
        name: The name, in small letters and without the last point.
        zones: Zones of its server block.
    """
    if plugin.name == "rewrite":
        return _rewritten(plugin, name)
    if plugin.name == "hosts":
        return next((f"the address {line[0]}" for line in plugin.body if name in names_of(line)), "")
    if plugin.name == "template":
        return _templated(plugin, name, zones)
    if plugin.name in _ANSWERING:
        named = tuple(zone(one.partition(":")[0]) for one in plugin.words)
        return f"a zone of {plugin.name}" if named and is_in(name, named) else ""
    return ""


def names_of(line: tuple[str, ...] | list[str]) -> set[str]:
    """Return the names to which a line of a file of hosts gives an address; none of any other line."""
    try:
        ipaddress.ip_address(line[0])
    except ValueError:
        return set()
    return {one.lower().rstrip(".") for one in line[1:]}


def _rewritten(plugin: Plugin, name: str) -> str:
    rules = [line for line in (plugin.words, *plugin.body) if line]
    for line in rules:
        words = list(line[1:] if line[0] in {"continue", "stop"} else line)
        if not words or words[0] != "name":
            continue
        kind = words[1] if len(words) > 1 and words[1] in _MATCHES else "exact"
        told = words[2:] if words[1:2] == [kind] else words[1:]
        if len(told) > 1:
            made = _renamed(kind, told[0].lower().rstrip(".") if kind != "regex" else told[0], told[1].lower(), name)
            if made is not None and made.rstrip(".") != name:
                return f"the name {made.rstrip('.')}"
    return ""


def _renamed(kind: str, before: str, after: str, name: str) -> str | None:
    """Return the name that a rule makes of a name; None where it does not match."""
    if kind == "regex":
        if _is_untried(before):
            return after
        found = re.search(before, f"{name}.", re.IGNORECASE) or re.search(before, name, re.IGNORECASE)
        return _GROUP.sub(lambda group: found[int(group[1])] if int(group[1]) <= len(found.groups()) else "", after) if found else None
    if kind == "exact":
        return after if name == before else None
    if kind == "prefix":
        return after + name[len(before) :] if name.startswith(before) else None
    if kind == "suffix":
        return name[: len(name) - len(before)] + after if name.endswith(before) else None
    return name.replace(before, after) if before in name else None


def _is_untried(pattern: str) -> bool:
    """Return whether a pattern cannot be tried in time, or is none of Python's, so that it may match everything."""
    if _NESTED.search(pattern) or sum(pattern.count(sign) for sign in "*+{") > _MOST_REPEATED:
        return True
    try:
        re.compile(pattern)
    except re.error:
        return True
    return False


def _templated(plugin: Plugin, name: str, zones: tuple[str, ...]) -> str:
    kind, named = (plugin.words[1] if len(plugin.words) > 1 else "ANY").upper(), tuple(map(zone, plugin.words[2:])) or zones
    if kind not in {"A", "AAAA", "ANY", "CNAME"} or not is_in(name, named):
        return ""
    patterns = [one for line in plugin.body if line[0] == "match" for one in line[1:]]
    if patterns and not any(_is_untried(one) or re.search(one, f"{name}.", re.IGNORECASE) for one in patterns):
        return ""
    answers = [" ".join(line[1:]) for line in plugin.body if line[0] == "answer"]
    # without an answer of its own, a template for IPv6 only says that there is none
    return f"the template {answers[0]!r}" if answers else "no address" if kind in {"A", "ANY"} else ""
