"""Twenty-five mistakes of the seed stack: each is refused with its cure, or cannot be expressed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from images.lock import parse as parse_lock
from pipeline.recording.recorder import ROOT
from stack.configs.pair_rules import pair_problems
from stack.configs.verdict import connector_problems
from stack.configs.worker_rules import worker_problems
from stack.judgement.stack import SettingsError, parse
from stack.settings.shop import TABLES
from stack.settings.streaming import RegistrySettings
from stack.specification.archive.iam import write_archive
from stack.specification.source.sql import roles_sql, schema_sql
from stack.specification.streaming.registry import config_files
from tests import seed_stack as seed
from tests.connector_configs import NAMES, expected
from tests.declared import Declared, containers
from tests.policy.judging import by_pack, by_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared as Resource


def messages(rule: str, *names: str) -> str:
    """Messages of one rule about some resources of the seed stack alone."""
    resources = [resource for resource in seed.RESOURCES if resource.name in names]
    assert len(resources) == len(names)
    return "\n".join(violation.message for violation in by_plan(resources, seed.LIMITS) if violation.rule == rule)


def keys(config: dict[str, str]) -> set[str]:
    """Return the keys of a connector that are refused."""
    return {problem.key for problem in connector_problems(config)}


def settings_refusal(**changes: Any) -> str:
    """Return the refusal of a stack file."""
    with pytest.raises(SettingsError) as caught:
        parse({"archive": {"bucket": "archive"}, **changes})
    return str(caught.value)


def test_01_a_heap_of_two_gigabytes_in_a_pod_of_682_mebibytes() -> None:
    told = messages("java-fits", "kafka")
    assert "heap 2048" in told
    assert "with 682 available" in told
    assert "or raise the limit by" in told
    assert "streaming.kafka.jvm" in settings_refusal(streaming={"kafka": {"jvm": {"heapMib": 2048}}})


def test_02_a_sum_that_fits_until_something_rolls_out() -> None:
    told = messages("memory-peak", "postgresql", "kafka", "schema-registry", "kafka-connect")
    assert "may use 5630 MiB, 1534 more than the budget of 4096" in told
    assert "Set strategy Recreate on Deployment kafka-connect" in told


def test_03_a_heap_by_percentage_beside_direct_memory() -> None:
    told = messages("java-fits", "kafka-connect")
    assert "heap 768" in told
    assert "direct 128" in told
    assert "set the missing bounds" in told


def test_04_dead_letters_of_a_source_and_tolerance_of_all_errors() -> None:
    assert {"errors.tolerance", "errors.deadletterqueue.topic.name"} <= keys(seed.SOURCE)
    assert any("no dead-letter queue" in str(problem) for problem in connector_problems(seed.SOURCE))


def test_05_keys_that_the_sink_does_not_have() -> None:
    assert {"parquet.block.size", "parquet.page.size", "s3.max.retries", "s3.retry.jitter.ms"} <= keys(seed.SINK)
    assert any("s3.part.retries" in str(problem) for problem in connector_problems(seed.SINK))


def test_06_a_rotation_that_never_ends_the_file_of_a_quiet_table() -> None:
    assert "rotate.schedule.interval.ms" in keys(seed.SINK)


def test_07_names_that_the_connector_gave_up() -> None:
    told = "\n".join(map(str, connector_problems(seed.SOURCE)))
    assert re.search(r"database\.server\.name.*topic\.prefix", told)
    assert re.search(r"heartbeat\.topics\.prefix.*topic\.heartbeat\.prefix", told)


def test_08_a_delete_handling_that_the_transform_gave_up() -> None:
    told = "\n".join(map(str, connector_problems(seed.SOURCE)))
    for key in ("drop.tombstones", "delete.handling.mode"):
        assert re.search(rf"transforms\.unwrap\.{key}.*delete\.tombstone\.handling\.mode", told)


def test_09_a_topic_for_a_schema_history_that_nobody_keeps() -> None:
    assert "is unused" in messages("topic-config", "schema-changes.postgres")


def test_10_two_names_for_one_publication_and_a_publication_of_everything() -> None:
    other = {**seed.SOURCE, "publication.name": "debezium_publication"}
    told = pair_problems(other, seed.SINK, {}, expected=expected(registry_url=seed.REGISTRY))
    assert any(str(problem).startswith("source: publication.name") for problem in told)
    assert "FOR ALL TABLES" not in schema_sql(NAMES, TABLES).upper()
    assert "publication.autocreate.mode" in keys(seed.SOURCE)


def test_11_a_grant_that_is_not_sql() -> None:
    """Replication is an attribute of a role; there is no place to write a grant."""
    sql = roles_sql(NAMES, "/secrets", catalog=True).upper()
    assert "GRANT REPLICATION" not in sql
    assert re.search(rf"ROLE {NAMES.debezium_role.upper()}\b[^;]*\bREPLICATION\b", sql)


def test_12_tls_that_is_asked_for_and_never_made() -> None:
    assert "database.sslmode" in keys(seed.SOURCE)
    told = messages("postgres-config", "postgresql-config")
    assert "password_encryption" in told
    assert "ssl" in told


def test_13_one_acknowledgement_beside_exactly_once() -> None:
    assert "producer.acks" in {problem.key for problem in worker_problems(seed.WORKER, seed.SOURCE)}
    assert "producer.acks" in messages("worker-config", "connect-config")


def test_14_seven_days_on_a_volume_of_minutes() -> None:
    assert "set retention.bytes" in messages("disk-logs", "kafka", "postgres.public.users")
    assert "streaming.topics.retentionMib" in settings_refusal(streaming={"topics": {"retentionMib": 3413}})


def test_15_slots_that_may_hold_back_wal_without_end() -> None:
    assert "set max_slot_wal_keep_size" in messages("disk-wal", "postgresql")


def test_16_published_ports_that_the_network_policies_forbid(declared: Declared) -> None:
    """Service, port and policy come from one list, so none can be without the others."""
    policies = [item.inputs["spec"] for item in declared.objects("NetworkPolicy").values()]
    for name, service in declared.objects("Service").items():
        if service.inputs["spec"].get("type") != "NodePort":
            continue
        selector, port = service.inputs["spec"]["selector"], service.inputs["spec"]["ports"][0]["targetPort"]
        component = selector["app.kubernetes.io/component"]
        opened = {
            opened.get("port")
            for spec in policies
            if spec["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/component") == component
            for rule in spec.get("ingress", [])
            if any("ipBlock" in peer for peer in rule.get("from", []))
            for opened in rule.get("ports", [])
        }
        assert port in opened, f"{name}: {port} not in {opened}"


def test_17_one_port_for_three_brokers() -> None:
    assert "a client must reach each broker directly" in settings_refusal(host={"kafka": [{"node": 30092, "host": 9092}]})


@pytest.mark.parametrize("kind", ["confluent", "apicurio"])
def test_18_compatibility_that_looks_one_way_only(kind: Any) -> None:
    text = next(iter(config_files(NAMES, RegistrySettings(kind=kind)).values()))
    assert re.findall(r"compatibility(?:\.level)?=(\w+)", text) in (["full"], ["FULL"])


def test_19_rights_without_which_an_upload_cannot_be_given_up() -> None:
    assert "s3:AbortMultipartUpload" in messages("iam-exact", "write", "archive", "sink")
    assert "s3:AbortMultipartUpload" not in messages("iam-exact", "write")


def test_19_our_own_rights_include_aborting_an_upload() -> None:
    actions = {action for statement in write_archive("archive", reads=False)["Statement"] for action in _listed(statement["Action"])}
    assert {"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket"} == actions


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_20_half_of_the_pod_in_shared_buffers() -> None:
    told = messages("postgres-fits", "postgresql")
    assert "shared buffers 287" in told
    assert "with 512 available" in told
    assert "sharedBuffersMib (256)" in settings_refusal(source={"sharedBuffersMib": 256})


def test_21_references_that_no_provider_resolves() -> None:
    assert "config.providers" in {problem.key for problem in worker_problems(seed.WORKER, seed.SOURCE, seed.SINK)}
    assert "config.providers" in messages("worker-config", "connect-config", "source", "sink")


def test_22_two_shapes_for_one_archive(declared: Declared) -> None:
    """One table model gives the rows of the stream and the columns of the archive."""
    assert declared.source_config["transforms.unwrap.type"].endswith("ExtractNewRecordState")
    for table in declared.iceberg_tables.values():
        names = {column["name"] for column in table.inputs["columns"]}
        assert {"before", "after"}.isdisjoint(names)


def test_23_rights_on_every_bucket_whose_name_begins_so() -> None:
    told = messages("iam-exact", "write")
    assert "arn:aws:s3:::datapipe-ingestion-*" in told
    assert "name the bucket" in told
    assert "iam-exact" in {rule for rule, _message in by_pack([one for one in seed.RESOURCES if one.name == "write"], seed.LIMITS)}


def test_23_a_long_lived_key_in_a_connector() -> None:
    told = seed.declared("kafkaconnect:index:Connector", "sink", {"name": "s", "config": {**seed.SINK, "aws.secret.access.key": "x" * 40}})
    assert "aws.secret.access.key: is a credential in plain text" in "\n".join(v.message for v in by_plan([told], seed.LIMITS))
    assert "archive-1*" not in str(write_archive("archive-1", reads=True))


def test_24_numbers_that_differ_from_document_to_document(declared: Declared) -> None:
    """A size is said once, in the settings; what is declared and what the settings' table shows follow from it."""
    streaming, source = declared.settings.streaming, declared.settings.source
    said = {
        "postgresql": source.memory_mib,
        "kafka": streaming.kafka.memory_mib,
        "schema-registry": streaming.registry.memory_mib,
        "connect": streaming.connect.memory_mib,
    }
    for name, pod in declared.pods.items():
        limits = [one["resources"]["limits"]["memory"] for one in pod["spec"]["containers"]]
        assert sum(int(limit.removesuffix("Mi")) for limit in limits) == said[name]
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert f"| `streaming.connect.memoryMib` | MiB | `{type(streaming.connect)().memory_mib}` |" in table


