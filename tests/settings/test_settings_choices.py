"""Choices that exclude each other or lack their other half: the error messages, and the accepted neighbours."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from stack.configs.classes import DEBEZIUM
from stack.judgement.stack import SettingsError, parse
from stack.settings.cluster import is_private
from stack.settings.model import Settings
from stack.settings.section import Section

DATABASE = {"host": "db.internal", "addresses": ["10.1.0.0/16"], "secret": "db"}
KAFKA = {"bootstrapServers": ["b-1:9096"], "addresses": ["10.2.0.0/16"], "secret": "msk"}
REGISTRY = {"url": "https://schemas:8085", "addresses": ["10.3.0.0/16"], "secret": "schemas"}
KEY = "arn:aws:kms:us-east-1:123456789012:key/0000"
STORE = {"namespace": "object-store", "service": "s3", "port": 5000, "hostEndpoint": "http://127.0.0.1:4566"}


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a stack with some keys changed, at any depth."""
    made = copy.deepcopy(base)
    for key, value in changes.items():
        made[key] = merged(made[key], value) if isinstance(value, dict) and isinstance(made.get(key), dict) else value
    return made


ENDPOINT = {"url": "http://minio.storage:9000", "addresses": ["10.0.0.0/8"], "secret": "minio"}
MANAGED: dict[str, Any] = {"archive": {"bucket": "archive"}}
FOUND: dict[str, Any] = {
    "archive": {"bucket": "archive", "existingBucket": True},
    "cluster": {"existingNamespace": True},
    "source": {"kind": "external", "external": DATABASE},
    "streaming": {"kafka": {"kind": "external", "external": KAFKA}, "registry": {"kind": "external", "external": REGISTRY}},
}


def problems_of(base: dict[str, Any], **changes: Any) -> list[str]:
    """Return the problems of a stack, line by line."""
    with pytest.raises(SettingsError) as caught:
        parse(merged(base, changes))
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"{len(lines)} problem(s)")
    return [line.removeprefix("  - ") for line in lines]


def accepted(base: dict[str, Any], **changes: Any) -> Settings:
    """Return the settings of a valid stack."""
    return parse(merged(base, changes))


