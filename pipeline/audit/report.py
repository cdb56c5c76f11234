"""Result of an audit: findings that name their rows, counts for each table and hop, one verdict, and the form of the JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORM: Final = 1
"""Version of the JSON; it grows by one when a key changes its meaning or goes."""


class Hop(StrEnum):
    """Place of a finding."""

    KAFKA = "kafka"
    ARCHIVE = "archive"
    FILES = "files"


class Kind(StrEnum):
    """Kind of a finding."""

    MISSING = "missing"
    TWICE = "twice"
    ALTERED = "altered"
    DISORDERED = "out of order"
    FOREIGN = "without origin"
    LOST_FILE = "lost file"
    ORPHAN_FILE = "orphan file"
    GAP = "gap"

    @property
    def is_fault(self) -> bool:
        """True if readers of the archive see something wrong; orphan files and gaps of offsets are seen by nobody who reads the table."""
        return self not in {Kind.ORPHAN_FILE, Kind.GAP}


class Verdict(StrEnum):
    """Verdict of an audit, and with it the exit code."""

    CLEAN = "clean"
    FAULTS = "faults"
    UNDECIDED = "undecided"

    @property
    def exit_code(self) -> int:
        """Exit code of the command."""
        return {Verdict.CLEAN: 0, Verdict.FAULTS: 1, Verdict.UNDECIDED: 3}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding, by the name of the row or file.

    Attributes:
        kind: Kind.
        hop: Place.
        number: Rows, files or offsets that it stands for.
        topic: Kafka topic of the row.
        partition: Its partition.
        offset: Its offset.
        lsn: Its position in the write-ahead log, as PostgreSQL spells it.
        op: Its operation: r, c, u or d.
        key: Column to value of its primary key.
        file: File of the archive.
        columns: Names of the altered columns.
        text: What is wrong, in words.
    """

    kind: Kind
    hop: Hop
    text: str
    number: int = 1
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    lsn: str | None = None
    op: str | None = None
    key: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line."""
        place = f"{self.topic}/{self.partition}/{self.offset}" if self.topic is not None and self.partition is not None else ""
        position = f"at {self.lsn}" if self.lsn else ""
        key = " ".join(f"{name}={value}" for name, value in self.key.items())
        named = " ".join(part for part in (place, position, f"op {self.op}" if self.op else "", key, self.file or "") if part)
        return f"{self.kind} ({self.hop}): {named}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """Account of one table.

    Attributes:
        name: Schema and table.
        archive: Name of the table in the archive.
        counts: Hop to name of a count to its value.
        found: Kind to number of rows, files or offsets, exact.
        findings: Findings by name, no more of a kind than the limit of the run.
        undecided: Reasons why a part could not be judged.
    """

    name: str
    archive: str
    counts: Mapping[str, Mapping[str, int]]
    found: Mapping[str, int]
    findings: tuple[Finding, ...]
    undecided: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Findings that make the verdict."""
        return tuple(finding for finding in self.findings if finding.kind.is_fault)

    @property
    def is_faulty(self) -> bool:
        """True if something was found that makes the verdict, also where none of it is named."""
        return any(number and Kind(kind).is_fault for kind, number in self.found.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Result of an audit.

    Attributes:
        stack: Name of the stack.
        began: Start, ISO 8601 in UTC.
        seconds: Duration.
        parts: Parts that were compared: ``database``, ``kafka``, ``archive``.
        tables: One account each.
        undecided: Reasons why a part could not be judged for any table.
    """

    stack: str
    began: str
    seconds: float
    parts: tuple[str, ...]
    tables: tuple[TableReport, ...]
    undecided: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Faults are faults whatever else could not be judged."""
        if any(table.is_faulty for table in self.tables):
            return Verdict.FAULTS
        return Verdict.UNDECIDED if self.undecided or any(table.undecided for table in self.tables) else Verdict.CLEAN

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(finding for table in self.tables for finding in table.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the documented form, see docs/audit.md."""
        return {"form": FORM, "verdict": self.verdict.value, **asdict(self)}

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        yield f"{self.stack}: {self.verdict}, {', '.join(self.parts)} compared in {self.seconds:.0f} s"
        yield from (f"  undecided: {reason}" for reason in self.undecided)
        for table in self.tables:
            yield f"{table.name}"
            for hop, counts in table.counts.items():
                yield f"  {hop}: " + ", ".join(f"{number:,} {name}" for name, number in counts.items())
            yield from (f"  undecided: {reason}" for reason in table.undecided)
            if table.found:
                yield "  found: " + ", ".join(f"{number:,} {name}" for name, number in table.found.items())
            yield from (f"    {finding}" for finding in table.findings)
            hidden = sum(table.found.values()) - sum(finding.number for finding in table.findings)
            if hidden > 0:
                yield f"    and {hidden:,} more"
