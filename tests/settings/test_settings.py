"""A stack's settings and their errors: key, value, rule and cure, all at once and without a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import yaml

from pipeline.recording.program import load, run
from pipeline.recording.recorder import ROOT, Recorder
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import SettingsError, parse, parse_text
from stack.settings.model import Settings
from stack.settings.names import BROKERS
from stack.specification.stack import Specification
from tests.declared import STACK_FILES

STACKS = [path.name.split(".")[1] for path in STACK_FILES]


def stack(**changes: Any) -> dict[str, Any]:
    """Return a minimal stack with some changes."""
    return {"archive": {"bucket": "archive", "format": "iceberg"}, **changes}


def refusal(**changes: Any) -> str:
    """Return the error message of an invalid stack."""
    with pytest.raises(SettingsError) as caught:
        parse(stack(**changes))
    return str(caught.value)


@pytest.mark.parametrize("name", STACKS)
def test_the_stack_files_are_valid(name: str) -> None:
    assert parse_text(stack_config(ROOT, name).values).environment


def test_there_is_a_stack_for_a_laptop_and_one_for_the_sandbox() -> None:
    assert {"dev", "sandbox"} <= set(STACKS)


def test_every_section_is_declared_in_the_project_file_and_the_other_way_round() -> None:
    """Pulumi refuses a key that the project file does not declare."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert set(project["config"]) == set(Settings.model_fields)


def test_only_a_bucket_must_be_named() -> None:
    """Its name is global in AWS; everything else has a default."""
    settings = parse({"archive": {"bucket": "archive"}})
    assert settings.archive.bucket == "archive"
    with pytest.raises(SettingsError, match="data-ingestion:archive: is missing and has no default"):
        parse({})


def test_every_wrong_value_is_reported_at_once() -> None:
    message = refusal(
        environment="production",
        source={"memoryMib": -1},
        archive={"bucket": "Archive", "region": "Frankfurt"},
        streaming={"topics": {"partitions": 0}},
    )
    assert message.startswith("5 problem(s)")
    for key in ("environment", "source.memoryMib", "archive.bucket", "archive.region", "streaming.topics.partitions"):
        assert message.count(f"data-ingestion:{key}: ") == 1


def test_each_problem_shows_the_value_that_caused_it() -> None:
    message = refusal(source={"memoryMib": -17}, archive={"bucket": "Not A Bucket"})
    assert "-17" in message
    assert "'Not A Bucket'" in message


