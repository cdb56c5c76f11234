"""Output is plain text for programs and coloured for people."""

from __future__ import annotations

import io

import pytest
from rich.table import Table
from rich.text import Text

from pipeline.checks.terminal import console, plain, show


class Screen(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


@pytest.fixture(autouse=True)
def _a_terminal_of_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)


def table(words: str) -> Table:
    """Return a table of one row."""
    made = Table(box=None, pad_edge=False)
    made.add_column("name")
    made.add_column("words")
    made.add_row("a", words)
    return made


def test_a_file_gets_no_colour_no_wrapping_and_no_blanks_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    long = "word " * 100 + "end"
    assert plain(Text(long, "red"), table(long), table("short")).splitlines() == [
        long,
        "name  words",
        f"a     {long}",
        "name  words",
        "a     short",
    ]


def test_a_terminal_gets_colour_and_tables_that_fit() -> None:
    screen = Screen()
    console(screen).print(Text("wrong", "red"))
    assert screen.getvalue() == "\x1b[31mwrong\x1b[0m\n"
    console(screen).print(table("word " * 100))
    *_, last = screen.getvalue().splitlines()
    assert len(last) == 80


def test_a_line_of_text_is_whole_on_a_terminal_too() -> None:
    """The line may be a command that a person copies."""
    screen, long = Screen(), "x" * 300
    console(screen).print(Text(long))
    assert screen.getvalue() == f"{long}\n"


@pytest.mark.parametrize("words", ["[main] and [/red]", ":smile:", "10.0.0.1 'x' None"])
def test_text_is_never_taken_for_markup(words: str) -> None:
    screen = Screen()
    console(screen).print(words)
    assert screen.getvalue() == plain(words) == f"{words}\n"


def test_what_is_shown_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    show("first", Text("second"))
    assert capsys.readouterr().out == "first\nsecond\n"
