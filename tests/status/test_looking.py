"""Every part is asked, at once and within a time: one that is silent, hangs or fails leaves the others as they are."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.description.running import described
from pipeline.dlq.ledger import Ledger, Mark, State
from pipeline.dlq.letter import Letter, Origin, Place, Record
from pipeline.epoch import looking as history
from pipeline.epoch.diagnosis import State as History
from pipeline.epoch.facts import Unanswered
from pipeline.reading.stack import RunningStack
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from pipeline.status import archive, brokers, certificates, looking
from pipeline.status.facts import RUNNING, Archived, Connector, Lag, Waiting
from pipeline.status.levels import Level
from pipeline.status.together import Questions
from pipeline.status.view import view
from providers.kafkaconnect.status import Part, Status
from stack.judgement.stack import parse_text
from stack.specification.lateness import Lateness
from tests.existing_database import server as servers
from tests.providers.connect_worker import Worker, serving, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.description.stack import Description

SOURCE, SINK = "postgres-cdc-connector", "s3-sink-connector"
NOWHERE = "127.0.0.1:1"


def test_a_question_that_hangs_or_fails_leaves_the_others() -> None:
    hang, began = threading.Event(), time.monotonic()
    asked = Questions(0.2).ask(
        {
            "good": lambda: 7,
            "slow": lambda: hang.wait(30),
            "broken": lambda: int("x"),
            "said": lambda: Unanswered("postgresql://me:hunter2hunter2@host refuses"),
        }
    )
    hang.set()
    assert asked["good"] == 7
    assert asked["slow"] == Unanswered("slow: no answer within 0 s")
    assert asked["broken"] == Unanswered("broken: invalid literal for int() with base 10: 'x'")
    assert "hunter2" not in asked["said"].reason
    assert time.monotonic() - began < 10


def test_a_part_that_hangs_is_not_asked_again_until_it_has_answered() -> None:
    hang, asked = threading.Event(), list[int]()
    questions = Questions(0.1)

    def slow() -> int:
        asked.append(1)
        hang.wait(30)
        return 1

    assert isinstance(questions.ask({"slow": slow})["slow"], Unanswered)
    assert questions.ask({"slow": slow})["slow"] == Unanswered("slow: the question of an earlier look is still open")
    assert asked == [1]
    hang.set()
    time.sleep(0.2)
    assert questions.ask({"slow": slow})["slow"] == 1


@dataclass
class Tables:
    """The archive of a test."""

    silent: tuple[str, ...] = ()
    looked: list[str] = field(default_factory=list)

    def look(self, table: Any) -> Archived:
        self.looked.append(table.archive_name)
        if table.archive_name in self.silent:
            message = "the store is away"
            raise OSError(message)
        return Archived(epoch=1, rows=3, files=1, committed=1.0)


@pytest.fixture
def worker() -> Iterator[Worker]:
    with serving(Worker()) as made:
        yield made


def stack(worker: Worker) -> Description:
    """Return a stack of which only the worker is there."""
    settings = parse_text(stack_config(ROOT, "sandbox").values)
    outputs = {
        "connect": {"url": worker.url, "user": "admin", "password": "a-password"},
        "kafka": {"bootstrapServers": NOWHERE},
        "registry": {"url": f"http://{NOWHERE}", "user": "operator", "password": "b-password"},
        "postgres": {"host": "127.0.0.1", "port": 1, "database": "ecommerce"},
        "tables": [{"name": table.qualified} for table in settings.source.tables],
    }
    return described(RunningStack("sandbox", settings, outputs))


def told(worker: Worker, **states: Any) -> None:
    names = {"source": SOURCE, "sink": SINK}
    worker.script["GET /connectors?expand=status"] = [(200, {names[name]: {"status": answer[1]} for name, answer in states.items()})]
    worker.script[f"GET /connectors/{SOURCE}/offsets"] = [(200, {"offsets": [{"offset": {"lsn": 99, "ts_usec": 5_000_000}}]})]


@pytest.mark.full
def test_a_stack_of_which_one_part_answers_is_shown_by_it(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PGUSER the login is in a Secret, and there is no cluster either."""
    monkeypatch.setenv("PGUSER", "nobody")
    monkeypatch.setattr(looking, "PART_S", 8.0)
    told(
        worker,
        source=status("RUNNING", "RUNNING"),
        sink=status("RUNNING", "RUNNING", "FAILED", "RUNNING", trace="java.lang.Error: no\n\tat a"),
    )
    running = stack(worker)
    looks = looking.Looks(running)
    looks._tables = Tables(silent=("users",))  # type: ignore[assignment] # a test's
    found = looks.look()
    assert [one for one, answered in found.parts.items() if answered] == ["connect"]
    assert not isinstance(found.worker, Unanswered)
    assert found.worker.connectors[1] == Connector(
        name=SINK, state=RUNNING, tasks=(RUNNING, "FAILED", RUNNING), expected=3, reason="java.lang.Error: no"
    )
    assert (found.worker.source.position, found.worker.source.read) == (99, 5000)
    assert found.archive["public.users"] == Unanswered("archived table public.users: the store is away")
    assert isinstance(found.archive["public.orders"], Archived)
    assert found.history.state is History.UNDECIDED
    seen = view(found, Lateness.of(running))
    assert seen.level is Level.LOST
    assert "password" not in str(seen.as_json())


