"""Gaps of the offsets in an archive that is judged alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.audit.questions import Questions
from pipeline.audit.report import Hop, Kind

if TYPE_CHECKING:
    from pipeline.audit.questions import Found

_TOPIC: Final = '"@epoch", "@topic", "@partition"'
# One offset further without a gap; a control record takes one offset
_NEXT, _ONE_LEFT_OUT = 1, 2


class Gaps(Questions):
    """Gaps of one table."""

    def gaps_in_archive(self) -> tuple[Found, int]:
        """Return gaps of more than one offset, which a control record does not explain, and the number of those of one offset."""
        self.database.execute(f'CREATE OR REPLACE TEMP TABLE reached AS SELECT {_TOPIC}, "@offset" FROM archived LIMIT 0')  # noqa: S608
        self.database.execute('CREATE OR REPLACE TEMP TABLE gaps AS SELECT *, 0::BIGINT AS "@number" FROM reached')
        single = 0
        for some in self.some_offsets("archived"):
            rows = f'SELECT {_TOPIC}, "@offset" FROM archived AS a WHERE {some("a")} UNION SELECT * FROM reached'  # noqa: S608
            self.database.execute(
                "CREATE OR REPLACE TEMP TABLE steps AS "  # noqa: S608
                f'SELECT *, lead("@offset") OVER (PARTITION BY {_TOPIC} ORDER BY "@offset") - "@offset" AS "@step" FROM ({rows}) '
                f'QUALIFY "@step" IS NULL OR "@step" > {_NEXT}'
            )
            # the last offset of each partition until now, from which the next offsets go on
            self.database.execute(f'CREATE OR REPLACE TEMP TABLE reached AS SELECT {_TOPIC}, "@offset" FROM steps WHERE "@step" IS NULL')  # noqa: S608
            self.database.execute(
                f'INSERT INTO gaps SELECT {_TOPIC}, "@offset" + 1, "@step" - 1 FROM steps WHERE "@step" > {_ONE_LEFT_OUT}'  # noqa: S608
            )
            single += self.number(f'SELECT count(*) FROM steps WHERE "@step" = {_ONE_LEFT_OUT}')  # noqa: S608
        text = "begins a gap of offsets that one control record does not explain: aborted, set aside, tombstones, or missing"
        return self.ask(Kind.GAP, Hop.ARCHIVE, "SELECT * FROM gaps", text), single
