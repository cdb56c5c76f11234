"""Guards that a change takes away: protection, retention on delete, and switches that let a later deletion take the data with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.review.inputs import at, closed, truth, whole
from pipeline.review.loss import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pipeline.review.step import Step

_LATER: Final = "nothing is deleted by this update, but a later deletion"
# Switches of any resource that let its deletion take the data with it, and those that prevent it
_DESTROYING: Final = {
    "forceDestroy": "empties it first",
    "forceDelete": "deletes its content too",
    "deleteOnDestroy": "drops its data",
    "skipFinalSnapshot": "makes no last snapshot",
    "deleteAutomatedBackups": "deletes the backups too",
}
_GUARDING: Final = (
    "deletionProtection",
    "deletionProtectionEnabled",
    "deletionProtectionEnabledForVolumes",
    "disableApiTermination",
    "enableDeletionProtection",
    "isEnabled",
    "finalSnapshot",
    "objectLockEnabled",
    "objectLockLegalHoldStatus",
    "preventDestroy",
    "skipDestroy",
    "terminationProtection",
)
# Times and numbers of backups that keep less when lowered
_KEEPING: Final = (
    "backtrackWindow",
    "backupRetentionPeriod",
    "automatedSnapshotRetentionPeriod",
    "manualSnapshotRetentionPeriod",
    "deletionWindowInDays",
    "recoveryWindowInDays",
    "messageRetentionSeconds",
    "retentionInDays",
    "retentionPeriod",
    "snapshotRetentionLimit",
)
# Of these, those that keep everything where they are not set, or 0
_ENDLESS: Final = ("retentionInDays",)
# Words by which some switches are on or off
_WORDS: Final = {**dict.fromkeys(("active", "enabled", "on"), True), **dict.fromkeys(("inactive", "disabled", "off"), False)}


def emptied_by(inputs: Mapping[str, Any]) -> str | None:
    """Return the switch that empties a resource when it is deleted, or None."""
    return next((key for key in ("forceDestroy", "forceDelete", "deleteOnDestroy") if truth(at(inputs, key))), None)


def of_guards(step: Step) -> Iterator[Loss]:
    """Yield every guard that a resource loses while it stays."""
    if step.old is None or step.new is None:
        return
    if step.old.protected and not step.new.protected:
        yield Loss("check", "its data", f"its protection (protect) is taken away: {_LATER} is no longer refused")
    if step.old.retained and not step.new.retained:
        yield Loss("check", "its data", f"retainOnDelete is taken away: {_LATER} from the program deletes the resource itself")
    yield from _of_switches(step)


def _switched(value: object) -> bool | None:
    return _WORDS[value.lower()] if isinstance(value, str) and value.lower() in _WORDS else truth(value)


def _of_switches(step: Step) -> Iterator[Loss]:
    assert step.old is not None  # noqa: S101 - guaranteed by the caller
    assert step.new is not None  # noqa: S101 - as above
    old, new = step.old.inputs, step.new.inputs
    for key, effect in _DESTROYING.items():
        before, after = truth(at(old, key)), truth(at(new, key))
        if before is not after and after is not False and before is not True:
            now = f"{key} becomes {'true' if after else 'a value that the preview does not show'}"
            yield Loss("check", "its data", f"{now}: {_LATER} {effect}")
    for key in _GUARDING:
        before, after = _switched(at(old, key)), _switched(at(new, key))
        if before is not after and before is not False and after is not True:
            now = "is switched off" if after is False else "becomes a value that the preview does not show"
            effect = "everything encrypted with it cannot be read" if key == "isEnabled" else f"{_LATER} is no longer refused"
            yield Loss("check", "its data", f"{key} {now}: {effect}")
    for key in _KEEPING:
        before_days, after_days = at(old, key), at(new, key)
        if key in _ENDLESS and before_days in (None, 0) and after_days not in (None, 0):
            yield Loss("check", "its data", f"{key} (without end) → {after_days}: what is older is deleted")
        if before_days is None or before_days == after_days or (key in _ENDLESS and (before_days == 0 or after_days in (None, 0))):
            continue
        one, other = whole(before_days), whole(after_days)
        if after_days is None or one is None or other is None or other < one:
            told = "(the provider's own)" if after_days is None else after_days
            sure = "unknown until the update" if closed(after_days) else "less is kept"
            yield Loss("check", "its data", f"{key} {before_days} → {told}: {sure}")
