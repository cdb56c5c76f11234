"""Keys that nothing reads (misspelt, superseded, on the wrong side) and values of the wrong type."""

from __future__ import annotations

import re
import string
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stack.configs import superseded
from stack.configs.keys import KINDS, Kind, own
from stack.configs.spelling import spelling_problems
from stack.configs.verdict import connector_problems
from tests.connector_configs import RENDERED, changed


def one(kind: Kind, **changes: str) -> str:
    """Return the only problem of a rendered configuration with one change."""
    (problem,) = spelling_problems(kind, changed(RENDERED[kind], **changes))
    return str(problem)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_program_renders_is_spelt_right(kind: Kind) -> None:
    assert spelling_problems(kind, RENDERED[kind]) == []


ALL = [(kind, entry) for kind in KINDS for entry in superseded.KEYS[kind]]


def cure_of(kind: Kind, entry: superseded.Superseded, prefix: str = "") -> str:
    """Return the cure of a superseded key: the replacement with its prefix, unless the configuration has it already."""
    write, _, words = entry.cure.partition(" ")
    meant = f"{prefix}{words.partition(' ')[0]}"
    alone = write == "write" and words.partition(" ")[2][:1] in {"", "("}
    return f"remove it, since {meant} takes its place" if alone and meant in RENDERED[kind] else entry.cure


@pytest.mark.parametrize(("kind", "entry"), ALL, ids=[f"{kind}-{entry.key}" for kind, entry in ALL])
def test_each_superseded_key_is_refused_with_its_cure(kind: Kind, entry: superseded.Superseded) -> None:
    for key in examples(entry.key):
        problem = one(kind, **{key: "1"})
        assert problem == f"{key} = '1': {entry.since}; {cure_of(kind, entry)}"


@pytest.mark.parametrize("entry", superseded._UNWRAP, ids=lambda entry: entry.key)
def test_each_superseded_key_of_the_unwrap_transform_is_refused_with_its_cure(entry: superseded.Superseded) -> None:
    cure = cure_of("debezium", entry, "transforms.unwrap.").replace("write ", "write transforms.unwrap.")
    told = one("debezium", **{f"transforms.unwrap.{entry.key}": "none"})
    assert cure in told or entry.cure in told


@pytest.mark.parametrize(("kind", "entry"), ALL, ids=[f"{kind}-{entry.key}" for kind, entry in ALL])
def test_every_key_that_a_cure_names_exists(kind: Kind, entry: superseded.Superseded) -> None:
    written = re.match(r"write ([a-z0-9_.-]+[a-z0-9])", entry.cure)
    assert not written or written[1] in own(kind)


def examples(expression: str) -> list[str]:
    """Return one key for each alternative of a superseded key's expression."""
    found = [expression.replace("\\.", ".")]
    while any("(" in text for text in found):
        found = [
            text.replace(group[0], part, 1)
            for text in found
            for group in [re.search(r"\(([^()]*)\)\??", text)]
            if group
            for part in group[1].split("|")
        ] + [text for text in found if "(" not in text]
    return [part.replace(".+", ".some").replace(".*", ".some") for text in found for part in text.split("|")]


