"""Accounting: what is missing, twice, altered, out of order or without origin on the hops of one table.

Rows from another epoch or topic than the present one are compared among themselves only.
"""

from __future__ import annotations

from typing import Final

from audit.questions import Found, Questions
from audit.records import ROW, TOMBSTONE, UNREADABLE
from audit.report import Hop, Kind

_CHANGE: Final = '"@lsn", "@op"'
_OPERATIONS: Final = {"r": "read", "c": "inserted", "u": "updated", "d": "deleted"}


class Accounts(Questions):
    """Accounts of one table."""

    def missing_in_archive(self) -> Found:
        """Return committed records that no row of the archive and no dead letter stands for.

        Brokers that outlive an epoch still have its rows, which the archive has as they are and under the number of that epoch.
        """
        same = f'{self.same_place} AND b."@hash" = a.hash'
        return self.ask(
            Kind.MISSING,
            Hop.ARCHIVE,
            f"SELECT * FROM (SELECT *, {self.subject.hash} AS hash FROM {self.kafka}) AS a WHERE \"@form\" <> '{TOMBSTONE}'"  # noqa: S608
            f" AND NOT EXISTS (SELECT 1 FROM {self.present} AS b WHERE {self.same_place})"
            f" AND NOT EXISTS (SELECT 1 FROM {self.earlier} AS b WHERE {same})"
            f" AND NOT EXISTS (SELECT 1 FROM {self.aside} AS b WHERE {self.same_place})",
            "is in Kafka and not in the archive",
        )

    def without_origin_in_archive(self) -> Found:
        """Return rows of the archive whose offset has no committed record, within the offsets that Kafka still has."""
        return self.ask(
            Kind.FOREIGN,
            Hop.ARCHIVE,
            f'SELECT a.* FROM {self.present} AS a JOIN ranges AS r ON a."@partition" = r."@partition"'  # noqa: S608
            ' AND a."@offset" >= r."@begin" AND a."@offset" < r."@end"'
            f" WHERE NOT EXISTS (SELECT 1 FROM {self.rows} AS b WHERE {self.same_place})",
            "is in the archive, and Kafka has no committed row at its offset",
        )

    def altered_in_archive(self) -> Found:
        """Return rows of the archive with other values than Kafka's record."""
        hashed = f'(SELECT "@partition", "@offset", {self.subject.hash} AS hash FROM kafka WHERE "@form" = \'{ROW}\' AND "@comparable")'  # noqa: S608
        return self.ask(
            Kind.ALTERED,
            Hop.ARCHIVE,
            f'SELECT a.* FROM {self.present} AS a JOIN {hashed} AS b ON {self.same_place} WHERE a."@hash" <> b.hash',  # noqa: S608
            "has other values in the archive than in Kafka",
        )

    def twice_in_archive(self) -> Found:
        """Return rows of the archive with the offset of another row."""
        place = '"@epoch", "@topic", "@partition", "@offset"'
        key = ", ".join(f"any_value({name}) AS {name}" for name in self.subject.quoted_key)
        # first the few places, so that the names of files are not gathered for every row
        places = f"SELECT {place} FROM archived GROUP BY {place} HAVING count(*) > 1"  # noqa: S608
        return self.ask(
            Kind.TWICE,
            Hop.ARCHIVE,
            f'SELECT {place}, any_value("@lsn") AS "@lsn", any_value("@op") AS "@op", {key}, count(*) - 1 AS "@number", '  # noqa: S608
            f'string_agg(DISTINCT "@file", \' and \' ORDER BY "@file") AS "@file" '
            f"FROM archived SEMI JOIN ({places}) AS twice USING ({place}) GROUP BY {place}",
            "is in the archive more than once, with the same offset",
        )

    def repeated_in_archive(self) -> Found:
        """Return changes of the database that stand at more than one offset of the archive."""
        places = f'(SELECT DISTINCT "@epoch", "@topic", "@partition", "@offset", {_CHANGE}, {self.key} FROM archived)'  # noqa: S608
        return self._repeated(places, '"@epoch", ', Hop.ARCHIVE, "is in the archive more than once, at several offsets")

    def repeated_in_kafka(self) -> Found:
        """Return changes of the database that the source has written to Kafka more than once, dead letters left out."""
        rows = f"(SELECT * FROM {self.rows} AS a WHERE NOT EXISTS (SELECT 1 FROM {self.aside} AS b WHERE {self.same_place}))"  # noqa: S608
        return self._repeated(rows, "", Hop.KAFKA, "is in Kafka more than once: the source wrote it again")

    def _repeated(self, rows: str, epoch: str, hop: Hop, text: str) -> Found:
        """Ask for repeated changes; a row that a snapshot reads is none, and an interrupted snapshot reads its rows again."""
        return self.ask(
            Kind.TWICE,
            hop,
            f'SELECT {epoch}max("@topic") AS "@topic", arg_max("@partition", "@offset") AS "@partition", max("@offset") AS "@offset", '  # noqa: S608
            f'{_CHANGE}, {self.key}, count(*) - 1 AS "@number" FROM {rows} WHERE "@lsn" IS NOT NULL AND "@op" <> \'r\' '
            f"GROUP BY {epoch}{_CHANGE}, {self.key} HAVING count(*) > 1",
            text,
        )

    def disordered_in_archive(self, *, beside_kafka: bool = True) -> Found:
        """Return changes in the archive that are older than a change of the same key at an earlier offset.

        A transaction is older than one that was committed later, whatever their positions. A dead letter that was put back is no finding,
        as long as Kafka has its record.

        Args:
            beside_kafka: True if Kafka's records were read.
        """
        window = f'PARTITION BY "@epoch", "@topic", "@partition", {self.key} ORDER BY "@offset"'
        age = 'row(coalesce("@before", "@lsn"), "@lsn")'
        changes = '(SELECT * FROM archived WHERE "@op" <> \'r\' AND "@lsn" IS NOT NULL)'
        older = f"SELECT * FROM {changes} QUALIFY {age} < max({age}) OVER ({window} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"  # noqa: S608
        put_back = f'(SELECT 1 FROM kafka AS b WHERE b."@again" AND {self.same_place})'  # noqa: S608
        return self.ask(
            Kind.DISORDERED,
            Hop.ARCHIVE,
            f"SELECT * FROM ({older}) AS a" + (f" WHERE NOT EXISTS {put_back}" if beside_kafka else ""),  # noqa: S608
            "was committed before a change of the same key at an earlier offset",
        )

    def gaps_in_archive(self) -> Found:
        """Return offsets that the archive leaves out, more than one in a row: control records alone leave out one at a time."""
        return self.ask(
            Kind.GAP,
            Hop.ARCHIVE,
            f'SELECT "@topic", "@partition", "@offset" + 1 AS "@offset", "@next" - "@offset" - 1 AS "@number" FROM ({self._steps()}) '  # noqa: S608
            'WHERE "@next" - "@offset" > 2',
            "begins a gap of offsets that one control record does not explain: aborted, set aside, tombstones, or missing",
        )

    def single_gaps(self) -> int:
        """Count the gaps of one offset, each of which a control record explains."""
        return self.number(f'SELECT count(*) FROM ({self._steps()}) WHERE "@next" - "@offset" = 2')  # noqa: S608

    def _steps(self) -> str:
        window = 'PARTITION BY "@epoch", "@topic", "@partition" ORDER BY "@offset"'
        distinct = '(SELECT DISTINCT "@epoch", "@topic", "@partition", "@offset" FROM archived)'
        return f'SELECT *, lead("@offset") OVER ({window}) AS "@next" FROM {distinct}'  # noqa: S608

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

    def kafka_counts(self) -> dict[str, int]:
        """Count the offsets that were read, by what is at them."""
        offsets, seen = self.number('SELECT coalesce(sum("@end" - "@begin"), 0) FROM ranges'), self.number("SELECT count(*) FROM seen")
        forms = dict(self.database.execute('SELECT "@form", count(*) FROM kafka GROUP BY 1').fetchall())
        aside = f"SELECT count(*) FROM kafka AS a WHERE EXISTS (SELECT 1 FROM {self.aside} AS b WHERE {self.same_place})"  # noqa: S608
        rows, tombstones, unreadable = (int(forms.get(form, 0)) for form in (ROW, TOMBSTONE, UNREADABLE))
        return {
            "offsets": offsets,
            "rows": rows,
            "tombstones": tombstones,
            "unreadable": unreadable,
            "set aside": self.number(aside),
            "aborted": seen - rows - tombstones - unreadable,
            "control": offsets - seen,
            "not comparable": self.number(f'SELECT count(*) FROM kafka WHERE "@form" = \'{ROW}\' AND NOT "@comparable"'),  # noqa: S608
        }

    def archive_counts(self) -> dict[str, int]:
        """Count the archive's rows, by operation and by what can be compared."""
        operations = dict(self.database.execute('SELECT "@op", count(*) FROM archived GROUP BY 1').fetchall())
        known = {name: int(operations.pop(op)) for op, name in _OPERATIONS.items() if op in operations}
        others = int(sum(operations.values()))
        return {"rows": sum(known.values()) + others, **known, **({"of no known operation": others} if others else {})}

    def older_than_kafka(self) -> int:
        """Count the archive's rows whose offsets were not read or are no longer in Kafka."""
        read = (
            f'SELECT count(*) FROM {self.present} AS a JOIN ranges AS r ON a."@partition" = r."@partition" WHERE a."@offset" >= r."@begin"'  # noqa: S608
        )
        return self.number("SELECT count(*) FROM archived") - self.number(read)
