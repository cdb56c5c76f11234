"""A new epoch and its seam in the text of a stack file; every other character stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import yaml

from stack.settings import yaml_file

if TYPE_CHECKING:
    from stack.settings.seams import Seam

_SECTION: Final = "data-ingestion:streaming"
_STEP: Final = "  "


class EditError(Exception):
    """The file has a form in which the two settings cannot be set without a change of others; the message says what to write by hand."""


def with_epoch(text: str, seam: Seam) -> str:
    """Return the text of a stack file with the epoch of a seam, and the seam after the others.

    Args:
        text: Text of the file.
        seam: Break before the new epoch.

    Raises:
        EditError: If the file has to be changed by hand.
    """
    try:
        edited = _edited(text, seam)
        right = yaml_file.parse(edited) == _wanted(yaml_file.parse(text), seam)
    except (yaml.YAMLError, yaml_file.YamlFileError, _ShapeError):
        right = False
    if not right:
        message = f"write by hand, below {_SECTION}: epoch: {seam.epoch} and, as the last of seams, {_item(seam)}; then begin again"
        raise EditError(message)
    return edited


class _ShapeError(Exception):
    """A node is of a kind that cannot be edited as text."""


def _edited(text: str, seam: Seam) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    config = _value(root, "config")
    if _is_empty(config):
        return _below(text, root, config, "config:", [f"{_STEP}{_SECTION}:", *_lines(seam, 2 * _STEP)])
    key, section = _entry(config, _SECTION, _SECTION.partition(":")[2])
    if not config.value:
        raise _ShapeError
    if key is None or _is_empty(section):
        margin = " " * config.value[0][0].start_mark.column
        return _below(text, config, section, f"{margin}{_SECTION}:", _lines(seam, f"{margin}{_STEP}"))
    return _in_section(text, section, seam)


def _in_section(text: str, section: Any, seam: Seam) -> str:  # noqa: ANN401 - a node of PyYAML
    """Set the two keys; the later place in the text first, so that the other one's index stays right."""
    if not isinstance(section, yaml.MappingNode) or not section.value:
        raise _ShapeError
    epoch, listed = _value(section, "epoch"), _value(section, "seams")
    changes = [_appended(text, listed, seam)] if listed is not None else []
    if epoch is not None:
        changes.append((epoch.start_mark.index, epoch.end_mark.index, str(seam.epoch)))
    new = [] if epoch is not None else [f"epoch: {seam.epoch}"]
    if section.flow_style:
        new += [] if listed is not None else [f"seams: [{_item(seam)}]"]
        changes += [(section.start_mark.index + 1,) * 2 + ("".join(f"{one}, " for one in new),)]
    else:
        first = section.value[0][0].start_mark
        margin = " " * first.column
        changes += [(first.index,) * 2 + (f"{one}\n{margin}",) for one in new]
        if listed is None:
            end, broken = _line_end(text, section)
            changes.append((end, end, f"{broken}{margin}seams:\n{margin}{_STEP}- {_item(seam)}\n"))
    for start, end, put in sorted(changes, reverse=True):
        text = text[:start] + put + text[end:]
    return text


def _appended(text: str, listed: Any, seam: Seam) -> tuple[int, int, str]:  # noqa: ANN401 - a node of PyYAML
    """Return the change that appends an item to a list."""
    if not isinstance(listed, yaml.SequenceNode):
        raise _ShapeError
    if listed.flow_style:
        end = listed.end_mark.index - 1
        return end, end, f"{', ' if listed.value else ''}{_item(seam)}"
    end, broken = _line_end(text, listed)
    return end, end, f"{broken}{' ' * listed.start_mark.column}- {_item(seam)}\n"


def _below(text: str, parent: Any, empty: Any, key: str, lines: list[str]) -> str:  # noqa: ANN401 - nodes of PyYAML
    """Put lines below a key: the existing one without a value, or a new one after the others."""
    if parent is not None and not (isinstance(parent, yaml.MappingNode) and not parent.flow_style):
        raise _ShapeError
    end, broken = (len(text), "" if text.endswith("\n") or not text else "\n") if parent is None else _line_end(text, empty or parent)
    return text[:end] + broken + "".join(f"{line}\n" for line in ([] if empty is not None else [key]) + lines) + text[end:]


def _lines(seam: Seam, margin: str) -> list[str]:
    return [f"{margin}epoch: {seam.epoch}", f"{margin}seams:", f"{margin}{_STEP}- {_item(seam)}"]


def _item(seam: Seam) -> str:
    """Return a seam as one line of YAML; its texts are quoted, since the CLI would take a time for something else."""
    values = seam.model_dump(by_alias=True, exclude_none=True)
    return f"{{{', '.join(f'{key}: {value if key in _PLAIN else json.dumps(value)}' for key, value in values.items())}}}"


_PLAIN: Final = ("epoch", "cause")


def _entry(node: Any, *names: str) -> tuple[Any, Any]:  # noqa: ANN401 - nodes of PyYAML
    if not isinstance(node, yaml.MappingNode):
        raise _ShapeError
    found = [(key, value) for key, value in node.value if key.value in names]
    return found[0] if found else (None, None)


def _value(node: Any, name: str) -> Any:  # noqa: ANN401 - nodes of PyYAML
    return None if node is None else _entry(node, name)[1]


def _is_empty(node: Any) -> bool:  # noqa: ANN401 - a node of PyYAML
    return node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"))


def _line_end(text: str, node: Any) -> tuple[int, str]:  # noqa: ANN401 - a node of PyYAML
    """Return the index behind the last line of a node with its comment, and the line break that this line lacks."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    index = node.end_mark.index
    if index and text[index - 1] == "\n":
        return index, ""
    end = text.find("\n", index)
    return (len(text), "\n") if end < 0 else (end + 1, "")


def _wanted(content: Any, seam: Seam) -> Any:  # noqa: ANN401 - any YAML
    """Return the content of the file with the two settings changed."""
    whole = dict(content or {})
    config = whole["config"] = dict(whole.get("config") or {})
    name = next((key for key in config if key in (_SECTION, _SECTION.partition(":")[2])), _SECTION)
    section = config[name] = dict(config.get(name) or {})
    section["epoch"] = seam.epoch
    section["seams"] = [*(section.get("seams") or []), seam.model_dump(by_alias=True, exclude_none=True)]
    return whole