@pytest.mark.parametrize(
    ("kind", "key", "told"),
    [
        ("debezium", "errors.deadletterqueue.topic.name", "a source connector has no dead-letter queue"),
        ("debezium", "errors.deadletterqueue.context.headers.enable", "a source connector has no dead-letter queue"),
        ("debezium", "topics", "follow from topic.prefix"),
        ("debezium", "topics.regex", "follow from topic.prefix"),
        ("debezium", "flush.size", "is a key of the Confluent S3 sink, not of the Debezium source connector"),
        ("debezium", "exactly.once.source.support", "is a key of the Connect worker"),
        ("debezium", "acks", "write producer.override.acks"),
        ("debezium", "producer.acks", "in a connector write producer.override.acks"),
        ("s3", "slot.name", "is a key of the Debezium source connector, not of the Confluent S3 sink"),
        ("s3", "exactly.once.support", "is a key of the Debezium source connector"),
        ("s3", "isolation.level", "write consumer.override.isolation.level"),
        ("s3", "consumer.max.poll.records", "in a connector write consumer.override.max.poll.records"),
        ("s3", "config.providers", "is a key of the Connect worker"),
        ("s3", "iceberg.tables", "is a key of the Iceberg sink"),
        ("s3", "database.server.name", "is a key of the Debezium source connector"),
        ("iceberg", "flush.size", "is a key of the Confluent S3 sink"),
        ("iceberg", "parquet.codec", "is a key of the Confluent S3 sink"),
        ("worker", "errors.tolerance", "is a key of the Debezium source connector"),
        ("worker", "status.update.interval.ms", "is a key of the Debezium source connector, not of the Connect worker"),
        ("worker", "producer.override.acks", "on the worker write producer.acks"),
        ("broker", "retention.ms", "write log.retention.ms"),
        ("broker", "cleanup.policy", "is a key of a topic"),
        ("topic", "log.retention.ms", "write retention.ms"),
        ("topic", "num.io.threads", "is a key of the Kafka brokers"),
    ],
)
def test_a_key_on_the_wrong_side_is_reported_with_its_place(kind: Kind, key: str, told: str) -> None:
    assert told in one(kind, **{key: "1"})


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("debezium", "heartbeat.action.qery", "heartbeat.action.query"),
        ("debezium", "transforms.unwrap.add.field", "transforms.unwrap.add.fields"),
        ("debezium", "value.converter.schema.registry.uri", "value.converter.schema.registry.url"),
        ("debezium", "producer.override.linger.mss", "producer.override.linger.ms"),
        ("debezium", "produser.override.linger.ms", "producer.override.linger.ms"),
        ("debezium", "topic.creation.default.replication.facto", "topic.creation.default.replication.factor"),
        ("s3", "consumer.overide.isolation.level", "consumer.override.isolation.level"),
        ("s3", "transforms.place.replace.nul.with.default", "transforms.place.replace.null.with.default"),
        ("iceberg", "iceberg.tables.route-fields", "iceberg.tables.route-field"),
        ("iceberg", "iceberg.table.archive.users.route-regexp", "iceberg.table.archive.users.route-regex"),
        ("iceberg", "iceberg.kafka.session.timeouts.ms", "iceberg.kafka.session.timeout.ms"),
        ("worker", "plugin.paths", "plugin.path"),
        ("worker", "producer.linger.mss", "producer.linger.ms"),
        ("worker", "status.storage.topicc", "status.storage.topic"),
        ("s3", "s3.credentials.provider.sts.role.am", "s3.credentials.provider.sts.role.arn"),
        ("broker", "num.netwrok.threads", "num.network.threads"),
        ("topic", "retention.m", "retention.ms"),
        ("postgresql", "max_wal_sizes", "max_wal_size"),
    ],
)
def test_a_misspelt_key_is_refused_and_the_right_one_named(kind: Kind, wrong: str, right: str) -> None:
    assert f"did you mean {right}?" in one(kind, **{wrong: "1"})


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("debezium", "driver.socketTimeout", "30"),
        ("debezium", "column.mask.with.10.chars", "public.users.email"),
        ("debezium", "column.truncate.to.20.chars", "public.users.email"),
        ("debezium", "column.mask.hash.SHA-256.with.salt.pepper", "public.users.email"),
        ("debezium", "signal.consumer.session.timeout.ms", "10000"),
        ("debezium", "topic.creation.default.partitions", "6"),
        ("debezium", "header.converter", "org.apache.kafka.connect.storage.SimpleHeaderConverter"),
        ("debezium", "producer.override.linger.ms", "10"),
        ("debezium", "connector.plugin.version", "3.6.3.Final"),
        ("iceberg", "iceberg.catalog.s3.access-key-id", "${env:KEY}"),
        ("iceberg", "iceberg.hadoop.fs.s3a.path", "x"),
        ("iceberg", "iceberg.tables.write-props.write.format.default", "parquet"),
        ("iceberg", "iceberg.table.archive.users.partition-by", "year"),
        ("iceberg", "iceberg.kafka.isolation.level", "read_committed"),
        ("worker", "producer.linger.ms", "5"),
        ("worker", "offset.storage.min.insync.replicas", "2"),
        ("worker", "config.providers.env.param.anything", "x"),
        ("broker", "listener.name.internal.ssl.keystore.location", "/x"),
        ("broker", "super.users", "User:admin"),
        ("postgresql", "pg_stat_statements.max", "100"),
        ("postgresql", "timezone", "'UTC'"),
    ],
)
def test_keys_behind_a_prefix_are_taken_where_something_reads_them(kind: Kind, key: str, value: str) -> None:
    assert spelling_problems(kind, changed(RENDERED[kind], **{key: value})) == []


def test_a_transform_outside_the_chain_is_reported() -> None:
    assert "mask is not in the list transforms" in one(
        "debezium", **{"transforms.mask.type": "org.apache.kafka.connect.transforms.MaskField$Value"}
    )


def test_a_converters_key_without_its_class_is_reported() -> None:
    """A connector without its own converter uses the worker's, with the worker's keys."""
    assert "header.converter is not set here" in one("debezium", **{"header.converter.schemas.enable": "true"})


def test_a_property_of_the_driver_is_reported_with_its_prefix() -> None:
    assert "is written driver.prepareThreshold" in one("debezium", **{"database.prepareThreshold": "1"})


