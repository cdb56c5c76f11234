"""Names of relations in a statement, and where a name without a schema leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.ddl.parsing import Node


@dataclass(frozen=True, slots=True)
class Name:
    """A name as the statement writes it, its parts as the database has them.

    Attributes:
        schema: Schema; empty where the statement names none.
        name: Name without quotes.
    """

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """The name for SQL, as it was written, in quotes where it needs them."""
        return quoted(self.schema, self.name) if self.schema else quoted(self.name)

    def within(self, schema: str) -> Name:
        """Return the name with a schema, its own where it has one."""
        return self if self.schema else Name(schema, self.name)

    @property
    def full(self) -> str:
        """Schema and name in the database, without quotes."""
        return f"{self.schema}.{self.name}"


def of_relation(node: Node) -> Name:
    """Return the name in a node ``RangeVar``."""
    return Name(node.get("schemaname", ""), node["relname"])


def words(items: Sequence[Node]) -> list[str]:
    """Return the parts of a name that is a list of strings."""
    return [item["String"].get("sval", "") for item in items if "String" in item]


def of_list(items: Sequence[Node]) -> Name:
    """Return the name in a list of strings; a database before the schema does not count."""
    parts = words(items)
    return Name(parts[-2] if len(parts) > 1 else "", parts[-1])
