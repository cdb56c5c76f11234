"""Questions about the sides of one table, asked of DuckDB: how many rows an answer has, and the first ones by name.

The sides are views of one connection. ``kafka`` has the committed records, ``aside`` the dead letters' places, ``ranges`` the offsets
that were read, ``seen`` all offsets with a record, ``archived`` the rows of the archive, ``logged`` the database's changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from audit.records import ROW
from audit.report import Finding, lsn_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from audit.report import Hop, Kind
    from audit.subject import Subject


@dataclass(frozen=True, slots=True)
class Found:
    """Findings of one question.

    Attributes:
        kind: Their kind.
        number: Rows that they stand for, all of them.
        findings: The first ones by name.
    """

    kind: Kind
    number: int
    findings: tuple[Finding, ...]


class Questions:
    """Questions about one table.

    Args:
        database: The connection with the views.
        subject: The table.
        limit: The most findings of one question that are named.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, subject: Subject, limit: int) -> None:
        """Ask nothing yet."""
        self.database = database
        self.subject = subject
        self.limit = limit
        self.key = ", ".join(subject.quoted_key)
        self.same_key = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in subject.quoted_key)
        self.same_place = 'a."@partition" = b."@partition" AND a."@offset" = b."@offset"'
        topic = subject.topic.replace("'", "''")
        own = f'(SELECT * FROM archived WHERE "@topic" = \'{topic}\' AND "@epoch"'  # noqa: S608
        self.present, self.earlier = f"{own} = {subject.epoch})", f"{own} < {subject.epoch})"
        self.aside = f"(SELECT * FROM aside WHERE \"@topic\" = '{topic}')"  # noqa: S608 - as everywhere here: names of the table model
        named = f'*, __source_lsn AS "@lsn", __op AS "@op", \'{topic}\' AS "@topic"'
        self.kafka = f"(SELECT {named} FROM kafka)"  # noqa: S608
        self.rows = f"(SELECT {named} FROM kafka WHERE \"@form\" = '{ROW}')"  # noqa: S608

    def number(self, sql: str) -> int:
        """Return the one number that a query gives."""
        row = self.database.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def ask(self, kind: Kind, hop: Hop, sql: str, text: str) -> Found:
        """Return the number of rows that a query gives, and the first ones as findings.

        Args:
            kind: Their kind.
            hop: Their place.
            sql: The query; ``@number`` is how many rows one of its rows stands for.
            text: What is wrong with them.
        """
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE found AS {sql}")
        names = [row[0] for row in self.database.execute("DESCRIBE found").fetchall()]
        weighed = 'coalesce(sum("@number"), 0)' if "@number" in names else "count(*)"
        number = self.number(f"SELECT {weighed} FROM found")  # noqa: S608
        order = '"@partition", "@offset"' if "@partition" in names else '"@lsn"'
        cursor = self.database.execute(f"SELECT * FROM found ORDER BY {order} LIMIT {self.limit}")  # noqa: S608
        findings = tuple(self._finding(dict(zip(names, row, strict=True)), kind, hop, text) for row in cursor.fetchall())
        self.database.execute("DROP TABLE found")
        return Found(kind, number, findings)

    def _finding(self, row: dict[str, Any], kind: Kind, hop: Hop, text: str) -> Finding:
        lsn = row.get("@lsn")
        return Finding(
            kind=kind,
            hop=hop,
            text=text,
            number=int(row.get("@number", 1)),
            topic=row.get("@topic"),
            partition=row.get("@partition"),
            offset=row.get("@offset"),
            lsn=None if lsn is None else lsn_text(int(lsn)),
            op=row.get("@op"),
            key={name: str(row[name]) for name in self.subject.key if row.get(name) is not None},
            file=row.get("@file"),
        )


def with_columns(finding: Finding, columns: Sequence[str]) -> Finding:
    """Return a finding that names the altered columns too."""
    return replace(finding, columns=tuple(columns), text=f"{finding.text}: {', '.join(columns)}") if columns else finding
