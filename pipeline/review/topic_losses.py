"""Data loss by changing a topic in place: retention, clean-up, partitions, replicas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pipeline.review.inputs import at, closed, lowered, mapping, truth, whole
from pipeline.review.loss import UNSEEN, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

_RETENTION: Final = ("retention.ms", "retention.bytes")
_OWN: Final = {
    "retention.ms": "the brokers' own limit applies: 7 days, unless log.retention.* of their files says otherwise",
    "retention.bytes": "the brokers' own limit applies: none, unless log.retention.bytes of their files says otherwise",
}
# Whole numbers as Kafka takes them (org.apache.kafka.common.config.ConfigDef, Type.LONG): no point, no exponent, 64 bits
_LONG = re.compile(r"[+-]?\d+")
_LARGEST: Final = 2**63

# Kafka's own delete.retention.ms
_MARKS_MS: Final = 86_400_000


def of_topic_change(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the data that an update of a topic loses."""
    if step.old is None or step.new is None:
        return
    old, new = step.old.inputs, step.new.inputs
    if closed(at(new, "config")) and not mapping(new, "config"):
        yield Loss("check", "data in transit", f"the new config is {UNSEEN}")
        return
    reasons = [*_of_config(mapping(old, "config"), mapping(new, "config"), around), *_of_partitions(old, new)]
    if reasons:
        yield Loss("lost" if any(sure for sure, _ in reasons) else "check", "data in transit", "; ".join(text for _, text in reasons))


def _of_config(old: Mapping[str, Any], new: Mapping[str, Any], around: Surroundings) -> Iterator[tuple[bool, str]]:
    for key in _RETENTION:
        if old.get(key) != new.get(key):
            yield from _of_retention(key, old.get(key), new.get(key), around.retention.get(key))
    before, after = (_policies(config.get("cleanup.policy")) for config in (old, new))
    told = f"cleanup.policy {old.get('cleanup.policy', 'delete')} → {new.get('cleanup.policy', 'delete')}"
    if closed(new.get("cleanup.policy")):
        yield False, f"cleanup.policy is {UNSEEN}"
    elif after - before:
        yield True, f"{told}: the new policy removes other records"
    if truth(new.get("unclean.leader.election.enable")) is not False and truth(old.get("unclean.leader.election.enable")) is False:
        yield False, "unclean.leader.election.enable becomes true: a replica that lags may lead, and records that it lacks are dropped"
    if truth(old.get("remote.storage.enable")) and truth(new.get("remote.storage.enable")) is not True:
        yield False, "remote.storage.enable is switched off: segments that only the remote storage has are deleted or no longer read"
    marks = [whole(config.get("delete.retention.ms", _MARKS_MS)) for config in (old, new)]
    if "compact" in after and old.get("delete.retention.ms") != new.get("delete.retention.ms") and (marks[1] is None or lowered(*marks)):
        yield False, f"delete.retention.ms {marks[0]} → {marks[1]}: a reader that is away for longer never sees deletions"
    if _fewer(old.get("min.insync.replicas"), new.get("min.insync.replicas")):
        change = f"{old.get('min.insync.replicas')} → {new.get('min.insync.replicas', 'unset')}"
        yield False, f"min.insync.replicas {change}: a record counts as written on fewer brokers"


def _of_retention(key: str, old: object, new: object, own: int | None) -> Iterator[tuple[bool, str]]:
    """Yield the loss by one changed limit; a missing one is the brokers' own, None where the preview does not show it."""
    told = f"{key} {'unset' if old is None else old} → {'unset' if new is None else new}"
    if closed(new):
        yield False, f"{key} is {UNSEEN}"
        return
    if new is not None and _limit(new) is None:
        yield False, f"{told}: not a whole number of 64 bits, which Kafka refuses: the update fails"
        return
    most = _limit(old) if old is not None else own
    least = _limit(new) if new is not None else own
    if new is None and own is None:
        if most is None or most < 0 or key == "retention.ms":
            yield False, f"{told}: {_OWN[key]}"
    elif lowered(most, least):
        limit = f", {least}, the brokers' own limit," if new is None else ""
        yield True, f"{told}{limit}: Kafka deletes records beyond it within minutes, archived or not"


def _limit(value: object) -> int | None:
    """Parse a limit as Kafka does; None for what Kafka refuses."""
    number = whole(value) if not isinstance(value, str) or _LONG.fullmatch(value.strip()) else None
    return None if number is None or not -_LARGEST <= number < _LARGEST else number


def _policies(value: object) -> frozenset[str]:
    return frozenset(part.strip() for part in str("delete" if value is None else value).split(",") if part.strip())


def _fewer(old: object, new: object) -> bool:
    before, after = whole(old), whole(new) if new is not None else 1
    return before is not None and after is not None and after < before


def _of_partitions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    before, after = whole(old.get("partitions")), whole(new.get("partitions"))
    if before is not None and after is not None and after > before:
        yield False, f"partitions {before} → {after}: keys move to other partitions, so changes of a key may be read out of order"
    if closed(new.get("partitions")) and not closed(old.get("partitions")):
        yield False, f"the number of partitions is {UNSEEN}"
    if _fewer(old.get("replicationFactor"), new.get("replicationFactor")):
        yield False, f"replicationFactor {old.get('replicationFactor')} → {new.get('replicationFactor', 1)}: fewer copies of each record"
