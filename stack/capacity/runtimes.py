"""Bounds that variables and flags set for the heaps of Go, Node.js and .NET, in bytes.

Meaning and spelling are those of the runtimes themselves: Go 1.26 and Node.js 20 were asked on 2026-11-30 (``go version`` ends at once
with a malformed GOMEMLIMIT, ``v8.getHeapStatistics().heap_size_limit`` is the bound), .NET's are those of its documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stack.capacity.commands import basename, environment, programs
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GO: Final = "GOMEMLIMIT"
_GO_SIZE: Final = re.compile(r"(\d{1,19})(B|[KMGT]iB)?")
_GO_SCALE: Final = {None: 0, "B": 0, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4}
# Variables whose flags Node.js and Deno hand to V8
_OF_V8: Final = ("NODE_OPTIONS", "DENO_V8_FLAGS")
_V8: Final = re.compile(r"--max[-_](old|semi)[-_]space[-_]size(?:=|[ ,]+)[\"']?(\d{1,12})(?=[\"' ,]|\Z)")
_SEMI: Final = "--max-semi-space-size"
_NODE: Final = {"node", "nodejs"}
# V8's young generation is three semi-spaces: 16 MiB each without a flag, and a power of two with one
_SEMI_MIB: Final = 16
_SPACES: Final = 3
# A number in hexadecimal digits, with or without 0x
_HEX: Final = re.compile(r"(?:0[xX])?([0-9a-fA-F]{1,16})")
_NET: Final = ("DOTNET_GCHeapHardLimit", "COMPlus_GCHeapHardLimit")
_NET_PARTS: Final = ("", "SOH", "LOH", "POH")


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound of a heap.

    Attributes:
        runtime: Runtime that reads it.
        name: Variable or flag that sets it.
        value: Value as written.
        size: Bytes that the heap may take; None if the runtime refuses the value and does not start.
        besides: Bytes of these that another flag, or none, decides.
    """

    runtime: str
    name: str
    value: str
    size: int | None
    besides: int = 0

    def within(self, room: int) -> str | None:
        """Return the largest value that fits so many bytes, as the runtime reads it; None if none does."""
        left = room - self.besides
        if self.name == _SEMI:
            left = (1 << (room // _SPACES // MIB).bit_length() >> 1) * MIB
        if left < MIB:
            return None
        if self.runtime == "Go":
            return f"{left // MIB}MiB"
        return f"0x{left:X}" if self.runtime == ".NET" else str(left // MIB)


def bounds(container: Mapping[str, Any]) -> Iterator[Bound]:
    """Yield the bounds that a container sets for its heaps; a value that is not known at preview yields none.

    Args:
        container: The container in Kubernetes' own spelling.
    """
    values = {name: text for name, text in environment(container).items() if isinstance(text, str) and "$" not in text}
    yield from _of_go(values)
    yield from _of_v8(values, container)
    yield from _of_net(values)


def _of_go(values: Mapping[str, str]) -> Iterator[Bound]:
    text = values.get(_GO, "")
    if text in {"", "off"}:
        return
    found = _GO_SIZE.fullmatch(text)
    size = int(found[1]) * 1024 ** _GO_SCALE[found[2]] if found else 0
    # the runtime keeps it in 63 bits
    yield Bound("Go", _GO, text, size if found and size < 2**63 else None)


def _of_v8(values: Mapping[str, str], container: Mapping[str, Any]) -> Iterator[Bound]:
    """Yield the bound of V8: its last flag counts, and those of a command line count behind those of variables."""
    flags = {
        kind: int(size) for text in (*(values.get(name, "") for name in _OF_V8), *_told(container)) for kind, size in _V8.findall(text)
    }
    old, semi = flags.get("old", 0), flags.get("semi", 0)
    # 0 is V8's default, which follows the machine
    young = _SPACES * (1 << (semi - 1).bit_length() if semi else _SEMI_MIB) * MIB
    if old:
        yield Bound("Node.js", "--max-old-space-size", str(old), old * MIB + young, young)
    elif semi:
        yield Bound("Node.js", _SEMI, str(semi), young)


def _told(container: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of each program; behind the script of Node.js, they are the script's."""
    for program in programs(container):
        options = program[1:]
        if basename(program[0]) in _NODE:
            script = next((at for at, word in enumerate(options) if not word.startswith("-") and not word.isdecimal()), len(options))
            options = options[:script]
        yield " ".join((program[0], *options) if program[0].startswith("-") else options)


def _of_net(values: Mapping[str, str]) -> Iterator[Bound]:
    """Yield the bound of .NET: the one of the whole heap, or the sum of those of its parts; a value that is no number bounds nothing."""
    for name in _NET:
        sizes = {f"{name}{part}": _hexadecimal(values.get(f"{name}{part}", "")) for part in _NET_PARTS}
        whole = sizes.pop(name)
        if whole:
            yield Bound(".NET", name, values[name], whole)
        elif any(sizes.values()):
            largest = max(sizes, key=lambda key: sizes[key])
            total = sum(sizes.values())
            yield Bound(".NET", largest, values[largest], total, total - sizes[largest])
        if whole or any(sizes.values()):
            return  # the newer names count


def _hexadecimal(text: str) -> int:
    found = _HEX.fullmatch(text)
    return int(found[1], 16) if found else 0
