"""Commands about epochs: show the state of the history, and begin a new one behind a break."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from pipeline.checks import whole_file
from pipeline.checks.agreement import agreed
from pipeline.checks.direct import without_proxy
from pipeline.checks.lines import Lines
from pipeline.checks.neutral import complain, neutral
from pipeline.description.running import described
from pipeline.epoch import settling, words
from pipeline.epoch.diagnosis import State, diagnosis
from pipeline.epoch.looking import look
from pipeline.epoch.settling import UnsettledError
from pipeline.epoch.stack_file import EditError, with_epoch
from pipeline.reading import saved_outputs
from pipeline.reading.log_position import lsn_text
from pipeline.reading.stack import NotRunningError, running
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, UnknownStackError
from providers.operations import ProviderError
from stack.judgement.stack import SettingsError
from stack.settings import yaml_file
from stack.settings.seams import LAST_EPOCH, Seam

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.epoch.diagnosis import Verdict
    from pipeline.epoch.facts import Facts
    from pipeline.reading.stack import RunningStack

WHOLE, BROKEN, USAGE, UNDECIDED = 0, 1, 2, 3
DONE, NOT_DONE = 0, 1
BY_WISH: Final = "operator"
_FOUND: Final = {State.WHOLE: WHOLE, State.BROKEN: BROKEN, State.UNFINISHED: BROKEN, State.UNDECIDED: UNDECIDED}
_TOLD: Final = (SettingsError, StackFileError, NotRunningError, ProviderError, UnsettledError)


def show(stack: str) -> int:
    """Print the state of a stack's history.

    Args:
        stack: Name of a stack file.

    Returns:
        0 if it is whole, 1 if it is broken, 3 if a part did not answer.
    """

    def work(of: RunningStack) -> int:
        facts = look(described(of))
        verdict = diagnosis(of.settings.names, of.settings.streaming.seams, facts)
        print(neutral("\n".join(words.state(of.settings.names, of.settings.streaming.seams, facts))))
        print(neutral(f"\n{_sentence(verdict, stack)}"))
        return _FOUND[verdict.state]

    return _with(stack, work, failed=UNDECIDED)


def _sentence(verdict: Verdict, stack: str) -> str:
    if verdict.state in (State.BROKEN, State.UNFINISHED):
        cause = f" ({verdict.cause})" if verdict.cause else ""
        return f"BROKEN{cause}: {verdict.text}. Next: .venv/bin/python -m pipeline epoch begin --stack {stack}"
    return f"{verdict.state.value.upper()}: {verdict.text}"


def begin(stack: str, *, cause: str | None, yes: bool) -> int:
    """Begin a new epoch behind a break, or go on with one that a killed run has left.

    Args:
        stack: Name of a stack file.
        cause: ``operator`` to begin one without a break.
        yes: True to ask nothing.

    Returns:
        0 if the stack is up in the epoch of its file, else 1; 3 if a part did not answer.
    """

    def work(of: RunningStack) -> int:
        facts = look(described(of))
        names, verdict = of.settings.names, diagnosis(of.settings.names, of.settings.streaming.seams, facts)
        if verdict.state is State.UNFINISHED:
            print(neutral(f"Going on: {verdict.text}."))
            return _up(of, names.epoch, yes=yes)
        if verdict.state is State.UNDECIDED:
            complain(f"error: nothing was done, since it cannot be seen what is lost: {verdict.text}")
            return UNDECIDED
        found = verdict.cause or cause
        if found is None:
            complain(f"error: nothing was done: {verdict.text}; a new epoch without a break begins with --cause {BY_WISH}")
            return NOT_DONE
        if names.epoch >= LAST_EPOCH:
            complain(f"error: nothing was done: epoch {names.epoch} is the last one; destroy the stack and create it with a new bucket")
            return NOT_DONE
        return _begun(of, found, verdict, facts, yes=yes)

    return _with(stack, work, failed=NOT_DONE)


def _begun(of: RunningStack, cause: str, verdict: Verdict, facts: Facts, *, yes: bool) -> int:
    """Ask, end the epoch, write the file and bring the stack up."""
    names, path, display, reader = of.settings.names, ROOT / f"Pulumi.{of.name}.yaml", Lines("waiting for "), described(of)
    with_epoch(_text(path), _seam(names.epoch + 1, cause, facts))  # before anything changes
    if verdict.cause:
        print(neutral(f"Cause ({cause}): {verdict.text}."))
    print(neutral("\n".join(words.loss(names, cause, facts))))
    print(f"Writes epoch and break into {path.name}, then runs: {' '.join(_command(of.name, yes=yes))}", flush=True)
    if not yes and not agreed(f"begin epoch {names.epoch + 1} of the stack {of.name}"):
        return NOT_DONE
    if cause == "lost-brokers":
        settling.end_workers(of.settings, display)
    else:
        settling.stop_source(reader, display)
        settling.drain(reader, display)
        facts = look(reader)
    seam = _seam(names.epoch + 1, cause, facts)
    before = _text(path)
    after = with_epoch(before, seam)
    whole_file.write(path, after, mode=path.stat().st_mode & 0o777)
    changes = difflib.unified_diff(before.splitlines(), after.splitlines(), f"{path.name} (before)", path.name, lineterm="")
    print("\n".join(changes), flush=True)
    if cause != "lost-brokers":
        # not before the file is written: a slot without its connector would look like lost brokers
        settling.remove_source(reader)
    return _up(of, seam.epoch, yes=yes)


def _seam(epoch: int, cause: str, facts: Facts) -> Seam:
    position = None if facts.position is None else lsn_text(facts.position)
    return Seam.model_validate(
        {"epoch": epoch, "cause": cause, "system": facts.system or None, "position": position, "last_change": facts.last_change}
    )


def _text(path: Path) -> str:
    try:
        return yaml_file.text(path)
    except (OSError, yaml_file.YamlFileError, UnicodeDecodeError) as error:
        message = f"{path.name} cannot be read: {error}"
        raise StackFileError(message) from None


def _command(stack: str, *, yes: bool) -> list[str]:
    if stack == saved_outputs.STACK:
        return [sys.executable, "-m", "pipeline", "sandbox", "up"]
    return ["pulumi", "up", "--stack", stack, "--refresh", *(["--yes"] if yes else [])]


def _up(of: RunningStack, epoch: int, *, yes: bool) -> int:
    command = _command(of.name, yes=yes)
    print(f"Running: {' '.join(command)}", flush=True)
    try:
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
    except OSError as error:
        code, reason = NOT_DONE, f"{command[0]} cannot be started: {error.strerror}"
    else:
        reason = f"it ended with {code}"
    if code:
        complain(f"error: {reason}; epoch {epoch} stands in the stack file: mend the reason, and run the same again")
        return NOT_DONE
    print(f"Epoch {epoch} has begun. The archive is complete again once the snapshot has arrived; the break is in each table's properties.")
    return DONE


def _with(stack: str, work: Callable[[RunningStack], int], *, failed: int) -> int:
    os.environ |= without_proxy(os.environ)
    try:
        return work(running(stack))
    except UnknownStackError as error:
        complain(f"error: {error}")
        return USAGE
    except _TOLD as error:
        complain(f"error: {error}")
        return failed
    except EditError as error:
        complain(f"error: Pulumi.{stack}.yaml cannot be changed by this command: {error}")
        return NOT_DONE
