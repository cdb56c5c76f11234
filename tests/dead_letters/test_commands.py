"""The commands ask before they write, refuse what contradicts itself, and say with their exit code whether letters are open."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.command_line import main
from pipeline.dlq import commands, settling
from pipeline.dlq.ledger import Ledger, State, ledger, marks_for
from pipeline.dlq.registry import RegistryError
from pipeline.dlq.settling import Request
from stack.settings.names import Names
from stack.settings.shop import TABLES
from tests.dead_letters.letters import Known, errors, record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.dlq.letter import Letter, Record


class Topic:
    """A dead-letter topic in memory, which is also its writer."""

    name = "s3-sink-dlq"

    def __init__(self, *records: Record, expired: int = 0) -> None:
        """Hold some records."""
        self.records, self.expired = list(records), expired
        self.written: list[tuple[str, list[str]]] = []
        self.settled: list[tuple[Mapping[int, int], str]] = []

    def read(self) -> Ledger:
        """Return what it holds."""
        return ledger(self.records, self.expired, {0: len(self.records)})

    def settle(self, offsets: Mapping[int, int], reason: str = "") -> None:
        """Note the position."""
        self.settled.append((offsets, reason))

    def replay(self, letters: Sequence[Letter]) -> None:
        """Note and mark."""
        self._mark(letters, State.REPLAYED, "")

    def drop(self, letters: Sequence[Letter], reason: str) -> None:
        """Note and mark."""
        self._mark(letters, State.DROPPED, reason)

    def _mark(self, letters: Sequence[Letter], state: State, reason: str) -> None:
        self.written.append((state.value, [str(one.place) for one in letters]))
        for made in marks_for(letters, state, reason).values():
            self.records.append(record(len(self.records), tuple(made.headers), None, made.value))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what lets the commands find a topic."""

    def use(topic: Topic) -> Topic:
        settings = SimpleNamespace(names=Names(), archive=SimpleNamespace(sinks={}))
        stack = SimpleNamespace(tables=TABLES, outputs={"registry": {}}, settings=settings)
        monkeypatch.setattr(commands, "_opened", lambda _stack: (stack, topic))
        monkeypatch.setattr(commands, "Registry", lambda _output: Known())
        monkeypatch.setattr(settling, "writer", lambda found, *, dry_run: None if dry_run else found)
        monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False))
        return topic

    return use


def wish(**more: Any) -> Request:
    return Request(stack="dev", **more)


def test_a_list_ends_with_1_while_a_letter_is_open_or_has_expired_unread(opened: Any, capsys: pytest.CaptureFixture[str]) -> None:
    opened(Topic(record(0)))
    assert commands.listed("dev", as_json=False) == 1
    opened(Topic(expired=2))
    assert commands.listed("dev", as_json=True) == 1
    opened(Topic())
    capsys.readouterr()
    assert commands.listed("dev", as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["open"] == 0


def test_a_replay_puts_back_what_passes_and_says_why_the_rest_stays(opened: Any, capsys: pytest.CaptureFixture[str]) -> None:
    topic = opened(Topic(record(0), record(1, value=b"poison"), record(2)))
    assert commands.replay(wish(everything=True, yes=True), again=False) == 1
    assert topic.written == [("replayed", ["0:0", "0:2"])]
    assert [offsets for offsets, _ in topic.settled] == [{0: 1}]
    out = capsys.readouterr().out
    assert "1 would not pass and stay open:\n  0:1  its value holds bytes that are no Avro" in out
    assert "Dead letters: 1 open, 2 replayed, 0 dropped" in out


def test_a_replay_leaves_alone_what_was_replayed_before(opened: Any, capsys: pytest.CaptureFixture[str]) -> None:
    topic = opened(Topic(record(0)))
    assert commands.replay(wish(positions=("0:0",), yes=True), again=False) == 0
    assert commands.replay(wish(positions=("0:0",), yes=True), again=False) == 0
    assert topic.written == [("replayed", ["0:0"])]
    assert "Left alone, since replayed or dropped already: 0:0" in capsys.readouterr().out


@pytest.mark.parametrize("more", [{"dry_run": True}, {}], ids=["dry run", "nobody to ask"])
def test_nothing_is_written_in_a_dry_run_and_where_nobody_can_be_asked(opened: Any, more: dict[str, bool]) -> None:
    topic = opened(Topic(record(0), expired=1))
    code = int(not more)
    assert commands.replay(wish(everything=True, **more), again=False) == code
    assert commands.drop(wish(everything=True, **more), "x", expired=False) == code
    assert commands.drop(wish(**more), "x", expired=True) == code
    assert (topic.written, topic.settled) == ([], [])


@pytest.mark.parametrize(("answer", "written"), [("y", 1), ("yes", 1), ("", 0), ("n", 0), ("yesterday", 0)])
def test_a_person_is_asked_first(opened: Any, monkeypatch: pytest.MonkeyPatch, answer: str, written: int) -> None:
    topic = opened(Topic(record(0)))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=lambda: f"{answer}\n"))
    assert commands.drop(wish(everything=True), "x", expired=False) == 1 - written
    assert len(topic.written) == written


