"""Contents of a letter for a screen: fields by name, and values only where they are known to be harmless, or asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.neutral import neutral

if TYPE_CHECKING:
    from pipeline.dlq.soundness import Side

MASK: Final = "***"
# Fields that Debezium adds: position, times and kind of the change, and no column of the row
_HARMLESS: Final = frozenset(
    {"__deleted", "__op", "__ts_ms", "__source_ts_ms", "__source_lsn", "__source_txId", "__source_schema", "__source_table"}
)
# The longest that a harmless value is; anything else in such a field is none
_PLAIN: Final = re.compile(r"[\w.]{1,63}", re.ASCII)
_LONGEST: Final = 2000


def contents(side: Side, *, values: bool) -> list[str]:
    """Return the decoded fields of a key or value, one a line; none where it was not decoded."""
    if side.schema is None or (side.content is None and side.fault):
        return []
    if not isinstance(side.content, dict):
        return [_shown(side.content) if values else MASK]
    return [f"{neutral(_one_line(name))} = {_field(name, value, values=values)}" for name, value in side.content.items()]


def raw(data: bytes | None, *, values: bool) -> str:
    """Return bytes that no schema describes: their number, and themselves if they are asked for."""
    if data is None:
        return "none"
    size = f"{len(data):,} bytes"
    return f"{size}: {shortened(data)}" if values else size


def shortened(data: bytes | str) -> str:
    """Return foreign text or bytes as harmless text of a bounded length."""
    text = data if isinstance(data, str) else data[: 4 * _LONGEST].decode(errors="backslashreplace")
    return neutral(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text):,} characters)")


def _field(name: str, value: Any, *, values: bool) -> str:  # noqa: ANN401 - a decoded value
    if values:
        return _shown(value)
    harmless = name in _HARMLESS and (value is None or isinstance(value, int) or (isinstance(value, str) and _PLAIN.fullmatch(value)))
    return _shown(value) if harmless else MASK


def _shown(value: Any) -> str:  # noqa: ANN401 - as above
    if value is None:
        return "null"
    return _one_line(shortened(value if isinstance(value, (str, bytes)) else str(value)))


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\t", "\\t")
