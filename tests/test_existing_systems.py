"""Existing systems: the program declares nothing in them, takes addresses from the settings and logins by reference."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.settings.names import CONNECT_SECRETS
from stack.specification.stack import Specification
from stack.specification.streaming.connect import worker_mib
from stack.specification.streaming.external import security
from tests.declared import GATE, TOPIC, Declared, main_container, settings_of, variant
from tests.network import COMPONENT, Rule, rules

if TYPE_CHECKING:
    from pipeline.recording import Resource

DATABASE_KINDS = ("tls:", "pulumi:providers:tls", "cdc:source:Source")


@pytest.fixture
def guest() -> Declared:
    """Return a stack that finds everything in place."""
    return Declared.of("guest")


@pytest.fixture
def prod() -> Declared:
    """Return a stack that finds database, namespace and a storage class in place."""
    return Declared.of("prod")


@functools.cache
def over_tls() -> Declared:
    """Return a pipeline with a registry of its own on somebody else's Kafka, which wants TLS and no login."""
    streaming = {
        "registry": {"kind": "apicurio"},
        "connect": {"memoryMib": 3072, "jvm": {"heapMib": 2048}},
        "kafka": {
            "kind": "external",
            "external": {
                "bootstrapServers": ["b-1.msk:9094", "b-2.msk:9095"],
                "addresses": ["10.2.0.0/16", "10.3.0.0/16"],
                "protocol": "SSL",
                "brokers": 6,
            },
        },
    }
    return variant("dev", streaming=streaming, budget={"memoryMib": 8192})


def types(declared: Declared) -> set[str]:
    """Type tokens of everything that is declared."""
    return {resource.type for resource in declared.recording.resources}


def test_an_existing_object_store_is_used_by_its_own_login_without_aws() -> None:
    declared = Declared.of("endpoint")
    assert not any("aws:" in kind or kind.endswith(":aws") for kind in types(declared))
    assert "roleArn" not in declared.recording.outputs["archive"]
    volumes = {volume["name"]: volume for volume in declared.pods["connect"]["spec"]["volumes"]}
    assert volumes["secret-archive"]["secret"]["secretName"] == "minio"
    assert (declared.sink_config["store.url"], declared.sink_config["s3.path.style.access.enabled"]) == (
        "http://minio.storage:9000",
        "true",
    )
    assert {rule.peer for rule in rules(declared, "egress") if rule.port == 9000} == {"10.96.0.0/12", "10.244.0.0/16"}
    assert not any(rule.peer == "0.0.0.0/0" for rule in rules(declared, "egress"))


@pytest.mark.parametrize("stack", ["guest", "prod"])
def test_nothing_is_made_for_an_existing_database(stack: str) -> None:
    """No server, no SQL, no role, no certificate: its administrator has all of it."""
    declared = Declared.of(stack)
    assert "postgresql" not in declared.workloads
    assert [kind for kind in types(declared) if kind.startswith(DATABASE_KINDS)] == []
    named = [
        resource.name for resource in declared.recording.resources if "postgresql" in resource.name and "NetworkPolicy" not in resource.type
    ]
    assert named == []
    texts = [text for config in declared.objects("ConfigMap").values() for text in config.inputs["data"].values()]
    assert not any(word in text for text in texts for word in ("CREATE ", "ALTER ROLE", "GRANT ", "wal_level"))
    (source,) = declared.recording.of_type("cdc:source:ExistingSource")
    assert declared.recording.children(source.urn) == ()


def test_debezium_is_told_the_servers_own_address_and_reads_the_named_secret(guest: Declared) -> None:
    config = guest.source_config
    assert (config["database.hostname"], config["database.port"]) == ("db.internal", "6432")
    volumes = {volume["name"]: volume for volume in guest.pods["connect"]["spec"]["volumes"]}
    places = {mount["name"]: mount["mountPath"] for mount in main_container(guest.pods["connect"])["volumeMounts"]}
    wanted = {"source": "db", "catalog": "catalog", "kafka": "msk", "registry": "schemas"}
    for use, secret in wanted.items():
        assert volumes[f"secret-{use}"]["secret"]["secretName"] == secret
        assert volumes[f"secret-{use}"]["secret"]["optional"] is False, "a worker without it would start and fail later"
        assert places[f"secret-{use}"] == f"{CONNECT_SECRETS}/{use}"
    assert set(guest.found_secrets) == set(wanted.values())
    assert config["database.sslrootcert"] == f"{CONNECT_SECRETS}/source/ca.crt"


def test_the_catalog_login_of_an_existing_server_is_a_reference_only(guest: Declared) -> None:
    """The worker's by reference, the program's own from its environment."""
    sink, provider = guest.sink_config, guest.only("pulumi:providers:iceberg").inputs
    catalog = guest.settings.names.catalog_database
    assert sink["iceberg.catalog.uri"].partition("?")[0] == f"jdbc:postgresql://db.internal:6432/{catalog}"
    assert provider["uri"] == f"postgresql://db.internal:6432/{catalog}?sslmode=verify-full"
    assert provider["username"] == guest.settings.names.catalog_role
    assert "password" not in provider
    assert "password" not in json.dumps(guest.recording.outputs["catalog"])


