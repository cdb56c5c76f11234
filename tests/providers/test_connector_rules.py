"""Rules for a connector's configuration that are checked before any request to a worker."""

from __future__ import annotations

from typing import Any

import pytest

from providers.kafkaconnect.rules import connector_problems, is_source
from stack.configs.secrecy import is_referenced, is_secret, without_passwords
from stack.unknown import UNKNOWN

SOURCE = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "tasks.max": "1",
    "database.password": "${dir:/mnt/secrets:password}",
    "value.converter.basic.auth.user.info": "debezium:${dir:/mnt/secrets:registry}",
    "transforms": "unwrap",
    "transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState",
}
SINK = {
    "connector.class": "org.apache.iceberg.connect.IcebergSinkConnector",
    "topics": "a,b",
    "errors.tolerance": "all",
    "errors.deadletterqueue.topic.name": "dlq",
}


def problems(config: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    """Return the problems of a connector ``c`` with some keys changed (``__`` for a dot, None to remove)."""
    changed = {**config, **{key.replace("__", "."): value for key, value in changes.items()}}
    kept = {key: value for key, value in changed.items() if value is not None}
    return [(problem.path, problem.text) for problem in connector_problems({"name": "c", "config": kept})]


@pytest.mark.parametrize("config", [SOURCE, SINK])
def test_a_right_configuration_has_no_problem(config: dict[str, str]) -> None:
    """It is the base of the table below."""
    assert problems(config) == []


@pytest.mark.parametrize(
    ("config", "changes", "path", "says"),
    [
        (SOURCE, {"tasks__max": 1}, 'config["tasks.max"]', "strings"),
        (SOURCE, {"tasks__max": "0"}, 'config["tasks.max"]', "whole number"),
        (SOURCE, {"connector__class": None}, 'config["connector.class"]', "missing"),
        (SOURCE, {"connector__class": "no class"}, 'config["connector.class"]', "Java class"),
        (SOURCE, {"name": "other"}, "config.name", "use the same name"),
        (SOURCE, {"errors__tolerance": "all"}, 'config["errors.tolerance"]', "lost silently"),
        (
            SOURCE,
            {"errors__deadletterqueue__topic__name": "d"},
            'config["errors.deadletterqueue.topic.name"]',
            "no dead letter",
        ),
        (SOURCE, {"database__password": "hunter2"}, 'config["database.password"]', "${provider:path:key}"),
        (
            SOURCE,
            {"value__converter__basic__auth__user__info": "u:p"},
            'config["value.converter.basic.auth.user.info"]',
            "${",
        ),
        (SOURCE, {"database__server__name": "x"}, 'config["database.server.name"]', "topic.prefix"),
        (SOURCE, {"heartbeat__topics__prefix": "x"}, 'config["heartbeat.topics.prefix"]', "topic.heartbeat.prefix"),
        (
            SOURCE,
            {"transforms__unwrap__drop__tombstones": "x"},
            'config["transforms.unwrap.drop.tombstones"]',
            "tombstone",
        ),
        (SINK, {"errors__deadletterqueue__topic__name": None}, 'config["errors.tolerance"]', "silently"),
        (SINK, {"topics": None}, "config.topics", "exactly one"),
        (SINK, {"topics__regex": "x.*"}, "config.topics", "exactly one"),
        (
            {**SINK, "connector.class": "io.confluent.connect.s3.S3SinkConnector"},
            {"s3__max__retries": "5"},
            'config["s3.max.retries"]',
            "s3.part.retries",
        ),
    ],
)
def test_one_mistake_is_one_problem_at_its_key(config: dict[str, str], changes: dict[str, Any], path: str, says: str) -> None:
    """Each mistake is refused at its key, with its cure."""
    found = problems(config, **changes)
    assert [where for where, _ in found] == [path]
    assert says in found[0][1]


def test_all_mistakes_are_reported_at_once_and_no_secret_with_them() -> None:
    """Otherwise a user needs one run for each mistake."""
    found = problems(SOURCE, tasks__max=1, database__password="hunter2", errors__tolerance="all", database__token=7)
    assert len(found) == 4
    assert "hunter2" not in str(found)


def test_a_name_is_checked_even_when_the_config_is_not_known_yet() -> None:
    """A preview knows little, but reports what it can."""
    assert [p.path for p in connector_problems({"name": "no spaces", "config": UNKNOWN})] == ["name"]
    assert connector_problems({"name": UNKNOWN, "config": {**SINK, "topics": UNKNOWN}}) == []


@pytest.mark.parametrize(
    ("java_class", "extra", "source"),
    [
        ("org.apache.kafka.connect.mirror.MirrorSourceConnector", {"topics": "x"}, True),
        ("io.debezium.connector.postgresql.PostgresConnector", {"topics": "x"}, True),
        ("dataingestion.connect.GuardedPostgresConnector", {"topics": "x"}, True),
        ("io.debezium.connector.jdbc.JdbcSinkConnector", {"topics": "x"}, False),
        ("com.acme.Archive", {"topics.regex": "x"}, False),
        ("com.acme.Archive", {}, True),
    ],
)
def test_sources_and_sinks_are_distinguished(java_class: str, extra: dict[str, str], source: bool) -> None:  # noqa: FBT001 - a table's column
    """By the class's name where it tells, otherwise by the topics."""
    assert is_source({"connector.class": java_class, **extra}) is source


@pytest.mark.parametrize(
    "key",
    [
        "database.password", "iceberg.catalog.jdbc.password", "aws.secret.access.key", "iceberg.catalog.s3.secret-access-key",
        "value.converter.basic.auth.user.info", "producer.override.sasl.jaas.config", "iceberg.catalog.token",
    ],
)  # fmt: skip
def test_credential_keys_are_recognised(key: str) -> None:
    """With any separator."""
    assert is_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        "s3.credentials.provider.class",
        "value.converter.basic.auth.credentials.source",
        "tokens.max",
        "slot.name",
        "key.converter",
    ],
)
def test_keys_about_credentials_are_no_credentials(key: str) -> None:
    """A class name or a mode is no secret."""
    assert not is_secret(key)


def test_only_a_whole_reference_hides_a_password() -> None:
    """A reference with a literal beside it exposes half a secret, except where syntax must surround it."""
    assert is_referenced("database.password", "${file:/x/y.properties:password}")
    assert is_referenced("database.password", "${env:PASSWORD}")
    assert not is_referenced("database.password", "prefix-${env:PASSWORD}")
    assert is_referenced("x.basic.auth.user.info", "user:${env:PASSWORD}")


def test_passwords_in_free_text_are_blanked() -> None:
    """Traces quote URLs and JAAS lines."""
    text = without_passwords('jdbc:postgresql://h/d?user=a&password=hunter2&x=1 password="s 3" password=${env:P}')
    assert text == "jdbc:postgresql://h/d?user=a&password=[secret]&x=1 password=[secret] password=${env:P}"