@pytest.mark.parametrize(
    ("kind", "key", "value", "told"),
    [
        ("debezium", "poll.interval.ms", "50ms", "is not a whole number"),
        ("debezium", "heartbeat.interval.ms", "99999999999", "does not fit the type int"),
        ("debezium", "tombstones.on.delete", "no", "is not a boolean; write true or false"),
        ("debezium", "snapshot.mode", "never", "use one of always, configuration_based, custom, initial"),
        ("debezium", "tasks.max", "0", "is below the accepted minimum"),
        ("debezium", "topic.naming.strategy", "not a class", "is not the name of a Java class"),
        ("debezium", "exactly.once.support", "maybe", "use one of requested, required"),
        ("s3", "s3.part.size", "1048576", "use 5242880 or more"),
        ("s3", "s3.compression.level", "12", "use 9 or less"),
        ("topic", "cleanup.policy", "delete,shrink", "use one of compact, delete"),
        ("topic", "min.cleanable.dirty.ratio", "half", "is not a number"),
        ("postgresql", "max_wal_size", "1GiB", "has the unit GiB"),
        ("postgresql", "work_mem", "'2TB'", "is above the accepted maximum"),
        ("postgresql", "work_mem", "4 MB", "needs single quotes"),
        ("postgresql", "max_connections", "50MB", "takes no unit"),
        ("postgresql", "fsync", "maybe", "write on or off"),
        ("postgresql", "wal_level", "logicl", "use one of minimal, replica, logical"),
        ("postgresql", "block_size", "8192", "is fixed when the server is built"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(kind: Kind, key: str, value: str, told: str) -> None:
    assert told in one(kind, **{key: value})


@pytest.mark.parametrize(
    ("key", "value"), [("snapshot.mode", "INITIAL"), ("exactly.once.support", "Required"), ("poll.interval.ms", "${env:POLL}")]
)
def test_values_are_compared_as_the_software_does(key: str, value: str) -> None:
    assert spelling_problems("debezium", changed(RENDERED["debezium"], **{key: value})) == []


@pytest.mark.parametrize("key", ["database.pasword", "sasl.jaas.conf", "value.converter.basic.auth.user.infos", "aws.secret.access.keys"])
def test_a_secret_is_never_shown_even_when_its_key_is_misspelt(key: str) -> None:
    problem = one("debezium", **{key: "hunter2"})
    assert "hunter2" not in str(problem)
    assert f"{key} = (not shown)" in str(problem)


def test_the_path_of_a_secret_is_not_shown() -> None:
    assert "/etc/secrets" not in one("debezium", **{"databas.user": "${dir:/etc/secrets:user}"})


LETTERS = string.ascii_lowercase
EDITS = st.tuples(st.sampled_from(["drop", "swap", "double", "replace"]), st.integers(0, 200), st.sampled_from(LETTERS))
NAMES = st.sampled_from([(kind, key) for kind in KINDS for key in sorted(own(kind)) if len(key) > 7 and "(" not in key])


def misspelt(key: str, edit: tuple[str, int, str]) -> str:
    """Return a key with one letter wrong."""
    how, where, letter = edit
    letters = [index for index, char in enumerate(key) if char.isalpha()]
    at = letters[where % len(letters)]
    if how == "drop":
        return key[:at] + key[at + 1 :]
    if how == "swap":
        return key[:at] + key[at : at + 2][::-1] + key[at + 2 :]
    return key[:at] + (key[at] * 2 if how == "double" else letter) + key[at + 1 :]


@given(named=NAMES, edit=EDITS)
def test_one_wrong_letter_in_any_key_is_refused(named: tuple[Kind, str], edit: tuple[str, int, str]) -> None:
    kind, key = named
    wrong = misspelt(key, edit)
    assume(wrong.lower() != key.lower() and wrong not in own(kind) and "." + wrong not in "." + key)
    problems = spelling_problems(kind, {wrong: "1"})
    assert len(problems) == 1
    assert problems[0].key == wrong


@pytest.mark.full
def test_the_intended_key_is_named_in_over_99_percent_of_cases() -> None:
    """The others are keys that are equally close to a second one, such as ssl.keystore.type and ssl.truststore.type."""
    asked = named = 0
    for kind in KINDS:
        for number, key in enumerate(sorted(own(kind))):
            wrong = misspelt(key, ("drop", number * 7, "x"))
            if len(key) > 7 and wrong not in own(kind) and "(" not in key and not superseded.advice(superseded.KEYS[kind], key):
                asked += 1
                named += f"did you mean {key}?" in " ".join(map(str, spelling_problems(kind, {wrong: "1"})))
    assert asked > 900
    assert named / asked > 0.99


@pytest.mark.full
def test_thousands_of_unknown_keys_and_transforms_take_no_time() -> None:
    begun = time.process_time()
    unknown = {f"no.such.key.{number}": "1" for number in range(5_000)}
    assert len(spelling_problems("broker", unknown)) == len(unknown)
    chain = {f"transforms.a{number}.type": "org.apache.kafka.connect.transforms.DropHeaders" for number in range(2_000)}
    assert connector_problems({**RENDERED["debezium"], "transforms": ",".join(f"a{number}" for number in range(2_000)), **chain})
    assert time.process_time() - begun < 5
