"""A run: load, and one fault after another, each followed by the time of its recovery and a verdict about every change so far."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipeline.dlq.topic import DeadLetterTopic, TopicError
from pipeline.reading.archive import Archive
from providers.waiting import Patience
from sandbox.equality import DifferenceError, connect, wait_until_equal
from sandbox.faults import load, network, node, processes, services
from sandbox.faults.arrivals import Arrivals
from sandbox.faults.books import TABLES, Books, Verdict
from sandbox.faults.ground import EVERY, Ground, GroundError
from sandbox.faults.kinds import FAULTS
from sandbox.faults.results import Outcome, Result
from sandbox.stack_settings import captured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.checks.progress import Progress, Step
    from sandbox.faults.schedule import Planned

_RECOVERY_S: Final = 420.0
_ARCHIVED_S: Final = 180.0
_TURN_S: Final = 90.0
_POLL_S: Final = 1.0
_EQUAL_S: Final = 240.0
_BEFORE_S: Final = 8.0
_DEAD_LETTERS: Final = "s3-sink-dlq"


@dataclass
class Run:
    """A run on a sandbox.

    Attributes:
        ground: The sandbox.
        progress: Shows each fault.
        outcomes: Faults so far.
        books: Both sides' changes.
    """

    ground: Ground
    progress: Progress
    outcomes: list[Outcome] = field(default_factory=list)
    books: Books = field(default_factory=Books)

    def __post_init__(self) -> None:
        """Begin at the database's position of this moment."""
        outputs = self.ground.outputs()
        with connect(outputs) as connection:
            row = connection.execute("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint AS position").fetchone()
        self._arrivals = Arrivals(Archive(outputs), row["position"] if row else 0)
        self._arrivals.skip()
        self._newest = float("-inf")

    def carry_out(self, planned: Iterable[Planned], seed: int, rate: float, until: float) -> Result:
        """Inject faults under load, as many of them as begin before a moment of the monotonic clock.

        Whatever ends it, the fault that goes on is undone, and the result holds those before.
        """
        letters, began = _dead_letters(self.ground), time.monotonic()
        notes: list[str] = []
        with load.load(seed, self.ground.outputs, self.books, rate) as writers:
            with self.progress.step("Load without a fault") as step:
                self._wait_for_newer(writers, began, step)
                time.sleep(max(0.0, _BEFORE_S - step.elapsed))
            try:
                for one in planned:
                    if time.monotonic() > until:
                        self.progress.note(f"{one.number - 1} faults were injected in the time that was given")
                        break
                    self._inject(one, writers)
            except KeyboardInterrupt:
                notes.append("interrupted before its end")
            seconds = time.monotonic() - began
        last = Verdict()
        # what was found before is kept, however long the last look takes
        try:
            with self.progress.step("Last verdict") as step:
                last = self._verdict(None, step)
                notes += self._compare(step)
        except KeyboardInterrupt:
            notes.append("interrupted in its last look")
        after = _dead_letters(self.ground)
        if after != letters:
            notes.append(f"{after - letters} dead letters")
        return Result(seed, rate, seconds, self.books.committed, writers.kinds, writers.in_doubt, tuple(self.outcomes), last, tuple(notes))

    def _inject(self, planned: Planned, writers: load.Load) -> None:
        fault, chance = FAULTS[planned.kind], planned.chance()
        hit, recovery, trouble, verdict = "", None, "", Verdict()
        time.sleep(planned.pause_s)
        with self.progress.step(f"Fault {planned.number}, {fault.name}") as step:
            at, began = dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), time.monotonic()
            ended = began
            try:
                step.waiting("its moment")
                with fault.strike(self.ground, chance) as hit:
                    step.waiting(f"the end of the fault, {hit}")
                    time.sleep(chance.uniform(*fault.lasts))
                ended = time.monotonic()
                recovery = self._wait_for_newer(writers, ended, step)
                self.ground.whole(step)
                verdict = self._verdict(writers, step)
            except (GroundError, load.LoadError) as error:
                trouble = str(error)
                ended = max(ended, began)
            outcome = Outcome(planned.number, fault.name, hit, at, round(ended - began, 1), recovery, verdict, trouble)
            self.outcomes.append(outcome)
        self.progress.note(f"    {outcome}")

    def _wait_for_newer(self, writers: load.Load, moment: float, step: Step) -> float | None:
        """Wait until a change that was begun after a moment is archived, and return the seconds until then."""
        patience = Patience(_RECOVERY_S, display=step)
        while self._newest < moment:
            if any(writer.broken for writer in writers.writers):
                writers.settle(0)
            if not patience.go_on("new changes in the archive", _POLL_S):
                return None
            self._read(writers)
        return round(time.monotonic() - moment, 1)

    def _read(self, writers: load.Load | None) -> None:
        """Enter what has come into the archive; nothing while catalog or object store do not answer."""
        try:
            arrivals = self._arrivals.read()
        except Exception:  # noqa: BLE001 - drivers of three kinds; the address and the login may be others by now
            self._arrivals.archive = Archive(self.ground.outputs())
            return
        self.books.arrive(arrivals)
        begun = writers.begun if writers else {}
        for arrival in arrivals:
            if arrival.change.table == TABLES[0]:
                self._newest = max(self._newest, begun.get(arrival.change.row, self._newest))

    def _verdict(self, writers: load.Load | None, step: Step) -> Verdict:
        """Wait until every change that is committed now is archived, but not for ever, and judge."""
        fence, patience = self.books.fence(), Patience(_ARCHIVED_S, display=step)
        while fence := self.books.behind(fence):
            if not patience.go_on(f"{len(fence)} rows to be archived whole", _POLL_S):
                break
            self._read(writers)
        if writers is not None:
            writers.settle(_TURN_S)
        return self.books.verdict(fence)

    def _compare(self, step: Step) -> list[str]:
        """Remove the rows of the run and compare all rows of database and archive."""
        outputs = self.ground.outputs()
        step.waiting("the removal of its rows")
        load.remove(outputs)
        archive, tables = Archive(outputs), captured(outputs)
        try:
            wait_until_equal(outputs, archive, tables, _EQUAL_S, step)
        except DifferenceError as error:
            return [str(error)]
        twice = {table.name: archive.duplicates(table.archive_name, table.primary_key) for table in tables}
        return [f"{number} changes of {name} are in the archive twice" for name, number in twice.items() if number]


def clear(ground: Ground) -> list[str]:
    """Undo what a run that was killed has left, and name it.

    Raises:
        GroundError: If the sandbox is not whole even then.
    """
    found = ["the word of a rotation in the stack file"] if node.unrotated() else []
    found += [f"no {name}" for name in node.revive()]
    for target in EVERY:
        found += processes.lift(ground, target)
    found += network.left(ground)
    found += ["a closed catalog"] if services.open_catalog(ground) else []
    found += ["no registry"] if services.restore_registry(ground) else []
    found += services.restore_connectors(ground)
    load.remove(ground.outputs())
    return found


def _dead_letters(ground: Ground) -> int:
    """Count open dead letters: a record that a killed sink sets aside once more is the same one."""
    try:
        return DeadLetterTopic({"bootstrap.servers": ground.outputs()["kafka"]["bootstrapServers"]}, _DEAD_LETTERS).count().open
    except TopicError as error:
        message = f"the dead letters cannot be counted: {error}"
        raise GroundError(message) from None