def test_nothing_is_made_for_an_existing_kafka_but_topics(guest: Declared) -> None:
    assert set(guest.workloads) == {"connect"}
    assert not any(name.startswith("kafka") for kind in ("ConfigMap", "Service", "ServiceAccount") for name in guest.objects(kind))
    assert set(guest.objects("PodDisruptionBudget")) <= {"connect"}
    assert guest.topics
    assert guest.only(GATE).inputs["bootstrapServers"] == ["b-1.msk:9096", "b-2.msk:9096"]


def test_the_program_logs_in_to_an_existing_kafka_by_tls_from_environment_variables(guest: Declared) -> None:
    """Neither provider has a user or a password among its inputs, so neither do state and preview."""
    provider = guest.only("pulumi:providers:kafka").inputs
    assert (provider["tlsEnabled"], provider["saslMechanism"]) == ("true", "scram-sha512")
    assert not [key for key in provider if "sasl" in key.lower() and key != "saslMechanism"]
    assert provider["skipTlsVerify"] == "false"
    assert guest.only(GATE).inputs["security"] == {"protocol": "SASL_SSL", "mechanism": "SCRAM-SHA-512"}
    assert guest.only(GATE).inputs["brokers"] == 3


def test_tls_without_a_login_needs_no_secret() -> None:
    declared = over_tls()
    provider = declared.only("pulumi:providers:kafka").inputs
    assert (provider["tlsEnabled"], provider["skipTlsVerify"]) == ("true", "false")
    assert declared.only(GATE).inputs["security"]["protocol"] == "SSL"
    assert declared.only(GATE).inputs["brokers"] == 6
    assert "kafka" not in {volume["name"].removeprefix("secret-") for volume in declared.pods["connect"]["spec"]["volumes"]}


def test_the_pipelines_own_brokers_are_spoken_to_in_plain_text() -> None:
    for stack in ("dev", "prod"):
        provider = Declared.of(stack).only("pulumi:providers:kafka").inputs
        assert provider["tlsEnabled"] == "false"
        assert "security" not in Declared.of(stack).only(GATE).inputs


def test_worker_and_sink_log_in_to_kafka_alike_and_by_reference_only(guest: Declared) -> None:
    """The Iceberg sink has clients of its own, which the worker's properties do not reach."""
    worker = guest.properties("connect-config", "worker.properties")
    existing = settings_of("guest").streaming.kafka.external
    assert existing is not None
    for prefix in ("", "producer.", "consumer.", "admin."):
        assert {key: worker[f"{prefix}{key}"] for key in security(existing)} == security(existing)
    assert {key: guest.sink_config[f"iceberg.kafka.{key}"] for key in security(existing)} == security(existing)
    assert "iceberg.kafka.sasl.jaas.config" not in Declared.of("sandbox").sink_config
    for line in [*worker.values(), *guest.sink_config.values()]:
        if "LoginModule" in line:
            assert line.count("${dir:") == line.count('="') == 2


def test_topics_of_an_existing_kafka_are_not_deleted_with_the_namespace() -> None:
    """Those of the pipeline's own brokers are, and need not be deleted by servers that are gone."""
    assert {topic.deleted_with for topic in over_tls().recording.of_type(TOPIC)} == {""}
    (namespace,) = Declared.of("dev").recording.of_type("kubernetes:core/v1:Namespace")
    assert {topic.deleted_with for topic in Declared.of("dev").recording.of_type(TOPIC)} == {namespace.urn}


def test_nothing_is_made_for_an_existing_registry(guest: Declared) -> None:
    assert "schema-registry" not in guest.workloads
    assert not any("schema-registry" in name for kind in ("ConfigMap", "Service", "Secret") for name in guest.objects(kind))
    assert not any("registry" in item.name for item in guest.recording.of_type("random:index/randomPassword:RandomPassword"))
    for config in (guest.source_config, guest.sink_config):
        for side in ("key", "value"):
            assert config[f"{side}.converter.schema.registry.url"] == "https://schemas.internal:8085/api"
            reference = f"${{dir:{CONNECT_SECRETS}/registry:username}}:${{dir:{CONNECT_SECRETS}/registry:password}}"
            assert config[f"{side}.converter.basic.auth.user.info"] == reference


def test_a_managed_registry_reaches_an_existing_kafka() -> None:
    (file,) = over_tls().files("schema-registry-config")
    assert over_tls().properties("schema-registry-config", file)["apicurio.kafkasql.bootstrap.servers"] == "b-1.msk:9094,b-2.msk:9095"
    egress = {(rule.component, rule.peer, rule.port) for rule in rules(over_tls(), "egress") if rule.peer.startswith(("10.2.", "10.3."))}
    ranges, ports = ("10.2.0.0/16", "10.3.0.0/16"), (9094, 9095)
    assert egress == {(client, cidr, port) for client in ("connect", "schema-registry") for cidr in ranges for port in ports}


