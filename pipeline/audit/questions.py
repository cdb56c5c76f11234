"""Questions about the sides of one table, asked of DuckDB: how many rows an answer has, and the first ones by name.

The sides are views of one connection. ``kafka`` has the committed records, ``aside`` the dead letters' places, ``ranges`` the offsets
that were read, ``seen`` all offsets with a record, ``archived`` the rows of the archive, ``logged`` the database's changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pipeline.audit.records import ROW, TRUNCATE
from pipeline.audit.report import Finding
from pipeline.reading.log_position import lsn_text
from stack.settings.sql_names import text_literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    from pipeline.audit.report import Hop, Kind
    from pipeline.audit.subject import Subject

# Rows that DuckDB groups or sorts at a time: 450 MiB of memory in all and 160 of disk with a limit of 256 MB
_HASHED_AT_ONCE: Final = 10_000_000
# Rows of both sides that DuckDB joins at a time by their places: 48 bytes for each
_JOINED_AT_ONCE: Final = 6_000_000
# Rows that tell how the offsets are distributed, so that parts are of about the same size
_SAMPLE: Final = 10_000


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
        keys = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in subject.quoted_key)
        # the mark of a TRUNCATE has values that stand for none, and the database's log has none at all
        self.same_key = f"(a.\"@op\" = '{TRUNCATE}' OR {keys})"
        self.same_place = 'a."@partition" = b."@partition" AND a."@offset" = b."@offset"'
        topic = text_literal(subject.topic)
        own = f'(SELECT * FROM archived WHERE "@topic" = {topic} AND "@epoch"'  # noqa: S608
        self.present, self.earlier = f"{own} = {subject.epoch})", f"{own} < {subject.epoch})"
        self.aside = f'(SELECT * FROM aside WHERE "@topic" = {topic})'  # noqa: S608 - as everywhere here: names of the table model
        named = f'*, __source_lsn AS "@lsn", __op AS "@op", {topic} AS "@topic"'
        self.kafka = f"(SELECT {named} FROM kafka)"  # noqa: S608
        self.rows = f"(SELECT {named} FROM kafka WHERE \"@form\" = '{ROW}')"  # noqa: S608

    def number(self, sql: str) -> int:
        """Return the one number that a query gives."""
        # to its end: DuckDB gives the connection to nothing else before
        rows = self.database.execute(sql).fetchall()
        return int(rows[0][0]) if rows else 0

    def in_parts(self, table: str, rows: str, identity: str, answer: Callable[[str], str]) -> None:
        """Answer a question about rows with a common identity, some identities at a time.

        A part is what has some of the hashes, so that memory and disk of a question are those of one part, however many rows there are.

        Args:
            table: Name of the temporary table for the answers.
            rows: A view, or a query in parentheses.
            identity: The columns that identify a row.
            answer: Function from the rows of a part, as a query in parentheses, to the query for the answers in them.
        """
        parts = 1 + self.number(f"SELECT count(*) FROM {rows}") // _HASHED_AT_ONCE  # noqa: S608
        for part in range(parts):
            some = f"(SELECT * FROM {rows} WHERE hash({identity}) % {parts} = {part})"  # noqa: S608
            begun = f"INSERT INTO {table}" if part else f"CREATE OR REPLACE TEMP TABLE {table} AS"
            self.database.execute(f"{begun} {answer(some)}")

    def some_offsets(self, *sides: str) -> Iterator[Callable[[str], str]]:
        """Yield the offsets some at a time, each time as function from the name of a side to SQL of the condition; NULL is in none.

        The files are nearly in the order of the offsets, so that little more of them is read than these.

        Args:
            sides: The views that are asked about.
        """
        parts = 1 + sum(self.number(f"SELECT count(*) FROM {side}") for side in sides) // _JOINED_AT_ONCE  # noqa: S608
        every = " UNION ALL ".join(f'SELECT "@offset" FROM {side}' for side in sides)  # noqa: S608
        shares = [part / parts for part in range(1, parts)]
        # by shares of the rows: one wrong offset far behind the others would leave these all in one part
        sample = f"(SELECT * FROM ({every}) USING SAMPLE {_SAMPLE} ROWS)"  # noqa: S608
        found = self.database.execute(f'SELECT quantile_disc("@offset", {shares}) FROM {sample}').fetchall() if shares else [([],)]  # noqa: S608
        cuts = sorted(set(found[0][0] or []))
        for begin, end in zip([None, *cuts], [*cuts, None], strict=True):
            yield partial(_within, begin, end)

    def note(self, places: Callable[[str, str], str], *sides: str) -> None:
        """Note the places that queries give, without NULL in them, for `noted`.

        Args:
            places: Function from the conditions for some offsets of ``a`` and of ``b`` to the query for these.
            sides: The views that it asks about: Kafka's is not there in an audit of the archive alone.
        """
        self.database.execute('CREATE OR REPLACE TEMP TABLE noted ("@partition" INTEGER, "@offset" BIGINT)')
        for some in self.some_offsets(*sides):
            self.database.execute(f"INSERT INTO noted SELECT DISTINCT * FROM ({places(some('a'), some('b'))})")  # noqa: S608

    def noted(self, rows: str) -> str:
        """Return SQL of the rows at the noted places.

        A join of two large sides holds every column of both that its answer has; places alone are narrow, and those noted are few.
        """
        return f'(SELECT a.* FROM {rows} AS a SEMI JOIN noted USING ("@partition", "@offset"))'  # noqa: S608

    def ask(self, kind: Kind, hop: Hop, sql: str, text: str) -> Found:
        """Return the number of rows that a query gives, and the first ones as findings.

        Args:
            kind: Their kind.
            hop: Their place.
            sql: The query; ``@number`` is how many rows one of its rows stands for.
            text: What is wrong with them.
        """
        names = [row[0] for row in self.database.execute(f"DESCRIBE {sql}").fetchall()]
        order = '"@partition", "@offset"' if "@partition" in names else '"@lsn"'
        # the first ones alone, and no table of them all: where everything is missing it would be as large as the archive
        cursor = self.database.execute(f"SELECT * FROM ({sql}) ORDER BY {order} LIMIT {self.limit + 1}")  # noqa: S608
        first = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        number = sum(int(row.get("@number", 1)) for row in first)
        if len(first) > self.limit:
            weighed = 'coalesce(sum("@number"), 0)' if "@number" in names else "count(*)"
            number = self.number(f"SELECT {weighed} FROM ({sql})")  # noqa: S608
        return Found(kind, number, tuple(self._finding(row, kind, hop, text) for row in first[: self.limit]))

    def _finding(self, row: dict[str, Any], kind: Kind, hop: Hop, text: str) -> Finding:
        lsn = row.get("@lsn")
        # the mark of a TRUNCATE has no key, only values that stand for none
        key = () if row.get("@op") == TRUNCATE else self.subject.key
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
            key={name: str(row[name]) for name in key if row.get(name) is not None},
            file=row.get("@file"),
        )


def _within(begin: int | None, end: int | None, side: str) -> str:
    bounds = [f'{side}."@offset" {sign} {bound}' for sign, bound in ((">=", begin), ("<", end)) if bound is not None]
    return " AND ".join(bounds) or f'{side}."@offset" IS NOT NULL'


def with_columns(finding: Finding, columns: Sequence[str]) -> Finding:
    """Return a finding that names the altered columns too."""
    return replace(finding, columns=tuple(columns), text=f"{finding.text}: {', '.join(columns)}") if columns else finding