def test_25_plugins_that_are_fetched_at_every_start(declared: Declared) -> None:
    """They are in the image, each with its checksum; nothing in a pod can fetch one."""
    for pod in declared.pods.values():
        for one in containers(pod):
            assert not re.search(r"(curl|wget)\b.*https?://(?!127\.0\.0\.1)", " ".join(one["command"]))
    locked = parse_lock((ROOT / "images" / "connect" / "contents.lock").read_text(encoding="utf-8"), "connect")
    assert [entry.source for entry in locked if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256)] == []
    assert any("debezium" in entry.target for entry in locked)


EXPECTED = {
    "memory-peak": 1,
    "java-fits": 3,
    "postgres-fits": 1,
    "disk-logs": 2,
    "disk-wal": 1,
    "pod-restricted": 4,
    "connector-config": 15 + 9,
    "topic-config": 3,
    "worker-config": 4,
    "postgres-config": 3,
    "bucket-private": 1,
    "bucket-tls-only": 1,
    "bucket-encrypted": 1,
    "iam-exact": 2,
}
"""The least number of violations of each rule in the whole."""


@pytest.mark.parametrize("judge", ["plan", "pack"])
def test_all_of_them_are_told_in_one_run(judge: str, figure: Callable[[str], None]) -> None:
    resources: list[Resource] = seed.RESOURCES
    if judge == "plan":
        told = [(violation.rule, violation.message) for violation in by_plan(resources, seed.LIMITS)]
    else:
        told = by_pack(resources, seed.LIMITS)
    counts = {rule: len({message for name, message in told if name == rule}) for rule, _message in told}
    assert {rule: least for rule, least in EXPECTED.items() if counts.get(rule, 0) < least} == {}
    figure(f"the seed stack: {len(told)} violations of {len(counts)} rules by the {judge}")