def test_nothing_is_changed_in_an_existing_bucket(guest: Declared) -> None:
    """No policy, no lifecycle, no encryption: what the stack declares it would also take away."""
    assert [kind for kind in types(guest) if kind.startswith("aws:s3/")] == []
    assert guest.recording.outputs["archive"]["bucket"] == "warehouse"
    written = json.loads(guest.recording.get("archive-write").inputs["policy"])
    named = [statement["Resource"] for statement in written["Statement"]]
    resources = [resource for value in named for resource in (value if isinstance(value, list) else [value])]
    assert {resource.partition("/")[0] for resource in resources} == {"arn:aws:s3:::warehouse"}


def test_an_existing_namespace_is_not_declared_but_its_contents_are(prod: Declared) -> None:
    assert prod.objects("Namespace") == {}
    for kind in ("ResourceQuota", "LimitRange", "NetworkPolicy"):
        assert {item.inputs["metadata"]["namespace"] for item in prod.objects(kind).values()} == {prod.settings.names.namespace}
    assert {resource.deleted_with for resource in prod.recording.resources if resource.type.startswith(("kafka", "iceberg"))} == {""}


def test_an_existing_storage_class_is_used_and_none_created(prod: Declared) -> None:
    (claim,) = prod.manifest("StatefulSet", "kafka")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "gp3"
    assert prod.objects("StorageClass") == {}


@pytest.mark.parametrize(("named", "made"), [("source", "data-ingestion-streaming"), ("kafka", "data-ingestion-database")])
def test_a_storage_class_is_created_only_where_none_is_named(named: str, made: str) -> None:
    sections: dict[str, Any] = {"source": {"source": {"storageClass": "fast"}}, "kafka": {"streaming": {"kafka": {"storageClass": "fast"}}}}
    declared = variant("dev", **sections[named])
    assert set(declared.objects("StorageClass")) == {made}
    used = {claim["spec"]["storageClassName"] for item in declared.objects("StatefulSet").values() for claim in claims(item)}
    assert used == {"fast", made}


def claims(workload: Resource) -> list[Any]:
    """Return the volume claims of a workload."""
    found: list[Any] = workload.inputs["spec"]["volumeClaimTemplates"]
    return found


def test_the_worker_may_connect_to_the_given_addresses_and_ports_only(guest: Declared) -> None:
    """A policy cannot name a host, so the settings give ranges; whatever else there is stays closed."""
    to_addresses = {rule for rule in rules(guest, "egress") if "/" in rule.peer}
    assert to_addresses == {
        Rule("connect", "10.1.0.0/16", "TCP", 6432),
        Rule("connect", "10.2.0.0/16", "TCP", 9096),
        Rule("connect", "10.3.0.0/16", "TCP", 8085),
        Rule("connect", "10.4.0.0/16", "TCP", 443),
        Rule("connect", "0.0.0.0/0", "TCP", 443),
    }
    inside = {pod["metadata"]["labels"][COMPONENT] for pod in guest.pods.values()}
    assert inside == {"connect"}


def test_existing_systems_count_no_memory_and_no_disk(guest: Declared) -> None:
    connect = guest.settings.streaming.connect
    assert Specification.of(guest.settings).memory_mib == connect.workers * connect.memory_mib
    assert Specification.of(guest.settings).volumes_mib == 0
    assert Specification.of(guest.settings).largest_container_mib == worker_mib(connect)


@given(
    source=st.booleans(),
    kafka=st.booleans(),
    registry=st.booleans(),
)
def test_each_part_is_counted_by_itself(source: bool, kafka: bool, registry: bool) -> None:  # noqa: FBT001 - which parts there are
    """Memory and disk of the parts that are made, whichever these are."""
    everything, guest = settings_of("dev"), settings_of("guest")
    streaming = everything.streaming.model_copy(
        update={
            "kafka": everything.streaming.kafka if kafka else guest.streaming.kafka,
            "registry": everything.streaming.registry if registry else guest.streaming.registry,
        }
    )
    changed = everything.model_copy(update={"source": everything.source if source else guest.source, "streaming": streaming})
    sizes = everything.streaming
    memory = source * everything.source.memory_mib + kafka * 3 * sizes.kafka.memory_mib + registry * sizes.registry.memory_mib
    assert Specification.of(changed).memory_mib == memory + sizes.connect.memory_mib
    disk = source * everything.source.storage_mib + kafka * 3 * sizes.kafka.storage_mib
    assert Specification.of(changed).volumes_mib == disk


def test_two_tables_of_one_name_in_two_schemas_keep_apart(guest: Declared) -> None:
    """In topics, tables and folders."""
    assert guest.source_config["table.include.list"] == "public.users,sales.users"
    assert sorted(guest.iceberg_tables) == ["archive.sales_users", "archive.users"]
    assert len({table.inputs["location"] for table in guest.iceberg_tables.values()}) == 2
