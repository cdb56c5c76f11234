"""Results of a run as values, as a table, and as the two files that keep it."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.bench.figures import NOTHING, Grid, markdown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sandbox.faults.books import Verdict

_SHOWN: Final = 5
_SOUND: Final = "each once, in order"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fault that was injected.

    Attributes:
        number: Its number in the run.
        kind: Name of the kind.
        hit: What it has struck.
        at: When it began.
        lasted_s: Seconds from its beginning to its end.
        recovery_s: Seconds from its end until a change that was begun after it was in the archive; None if it has not come.
        verdict: What the books say once every change committed so far should be archived.
        trouble: Why it could not be injected or has left the pipeline unsound, or nothing.
    """

    number: int
    kind: str
    hit: str
    at: str
    lasted_s: float
    recovery_s: float | None
    verdict: Verdict
    trouble: str = ""

    @property
    def good(self) -> bool:
        """True if it was injected, was recovered from, and nothing is wrong."""
        return not self.verdict.wrong and not self.trouble and self.recovery_s is not None

    def __str__(self) -> str:
        """One line."""
        recovered = "no recovery" if self.recovery_s is None else f"recovered in {self.recovery_s:.0f} s"
        parts = [f"{self.kind}, {self.hit}" if self.hit else self.kind, recovered, str(self.verdict), self.trouble]
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Result:
    """A run.

    Attributes:
        seed: What has decided it.
        rate: Changes per second that were asked for.
        seconds: How long the load went on.
        committed: Changes that were committed.
        kinds: Committed transactions by kind.
        in_doubt: Transactions whose COMMIT was not answered: committed after all, and not committed.
        outcomes: Every fault.
        last: Verdict after the last change, and what the comparison of all rows has found.
        notes: What else is wrong at the end: rows that differ, dead letters.
    """

    seed: int
    rate: float
    seconds: float
    committed: int
    kinds: Mapping[str, int]
    in_doubt: tuple[int, int]
    outcomes: tuple[Outcome, ...]
    last: Verdict
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """True if every fault was injected and recovered from, and nothing is wrong at the end."""
        return all(outcome.good for outcome in self.outcomes) and not self.last.wrong and not self.notes

    @property
    def named(self) -> list[str]:
        """What is wrong, each with the fault after which it was found, and the first few names."""
        found = [(f"fault {outcome.number}, {outcome.kind}", outcome.verdict) for outcome in self.outcomes]
        lines = [
            f"{place}: {len(names)} {what}, for example {', '.join(names[:_SHOWN])}"
            for place, verdict in [*found, ("at the end", self.last)]
            for what, names in verdict.wrong.items()
        ]
        troubles = [f"fault {outcome.number}, {outcome.kind}: {outcome.trouble}" for outcome in self.outcomes if outcome.trouble]
        return [*lines, *troubles, *self.notes]


def table(outcomes: Sequence[Outcome]) -> Grid:
    """Return what each kind of fault has come to."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.kind, []).append(outcome)
    return Grid(
        ("fault", "times", "recovery, median s", "recovery, worst s", "changes checked", "result"),
        tuple(_line(kind, kinds[kind]) for kind in sorted(kinds)),
    )


def _line(kind: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    times = [outcome.recovery_s for outcome in outcomes if outcome.recovery_s is not None]
    wrong = sorted({f"{len(names)} {what}" for outcome in outcomes for what, names in outcome.verdict.wrong.items()})
    lost = ["no recovery"] if len(times) < len(outcomes) else []
    trouble = ["see below"] if any(outcome.trouble for outcome in outcomes) else []
    return (
        kind,
        str(len(outcomes)),
        f"{statistics.median(times):.1f}" if times else NOTHING,
        f"{max(times):.1f}" if times else NOTHING,
        str(sum(outcome.verdict.checked for outcome in outcomes)),
        ", ".join([*wrong, *lost, *trouble]) or _SOUND,
    )


def document(result: Result, about: Mapping[str, Any]) -> str:
    """Return a run as Markdown."""
    machine, (after_all, not_at_all) = about["machine"], result.in_doubt
    facts = {
        "Command": f"`{about['command']}`, seed {result.seed}",
        "Run": f"{about['date']}, commit {about['commit']}",
        "Machine": f"{machine['cpus']} x {machine['model']}, {machine['memory_mib']} MiB of memory, {machine['system']}",
        "Load": f"{result.committed} changes in {result.seconds:.0f} s, {result.committed / max(result.seconds, 1):.0f} a second",
        "Transactions": ", ".join(f"{number} {kind}" for kind, number in result.kinds.items()),
        "COMMIT without an answer": f"{after_all} committed after all, {not_at_all} not",
        "At the end": ", ".join([str(result.last), *result.notes]) + ("; database and archive hold the same rows" if result.good else ""),
    }
    parts = [
        "# Faults\n\nWritten by `make faults`; `faults.json` holds every single fault, and docs/faults.md says what is measured.",
        "\n".join(f"- {name}: {text}" for name, text in facts.items()),
        markdown(table(result.outcomes)),
    ]
    if result.named:
        parts.append("## What is wrong\n\n" + "\n".join(f"- {line}" for line in result.named))
    return "\n\n".join(parts) + "\n"


def save(path: Path, result: Result, about: Mapping[str, Any]) -> None:
    """Write a run as JSON, and beside it as Markdown."""
    path.write_text(json.dumps({"about": about, **asdict(result)}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(document(result, about), encoding="utf-8")
