"""A stack may add the software's own keys; those that would break the pipeline are refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.agreement import agreement_problems
from stack.judgement.stack import SettingsError, parse, parse_text
from stack.settings.shop import TABLES
from stack.specification.archive import sink
from stack.specification.services import Address
from stack.specification.source.postgres import server_conf, server_parameters
from stack.specification.stack import Specification
from stack.specification.streaming import connect, debezium, kafka, topics

ARCHIVE = {"bucket": "archive", "format": "iceberg"}


def refusal(**changes: Any) -> list[str]:
    """Return the problems of an invalid stack, line by line."""
    with pytest.raises(SettingsError) as caught:
        parse({"archive": ARCHIVE, **changes})
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"{len(lines)} problem(s)")
    return [line.removeprefix("  - ") for line in lines]


@pytest.mark.parametrize("stack", ["dev", "sandbox"])
@pytest.mark.parametrize(
    "archive", [{"format": "parquet"}, {"format": "iceberg", "catalog": "jdbc"}, {"format": "iceberg", "catalog": "glue"}]
)
@pytest.mark.parametrize("registry", ["confluent", "apicurio"])
def test_the_shipped_stacks_have_no_problem_in_either_format(stack: str, archive: dict[str, str], registry: str) -> None:
    given = parse_text(stack_config(ROOT, stack).values)
    streaming = given.streaming.model_copy(update={"registry": given.streaming.registry.model_copy(update={"kind": registry})})
    changed = given.model_copy(update={"archive": given.archive.model_copy(update=archive), "streaming": streaming})
    assert agreement_problems(Specification.of(changed)) == []


PLACES = [
    ("source.debezium.extra", {"source": {"debezium": {"extra": {"errors.tolerance": "all"}}}}, "a source has no dead-letter queue"),
    ("source.debezium.extra", {"source": {"debezium": {"extra": {"pol.interval": 5}}}}, "did you mean poll.interval.ms?"),
    (
        "source.debezium.extra",
        {"source": {"debezium": {"extra": {"poll.interval.ms": 5}}}},
        "source.debezium.pollIntervalMs; use that setting",
    ),
    (
        "source.debezium.extra",
        {"source": {"debezium": {"extra": {"database.password": "x"}}}},
        "(not shown): is fixed: other parts of the program",
    ),
    ("source.parameters", {"source": {"parameters": {"fsync": False}}}, "that the archive already has"),
    ("source.parameters", {"source": {"parameters": {"statement_timeout": 1}}}, "set 5s or more, for example 300s, or remove it"),
    ("source.parameters", {"source": {"parameters": {"lock_timeout": "'1ms'"}}}, "set 500ms or more, for example 5000ms, or remove it"),
    ("source.parameters", {"source": {"parameters": {"WAL_SENDER_TIMEOUT": "'0.001s'"}}}, "set from 10s to 30min, or remove it"),
    ("source.parameters", {"source": {"parameters": {"Shared_Buffers": "16MB"}}}, "source.sharedBuffersMib; use that setting"),
    ("archive.extra", {"archive": {**ARCHIVE, "extra": {"iceberg.tables.auto-create-enabled": True}}}, "without the declared types"),
    ("archive.extra", {"archive": {**ARCHIVE, "extra": {"flush.size": 1}}}, "is a key of the Confluent S3 sink"),
    (
        "archive.extra",
        {"archive": {**ARCHIVE, "format": "parquet", "extra": {"s3.max.retries": 7}}},
        "since s3.part.retries takes its place",
    ),
    ("streaming.connect.extra", {"streaming": {"connect": {"extra": {"producer.acks": 1}}}}, "a failing broker"),
    ("streaming.connect.extra", {"streaming": {"connect": {"extra": {"config.providers": "env"}}}}, "used literally"),
    ("streaming.kafka.extra", {"streaming": {"kafka": {"extra": {"min.insync.replicas": 1}}}}, "acknowledged with one copy"),
    ("streaming.kafka.extra", {"streaming": {"kafka": {"extra": {"node.id": 7}}}}, "is fixed: other parts of the program"),
    ("streaming.topics.extra", {"streaming": {"topics": {"extra": {"cleanup.policy": "compact"}}}}, "earlier changes of a row"),
]


@pytest.mark.parametrize(("path", "changes", "told"), PLACES)
def test_a_problem_begins_with_the_path_of_its_setting(path: str, changes: dict[str, Any], told: str) -> None:
    (line,) = refusal(**changes)
    assert line.startswith(f"data-ingestion:{path}: ")
    assert told in line


def test_problems_of_all_parts_and_of_memory_are_reported_together() -> None:
    lines = refusal(
        source={"memoryMib": 2048, "parameters": {"ssl": "off"}, "debezium": {"extra": {"errors.tolerance": "all"}}},
        streaming={"kafka": {"extra": {"zookeeper.connect": "z"}}},
    )
    assert len(lines) == 4
    assert "budget.memoryMib" in lines[0]


def test_a_mode_that_bridges_gaps_in_silence_cannot_be_chosen() -> None:
    (line,) = refusal(source={"debezium": {"snapshotMode": "when_needed"}})
    assert line.startswith("data-ingestion:source.debezium.snapshotMode: must be one of initial, no_data; write one of them")


def test_a_list_of_secrets_is_not_shown_when_it_is_refused() -> None:
    (line,) = refusal(source={"debezium": {"extra": {"database.sslpassword": ["hunter2"]}}})
    assert "hunter2" not in line


def test_additional_keys_reach_their_software() -> None:
    """YAML's numbers and booleans become the text that the software reads."""
    given = parse(
        {
            "archive": {**ARCHIVE, "extra": {"iceberg.control.commit.threads": 2}},
            "source": {
                "parameters": {"log_min_duration_statement": "250ms"},
                "debezium": {"pollIntervalMs": 20, "extra": {"read.only": False}},
            },
            "streaming": {
                "connect": {"extra": {"offset.flush.timeout.ms": 9000}},
                "kafka": {"extra": {"num.io.threads": 2}},
                "topics": {"extra": {"max.message.bytes": 2000000}},
            },
        }
    )
    names, streaming = given.names, given.streaming
    database = Address(host="database", port=5432)
    source = debezium.source_config(names, TABLES, database, "http://registry", given.source.debezium)
    assert (source["read.only"], source["poll.interval.ms"]) == ("false", "20")
    assert sink.iceberg_config(names, TABLES, given.archive, "http://registry", database)["iceberg.control.commit.threads"] == "2"
    assert connect.worker_properties(names, streaming.connect.extra)["offset.flush.timeout.ms"] == "9000"
    assert kafka.server_properties(names, 0, Address(host="127.0.0.1", port=1), streaming.kafka.extra)["num.io.threads"] == "2"
    assert topics.change_topics(names, TABLES, streaming.topics)[0].config["max.message.bytes"] == "2000000"
    assert "log_min_duration_statement = 250ms\n" in server_conf(server_parameters(given.source))
