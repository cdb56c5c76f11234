"""Dialects of the query engines: quoting of names, and the few expressions that each engine spells in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.settings.sql_names import in_quotes

if TYPE_CHECKING:
    from collections.abc import Callable


def _backtick(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _by_adapter(name: str) -> str:
    """Let dbt quote a name as its database does."""
    return "{{ adapter.quote('" + name.replace("\\", "\\\\").replace("'", "\\'") + "') }}"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One query engine.

    Attributes:
        title: Name of the engine as people write it.
        quoted: Function that quotes a name, so that reserved words are names too.
        second_word: Expression for what stands between the first two quotation marks of the text ``{text}``, as a number.
        whole: Expression for a whole number that files without a catalog have as text.
    """

    title: str
    quoted: Callable[[str], str]
    second_word: str
    whole: str = "CAST({text} AS INTEGER)"

    def relation(self, namespace: str, table: str) -> str:
        """Return the name of a table in its namespace, of which a catalog's name may be the first part."""
        return ".".join(self.quoted(part) for part in (*namespace.split("."), table))


_SPLIT: Final = "CAST(split_part({text}, '\"', 2) AS BIGINT)"

DIALECTS: Final[dict[str, Dialect]] = {
    "duckdb": Dialect("DuckDB", in_quotes, _SPLIT),
    "athena": Dialect("Amazon Athena", in_quotes, _SPLIT),
    "spark": Dialect("Apache Spark", _backtick, _SPLIT),
    "clickhouse": Dialect(
        "ClickHouse",
        in_quotes,
        "toInt64OrZero(splitByChar('\"', coalesce({text}, ''))[2])",
        # a cast to a number takes no NULL, and a function from text takes no number
        "toInt32OrNull(toString({text}))",
    ),
    "dbt": Dialect("dbt", _by_adapter, _SPLIT),
}