@pytest.mark.parametrize(
    ("changes", "path", "cure"),
    [
        ({"enviroment": "dev"}, "enviroment", "did you mean environment?"),
        ({"archive": {"bucket": "archive", "formt": "parquet"}}, "archive.formt", "did you mean format?"),
        ({"streaming": {"kafka": {"jvm": {"heap": 1}}}}, "streaming.kafka.jvm.heap", "did you mean heapMib?"),
        (
            {"source": {"tables": [{"name": "t", "columns": [{"nam": "id", "type": "uuid"}]}]}},
            "source.tables.0.columns.0.nam",
            "did you mean name?",
        ),
        ({"host": {"postgres": {"node": 1, "host": 1, "bind": "all"}}}, "host.postgres.bind", "check the spelling"),
    ],
)
def test_an_unknown_key_is_named_with_its_path_and_the_closest_known_key(changes: dict[str, Any], path: str, cure: str) -> None:
    """Otherwise a typing error would silently select a default."""
    assert f"data-ingestion:{path}: is not a setting; {cure}" in refusal(**changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param(
            {"host": {"kafka": [{"node": 30092, "host": 9092}]}},
            ["data-ingestion:host.kafka", "1 broker ports for 3 brokers", "set 3 pairs"],
            id="a port for each broker",
        ),
        pytest.param(
            {"host": {"postgres": {"node": 30092, "host": 5432}}},
            ["data-ingestion:host", "node port 30092 is used more than once", "use a different port for each service"],
            id="node ports differ",
        ),
        pytest.param(
            {"host": {"connect": {"node": 30083, "host": 8081}}},
            ["data-ingestion:host", "host port 8081 is used more than once"],
            id="host ports differ",
        ),
        pytest.param(
            {"host": {"sources": ["172.18.0.1/16"]}},
            ["data-ingestion:host.sources.0", "'172.18.0.1/16'", "write it as network/prefix"],
            id="sources are networks",
        ),
        pytest.param(
            {"images": {"connect": "registry:5000/connect"}},
            ["data-ingestion:images.connect", "'registry:5000/connect' is not pinned", "use a fixed tag"],
            id="a port is no tag",
        ),
        pytest.param(
            {"images": {"kafka": "apache/kafka:latest"}},
            ["data-ingestion:images.kafka", "'apache/kafka:latest' is not pinned"],
            id="latest is no version",
        ),
        pytest.param(
            {"streaming": {"topics": {"retentionMib": 4000}}},
            ["streaming.topics.retentionMib (4000)", "streaming.kafka.storageMib: the topics may hold", "or raise it to"],
            id="topics fit the volume",
        ),
        pytest.param(
            {"source": {"slotWalKeepMib": 4000}},
            [
                "source.slotWalKeepMib: a stopped connector may hold back 5024 MiB of WAL (4000 MiB and max_wal_size)",
                "5120 MiB volume",
                "raise source.storageMib",
            ],
            id="WAL fits the volume",
        ),
        pytest.param(
            {"source": {"parameters": {"min_wal_size": "100GB", "wal_keep_size": "1GB"}}},
            ["(1536 MiB and min_wal_size and wal_keep_size)", "lower it or min_wal_size or wal_keep_size in source.parameters, or raise"],
            id="WAL kept by a parameter is told with its name",
        ),
        pytest.param(
            {"source": {"memoryMib": 2048}},
            [
                "the pods may use 5630 MiB together and budget.memoryMib is 4096",
                "raise it to 5630, or lower source.memoryMib or a memoryMib of streaming by 1534 MiB",
            ],
            id="pods fit the budget",
        ),
        pytest.param(
            {"source": {"sharedBuffersMib": 300}},
            ["lower sharedBuffersMib (300) by", "its pod has 512", ", or raise source.memoryMib by"],
            id="the database fits its pod",
        ),
        pytest.param(
            {"source": {"maxConnections": 60}},
            ["60 connections 420", "lower maxConnections (60) by", "or raise source.memoryMib by"],
            id="connections fit the pod",
        ),
        pytest.param(
            {"streaming": {"topics": {"partitions": 24, "retentionMib": 4}}, "archive": {"bucket": "archive", "tasks": 12}},
            ["streaming.connect.jvm.heapMib: is 512", "each further table needs", "lower archive.tasks, archive.commitIntervalMs"],
            id="the sink's buffers fit the heap",
        ),
        pytest.param(
            {"streaming": {"topics": {"maxRecordMib": 8}, "connect": {"jvm": {"directMib": 32}}}},
            [
                "streaming.topics.maxRecordMib: is 8: rows of that size need 42 MiB of buffers",
                "raise directMib and streaming.connect.memoryMib by 10",
            ],
            id="the largest rows fit the buffers outside the heap",
        ),
        pytest.param(
            {"streaming": {"topics": {"maxRecordMib": 2}}, "archive": {"bucket": "archive", "format": "parquet"}},
            ["streaming.topics.maxRecordMib: is 2: rows of that size need", "take a codec of Parquet without such buffers, as zstd"],
            id="open files of snappy with the largest rows fit the buffers outside the heap",
        ),
        pytest.param(
            {"streaming": {"topics": {"maxRecordMib": 16}, "connect": {"jvm": {"directMib": 96}}}},
            ["streaming.connect.jvm.heapMib: is 512", "lower archive.tasks, archive.commitIntervalMs, streaming.topics.maxRecordMib"],
            id="the largest rows fit the heap",
        ),
        pytest.param(
            {"budget": {"diskMib": 15000}},
            ["the volumes take 15359 MiB together and budget.diskMib is 15000", "raise the budget to 15359"],
            id="volumes fit the disk budget",
        ),
    ],
)
def test_a_broken_rule_is_reported_with_key_value_and_cure(changes: dict[str, Any], told: list[str]) -> None:
    message = refusal(**changes)
    assert message.startswith("1 problem(s)")
    for part in told:
        assert part in message


