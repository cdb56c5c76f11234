"""The connectors as records: a misspelt key or a value of the wrong type is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stack.configs.models import DebeziumPostgres, written

GIVEN = {
    "database_hostname": "database",
    "database_port": 5432,
    "database_user": "${dir:/secrets:user}",
    "database_password": "${dir:/secrets:password}",
    "database_dbname": "shop",
    "database_sslrootcert": "/secrets/ca.crt",
    "topic_prefix": "shop",
    "table_include_list": ("public.a", "public.b"),
    "slot_name": "slot",
    "publication_name": "publication",
    "snapshot_mode": "initial",
    "poll_interval_ms": 50,
    "max_queue_size_in_bytes": 1024,
    "heartbeat_interval_ms": 1000,
    "heartbeat_action_query": "SELECT 1",
    "read_only": True,
    "signal_enabled_channels": ("kafka",),
    "signal_kafka_topic": "shop-signal",
    "signal_kafka_bootstrap_servers": "kafka:9092",
    "transforms": ("unwrap",),
    "families": {"transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState"},
}


def test_names_become_keys_and_values_become_text() -> None:
    rendered = DebeziumPostgres.model_validate(GIVEN).rendered()
    assert rendered["max.queue.size.in.bytes"] == "1024"
    assert rendered["table.include.list"] == "public.a,public.b"
    assert rendered["tombstones.on.delete"] == "false"
    assert rendered["transforms.unwrap.type"] == "io.debezium.transforms.ExtractNewRecordState"
    assert all(isinstance(value, str) for value in rendered.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"pol_interval_ms": 50},
        {"poll_interval_ms": "50"},
        {"poll_interval_ms": "soon"},
        {"errors_tolerance": "all"},
        {"snapshot_mode": "when_needed"},
        {"publication_autocreate_mode": "all_tables"},
        {"families": {"transforms.unwrap.drop.tombstones": "true"}},
        {"families": {"producer.override.lingre.ms": "1"}},
    ],
    ids=str,
)
def test_misspelt_keys_and_values_of_another_type_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DebeziumPostgres.model_validate({**GIVEN, **wrong})


def test_an_unset_key_is_not_written() -> None:
    assert written(value=True) == "true"
    assert "store.url" not in DebeziumPostgres.model_validate(GIVEN).rendered()
