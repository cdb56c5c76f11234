"""The table of settings in docs/settings.md, made from the typed model.

Keys, types, defaults and descriptions come from the models, as those of the JSON schema do.
"""

from __future__ import annotations

import inspect
import re
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.alias_generators import to_camel

from pipeline.documents.generated import PartError, replaced
from stack.settings import addresses, archive, images, streaming
from stack.settings import types as words
from stack.settings.model import Settings
from stack.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic.fields import FieldInfo

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
_WORDS: Final = (
    (words.Mebibytes, "MiB"),
    (streaming.WorkerMebibytes, "MiB"),
    (words.Millicores, "thousandths of a core"),
    (words.Port, "port"),
    (words.SqlIdentifier, "SQL name"),
    (words.QualifiedTable, "schema and table"),
    (words.DnsLabel, "DNS label"),
    (archive.BucketName, "bucket name"),
    (words.Word, "word"),
    (addresses.Cidr, "address range"),
    (addresses.ServerRange, "address range"),
    (addresses.HostName, "host name"),
    (addresses.HostPort, "`host:port`"),
    (addresses.HttpUrl, "URL"),
    (words.SchemaName, "SQL name"),
    (addresses.HttpOrigin, "URL"),
    (images.Image, "image"),
    (words.KmsKeyArn, "ARN"),
    (words.OidcProviderArn, "ARN"),
    (bool, "`true` or `false`"),
    (str, "text"),
)
_LONGEST_DEFAULT: Final = 200
_ALTERNATIVES: Final = re.compile(r"\^\((\w+(?:\|\w+)+)\)\$")


@dataclass(frozen=True, slots=True)
class Row:
    """One setting.

    Attributes:
        key: Path below ``data-ingestion:`` as in a stack file.
        kind: Allowed values, in words.
        default: Default value as in a stack file, or ``none`` or ``required``.
        meaning: Description.
    """

    key: str
    kind: str
    default: str
    meaning: str


def meaning(model: type[Section], name: str) -> str:
    """Return the description of a field as Markdown, or an empty string."""
    return " ".join((model.model_fields[name].description or "").split()).replace("``", "`")


def rows(model: type[Section], defaults: Section | None = None, prefix: str = "") -> Iterator[Row]:
    """Yield every setting of a model, including nested sections.

    Args:
        model: Class of the section.
        defaults: Default value of the section, or None if it is required.
        prefix: Path of the section with a trailing dot.

    Raises:
        PartError: If a setting has no description.
    """
    hints = get_type_hints(model, include_extras=True)
    for name, field in model.model_fields.items():
        key, hint = prefix + to_camel(name), hints[name]
        default = getattr(defaults, name) if defaults is not None else None if field.is_required() else field.default
        if _is_section(hint):
            yield from rows(hint, default, f"{key}.")
            continue
        if not field.description:
            message = f"{key} has no description: add a docstring below {name} in {model.__name__}"
            raise PartError(message)
        yield Row(key, _kind(hint, field), _default(field, default), meaning(model, name))


def _default(field: FieldInfo, value: object) -> str:
    if field.is_required() and value is None:
        return "**required**"
    if value is None:
        return "none"
    if isinstance(value, tuple) and len(_written(value)) > _LONGEST_DEFAULT:
        return f"{len(value)} entries"
    return f"`{_written(value)}`"


def _is_section(hint: Any) -> bool:  # noqa: ANN401 - a type or a form of typing
    return isinstance(hint, type) and issubclass(hint, Section)


def _kind(hint: Any, field: FieldInfo | None = None) -> str:  # noqa: ANN401, PLR0911 - as above; one for each kind
    for known, word in _WORDS:
        if hint is known:
            return _pattern(field) or word
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _kind(parts[0], field)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(part) for part in parts if part is not type(None))
    if origin in (tuple, dict):
        return f"list of {_kind(parts[0])}" if origin is tuple else "keys and their values"
    if hint is int:
        return _bounds(field)
    return f"`{{{', '.join(to_camel(name) for name in hint.model_fields)}}}`"


def _pattern(field: FieldInfo | None) -> str:
    for rule in field.metadata if field else ():
        alternatives = _ALTERNATIVES.fullmatch(str(getattr(rule, "pattern", None)))
        if alternatives:
            return ", ".join(f"`{word}`" for word in alternatives[1].split("|"))
    return ""


def _bounds(field: FieldInfo | None) -> str:
    rules = field.metadata if field else []
    least = next((rule.ge for rule in rules if hasattr(rule, "ge")), None)
    most = next((rule.le for rule in rules if hasattr(rule, "le")), None)
    return "number" + (f" from {least}" if least is not None else "") + (f" to {most}" if most is not None else "")


def _written(value: object) -> str:
    """Render a default as in a stack file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Section):
        return "{" + ", ".join(f"{to_camel(name)}: {_written(part)}" for name, part in value) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)


def shapes(model: type[Section], prefix: str = "") -> dict[type[Section], str]:
    """Return the objects of lists and of optional keys, which a stack file sets as a whole, with their place."""
    places: dict[type[Section], str] = {}
    for name, hint in get_type_hints(model, include_extras=True).items():
        if name not in model.model_fields:
            continue
        key = prefix + to_camel(name)
        if _is_section(hint):
            places |= shapes(hint, f"{key}.")
        place = f"An entry of `{key}`" if get_origin(hint) is tuple else f"`{key}`"
        places |= dict.fromkeys(filter(_is_section, get_args(hint)), place)
    return places


def _shape(model: type[Section], place: str) -> str:
    hints = get_type_hints(model, include_extras=True)
    keys = ", ".join(to_camel(name) for name in model.model_fields)
    lines = [f"- {place}, `{{{keys}}}`, is set as a whole. {(inspect.getdoc(model) or '').splitlines()[0]}"]
    lines += [f"  - `{to_camel(name)}` ({_kind(hints[name], field)}): {meaning(model, name)}" for name, field in model.model_fields.items()]
    return "\n".join(lines)


def _table(listed: Sequence[Row]) -> str:
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    lines += [f"| `{row.key}` | {row.kind} | {row.default} | {row.meaning.replace('|', chr(92) + '|')} |" for row in listed]
    return "\n".join(lines)


def render(model: type[Section] = Settings) -> str:
    """Render the reference in Markdown: a table for each section, then the objects that are set as a whole."""
    groups: dict[str, list[Row]] = {}
    for row in rows(model):
        groups.setdefault(row.key.partition(".")[0], []).append(row)
    parts = []
    for key, listed in groups.items():
        parts.append(_table(listed) if listed[0].key == key else f"**{key}**: {meaning(model, key)}\n\n{_table(listed)}")
    return "\n\n".join([*parts, "\n".join(_shape(shape, place) for shape, place in shapes(model).items())])


def updated(text: str, reference: str) -> str:
    """Return the document with the reference between its two markers.

    Raises:
        PartError: If a marker is missing.
    """
    return replaced(text, "settings", reference)
