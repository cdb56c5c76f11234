"""YAML files with bounds on size, depth and number of values, read as the Pulumi CLI reads a stack file.

The CLI follows YAML 1.2 for words (``on`` and ``yes`` are text) and changes an unquoted date to a time; PyYAML alone does neither.
"""

from __future__ import annotations

import errno
import math
import os
import re
import stat
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The largest file that is read: a thousand tables of thirty columns take two of these four MiB.
_MOST_BYTES: Final = 4 * 1024 * 1024
# Levels of a value, above the deepest section; what is deeper would end Python's own stack.
MOST_LEVELS: Final = 32
# Values with their keys, and each alias counted as a copy.
_MOST_VALUES: Final = 400_000
_MOST_DIGITS: Final = 40

_TAG: Final = "tag:yaml.org,2002:"
_INT: Final = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\s].*)?")
# From this size on JSON writes a whole float with an exponent.
_LARGE: Final = 1e21
_FAULT = "the file has more than {} {}, too many for {}"


class YamlFileError(ValueError):
    """A file is no YAML of bounded size.

    Attributes:
        reason: Reason, which never quotes a value of the file.
        line: Line of the fault, or None.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        """Create the error of a file or of one of its lines."""
        super().__init__(reason if line is None else f"{reason} in line {line}")
        self.reason, self.line = reason, line


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # PyYAML may be built without libyaml
    """Loader with the words of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's name and type


def _whole(pattern: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern.pattern})\Z")


for _tag, _pattern, _first in (
    ("bool", re.compile("true|True|TRUE|false|False|FALSE"), "tTfF"),
    ("null", re.compile("~|null|Null|NULL|"), "~nN"),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+0123456789."),
    ("timestamp", _DATE, "0123456789"),
    ("merge", re.compile("<<"), "<"),
):
    _Loader.add_implicit_resolver(_TAG + _tag, _whole(_pattern), [*_first, *([""] if _tag == "null" else [])])


def read(path: Path) -> Any:  # noqa: ANN401 - any value of a file
    """Return the content of a regular file.

    Raises:
        YamlFileError: If it is no YAML, or beyond the bounds.
        UnicodeDecodeError: If it is not UTF-8.
        OSError: If it cannot be read.
    """
    return parse(text(path))


