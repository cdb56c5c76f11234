"""Types of columns: as a statement writes them, as the table file spells them, and what the archive makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.ddl.names import words
from stack.settings.archived_types import OF_EXTENSIONS, archive_type, lost, own_type_fault
from stack.settings.sql_names import quoted
from stack.settings.sql_types import usual

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.ddl.parsing import Node

_SERIAL: Final = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}
# Their precision is no part of the archive's type
_TIMES: Final = frozenset({"time", "timetz", "timestamp", "timestamptz", "interval"})


@dataclass(frozen=True, slots=True)
class Type:
    """Type of a column.

    Attributes:
        spelling: Type in the spelling of the table file: ``numeric(10,2)``, ``text[]``, ``public.mood``.
        archived: Iceberg type of its values; None where it is not known or none.
        lost: Why its values do not arrive as they are, and another type; None where they do, or if that is unknown.
        own: Whether only the database knows the type, so that the table file says ``archivedAs: text``.
        serial: Whether it is one of the words ``serial``, which make a sequence as well.
    """

    spelling: str
    archived: str | None
    lost: tuple[str, str] | None = None
    own: bool = False
    serial: bool = False

    @property
    def is_known(self) -> bool:
        """True if it is known what becomes of the values."""
        return self.archived is not None or self.lost is not None


def of_spelling(spelling: str, own: Collection[str] = ()) -> Type:
    """Return the type of a spelling.

    Args:
        spelling: Type in the table file's spelling.
        own: Types of the database itself that are known to be archived as text, in the same spelling.
    """
    archived = archive_type(spelling)
    if archived:
        return Type(spelling, archived)
    plain, refused = spelling.removesuffix("[]"), lost(spelling)
    if refused:
        return Type(spelling, None, refused)
    array, bare = spelling.removeprefix(plain), plain.partition("(")[0]
    if bare.rpartition(".")[2] in OF_EXTENSIONS:
        # sizes, such as those of geometry(Point,4326), are no part of the name
        spelling = bare + array
    if (plain in own or bare.rpartition(".")[2] in OF_EXTENSIONS) and own_type_fault(spelling) is None:
        return Type(spelling, "string", own=True)
    return Type(spelling, None)


def of_node(node: Node, own: Collection[str] = ()) -> Type:
    """Return the type in a node ``TypeName``; see ``of_spelling``."""
    *schema, name = words(node.get("names", []))
    array = "[]" if node.get("arrayBounds") else ""
    if name in _SERIAL and schema in ([], ["pg_catalog"]):
        return Type(_SERIAL[name], archive_type(_SERIAL[name]), serial=True)
    if schema in ([], ["pg_catalog"]):
        return of_spelling(_builtin(name, _sizes(node), by_keyword=bool(schema)) + array, own)
    return of_spelling(quoted(*schema, name) + array, own)


def _builtin(name: str, sizes: list[str], *, by_keyword: bool) -> str:
    """Return the usual spelling of a type without a schema, or of PostgreSQL's own."""
    if name == "char" and not by_keyword:
        return '"char"'
    known = usual({"bpchar": "char", "varbit": "varbit"}.get(name, name))
    if known in _TIMES:
        return known
    if known == "numeric" and len(sizes) == 1:
        sizes = [*sizes, "0"]
    if sizes:
        return f"{known}({','.join(sizes)})"
    return quoted(name) if known == name and archive_type(known) is None else known


def _sizes(node: Node) -> list[str]:
    """Return the sizes of a type; what is no number leaves a size that no type has."""
    found = []
    for item in node.get("typmods", []):
        constant = item.get("A_Const", {})
        found.append(str(constant["ival"].get("ival", 0)) if "ival" in constant else "?")
    return found
