"""Accounting: what is missing, twice, altered, out of order or without origin on the hops of one table.

Rows from another epoch or topic than the present one are compared among themselves only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.audit.counts import Counts
from pipeline.audit.gaps import Gaps
from pipeline.audit.records import ROW, TOMBSTONE, TRUNCATE
from pipeline.audit.report import Hop, Kind

if TYPE_CHECKING:
    from pipeline.audit.questions import Found

# Column with Debezium's time for a row: a copy of a row that was read has the same time, and one that was read again has another
_HANDLED: Final = "__ts_ms"
# Views of the hop to the archive
_BOTH: Final = ("kafka", "archived")


def _shared(rows: str, identity: str) -> str:
    """Return SQL of the rows whose identity has the hash of another row's: hashes alone are narrow."""
    hashes = f'(SELECT hash({identity}) AS "@identity" FROM {rows})'  # noqa: S608
    return f'(SELECT * FROM {rows} WHERE hash({identity}) IN (SELECT "@identity" FROM {hashes} GROUP BY 1 HAVING count(*) > 1))'  # noqa: S608


class Accounts(Counts, Gaps):
    """Accounts of one table."""

    def missing_in_archive(self) -> Found:
        """Return committed records that no row of the archive and no dead letter stands for.

        Brokers that outlive an epoch still have its rows, which the archive has as they are and under the number of that epoch: at offsets
        before the first row of the present one, since the sink reads on where it was.
        """
        first = f'SELECT "@partition", min("@offset") AS "@first" FROM {self.present} GROUP BY 1'  # noqa: S608
        joined = f'SELECT b.* FROM {self.earlier} AS b LEFT JOIN ({first}) USING ("@partition")'  # noqa: S608
        before = f'({joined} WHERE "@first" IS NULL OR "@offset" < "@first")'
        same = f'{self.same_place} AND b."@hash" = a.hash'
        self.note(
            lambda a, b: (
                f'SELECT a."@partition", a."@offset" FROM kafka AS a WHERE "@form" <> \'{TOMBSTONE}\' AND {a}'  # noqa: S608
                f" AND NOT EXISTS (SELECT 1 FROM {self.present} AS b WHERE {self.same_place} AND {b})"
            ),
            *_BOTH,
        )
        return self.ask(
            Kind.MISSING,
            Hop.ARCHIVE,
            f"SELECT * FROM (SELECT *, {self.subject.hash} AS hash FROM {self.noted(self.kafka)}) AS a"  # noqa: S608
            f" WHERE NOT EXISTS (SELECT 1 FROM {before} AS b WHERE {same})"
            f" AND NOT EXISTS (SELECT 1 FROM {self.aside} AS b WHERE {self.same_place})",
            "is in Kafka and not in the archive",
        )

    def without_origin_in_archive(self) -> Found:
        """Return rows at an offset without a committed record, of those that Kafka still has, of no partition, or without a place."""
        nowhere = '"@topic" IS NULL OR "@partition" IS NULL OR "@offset" IS NULL'
        places = f'SELECT a."@partition", a."@offset" FROM {self.present} AS a'  # noqa: S608
        # two queries: with OR the records would be joined in a way that needs all of them in memory
        self.note(
            lambda a, b: (
                f'{places} WHERE {a} AND "@partition" NOT IN (SELECT "@partition" FROM ranges) UNION ALL {places} JOIN ranges AS r'  # noqa: S608
                ' ON a."@partition" = r."@partition" AND a."@offset" >= r."@begin" AND a."@offset" < r."@end"'
                f" WHERE {a} AND NOT EXISTS (SELECT 1 FROM {self.rows} AS b WHERE {self.same_place} AND {b})"
            ),
            *_BOTH,
        )
        return self.ask(
            Kind.FOREIGN,
            Hop.ARCHIVE,
            f"SELECT * FROM {self.noted(self.present)} UNION ALL SELECT * FROM archived WHERE {nowhere}",  # noqa: S608
            "is in the archive, and Kafka has no committed row at its offset",
        )

    def altered_in_archive(self) -> Found:
        """Return rows of the archive with other values than Kafka's record."""
        hashed = f'(SELECT "@partition", "@offset", {self.subject.hash} AS hash FROM kafka WHERE "@form" = \'{ROW}\' AND "@comparable")'  # noqa: S608
        self.note(
            lambda a, b: (
                f'SELECT a."@partition", a."@offset" FROM {self.present} AS a JOIN {hashed} AS b '  # noqa: S608
                f'ON {self.same_place} AND {a} AND {b} WHERE a."@hash" <> b.hash'
            ),
            *_BOTH,
        )
        few = self.noted(f"(SELECT *, {self.subject.hash} AS hash FROM kafka)")  # noqa: S608
        return self.ask(
            Kind.ALTERED,
            Hop.ARCHIVE,
            f'SELECT a.* FROM {self.noted(self.present)} AS a JOIN {few} AS b ON {self.same_place} WHERE a."@hash" <> b.hash',  # noqa: S608
            "has other values in the archive than in Kafka",
        )

    def twice_in_archive(self) -> Found:
        """Return rows of the archive with the offset of another row."""
        place = '"@epoch", "@topic", "@partition", "@offset"'
        key = ", ".join(f"any_value({name}) AS {name}" for name in self.subject.quoted_key)
        self.in_parts(
            "twice",
            "archived",
            place,
            lambda some: (
                f'SELECT {place}, any_value("@lsn") AS "@lsn", any_value("@op") AS "@op", {key}, count(*) - 1 AS "@number", '  # noqa: S608
                f'string_agg(DISTINCT "@file", \' and \' ORDER BY "@file") AS "@file" '
                f"FROM {_shared(some, place)} GROUP BY {place} HAVING count(*) > 1"
            ),
        )
        return self.ask(Kind.TWICE, Hop.ARCHIVE, "SELECT * FROM twice", "is in the archive more than once, with the same offset")

    def in_two_epochs(self) -> Found:
        """Return rows of the present epoch that an earlier one has too: the same record, with the same values."""
        same = f'{self.same_place} AND a."@hash" = b."@hash"'
        self.note(
            lambda a, b: (
                f'SELECT a."@partition", a."@offset" FROM {self.present} AS a WHERE {a} AND EXISTS '  # noqa: S608
                f"(SELECT 1 FROM {self.earlier} AS b WHERE {same} AND {b})"
            ),
            "archived",
        )
        return self.ask(
            Kind.TWICE,
            Hop.ARCHIVE,
            f"SELECT * FROM {self.noted(self.present)} AS a WHERE EXISTS (SELECT 1 FROM {self.noted(self.earlier)} AS b WHERE {same})",  # noqa: S608
            "is in the archive more than once, with the same offset in two epochs",
        )

    def repeated_in_archive(self) -> Found:
        """Return changes of the database, and copies of rows that were read from it, that stand at more than one offset of the archive."""
        return self._repeated("archived", '"@hash"', Hop.ARCHIVE, "is in the archive more than once, at several offsets")

    def repeated_in_kafka(self) -> Found:
        """Return the same of Kafka, where the source has written them, dead letters left out."""
        rows = f'(SELECT *, 0 AS "@epoch" FROM {self.rows})'  # noqa: S608
        sound = f"NOT EXISTS (SELECT 1 FROM {self.aside} AS b WHERE {self.same_place})"  # noqa: S608
        text = "is in Kafka more than once: the source wrote it again, or it was put back twice"
        return self._repeated(rows, self.subject.hash, Hop.KAFKA, text, sound)

    def _repeated(self, rows: str, values: str, hop: Hop, text: str, sound: str = "true") -> Found:
        """Ask for repeated changes, those left out that are not ``sound``.

        A row that a snapshot reads is no change, and an interrupted snapshot reads its rows again; but at another time, so that the same
        values at another offset are a copy. Both are asked for apart, since few rows are read where the hash of all values counts.
        """
        timed = any(column.name == _HANDLED for column in self.subject.columns)
        changes, reads = '"@op" <> \'r\' AND "@lsn" IS NOT NULL', "\"@op\" = 'r'" if timed else "false"
        self._note_repeated("changes", f'(SELECT *, "@lsn" AS "@what" FROM {rows} WHERE {changes})', sound)  # noqa: S608
        self._note_repeated("reads", f'(SELECT *, {values} AS "@what" FROM {rows} WHERE {reads})', sound)  # noqa: S608
        return self.ask(Kind.TWICE, hop, "SELECT * FROM changes UNION ALL SELECT * FROM reads", text)

    def _note_repeated(self, table: str, rows: str, sound: str) -> None:
        identity = f'"@epoch", "@what", "@op", {self.key}'
        self.in_parts(
            table,
            rows,
            identity,
            lambda some: (
                f'SELECT max("@topic") AS "@topic", arg_max("@partition", "@offset") AS "@partition", max("@offset") AS "@offset", '  # noqa: S608
                f'any_value("@lsn") AS "@lsn", "@op", {self.key}, count(*) - 1 AS "@number" FROM ('
                f'SELECT DISTINCT "@topic", "@partition", "@offset", "@lsn", {identity} FROM {_shared(some, identity)} AS a WHERE {sound}) '
                f"GROUP BY {identity} HAVING count(*) > 1"
            ),
        )

    def disordered_in_archive(self, *, beside_kafka: bool = True) -> Found:
        """Return changes in the archive that are older than a change of the same key at an earlier offset.

        A transaction is older than one that was committed later, whatever their positions. A dead letter that was put back is no finding,
        as long as Kafka has its record.

        Args:
            beside_kafka: True if Kafka's records were read.
        """
        place = f'"@epoch", "@topic", "@partition", {self.key}'
        age = 'row(coalesce("@before", "@lsn"), "@lsn")'
        older = f'{age} < max({age}) OVER (PARTITION BY {{}} ORDER BY "@offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)'

        def late(some: str) -> str:
            # first by a hash, since a whole row of each change would be sorted otherwise
            narrow = f'SELECT hash({place}) AS "@key", "@offset", "@before", "@lsn" FROM {some}'  # noqa: S608
            keys = f'SELECT "@key" FROM ({narrow}) QUALIFY {older.format(chr(34) + "@key" + chr(34))}'  # noqa: S608
            return f"SELECT * FROM {some} WHERE hash({place}) IN ({keys}) QUALIFY {older.format(place)}"  # noqa: S608

        changes = f"(SELECT * FROM archived WHERE \"@op\" NOT IN ('r', '{TRUNCATE}') AND \"@lsn\" IS NOT NULL)"  # noqa: S608
        self.in_parts("late", changes, place, late)
        put_back = f'(SELECT 1 FROM kafka AS b WHERE b."@again" AND {self.same_place})'  # noqa: S608
        return self.ask(
            Kind.DISORDERED,
            Hop.ARCHIVE,
            "SELECT * FROM late AS a" + (f" WHERE NOT EXISTS {put_back}" if beside_kafka else ""),  # noqa: S608
            "was committed before a change of the same key at an earlier offset",
        )

    def missing_in_kafka(self, until: int) -> Found:
        """Return changes of transactions that PostgreSQL had committed at a position, which Kafka has no record of."""
        return self.ask(
            Kind.MISSING,
            Hop.KAFKA,
            f'SELECT * FROM logged AS a WHERE "@commit" <= {until} AND NOT EXISTS '  # noqa: S608
            f'(SELECT 1 FROM {self.rows} AS b WHERE a."@lsn" = b."@lsn" AND a."@op" = b."@op" AND {self.same_key})',
            "was committed in the database and is not in Kafka",
        )

    def without_origin_in_kafka(self, since: int) -> Found:
        """Return records of changes behind a position that the database's log does not have, of those that ``known`` names.

        The log was read on after those had been read, so it has whatever they had.
        """
        return self.ask(
            Kind.FOREIGN,
            Hop.KAFKA,
            f'SELECT a.* FROM {self.rows} AS a JOIN known AS r ON a."@partition" = r."@partition" AND a."@offset" < r."@end" '  # noqa: S608
            f'WHERE "@lsn" > {since} AND "@op" <> \'r\' AND NOT EXISTS '
            f'(SELECT 1 FROM logged AS b WHERE a."@lsn" = b."@lsn" AND a."@op" = b."@op" AND {self.same_key})',
            "is in Kafka, and the database's log has no such change",
        )

    def altered_in_kafka(self) -> Found:
        """Return records with other values than the database's log."""
        hashed = f'(SELECT *, {self.subject.row_hash} AS hash FROM logged WHERE "@comparable")'  # noqa: S608
        return self.ask(
            Kind.ALTERED,
            Hop.KAFKA,
            f'SELECT a.* FROM (SELECT *, {self.subject.row_hash} AS "@hash" FROM {self.rows} WHERE "@comparable") AS a JOIN {hashed} AS b '  # noqa: S608
            f'ON a."@lsn" = b."@lsn" AND a."@op" = b."@op" AND {self.same_key} WHERE a."@hash" <> b.hash',
            "has other values in Kafka than in the database's log",
        )
