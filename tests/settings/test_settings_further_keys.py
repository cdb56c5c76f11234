"""Further keys of a stack: what is not known to be harmless is refused with a cure that works, and everyday keys are accepted."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from stack.configs.standing import standings
from stack.judgement.stack import SettingsError, parse
from stack.settings.model import Settings  # noqa: TC001 - pydantic is imported anyway
from tests.configs.test_allowed import program_keys
from tests.everyday_keys import EVERYDAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.configs.keys import Kind

PATHS: dict[Kind, str] = {
    "debezium": "source.debezium.extra",
    "s3": "archive.extra",
    "iceberg": "archive.extra",
    "worker": "streaming.connect.extra",
    "broker": "streaming.kafka.extra",
    "topic": "streaming.topics.extra",
}
# room for larger batches, fetches and queues
ROOM = {"memoryMib": 4096, "jvm": {"heapMib": 3072}}


def stack(kind: Kind, **keys: str) -> Settings:
    """Return the settings of a stack with further keys."""
    given: dict[str, Any] = {
        "archive": {"bucket": "archive", "format": "parquet" if kind == "s3" else "iceberg"},
        "budget": {"memoryMib": 65536, "diskMib": 655360},
        "streaming": {"connect": dict(ROOM)},
    }
    *sections, last = PATHS[kind].split(".")
    place = given
    for section in sections:
        place = place.setdefault(section, {})
    place[last] = keys
    return parse(given)


def refusal(kind: Kind, **keys: str) -> list[str]:
    """Return the lines of a refusal, or an empty list for an accepted stack."""
    try:
        stack(kind, **keys)
    except SettingsError as error:
        return str(error).splitlines()[1:]
    return []


@pytest.mark.parametrize("kind", PATHS)
def test_every_key_of_the_programs_alone_is_refused_with_its_path(kind: Kind, tally: Callable[[str, str, int, int], None]) -> None:
    tried = dict(program_keys(kind, only_closed=False))
    chosen = random.Random(13).sample(sorted(tried), min(40, len(tried)))  # noqa: S311 - a repeatable choice
    missed = [
        key for key in chosen if not any(f"data-ingestion:{PATHS[kind]}: {key}" in line for line in refusal(kind, **{key: tried[key]}))
    ]
    assert missed == []
    tally("further keys of stacks", "harmful", len(chosen), 0)


@pytest.mark.parametrize("kind", PATHS)
def test_everyday_keys_are_accepted_together(kind: Kind, tally: Callable[[str, str, int, int], None]) -> None:
    assert refusal(kind, **EVERYDAY[kind]) == []
    tally("further keys of stacks", "harmless", len(EVERYDAY[kind]), 0)


@pytest.mark.parametrize("kind", PATHS)
def test_a_fixed_key_is_refused_whatever_its_value(kind: Kind) -> None:
    fixed = [key for key, one in standings(_LISTS[kind]).items() if one.is_fixed]
    for key in fixed:
        lines = refusal(kind, **{key: "1"})
        assert any(key in line and ("is fixed" in line or "is controlled by" in line) for line in lines), key


_LISTS: dict[Kind, str] = {
    "debezium": "debezium-postgres",
    "s3": "s3-sink",
    "iceberg": "iceberg-sink",
    "worker": "connect-worker",
    "broker": "kafka-broker",
    "topic": "kafka-topic",
}
_KAFKA = "org.apache.kafka.connect.transforms."
# Each wrong stack with the stack after its cure was followed.
CURES: list[tuple[Kind, dict[str, str], str, dict[str, str]]] = [
    ("debezium", {"schema.exclude.list": "public"}, "it decides which tables", {}),
    ("debezium", {"time.precision.mode": "connect"}, "the archive's columns have the types that follow from it", {}),
    ("debezium", {"tombstones.on.delete": "true"}, "or set false", {"tombstones.on.delete": "false"}),
    ("debezium", {"max.batch.size": "10000"}, "max.queue.size to 20000", {"max.batch.size": "10000", "max.queue.size": "20000"}),
    (
        "debezium",
        {"transforms": "truncates,unwrap,names,drop", "transforms.drop.type": f"{_KAFKA}Filter"},
        "drops every row",
        {"transforms": "truncates,unwrap,names"},
    ),
    ("debezium", {"transforms": "more", "transforms.more.type": f"{_KAFKA}DropHeaders"}, "begin with truncates", {}),
    ("debezium", {"transforms.unwrap.add.fields": "op"}, "follow from this transform", {}),
    ("iceberg", {"iceberg.tables.route-field": "__source_table"}, "such as __topic", {"iceberg.tables.route-field": "__topic"}),
    ("iceberg", {"topics.regex": "("}, "is fixed", {}),
    ("iceberg", {"iceberg.table.archive.users.route-regex": "((a+)+)+$"}, "is fixed", {}),
    ("iceberg", {"iceberg.hadoop.fs.s3a.impl": "y"}, "no list of this program contains it", {}),
    ("iceberg", {"iceberg.tables.default-commit-branch": "draft"}, "hidden from every reader", {}),
    ("s3", {"timezone": "Europe/Berlin"}, "or set UTC", {"timezone": "UTC"}),
    ("s3", {"locale": "ar"}, "or set en-US", {"locale": "en-US"}),
    ("s3", {"s3.bucket.name": "other"}, "is controlled by archive.bucket", {}),
    ("debezium", {"topic.creation.default.partitions": "6"}, "beside the declared ones", {}),
    ("s3", {"parquet.codec": "lzo"}, "or set snappy", {"parquet.codec": "snappy"}),
    ("s3", {"value.converter.use.latest.version": "true"}, "or set false", {"value.converter.use.latest.version": "false"}),
    ("worker", {"consumer.isolation.level": "read_uncommitted"}, "or set read_committed", {"consumer.isolation.level": "read_committed"}),
    ("worker", {"offset.flush.interval.ms": "60000"}, "from 1 to 10000", {"offset.flush.interval.ms": "10000"}),
    ("broker", {"metadata.log.dir": "/tmp/meta"}, "is fixed", {}),  # noqa: S108 - the wrong value
    ("broker", {"offsets.retention.minutes": "1"}, "from 1440", {"offsets.retention.minutes": "1440"}),
    ("broker", {"num.io.threads": "2000"}, "from 1 to 128", {"num.io.threads": "8"}),
    ("topic", {"message.timestamp.type": "LogAppendTime"}, "or set CreateTime", {"message.timestamp.type": "CreateTime"}),
    ("topic", {"remote.storage.enable": "true"}, "or set false", {"remote.storage.enable": "false"}),
]


@pytest.mark.parametrize(("kind", "keys", "told", "cured"), CURES, ids=str)
def test_a_cure_that_is_followed_leads_to_an_accepted_stack(kind: Kind, keys: dict[str, str], told: str, cured: dict[str, str]) -> None:
    assert any(told in line for line in refusal(kind, **keys)), refusal(kind, **keys)
    assert refusal(kind, **cured) == []


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("debezium", {"transforms": ""}),
        ("debezium", {"transforms.unwrap.type": f"{_KAFKA}Filter"}),
        ("s3", {"topics.regex": "([a-z.]+)+!"}),
        ("iceberg", {"iceberg.table.archive.users.route-regex": "(([a-z.]+)+)+!"}),
        ("s3", {"topics": "postgres.public.users"}),
        ("iceberg", {"iceberg.catalog.uri": "jdbc:postgresql://other/catalog"}),
    ],
    ids=str,
)
def test_a_key_that_must_go_is_reported_alone(kind: Kind, keys: dict[str, str]) -> None:
    """What the program renders beside it is right once the key is gone."""
    (line,) = refusal(kind, **keys)
    assert line.startswith(f"  - data-ingestion:{PATHS[kind]}: {next(iter(keys))}")


@pytest.mark.parametrize("kind", ["debezium", "s3", "iceberg"])
def test_a_transform_may_follow_those_of_the_program(kind: Kind) -> None:
    chain = {"debezium": "truncates,unwrap,names", "s3": "place,sound"}.get(
        kind, "place,month,day,hour,yearText,monthText,dayText,hourText,sound"
    )
    added = {
        "transforms": f"{chain},env",
        "transforms.env.type": f"{_KAFKA}InsertField$Value",
        "transforms.env.static.field": "environment",
        "transforms.env.static.value": "prod",
        "transforms.env.replace.null.with.default": "false",
    }
    assert refusal(kind, **added) == []
    (line,) = refusal(kind, **{**added, "transforms.env.static.field": "email"})
    assert "a column has this name already" in line