def test_no_reason_of_the_worker_shows_a_credential() -> None:
    """Also as JSON, which has the facts beside the concerns."""
    refused = Part("0", "FAILED", "org.postgresql.util.PSQLException: postgresql://me:hunter2hunter2@host refuses\n\tat a")
    failed = Status(Part("", RUNNING, ""), (refused,))
    seen = (looking.connector(SOURCE, failed, 1).reason, history.source_of(failed, ()).reason)
    for reason in seen:
        assert reason.startswith("org.postgresql.util.PSQLException: ")
        assert "hunter2" not in reason


@pytest.mark.full
def test_ends_are_asked_after_the_positions_that_they_are_compared_with(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a commit in between would look like lost brokers, or like a database that went back in time."""
    told(worker, source=status("RUNNING", "RUNNING"), sink=status("RUNNING", *["RUNNING"] * 3))
    looks, positions, ends = looking.Looks(stack(worker)), list[str](), list[tuple[str, int]]()
    looks._tables = Tables(looked=positions)  # type: ignore[assignment] # a test's
    asked = looking.worker

    def positions_of(of: Description) -> Any:
        time.sleep(0.3)
        found = asked(of)
        positions.append("source")
        return found

    monkeypatch.setattr(looking, "worker", positions_of)
    monkeypatch.setattr(looking, "PART_S", 8.0)
    for name in ("database", "history.control"):
        monkeypatch.setattr(f"status.looking.{name}", lambda _, name=name: ends.append((name, len(positions))))
    looks.look()
    tables = len(stack(worker).tables)
    assert sorted(ends) == [("database", tables + 1), ("history.control", tables + 1)]


def test_a_connector_that_the_worker_lacks_has_no_state() -> None:
    assert looking.connector(SINK, None, 3) == Connector(name=SINK, state=None, expected=3)
    failed = Status(Part("connector", "FAILED", "a.b.C: why\n\tat x"), ())
    assert looking.connector(SINK, failed, 3) == Connector(name=SINK, state="FAILED", expected=3, reason="a.b.C: why")


def letter(number: int, origin: Origin | None) -> Letter:
    return Letter(Record(Place(0, number), 0, None, None, ()), origin, "", 0)


def test_dead_letters_are_counted_by_state_with_their_places() -> None:
    origin = Origin("postgres.public.users", 2, 41, SINK, "", "")
    ledger = Ledger((letter(0, origin), letter(1, None)), {Place(0, 0): Mark(State.DROPPED, (0,))}, expired=4)
    found = looking.dead_letters(ledger)
    assert found.counts == {State.OPEN: 1, State.REPLAYED: 0, State.DROPPED: 1}
    assert (found.expired, found.places) == (4, {("postgres.public.users", 2, 41)})


def test_the_oldest_open_dead_letter_is_told_by_its_records_time() -> None:
    letters = tuple(
        Letter(Record(Place(0, number), time_ms, None, None, ()), None, "", 0) for number, time_ms in enumerate((3_000, -1, 9_000, 7_000))
    )
    dropped = {Place(0, 0): Mark(State.DROPPED, (0,))}
    assert looking.dead_letters(Ledger(letters, dropped)).oldest == 7.0
    assert looking.dead_letters(Ledger(letters[:2], dropped)).oldest is None


def test_where_no_table_tells_the_backlog_of_the_sink_tells_what_waits(worker: Worker) -> None:
    """Confluent's sink commits a position behind its files only."""
    running = stack(worker)
    plain = replace(running, format="parquet")
    lags = {("postgres.public.users", 0): Lag(records=2, since=7.0), ("postgres.public.users", 1): Lag(records=1, since=5.0)}
    found = looking.waiting_of(plain, lags)
    assert found["public.users"] == Waiting(since=5.0)
    assert found["public.orders"] == Waiting(since=None)
    assert set(looking.waiting_of(plain, Unanswered("away")).values()) == {Unanswered("away")}


def test_offsets_count_from_the_epoch_of_the_present_brokers() -> None:
    settings = parse_text(stack_config(ROOT, "sandbox").values)
    assert archive.brokers_since(settings.streaming.seams) == 1
    seam = type("Seam", (), {"epoch": 2, "cause": "lost-brokers"})
    later = type("Seam", (), {"epoch": 3, "cause": "lost-slot"})
    assert archive.brokers_since([seam, later]) == 2  # type: ignore[list-item] # as far as they are read


@pytest.mark.parametrize("kind", servers.SERVERS)
def test_the_end_of_a_certificate_is_read_without_a_login(kind: str) -> None:
    with servers.running(kind) as database:
        found = certificates.shown_by("localhost", database.port)
        assert certificates.ends(found) > time.time()
        shown = {"database": ("localhost", database.port), "authority": lambda: database.authority.read_text(encoding="utf-8")}
        ends = certificates.look(SimpleNamespace(**shown))  # type: ignore[arg-type] # as far as it is read
        assert set(ends) == {"postgresql", "postgresql-ca"}


def test_a_server_without_tls_is_a_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(8)
                connection.sendall(b"N")

        threading.Thread(target=refuse, daemon=True).start()
        with pytest.raises(certificates.NoCertificateError, match="does not speak TLS"):
            certificates.shown_by("127.0.0.1", listening.getsockname()[1])


def test_topics_are_those_that_rows_pass_through(worker: Worker) -> None:
    running = stack(worker)
    assert brokers.topics(running) == (*(running.names.topic(table) for table in running.tables), "s3-sink-dlq", "iceberg-control")