def test_a_loss_by_retention_stays_known_until_somebody_says_so(opened: Any) -> None:
    topic = opened(Topic(record(0), expired=4))
    assert commands.drop(wish(everything=True, yes=True), "x", expired=False) == 0
    assert topic.settled == [], "the position would hide that letters have expired unread"
    assert commands.drop(wish(yes=True), "known", expired=True) == 0
    assert topic.settled == [({0: 2}, "known")]


@pytest.mark.parametrize(
    ("request_", "reason", "expired", "message"),
    [
        (wish(everything=True), "  ", False, "--reason is empty"),
        (wish(), "x", False, "no dead letter is chosen"),
        (wish(positions=("0:0",)), "x", True, "leave one of them out"),
        (wish(positions=("0:7",), yes=True), "x", False, "there is no dead letter at 0:7"),
    ],
)
def test_a_wrong_request_is_refused_with_the_cure(
    opened: Any,
    capsys: pytest.CaptureFixture[str],
    request_: Request,
    reason: str,
    expired: bool,  # noqa: FBT001 - a case
    message: str,
) -> None:
    topic = opened(Topic(record(0)))
    assert commands.drop(request_, reason, expired=expired) == 1
    assert message in capsys.readouterr().err
    assert topic.written == []


def test_a_letter_is_shown_although_the_registry_is_away(
    opened: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(Topic(record(0, errors())))

    class Away(Known):
        def schema(self, number: int) -> Any:
            message = f"the registry does not answer about {number}"
            raise RegistryError(message)

    monkeypatch.setattr(commands, "Registry", lambda _output: Away())
    assert commands.show("dev", ["0:0"], values=False) == 0
    assert "the registry does not answer about 6" in capsys.readouterr().out
    assert commands.replay(wish(everything=True, yes=True), again=False) == 1
    assert "the registry does not answer" in capsys.readouterr().err


def test_the_command_line_passes_on_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[Any]()
    monkeypatch.setattr(commands, "replay", lambda request, *, again: seen.append((request, again)) or 0)
    monkeypatch.setattr(commands, "drop", lambda request, reason, *, expired: seen.append((request, reason, expired)) or 0)
    assert main(["dlq", "replay", "0:1", "0:3-4", "--topic", "t", "--cause", "c", "--stack", "prod", "--dry-run", "--again"]) == 0
    assert main(["dlq", "drop", "--all", "--yes", "--reason", "r"]) == 0
    assert main(["dlq", "drop", "--all", "--yes"]) == 2
    assert seen == [
        (Request(stack="prod", positions=("0:1", "0:3-4"), topic="t", cause="c", dry_run=True), True),
        (Request(stack="dev", everything=True, yes=True), "r", False),
    ]


def test_a_stack_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dlq", "list", "--stack", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
