"""Counts of the rows on the hops of one table."""

from __future__ import annotations

from typing import Final

from pipeline.audit.questions import Questions
from pipeline.audit.records import ROW, TOMBSTONE, TRUNCATE, UNREADABLE

_OPERATIONS: Final = {"r": "read", "c": "inserted", "u": "updated", "d": "deleted", TRUNCATE: "truncates"}


class Counts(Questions):
    """Counts of one table."""

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
        """Count the archive's rows, by operation, and those of them that are in quarantine."""
        operations = dict(self.database.execute('SELECT "@op", count(*) FROM archived GROUP BY 1').fetchall())
        known = {name: int(operations.pop(op)) for op, name in _OPERATIONS.items() if op in operations}
        others = int(sum(operations.values()))
        bad = self.number('SELECT count(*) FROM archived WHERE "@quarantined"')
        further = {name: number for name, number in (("of no known operation", others), ("quarantined", bad)) if number}
        return {"rows": sum(known.values()) + others, **known, **further}

    def older_than_kafka(self) -> int:
        """Count the archive's rows whose offsets were not read or are no longer in Kafka."""
        read = (
            f'SELECT count(*) FROM {self.present} AS a JOIN ranges AS r ON a."@partition" = r."@partition" WHERE a."@offset" >= r."@begin"'  # noqa: S608
        )
        return self.number("SELECT count(*) FROM archived") - self.number(read)
