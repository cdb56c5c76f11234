"""Progress: steps, waits and their durations, as a live list on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNT_EACH_S = 30.0  # what counts changes with every line of a compiler
_REPEAT_AFTER_S = 15.0  # a log line for the same wait this often, so that a CI log shows life without drowning


@dataclass
class Step:
    """One piece of work in progress.

    Attributes:
        title: What is being done, as shown.
        started: Monotonic clock at the start, in seconds.
        wait: What is being waited for right now, or an empty string.
    """

    title: str
    started: float
    _owner: Progress
    wait: str = ""
    _last_line: float = field(default=0.0)

    def waiting(self, what: str) -> None:
        """Say what this step is waiting for, for example ``postgres-0: pulling image``."""
        self._owner.waiting(self, what)

    def counting(self, what: str) -> None:
        """Say how far this step is, for example ``the compiler, 40 of 1700 packages``; a log gets a line each half minute."""
        self._owner.counting(self, what)

    def done(self) -> None:
        """End it well."""
        self._owner.end(self, good=True)

    def fail(self) -> None:
        """End it badly."""
        self._owner.end(self, good=False)

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started


class Progress:
    """Shows steps and records how long each took.

    Args:
        stream: Where to write; standard error by default.
        quiet: Record the times only.

    Attributes:
        seconds: Title of each finished step to its duration in seconds, in the order of finishing.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        """Choose the live list for a terminal and plain lines for everything else."""
        target = stream or sys.stderr
        self._console = Console(file=target, highlight=False, soft_wrap=not target.isatty())
        self._quiet = quiet
        self._lock = threading.RLock()
        self._running: list[Step] = []
        self._live: Live | None = None
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run the block as a named step; its time is recorded and shown, also when it fails."""
        step = self.begin(title)
        try:
            yield step
        except BaseException:
            step.fail()
            raise
        step.done()

    def begin(self, title: str) -> Step:
        """Begin a step whose end comes from elsewhere: by `Step.done` or `Step.fail`."""
        step = Step(title, time.monotonic(), self)
        self._begin(step)
        return step

    def end(self, step: Step, *, good: bool) -> None:
        """End a step; only the time of a good one is recorded."""
        if good:
            self.seconds[step.title] = step.elapsed
        self._end(step, "done" if good else "failed", "green" if good else "red")

    def note(self, text: str) -> None:
        """Print a line that belongs to no step."""
        if not self._quiet:
            self._console.print(Text(text))

    def waiting(self, step: Step, what: str) -> None:
        """Record what a step waits for; print it when it is new or has lasted a while."""
        with self._lock:
            now = time.monotonic()
            fresh = what != step.wait or now - step._last_line > _REPEAT_AFTER_S  # noqa: SLF001 - Step is this class's own record
            step.wait = what
            if fresh:
                self._say(step)

    def counting(self, step: Step, what: str) -> None:
        """Record how far a step is; print it once in a while."""
        with self._lock:
            step.wait = what
            if time.monotonic() - max(step._last_line, step.started) > _COUNT_EACH_S:  # noqa: SLF001 - Step is this class's own record
                self._say(step)

    def _say(self, step: Step) -> None:
        if self._live is None and not self._quiet:
            step._last_line = time.monotonic()  # noqa: SLF001 - Step is this class's own record
            self._console.print(Text(f"    {step.title}: waiting for {step.wait} ({step.elapsed:.0f} s)", style="dim"))

    def _begin(self, step: Step) -> None:
        with self._lock:
            self._running.append(step)
            if self._quiet:
                return
            if self._console.is_terminal:
                if self._live is None:
                    self._live = Live(console=self._console, get_renderable=self._picture, refresh_per_second=4, transient=True)
                    self._live.start()
            else:
                self._console.print(Text(f"  … {step.title}"))

    def _end(self, step: Step, word: str, style: str) -> None:
        with self._lock:
            self._running.remove(step)
            if self._live is not None and not self._running:
                self._live.stop()
                self._live = None
            if not self._quiet:
                mark = "✓" if word == "done" else "✗"
                self._console.print(Text(f"  {mark} {step.title} ({step.elapsed:.1f} s)", style=style))

    def _picture(self) -> Text:
        # No lock: rich holds its own while it asks for this, and the other methods hold ours while they print.
        running = tuple(self._running)
        return Text(
            "\n".join(f"  ⠿ {step.title} ({step.elapsed:.0f} s)" + (f"  waiting for {step.wait}" if step.wait else "") for step in running)
        )