def test_both_ends_of_the_choice_are_accepted() -> None:
    made, found = accepted(MANAGED), accepted(FOUND)
    for settings, here in ((made, True), (found, False)):
        kinds = (settings.source, settings.streaming.kafka, settings.streaming.registry)
        assert [part.is_managed for part in kinds] == [here] * 3


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "an external database without an address": (
        MANAGED,
        {"source": {"kind": "external"}},
        ("data-ingestion:source: ", "external is missing: kind is external", "set host, addresses and secret"),
    ),
    "an address for a database of ones own": (
        MANAGED,
        {"source": {"external": DATABASE}},
        ("data-ingestion:source: ", "external is set and kind is managed", "set kind to external, or remove external"),
    ),
    "an external Kafka without an address": (
        MANAGED,
        {"streaming": {"kafka": {"kind": "external"}}},
        ("data-ingestion:streaming.kafka: ", "kind is external and external is missing", "needs bootstrapServers and addresses"),
    ),
    "an address for brokers of ones own": (
        MANAGED,
        {"streaming": {"kafka": {"external": KAFKA}}},
        ("data-ingestion:streaming.kafka: ", "kind is managed and external is set", "kind managed neither"),
    ),
    "an external registry without an address": (
        MANAGED,
        {"streaming": {"registry": {"kind": "external"}}},
        ("data-ingestion:streaming.registry: ", "kind is external and external is missing", "needs url, addresses and secret"),
    ),
    "an address for a registry of ones own": (
        MANAGED,
        {"streaming": {"registry": {"kind": "apicurio", "external": REGISTRY}}},
        ("data-ingestion:streaming.registry: ", "kind is apicurio and external is set", "the other kinds none of them"),
    ),
    "a login without a Secret": (
        FOUND,
        {"streaming": {"kafka": {"external": {"secret": None}}}},
        ("data-ingestion:streaming.kafka.external: ", "secret is missing: SASL_SSL needs a login", "or set protocol to SSL"),
    ),
    "a Secret that nothing uses": (
        FOUND,
        {"streaming": {"kafka": {"external": {"protocol": "SSL"}}}},
        ("data-ingestion:streaming.kafka.external: ", "secret 'msk' is not used with SSL", "remove it, or set protocol to SASL_SSL"),
    ),
    "two brokers for three copies": (
        FOUND,
        {"streaming": {"kafka": {"external": {"brokers": 2}}}},
        ("data-ingestion:streaming.kafka.external.brokers: ", "greater than or equal to 3", "(got 2)"),
    ),
    "no address range for the database": (
        FOUND,
        {"source": {"external": {"addresses": []}}},
        ("data-ingestion:source.external.addresses: ", "at least 1 item", "(got [])"),
    ),
    "a host with a port": (
        FOUND,
        {"source": {"external": {"host": "db.internal:5432"}}},
        ("data-ingestion:source.external.host: ", "without scheme and port", "(got 'db.internal:5432')"),
    ),
    "a Secret in a namespace that is not there yet": (
        FOUND,
        {"cluster": {"existingNamespace": False}},
        (
            *("data-ingestion:cluster.existingNamespace: is false", "source.external.secret", "streaming.kafka.external.secret"),
            *(
                "streaming.registry.external.secret",
                "must exist in data-ingestion",
                "create namespace and Secret first, then set it to true",
            ),
        ),
    ),
    "a catalog's login without a catalog": (
        FOUND,
        {"source": {"external": {"catalogSecret": "catalog"}}},
        ("data-ingestion:source.external.catalogSecret: is the login of an Iceberg catalog", "archive.catalog jdbc", "remove it"),
    ),
    "a catalog without its login": (
        FOUND,
        {"archive": {"format": "iceberg", "catalog": "jdbc"}},
        (
            "data-ingestion:source.external.catalogSecret: is the login",
            "name the Secret of the catalog's role, or set archive.catalog to glue",
        ),
    ),
    "a registry of ones own that cannot log in": (
        FOUND,
        {"streaming": {"registry": {"kind": "confluent", "external": None}}},
        (
            *(
                "streaming.registry.kind: is confluent and streaming.kafka.external.protocol is SASL_SSL",
                "the registry's pod cannot log in",
            ),
            "use an existing registry (kind external), or a listener without a login (SSL)",
        ),
    ),
    "a bucket that is kept and deleted": (
        MANAGED,
        {"protect": True, "archive": {"destroyWithStack": True}},
        ("data-ingestion:protect: is true and archive.destroyWithStack is true", "set one of them to false"),
    ),
    "somebody else's bucket deleted": (
        FOUND,
        {"archive": {"destroyWithStack": True}},
        ("data-ingestion:archive: ", "destroyWithStack is true and existingBucket is true", "set one to false"),
    ),
    "AWS's identity, key and endpoints for another store": (
        MANAGED,
        {"archive": {"store": STORE, "kmsKeyArn": KEY, "awsAddresses": ["10.4.0.0/16"]}},
        ("data-ingestion:archive: ", "kmsKeyArn, awsAddresses: for AWS only", "remove kmsKeyArn, awsAddresses, or store"),
    ),
    "a store in place of AWS whose bucket nobody has made": (
        MANAGED,
        {"archive": {"endpoint": ENDPOINT}, "cluster": {"existingNamespace": True}},
        ("data-ingestion:archive: ", "endpoint is set and existingBucket is false", "set existingBucket to true"),
    ),
    "a catalog of AWS for another store": (
        FOUND,
        {"archive": {"endpoint": ENDPOINT, "catalog": "glue"}},
        ("data-ingestion:archive: ", "catalog is glue, a service of AWS", "set catalog to jdbc"),
    ),
    "two stores": (
        FOUND,
        {"archive": {"endpoint": ENDPOINT, "store": STORE, "format": "parquet"}},
        ("data-ingestion:archive: ", "endpoint and store are both set", "remove one of them"),
    ),
    "a bucket too long for its user's name": (
        MANAGED,
        {"archive": {"bucket": "a" * 57}},
        ("data-ingestion:archive: ", "has 57 characters", "at most 56"),
    ),
    "a bucket that S3 refuses": (
        MANAGED,
        {"archive": {"bucket": "192.168.1.1"}},
        ("data-ingestion:archive.bucket: ", "S3 refuses", "choose another"),
    ),
    "a region of another AWS": (
        MANAGED,
        {"archive": {"region": "cn-north-1"}},
        ("data-ingestion:archive: ", "region cn-north-1", "arn:aws"),
    ),
    "a namespace of everybody's": (
        MANAGED,
        {"names": {"namespace": "kube-system"}},
        ("data-ingestion:names.namespace: is kube-system", "this pipeline alone"),
    ),
    "a reserved word as a name": (
        MANAGED,
        {"names": {"debeziumRole": "user"}},
        ("data-ingestion:names.debeziumRole: ", "reserved word", "user_1"),
    ),
    "a role that PostgreSQL keeps for itself": (
        MANAGED,
        {"names": {"debeziumRole": "pg_reader"}},
        ("data-ingestion:names.debeziumRole: is pg_reader", "pg_"),
    ),
    "a credential that there is not, made anew": (
        FOUND,
        {"rotation": {"app": "2026-11"}},
        ("data-ingestion:rotation.app: is 2026-11", "no such credential", "remove it"),
    ),
    "a key of another region": (
        MANAGED,
        {"archive": {"region": "eu-west-1", "kmsKeyArn": KEY}},
        ("data-ingestion:archive: ", "kmsKeyArn is in us-east-1 and region is eu-west-1", "use one in eu-west-1"),
    ),
    "an alias for a key": (
        MANAGED,
        {"archive": {"kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:alias/archive"}},
        ("data-ingestion:archive.kmsKeyArn: ", "not an alias", "(got 'arn:aws:kms:us-east-1:123456789012:alias/archive')"),
    ),
    "a role for an identity provider": (
        MANAGED,
        {"archive": {"webIdentity": {"providerArn": "arn:aws:iam::123456789012:role/x"}}},
        ("data-ingestion:archive.webIdentity.providerArn: ", "identity provider in IAM", "role/x"),
    ),
    "load balancers without names": (
        MANAGED,
        {"host": {"exposure": "loadBalancer"}},
        ("data-ingestion:host: ", "domain is missing: exposure is loadBalancer", "set the parent domain"),
    ),
    "no worker": (
        MANAGED,
        {"streaming": {"connect": {"workers": 0}}},
        ("data-ingestion:streaming.connect.workers: ", "greater than or equal to 1", "(got 0)"),
    ),
    "a heartbeat that is captured": (
        MANAGED,
        {"names": {"heartbeatTable": "public.users"}},
        ("data-ingestion:names.heartbeatTable: is public.users", "source.tables captures", "name a table that only the pipeline uses"),
    ),
    "a heartbeat in a schema that nobody makes": (
        MANAGED,
        {"names": {"heartbeatTable": "ops.beat"}},
        ("data-ingestion:names.heartbeatTable: is ops.beat", "in schema public", "name it public.beat"),
    ),
    "two roles of one name": (
        MANAGED,
        {"names": {"debeziumRole": "app_rw"}},
        ("data-ingestion:names.debeziumRole: is app_rw", "another role of the database", "choose another name"),
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_choice_is_reported_with_key_value_rule_and_cure(wrong: str) -> None:
    base, changes, parts = WRONG[wrong]
    (line,) = problems_of(base, **changes)
    for part in parts:
        assert part in line


def test_wrong_choices_are_reported_together() -> None:
    found = problems_of(
        FOUND,
        cluster={"existingNamespace": False},
        protect=True,
        source={"external": {"catalogSecret": "c"}},
        names={"heartbeatTable": "public.users"},
    )
    assert len(found) == 3
    found = problems_of(
        FOUND,
        archive={"destroyWithStack": True},
        source={"kind": "managed"},
        streaming={"kafka": {"kind": "managed"}},
        host={"sources": ["8.8.8.0/24"]},
    )
    assert len(found) == 4


def test_names_refused_for_the_managed_database_are_accepted_for_an_existing_one() -> None:
    """The administrator owns its schemas and roles."""
    names = accepted(FOUND, names={"heartbeatTable": "ops.beat", "debeziumRole": "app_rw"}).names
    assert (names.heartbeat_table, names.debezium_role) == ("ops.beat", "app_rw")


def test_a_managed_registry_accepts_an_existing_kafka_without_a_login() -> None:
    kafka = {"external": {"protocol": "SSL", "secret": None}}
    settings = accepted(FOUND, streaming={"kafka": kafka, "registry": {"kind": "confluent", "external": None}})
    assert settings.streaming.registry.is_managed


def test_without_a_login_the_namespace_may_be_managed() -> None:
    streaming = {"kafka": {"kind": "external", "external": {**KAFKA, "protocol": "SSL", "secret": None}}}
    assert not accepted(MANAGED, streaming=streaming).cluster.existing_namespace


PUBLIC = ("0.0.0.0/0", "8.8.8.0/24", "::/0", "2001:db8::/32", "172.0.0.0/8", "11.0.0.0/8", "192.0.0.0/8", "100.0.0.0/8")
PRIVATE = ("10.0.0.0/8", "10.20.0.0/16", "172.16.0.0/12", "172.18.0.1/32", "192.168.1.0/24", "100.64.0.0/10", "fd00::/8", "fc00::/7")


@pytest.mark.parametrize("exposure", ["nodePort", "loadBalancer", "internal"])
def test_an_empty_list_of_sources_is_refused_since_it_would_let_every_address_in(exposure: str) -> None:
    (line,) = problems_of(MANAGED, host={"exposure": exposure, "domain": "data.example.com", "sources": []})
    assert line.startswith("data-ingestion:host.sources: is empty, and a NetworkPolicy without ranges lets every address in")


@pytest.mark.parametrize("source", PUBLIC)
@pytest.mark.parametrize("exposure", ["nodePort", "loadBalancer", "internal"])
def test_a_public_range_is_refused_by_every_exposure(source: str, exposure: str) -> None:
    """Brokers, registry and Connect use plain text; a range that is only partly private counts as public."""
    (line,) = problems_of(MANAGED, host={"exposure": exposure, "domain": "data.example.com", "sources": ["10.0.0.0/8", source]})
    assert line.startswith(f"data-ingestion:host.sources: {source} can be outside your network")
    assert "use private address ranges" in line


@pytest.mark.parametrize("source", PRIVATE)
def test_a_private_range_is_accepted(source: str) -> None:
    assert accepted(MANAGED, host={"sources": [source]}).host.sources == (source,)


def test_policy_and_settings_mean_the_same_by_private() -> None:
    assert [source for source in (*PUBLIC, *PRIVATE, "no range") if is_private(source)] == list(PRIVATE)


def test_a_password_in_an_address_is_not_repeated() -> None:
    (line,) = problems_of(FOUND, streaming={"registry": {"external": {"url": "http://me:hunter2@schemas:8081"}}})
    assert "hunter2" not in line
    assert "without user, password" in line


def test_no_setting_takes_a_password() -> None:
    """A login is the name of a Secret, or comes from the environment."""

    def keys(model: type[Section]) -> set[str]:
        nested = [part for field in model.model_fields.values() for part in _sections(field.annotation)]
        return {*model.model_fields, *(key for part in nested for key in keys(part))}

    assert not [key for key in keys(Settings) if "password" in key or "token" in key]


def _sections(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [part for argument in getattr(annotation, "__args__", ()) for part in _sections(argument)]


@pytest.mark.parametrize(
    "constraint",
    ["CHECK (a > 0) DEFERRABLE", "check (a > 0) INITIALLY DEFERRED", "CONSTRAINT c CHECK (a > 0) deferrable initially immediate"],
)
def test_a_condition_that_postgresql_cannot_defer_is_refused(constraint: str) -> None:
    columns = [{"name": "id", "type": "bigint", "identity": True}, {"name": "a", "type": "bigint", "constraint": constraint}]
    (line,) = problems_of(MANAGED, source={"tables": [{"name": "things", "columns": columns}]})
    assert "a CHECK cannot be DEFERRABLE" in line
    for fine in ("UNIQUE DEFERRABLE INITIALLY DEFERRED", "CHECK (a > 0) NOT DEFERRABLE", "CHECK (a > 0) CHECK (a < 9)"):
        accepted(MANAGED, source={"tables": [{"name": "things", "columns": [columns[0], {**columns[1], "constraint": fine}]}]})


@pytest.mark.parametrize("size", ["60000000", "100000000", "2147483647"])
def test_a_queue_whose_slots_alone_do_not_fit_is_refused(size: str) -> None:
    (line, *_) = problems_of(MANAGED, source={"debezium": {"extra": {"max.queue.size": size}}})
    assert "heapMib: is 512, but the connectors need" in line
    accepted(MANAGED, source={"debezium": {"extra": {"max.queue.size": "65536"}}})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "169.254.1.1"])