def text(path: Path) -> str:
    """Return the text of a regular file of bounded size; a pipe or a device could be read for ever.

    Raises:
        YamlFileError: If it is no regular file, or too large.
        UnicodeDecodeError: If it is not UTF-8.
        OSError: If it cannot be read.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        reason = "it is no regular file"
        raise YamlFileError(reason)
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise YamlFileError(_FAULT.format(_MOST_BYTES // 1024**2, "MiB", "one file"))
    return content.decode().removeprefix("\ufeff")


def parse(content: str) -> Any:  # noqa: ANN401 - any value of a file
    """Return the value of a YAML document: mappings with text as keys, lists, text, numbers, booleans, None.

    Raises:
        YamlFileError: If it is no YAML, or beyond the bounds.
    """
    try:
        _bounded(content)
        loader = _Loader(content)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise YamlFileError(error.problem or "it is no YAML", error.problem_mark.line + 1 if error.problem_mark else None) from None
    except (yaml.YAMLError, UnicodeEncodeError):
        reason = "it must be UTF-8 without control characters"
        raise YamlFileError(reason) from None
    return None if node is None else _value(node, "the file")


def _bounded(content: str) -> None:
    """Refuse a document whose values, with every alias written out, are too many or too deep, before anything recurses into it."""
    sizes: dict[str, int] = {}
    levels: dict[str, int] = {}
    # anchor, values and levels of each open collection; the first stands for the document
    opened: list[list[Any]] = [[None, 0, 0]]
    for event in yaml.parse(content, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == one[0] for one in opened):
                reason = "an anchor contains itself"
                raise YamlFileError(reason, line)
            _count(opened, sizes.get(str(anchor), 1), levels.get(str(anchor), 0), line)
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append([anchor, 1, 1])
            _count(opened, 0, 0, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            name, size, level = opened.pop()
            if name is not None:
                sizes[name], levels[name] = size, level
            _count(opened, size, level, line)
        elif isinstance(event, yaml.ScalarEvent):
            if anchor is not None:
                sizes[anchor], levels[anchor] = 1, 0
            _count(opened, 1, 0, line)


def _count(opened: list[list[Any]], size: int, level: int, line: int) -> None:
    """Count values in the innermost open collection."""
    innermost = opened[-1]
    innermost[1] += size
    innermost[2] = max(innermost[2], level + 1)
    if len(opened) + level > MOST_LEVELS:
        raise YamlFileError(_FAULT.format(MOST_LEVELS, "levels", "settings"), line)
    if innermost[1] > _MOST_VALUES:
        raise YamlFileError(_FAULT.format(_MOST_VALUES, "values", "one file"), line)


def _value(node: yaml.Node, place: str) -> Any:  # noqa: ANN401 - any value of a file
    if isinstance(node, yaml.MappingNode):
        return dict(_entries(node, place))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, place) for item in node.value]
    return _scalar(node)


def _entries(node: yaml.MappingNode, place: str) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a mapping, those of a merged mapping first, so that its own win."""
    written: set[str] = set()
    own: list[tuple[str, yaml.Node]] = []
    for key_node, value_node in node.value:
        if key_node.tag == f"{_TAG}merge":
            yield from _merged(value_node, place)
            continue
        key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            reason = f"{place} has {'a key' if key is None else f'the key {key!r}'}, which is no text; write the name of a setting"
            raise YamlFileError(reason, line)
        if key in written:
            reason = f"the key {key} is written twice"
            raise YamlFileError(reason, line)
        written.add(key)
        own.append((key, value_node))
    for key, value_node in own:
        yield key, _value(value_node, key)


def _merged(node: yaml.Node, place: str) -> Iterator[tuple[str, Any]]:
    """Yield the entries of the mapping below ``<<``, or of each in a list of them, of which the first wins."""
    for one in reversed(node.value) if isinstance(node, yaml.SequenceNode) else (node,):
        if not isinstance(one, yaml.MappingNode):
            reason = "<< merges mappings only"
            raise YamlFileError(reason, one.start_mark.line + 1)
        yield from _entries(one, place)


def _scalar(node: yaml.Node) -> Any:  # noqa: ANN401 - any value of a file
    line = node.start_mark.line + 1
    kind, written = node.tag.removeprefix(_TAG), str(node.value)
    if kind in {"str", "merge"}:
        return written
    if kind == "null":
        return None
    if kind == "bool" and written.lower() in {"true", "false"}:
        return written.lower() == "true"
    if kind in {"int", "float"}:
        return _number(kind, written, line)
    if kind == "timestamp":
        reason = "a date without quotes is a time for Pulumi; write it in quotes"
        raise YamlFileError(reason, line)
    reason = f"a value of the kind {kind!r} is no setting; write text, a number, true or false"
    raise YamlFileError(reason, line)


def _number(kind: str, written: str, line: int) -> int | float:
    digits = written.replace("_", "")
    if len(digits) > _MOST_DIGITS:
        reason = f"a number has {len(digits)} digits"
        raise YamlFileError(reason, line)
    try:
        if kind == "int":
            sign, plain = (-1 if digits.startswith("-") else 1), digits.lstrip("+-")
            octal = len(plain) > 1 and plain.startswith("0") and plain.isdigit()
            return sign * (int(plain, 8) if octal else int(plain, 0))
        number = float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        reason = "a value looks like a number and is none; write it in quotes"
        raise YamlFileError(reason, line) from None
    if not math.isfinite(number):
        reason = "a value is no finite number"
        raise YamlFileError(reason, line)
    return int(number) if number.is_integer() and abs(number) < _LARGE else number