def test_one_broken_rule_does_not_hide_another() -> None:
    message = refusal(source={"slotWalKeepMib": 4000, "memoryMib": 4000}, streaming={"topics": {"retentionMib": 4000}})
    assert message.startswith("3 problem(s)")
    for key in ("source.slotWalKeepMib", "streaming.topics.retentionMib", "budget.memoryMib"):
        assert key in message


@pytest.mark.parametrize("section", ["kafka", "registry", "connect"])
def test_a_heap_that_does_not_fit_its_container_is_refused(section: str) -> None:
    sizes = {"heapMib": 4000, "metaspaceMib": 64, "codeCacheMib": 32, "directMib": 32}
    message = refusal(streaming={section: {"jvm": sizes}})
    assert f"streaming.{section}.jvm: Java may take 4" in message
    assert "(heap 4000, direct 32, metaspace 64, code cache 32, stacks " in message
    assert f"or raise streaming.{section}.memoryMib by 3" in message


@pytest.mark.parametrize(
    "image", ["kafka:4.3.1", "localhost/data-ingestion/kafka:4.3.1-1", "registry:5000/kafka:4", f"kafka@sha256:{'0' * 64}"]
)
def test_pinned_images_are_accepted(image: str) -> None:
    assert parse(stack(images={"kafka": image})).images.kafka == image


def test_settings_cannot_be_changed_after_their_validation() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse(stack()).budget.memory_mib = 1  # type: ignore[misc]


def test_keys_of_other_projects_are_none_of_ours() -> None:
    """Providers read theirs from the same configuration."""
    assert parse_text({"aws:region": "eu-west-1", "data-ingestion:archive": json.dumps(stack()["archive"])}).archive.region == "us-east-1"


def test_a_key_of_a_misspelt_project_is_refused_with_all_other_problems() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_text({"data-ingestoin:budget": '{"memoryMib": 100}', "dataingestion:source": "{}", "data-ingestion:environment": "dve"})
    paths = [problem.path or problem.rule for problem in caught.value.problems]
    assert paths == [
        "data-ingestoin:budget is not a setting: no project is called data-ingestoin",
        "dataingestion:source is not a setting: no project is called dataingestion",
        "environment",
        "archive",
    ]
    assert "did you mean data-ingestion:budget?" in str(caught.value)


def test_text_that_is_no_json_is_text() -> None:
    assert (
        parse_text({"data-ingestion:environment": "prod", "data-ingestion:archive": json.dumps(stack()["archive"])}).environment == "prod"
    )


def test_memory_in_use_counts_every_broker() -> None:
    small, large = parse(stack()), parse(stack(streaming={"kafka": {"memoryMib": 681}}))
    assert Specification.of(large).memory_mib - Specification.of(small).memory_mib == BROKERS * (681 - small.streaming.kafka.memory_mib)


def test_the_largest_container_is_the_largest() -> None:
    assert (
        Specification.of(parse(stack(budget={"memoryMib": 5000}, streaming={"connect": {"memoryMib": 1030}}))).largest_container_mib == 1014
    )


def test_a_partial_section_keeps_the_defaults_of_its_place() -> None:
    default = parse(stack()).streaming.connect.jvm
    smaller = parse(stack(streaming={"connect": {"jvm": {"heapMib": 500}}})).streaming.connect.jvm
    assert smaller == default.model_copy(update={"heap_mib": 500})


def test_the_program_stops_before_the_first_resource() -> None:
    monitor = Recorder(preview=True)
    with pytest.raises(SettingsError, match="data-ingestion:typo: is not a setting"):
        run(load(ROOT), monitor, project="data-ingestion", stack="dev", config={"data-ingestion:typo": "1"}, preview=True)
    assert monitor.declared == []


@pytest.mark.full
def test_a_person_who_runs_a_wrong_stack_sees_the_problems_and_no_traceback() -> None:
    environment = {**os.environ, "PULUMI_CONFIG": json.dumps({"data-ingestion:archive": '{"bucket": "Wrong"}', "data-ingestion:typo": "1"})}
    program = subprocess.run(
        [sys.executable, "-W", "ignore", "__main__.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert program.returncode == 1
    assert program.stderr.startswith("error: 2 problem(s)")
    assert "data-ingestion:archive.bucket" in program.stderr
    assert "data-ingestion:typo" in program.stderr
    assert "Traceback" not in program.stderr + program.stdout
