"""PNG files: the colours of their pixels, and labels that say which page a picture is of."""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGEST: Final = "page"
_BEGIN: Final = b"\x89PNG\r\n\x1a\n"
_LABEL: Final = b"tEXt"


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each part of a file."""
    assert picture.startswith(_BEGIN)
    place = len(_BEGIN)
    while place < len(picture):
        length, kind = struct.unpack(">I4s", picture[place : place + 8])
        yield kind, picture[place + 8 : place + 8 + length]
        place += 12 + length


def _written(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def labels(picture: bytes) -> dict[str, str]:
    """Return the labels of a file."""
    pairs = (content.split(b"\0", 1) for kind, content in _chunks(picture) if kind == _LABEL)
    return {name.decode(): value.decode() for name, value in pairs}


def labelled(picture: bytes, text: str) -> bytes:
    """Return the file with the digest of a page, in place of an earlier one."""
    label = f"{DIGEST}\0{hashlib.sha256(text.encode()).hexdigest()}".encode()
    parts = [(kind, content) for kind, content in _chunks(picture) if kind != _LABEL]
    return _BEGIN + b"".join(_written(*part) for part in [parts[0], (_LABEL, label), *parts[1:]])


def colours(picture: bytes) -> list[tuple[int, int, int]]:
    """Return the colours of the pixels of the first line; eight bits for each of three or four channels."""
    parts = list(_chunks(picture))
    width, _, depth, kind = struct.unpack(">IIBB", parts[0][1][:10])
    assert (depth, kind in {2, 6}) == (8, True)
    step = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(content for name, content in parts if name == b"IDAT"))
    line = bytearray(raw[1 : 1 + step * width])
    # what a filter adds to a byte of a first line, which has none above: nothing, or the byte before, or half of it
    share = {0: 0, 1: 1, 2: 0, 3: 2, 4: 1}[raw[0]]
    for place in range(step, len(line)):
        line[place] = (line[place] + (line[place - step] // share if share else 0)) % 256
    return [(line[place], line[place + 1], line[place + 2]) for place in range(0, len(line), step)]
