"""Data loss by what servers and scripts are told: settings in files and commands, and SQL that drops."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from pipeline.review.inputs import lowered, mapping, texts, truth, whole
from pipeline.review.kinds import CONFIG_MAP, base
from pipeline.review.loss import Loss
from policy.files import properties
from stack.capacity.postgres_values import ParameterError, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

_EMPTY: Final = "what is stored under the old name is no longer found; the server begins empty"
# Keys of servers' files that name a place of data
_PLACES: Final = {
    "apicurio.kafkasql.topic": "schemas and their ids are read from another topic",
    "config.storage.topic": "Connect forgets all connectors until they are created again",
    "data_directory": _EMPTY,
    "group.id": "a worker of another group shares nothing with the old one; sinks and sources must not run in both",
    "kafkastore.topic": "schemas and their ids are read from another topic",
    "log.dir": _EMPTY,
    "log.dirs": _EMPTY,
    "metadata.log.dir": _EMPTY,
    "offset.storage.topic": "the positions of all source connectors are lost: Debezium reads all tables again",
}
# Of these, those that name another place than before also where none was named
_FROM_NOWHERE: Final = ("data_directory", "log.dirs", "metadata.log.dir")
# Keys whose limit deletes what is beyond it when it is lowered
_LIMITS: Final = ("log.retention.ms", "log.retention.minutes", "log.retention.hours", "log.retention.bytes", "offsets.retention.minutes")
_SLOT_LIMIT = re.compile(
    r"(?im)^(?![ \t]*[#!])[^\n#]*?\bmax[_-]slot[_-]wal[_-]keep[_-]size\b[ \t]*(?:=|\bto\b)?[ \t]*'?([-+\w.]*[ \t]?(?:[kmgt]?b\b)?)"
)
_SLOTS = re.compile(r"(?i)max.slot.wal|wal.level")
_SLOT_KEY: Final = "max_slot_wal_keep_size"
_WAL_LEVEL = re.compile(r"(?im)^(?![ \t]*[#!])[^\n#]*?\bwal[_-]level\b[ \t]*(?:=|\bto\b)?[ \t]*'?(\w+)")
# Comments of SQL and shell; the flag of a command begins with two hyphens too, and a pattern of file names holds the mark of a block
_COMMENT = re.compile(r"(?im)^[ \t]*#[^\n]*|--(?=\s|drop\b(?!-)|truncate\b|delete\s+(?:only\s+)?from\b|alter\b)[^\n]*|'[^']*'")
_NAME: Final = r"(?:only\s+)?(?:if\s+exists\s+)?(?:only\s+)?[\w.\"$%{}]+"
_DROPPING = re.compile(
    rf"""(?ix)\b(?:
    drop\s+(?:table|schema|database|tablespace|materialized\s+view|foreign\s+table|publication|owned\s+by|column)\s+{_NAME}
    |truncate\s+(?!on\b|or\b|for\b|to\b|table\s+on\b)(?:table\s+)?{_NAME}
    |delete\s+from\s+{_NAME}
    |alter\s+table\s+[^;]{{0,400}}?\bdrop\s+(?!constraint\b|not\b|default\b|identity\b|expression\b){_NAME}
    |drop\s+(?:type|domain|extension)\s+[^;]{{0,200}}?\bcascade\b
    |alter\s+(?:column\s+)?[\w.\"]+\s+(?:set\s+data\s+)?type\s+[^;]{{0,100}}?\busing\b
    |merge\s+into\s+[^;]{{0,400}}?\bthen\s+delete\b
    |set\s+unlogged
    |lo_unlink
    |pg_drop_replication_slot
    |pg_replication_slot_advance
    |pg_logical_slot_get_(?:binary_)?changes
    |pg_recvlogical\s[^;|&\n]{{0,200}}?--(?:start|drop-slot)\b
    |drop_replication_slot
    |pg_resetwal
    |dropdb\s+[\w.\"$%{{}}-]+
    |kafka-(?:topics|consumer-groups)(?:\.sh)?\s[^;|&\n]{{0,200}}?--delete(?:-offsets)?\b
    |kafka-delete-records(?:\.sh)?\s+\S
    |(?:aws\s+(?:[\w./:=-]{{1,60}}\s+){{0,4}}s3|gsutil|mc|s3cmd)\s+(?:-\S{{1,60}}\s+){{0,5}}(?:rm|rb|del)\s+\S[^;|&\n]{{0,200}}
    |aws\s+(?:[\w./:=-]{{1,60}}\s+){{0,4}}s3api\s+delete-(?:objects?|bucket)\s
    |rclone\s+(?:-\S{{1,60}}\s+){{0,5}}(?:delete|purge|deletefile)\s+\S{{1,200}}
    |rm\s+(?:-\S{{1,60}}\s+){{0,5}}(?:-\w{{0,10}}r\w{{0,10}}|--recursive)\s+(?:-\S{{1,60}}\s+){{0,5}}(?!["']?/tmp/|["']?/var/(?:tmp|cache)/)\S{{1,200}}
    |find\s[^;|&\n]{{1,200}}?\s-delete\b
    |mkfs(?:\.\w{{1,10}})?\s+\S
    )"""
)


def of_files(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the data that new texts of a resource lose: a ConfigMap's files, a pod's commands, or any other property."""
    if step.new is None or (step.old is None and not around.claimants):  # a first deployment has no data yet
        return
    before, after = ("\n".join(texts(state.inputs)) if state else "" for state in (step.old, step.new))
    dropping = _statements(after) - _statements(before)
    if dropping:
        listed = ", ".join(sorted(dropping)[:6]) + (f" and {len(dropping) - 6} more" if len(dropping) > 6 else "")  # noqa: PLR2004 - a line
        yield Loss("check", "rows or changes", f"new statements delete data wherever they run: {listed}")
    if step.old is None:
        return
    yield from _of_slots(before, after)
    if base(step.type) == CONFIG_MAP:
        old, new = mapping(step.old.inputs, "data"), mapping(step.new.inputs, "data")
        for name in sorted(old.keys() & new.keys()):
            if isinstance(old[name], str) and isinstance(new[name], str) and old[name] != new[name]:
                yield from _of_keys(name, properties(old[name]), properties(new[name]))


def _statements(text: str) -> Counter[str]:
    if not re.search(r"(?i)drop|truncate|delete|_slot_|pg_re|unlogged|lo_unlink|type\s|\brm\s|\brb\s|\bdel\s|purge|mkfs", text):
        return Counter()
    bare = _COMMENT.sub(lambda found: found[0] if found[0].startswith("'") else " ", text)
    one, other = (Counter(" ".join(found[0].split()) for found in _DROPPING.finditer(form)) for form in (bare, _without_blocks(bare)))
    return one | other


def _without_blocks(text: str) -> str:
    """Replace each block of comment by a blank; one that does not end is none."""
    pieces, at = [], 0
    while (begin := text.find("/*", at)) >= 0 and (end := text.find("*/", begin + 2)) >= 0:
        pieces.append(text[at:begin])
        at = end + 2
    return " ".join([*pieces, text[at:]])


def _of_slots(before: str, after: str) -> Iterator[Loss]:
    old, new = ([*_SLOT_LIMIT.finditer(text)][-1:] if _SLOTS.search(text) else [] for text in (before, after))
    if new:
        was, told = (found[0][1].strip() if found else "unlimited" for found in (old, new))
        most, least = _retained(was) if old else None, _retained(told)
        if told and was != told and (least is None or lowered(most, least)):
            why = "a replication slot that retains more is invalidated, and its changes are never captured"
            yield Loss("check", "changes that are not captured yet", f"max_slot_wal_keep_size {was} → {told}: {why}")
    levels = [[found[1].lower() for found in _WAL_LEVEL.finditer(text)][-1:] if _SLOTS.search(text) else [] for text in (before, after)]
    if levels[0] == ["logical"] and levels[1] not in (["logical"], []):
        yield Loss(
            "check",
            "changes that are not captured yet",
            f"wal_level logical → {levels[1][0]}: PostgreSQL does not start with a logical slot",
        )


def _retained(text: str) -> int | None:
    """Return the bytes that a slot retains by a value as PostgreSQL reads it; None for one that PostgreSQL refuses."""
    try:
        return size({_SLOT_KEY: text}, _SLOT_KEY)
    except ParameterError:
        return None


def _of_keys(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Loss]:
    for key, why in _PLACES.items():
        fresh = key in _FROM_NOWHERE and key in new and key not in old and new[key] not in old.values()
        if fresh or (key in old and old[key] != new.get(key) and not _within(old[key], new.get(key))):
            yield Loss("check", "what the server stores", f"{name}: {key} {old.get(key, 'unset')} → {new.get(key, 'unset')}: {why}")
    for key in _LIMITS:
        most, least = whole(old.get(key)), whole(new.get(key))
        if old.get(key) != new.get(key) and key in new and (least is None or lowered(most, least)):
            why = "the brokers delete what is beyond it, of every topic without a limit of its own"
            yield Loss("check", "records in topics", f"{name}: {key} {old.get(key, 'unset')} → {new[key]}: {why}")
    policies = [set(str(found.get("log.cleanup.policy", "delete")).split(",")) for found in (old, new)]
    if "compact" in policies[1] - policies[0]:
        why = "of each key only the last record stays, in every topic without a policy of its own"
        yield Loss("check", "records in topics", f"{name}: log.cleanup.policy becomes {new['log.cleanup.policy']}: {why}")
    if truth(new.get("unclean.leader.election.enable")) and not truth(old.get("unclean.leader.election.enable")):
        why = "a replica that lags may lead, and records that it lacks are dropped"
        yield Loss("check", "records in topics", f"{name}: unclean.leader.election.enable becomes true: {why}")


def _within(old: str, new: str | None) -> bool:
    """Tell whether a list of folders only grows."""
    return new is not None and "/" in old and set(old.split(",")) <= set(new.split(","))
