"""Every size and time of the settings works at its least value, or is refused with a cure that leads to an accepted stack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest
from pydantic import BaseModel

from stack.judgement.stack import SettingsError, specify
from stack.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# A stack in which every part of the program runs, with room in its budgets
WHOLE: Final[dict[str, Any]] = {
    "archive": {"bucket": "archive"},
    "audit": {"schedule": "@hourly"},
    "monitoring": {
        "enabled": True,
        "grafana": {"enabled": True},
        "receivers": {"addresses": ["203.0.113.0/24"], "secret": "alerts", "slack": {"channel": "#data"}},
    },
    "quality": {"enabled": True},
    "streaming": {"connect": {"memoryMib": 1152, "jvm": {"heapMib": 640}}},
    "budget": {"memoryMib": 8192, "diskMib": 65_536},
}
PARQUET: Final = {**WHOLE, "archive": {"bucket": "archive", "format": "parquet"}, "quality": {}}
_KINDS: Final = ("_mib", "_millicores", "_ms", "_s", "_minutes", "_days", "_percent")
# What works at the least value of its schema, with the reason
AT_LEAST: Final = {
    "source.cpuMillicores": "a request, no limit",
    "source.sharedBuffersMib": "twelve sessions of updates and joins met no error with 1 MiB in PostgreSQL 15, and did with 128 kB",
    "source.debezium.pollIntervalMs": "a pause between two looks at a queue",
    "source.debezium.heartbeatIntervalMs": "one row a second",
    "source.debezium.maxQueueMib": "a larger change waits alone in the queue",
    "streaming.kafka.cpuMillicores": "a request, no limit",
    "streaming.registry.cpuMillicores": "a request, no limit",
    "streaming.connect.cpuMillicores": "a request, no limit",
    "streaming.topics.retentionDays": "a day",
    "streaming.topics.maxRecordMib": "Kafka's own default",
    "archive.commitIntervalMs": "a second",
    "archive.expireNoncurrentDays": "the least of S3",
    "audit.cpuMillicores": "a request, no limit",
    "monitoring.cpuMillicores": "a request, no limit",
    "monitoring.scoresMib": "measured",
    "monitoring.intervalS": "five seconds",
    "quality.lateAfterS": "a row is late after a second",
    "quality.windowMinutes": "five minutes",
    "quality.criticalPercent": "no score is critical but 0",
}


def sizes(section: type[BaseModel] = Settings, above: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """Yield the path of every size and time, with the least value of its schema."""
    for name, field in section.model_fields.items():
        path = (*above, field.alias or name)
        kinds = [field.annotation, *get_args(field.annotation)]
        below = next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)
        if below is not None and field.alias != "external" and name not in {"external", "tables", "seams"}:
            yield from sizes(below, path)
        elif below is None and name.endswith(_KINDS):
            yield ".".join(path), _least(field.metadata, *(getattr(one, "__metadata__", ()) for one in kinds))


def _least(*metadata: Any) -> int:
    """Return the least value that annotations of a type allow."""
    flat = [one for part in metadata for one in part]
    flat += [inner for one in flat for inner in getattr(one, "metadata", ())]
    least = [value for one in flat if (value := getattr(one, "ge", None)) is not None]
    above = [value + 1 for one in flat if (value := getattr(one, "gt", None)) is not None]
    return int(max([*least, *above]))


def changed(values: dict[str, Any], path: str, value: int) -> dict[str, Any]:
    """Return a stack with one setting changed."""
    key, _, rest = path.partition(".")
    return {**values, key: changed(values.get(key, {}), rest, value) if rest else value}


def told(values: dict[str, Any]) -> list[str]:
    """Return the problems of a stack."""
    try:
        specify(values)
    except SettingsError as error:
        return [str(problem) for problem in error.problems]
    return []


def base_of(path: str) -> dict[str, Any]:
    """Return a stack in which a setting has an effect."""
    return PARQUET if path == "archive.flushRecords" else WHOLE


LEAST: Final = dict(sizes())


def test_the_stack_around_them_is_accepted() -> None:
    assert told(WHOLE) == told(PARQUET) == []
    assert len(LEAST) >= 50


@pytest.mark.full
def test_what_works_at_its_least_value_is_listed_with_the_reason() -> None:
    assert {path for path in LEAST if told(changed(base_of(path), path, LEAST[path])) == []} == AT_LEAST.keys()


# A cure that names a number, of the setting itself or of another one
_CURE: Final = re.compile(r"(?:raise|set) (it|the budget|[\w.]+) (to|by) (\d+)")


@pytest.mark.parametrize("path", sorted(LEAST.keys() - AT_LEAST.keys()))
def test_what_works_with_no_such_value_is_refused_with_a_cure_that_leads_to_an_accepted_stack(path: str) -> None:
    values = changed(base_of(path), path, LEAST[path])
    lines = told(values)
    assert any(line.startswith((f"{path}:", f"{path.rpartition('.')[0]}:")) or path in line for line in lines), lines
    for _ in range(4):
        if not lines:
            return
        values = followed(values, lines[0])
        lines = told(values)
    assert lines == []


def followed(values: dict[str, Any], line: str) -> dict[str, Any]:
    """Return a stack in which the number of a cure is set."""
    if line.endswith("; exchange them"):
        quality = values["quality"]
        return {**values, "quality": {**quality, "warningPercent": 80, "criticalPercent": quality["warningPercent"]}}
    found = _CURE.search(line.rpartition("; ")[2])
    assert found, line
    about = line.partition(":")[0]
    target = {"it": about, "the budget": about}.get(found[1], found[1])
    if "." not in target:  # a key beside the one that the line is about
        target = f"{about.rpartition('.')[0] if about.rpartition('.')[2] != 'jvm' else about}.{target}"
    before: Any = values
    for key in target.split("."):
        before = before.get(key, {}) if isinstance(before, dict) else {}
    number = int(found[3]) + (before if found[2] == "by" and isinstance(before, int) else 0)
    return changed(values, target, number)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("audit.diskMib", 167),
        ("monitoring.grafana.memoryMib", 127),
        ("source.slotWalKeepMib", 79),
        ("source.storageMib", 159),
        ("streaming.topics.retentionMib", 3),
    ],
)
def test_the_value_that_a_cure_names_is_the_least_that_is_accepted(path: str, value: int) -> None:
    values = changed(WHOLE, "source.slotWalKeepMib", 80)
    values = changed(values, "source.parameters", {"max_wal_size": "32MB", "min_wal_size": "32MB"})  # type: ignore[arg-type]
    (line,) = told(changed(values, path, value))
    assert line.startswith(f"{path}: is {value}, ")
    assert line.endswith(f"raise it to {value + 1}")
    assert told(changed(values, path, value + 1)) == []


@pytest.mark.parametrize(
    ("path", "value", "accepted"),
    [
        ("audit.since", "999999d", "365d"),
        ("monitoring.scoresMib", 2**40, 256),
        ("monitoring.targetChangesPerSecond", 10**12, 1_000_000),
    ],
)
def test_what_is_beyond_everything_is_refused_too(path: str, value: Any, accepted: Any) -> None:
    (line,) = told(changed(WHOLE, path, value))
    assert line.startswith(f"{path}: ")
    assert told(changed(WHOLE, path, accepted)) == []