def test_an_address_that_is_the_pods_own_is_refused_with_a_cure_that_can_be_followed(host: str) -> None:
    kafka = {"bootstrapServers": [f"{host}:9092"], "addresses": ["10.2.0.0/16"], "secret": "msk", "protocol": "SSL"}
    lines = problems_of(FOUND, streaming={"kafka": {"kind": "external", "external": kafka}})
    assert any("for a pod is the pod itself; write the address of the system" in line for line in lines), lines
    assert not any("/32" in line for line in lines)


def test_a_stack_cannot_choose_debeziums_own_class_which_skips_a_database_that_went_back_in_time() -> None:
    (line, *_) = problems_of(MANAGED, source={"debezium": {"extra": {"connector.class": DEBEZIUM}}})
    assert "source.debezium.extra" in line
    assert "connector.class" in line


def test_more_snapshots_than_the_worker_holds_are_refused_with_an_age_that_is_accepted() -> None:
    busy = {"archive": {**MANAGED["archive"], "commitIntervalMs": 1000}}
    (line,) = problems_of(busy, archive={"snapshotMinutes": 600})
    assert "a commit every 1000 ms a busy table has 36000 snapshots, and the worker holds at most 5000; use at most 83 minutes" in line
    accepted(busy, archive={"snapshotMinutes": 83})
