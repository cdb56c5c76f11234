"""Snapshots and old files that Iceberg tables lose: by their properties, by optimizers of Glue and by S3 Tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.review.inputs import at, closed, mapping, text, truth, whole
from pipeline.review.loss import UNSEEN, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

_SNAPSHOTS: Final = "old snapshots of the table"
# Table properties that delete more when they are lowered, with Iceberg's own value (docs of Iceberg 1.10, "Configuration")
_LOWERED: Final = {
    "history.expire.max-snapshot-age-ms": 432_000_000,
    "history.expire.min-snapshots-to-keep": 1,
    "history.expire.max-ref-age-ms": 2**63 - 1,
    "write.metadata.previous-versions-max": 100,
}
# Table properties that begin a deletion when they become true, with Iceberg's own value
_SWITCHES: Final = {"write.metadata.delete-after-commit.enabled": False, "gc.enabled": True}
OPTIMIZER: Final = "aws:glue/catalogTableOptimizer:CatalogTableOptimizer"
TABLE_BUCKET: Final = "aws:s3tables/tableBucket:TableBucket"
S3_TABLE: Final = "aws:s3tables/table:Table"
# Numbers of an optimizer, or of the maintenance of S3 Tables, that keep less when lowered, with the value that holds without them
_MAINTAINED: Final = {
    "snapshotRetentionPeriodInDays": 5,
    "numberOfSnapshotsToRetain": 1,
    "orphanFileRetentionPeriodInDays": 3,
    "maxSnapshotAgeHours": 120,
    "minSnapshotsToKeep": 1,
    "nonCurrentDays": 10,
    "unreferencedDays": 3,
}
_DEEPEST: Final = 6


def of_table_change(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the snapshots and files that new properties of a table expire."""
    if step.old is None or step.new is None:
        return
    old, new = (at(state.inputs, "properties") for state in (step.old, step.new))
    if closed(new) and old != new:
        yield Loss("check", _SNAPSHOTS, f"its properties are {UNSEEN}")
    before, after = mapping({"p": old}, "p"), mapping({"p": new}, "p")
    for key, own in _LOWERED.items():
        yield from _lower(key, before.get(key), after.get(key), own)
    for key, by_default in _SWITCHES.items():
        was, now = (by_default if key not in one else truth(one[key]) for one in (before, after))
        if was is False and now is not False:
            yield Loss("check", _SNAPSHOTS, f"{key} becomes {after.get(key, 'true')}: old files are deleted from now on")


def _lower(key: str, old: object, new: object, own: int) -> Iterator[Loss]:
    one, other = (own if value is None else whole(value) for value in (old, new))
    if old != new and (other is None or (one is not None and other < one)):
        shown = [f"{own} (its own)" if value is None else value for value in (old, new)]
        yield Loss(
            "check",
            _SNAPSHOTS,
            f"{key} {shown[0]} → {shown[1]}: the next clean-up deletes more of them, with the files that only they name",
        )


def of_maintenance(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield what an optimizer of Glue, or the maintenance of S3 Tables, begins to delete or deletes sooner."""
    old = step.old.inputs if step.old else {}
    new = step.new.inputs if step.new else {}
    place = "configuration" if step.type == OPTIMIZER else "maintenanceConfiguration"
    told, said = at(old, place), at(new, place)
    if closed(said) and told != said:
        yield Loss("check", _SNAPSHOTS, f"{place} is {UNSEEN}")
        return
    before, after = dict(_numbers(told)), dict(_numbers(said))
    if step.type == OPTIMIZER and text(new, "type") in {"retention", "orphan_file_deletion"} and _runs(said) and not _runs(told):
        yield Loss(
            "check", _SNAPSHOTS, f"an optimizer of Glue ({text(new, 'type')}) begins to delete them and the files that only they name"
        )
        return
    for key in sorted(before.keys() | after.keys()):
        name = key.rpartition(".")[2]
        if name == "cleanExpiredFiles":
            if truth(after.get(key)) and not truth(before.get(key)):
                yield Loss("check", _SNAPSHOTS, f"{name} becomes true: the files of expired snapshots are deleted")
        elif name in _MAINTAINED:
            yield from _lower(name, before.get(key), after.get(key), _MAINTAINED[name])


def _runs(configuration: object) -> bool:
    return configuration is not None and truth(at(configuration, "enabled")) is not False


def _numbers(value: object, path: str = "", depth: int = _DEEPEST) -> Iterator[tuple[str, Any]]:
    """Yield the path and value of every maintenance number in a configuration."""
    items: Mapping[str, Any] = value if isinstance(value, dict) and depth else {}
    for key, item in items.items():
        if key in _MAINTAINED or key == "cleanExpiredFiles":
            yield f"{path}{key}", item
        else:
            yield from _numbers(item, f"{path}{key}.", depth - 1)
