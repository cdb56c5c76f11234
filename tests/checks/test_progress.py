"""Long work as shown on a terminal and in a log."""

from __future__ import annotations

import io
import time

import pytest

from pipeline.checks.progress import Progress


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def lines(stream: io.StringIO) -> list[str]:
    """Return the output line by line, without the spaces at the ends."""
    return [line.strip() for line in stream.getvalue().splitlines() if line.strip()]


def test_a_log_shows_begin_and_end_with_the_time_it_took() -> None:
    stream = io.StringIO()
    with Progress(stream).step("Building"):
        pass
    begin, end = lines(stream)
    assert begin == "… Building"
    assert end.startswith("✓ Building (0.")


def test_a_failure_is_shown_and_goes_on() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    with pytest.raises(ZeroDivisionError), progress.step("Dividing"):
        _ = 1 / 0
    assert lines(stream)[-1].startswith("✗ Dividing")
    assert progress.seconds == {}, "only finished work has a time"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_ends_the_step(interruption: type[BaseException]) -> None:
    stream = io.StringIO()
    with pytest.raises(interruption), Progress(stream).step("Waiting"):
        raise interruption
    assert lines(stream)[-1].startswith("✗ Waiting")


def test_times_are_kept_in_the_order_of_finishing() -> None:
    progress = Progress(quiet=True)
    with progress.step("outer"), progress.step("inner"):
        time.sleep(0.01)
    assert list(progress.seconds) == ["inner", "outer"]
    assert progress.seconds["outer"] >= progress.seconds["inner"] >= 0.01


def test_a_log_names_each_reason_for_waiting_once() -> None:
    """A loop that polls every second must not write a line every second."""
    stream = io.StringIO()
    with Progress(stream).step("Starting") as step:
        for _ in range(20):
            step.waiting("three brokers")
        step.waiting("two brokers")
    waits = [line for line in lines(stream) if "waiting" in line]
    assert len(waits) == 2
    assert waits[0].startswith("Starting: waiting for three brokers")


def test_a_long_wait_shows_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.checks.progress._REPEAT_AFTER_S", -1.0)
    stream = io.StringIO()
    with Progress(stream).step("Starting") as step:
        step.waiting("a volume")
        step.waiting("a volume")
    assert sum("waiting for a volume" in line for line in lines(stream)) == 2


def test_quiet_progress_writes_nothing() -> None:
    stream = io.StringIO()
    progress = Progress(stream, quiet=True)
    with progress.step("Building") as step:
        step.waiting("the compiler")
        progress.note("a note")
    assert stream.getvalue() == ""
    assert "Building" in progress.seconds


def test_a_note_belongs_to_no_step() -> None:
    stream = io.StringIO()
    Progress(stream).note("Resources: 3 created")
    assert lines(stream) == ["Resources: 3 created"]


def test_text_with_brackets_is_shown_as_it_is() -> None:
    """The library that prints them reads names such as ``[main]`` as markup."""
    stream = io.StringIO()
    progress = Progress(stream)
    progress.note("pod [red]kafka-0[/red]")
    with progress.step("Pulling [bold]image"):
        pass
    assert "[red]kafka-0[/red]" in lines(stream)[0]
    assert "Pulling [bold]image" in lines(stream)[-1]


def test_a_terminal_shows_the_running_steps_and_keeps_only_their_ends() -> None:
    stream = Terminal()
    progress = Progress(stream)
    with progress.step("Building") as step:
        step.waiting("the linker")
        picture = progress._picture().plain
    assert "Building" in picture
    assert "waiting for the linker" in picture
    assert progress._live is None, "the live list must end, or it hides the cursor for good"
    assert "✓ Building" in stream.getvalue()
