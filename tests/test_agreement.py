"""Two systems that must agree, compared with each other: every value is read from both ends, none is written down here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.settings.names import BROKERS
from tests.declared import CERTIFICATE_REQUEST, where_made

if TYPE_CHECKING:
    from pipeline.recording import Resource
    from tests.declared import Declared


def schema_sql(declared: Declared) -> str:
    """Return the SQL that creates the captured database."""
    return declared.files("postgresql-config")["schema.sql"]


def published_tables(declared: Declared) -> list[str]:
    """Return the tables of the publication, read from the SQL."""
    (listed,) = re.findall(r"ALTER PUBLICATION \w+ SET TABLE (.*);", schema_sql(declared))
    return [table.removeprefix("ONLY ") for table in str(listed).split(", ")]


@where_made("database")
def test_the_publication_holds_the_captured_tables_and_the_heartbeat_table(declared: Declared) -> None:
    captured = declared.source_config["table.include.list"].split(",")
    heartbeat = re.search(r"INSERT INTO (\S+)", declared.source_config["heartbeat.action.query"])
    assert heartbeat is not None
    assert sorted(published_tables(declared)) == sorted([*captured, heartbeat[1]])
    assert heartbeat[1] not in captured


def test_debezium_creates_no_publication_and_its_slot_name_is_valid(declared: Declared) -> None:
    assert declared.source_config["publication.autocreate.mode"] == "disabled"
    assert re.fullmatch(r"[a-z0-9_]{1,63}", declared.source_config["slot.name"])


@where_made("database")
def test_publication_and_database_have_one_name(declared: Declared) -> None:
    config = declared.source_config
    assert re.findall(r"(?:CREATE|ALTER) PUBLICATION (\w+)", schema_sql(declared)) == [config["publication.name"]] * 2
    roles = declared.files("postgresql-config")["roles.sql"]
    assert f"CREATE DATABASE {config['database.dbname']} OWNER" in roles


@where_made("database")
def test_logins_exist_and_have_what_they_need(declared: Declared) -> None:
    """Each client's user name is a role of the database, and Debezium's may replicate and read its captured tables."""
    roles = declared.files("postgresql-config")["roles.sql"]
    user = declared.secret("postgresql-debezium")["username"]
    assert re.search(rf"ALTER ROLE {user} WITH LOGIN REPLICATION", roles)
    assert re.search(
        rf"GRANT SELECT ON {re.escape(', '.join(declared.source_config['table.include.list'].split(',')))} TO {user};", schema_sql(declared)
    )
    assert re.search(rf"GRANT CONNECT ON DATABASE {declared.source_config['database.dbname']} TO [^;]*\b{user}\b", roles)
    assert f"ALTER ROLE {declared.recording.outputs['postgres']['user']} WITH LOGIN" in roles
    if "postgresql-catalog" in declared.objects("Secret"):
        owner, uri = declared.secret("postgresql-catalog")["username"], declared.sink_config["iceberg.catalog.uri"]
        database = re.split(r"[/?]", uri)[3]
        assert f"CREATE DATABASE {database} OWNER {owner}" in roles
        assert declared.recording.get("archive-catalog-provider").inputs["uri"].endswith(f"/{database}")


@where_made("database")
def test_role_passwords_are_read_from_files_that_are_mounted(declared: Declared) -> None:
    roles = declared.files("postgresql-config")["roles.sql"]
    init = declared.pods["postgresql"]["spec"]["initContainers"][0]
    folders = {mount["mountPath"]: mount["name"] for mount in init["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in declared.pods["postgresql"]["spec"]["volumes"]}
    wanted = re.findall(r"`cat ([^`]+)`", roles)
    assert wanted
    for path in wanted:
        folder, _, key = path.rpartition("/")
        assert key in declared.secret(volumes[folders[folder]]["secret"]["secretName"])


def test_every_captured_table_has_its_topic_and_no_other_topic_is_read(declared: Declared) -> None:
    captured = declared.source_config["table.include.list"].split(",")
    written = {f"{declared.source_config['topic.prefix']}.{table}" for table in captured}
    assert written == set(declared.sink_config["topics"].split(","))
    assert written <= set(declared.topics)


def test_the_heartbeat_topic_is_declared(declared: Declared) -> None:
    """Its name is Debezium's default prefix and the topic prefix, and no system creates it on demand."""
    prefix = declared.source_config.get("topic.heartbeat.prefix", "__debezium-heartbeat")
    assert f"{prefix}.{declared.source_config['topic.prefix']}" in declared.topics
    assert int(declared.source_config["heartbeat.interval.ms"]) > 0


def test_the_topic_of_signals_is_declared_with_the_one_partition_that_is_read(declared: Declared) -> None:
    """Debezium needs no right to write into the database: it waits for signals in Kafka, and watches transactions instead of marks."""
    source = declared.source_config
    assert (source["read.only"], source["signal.enabled.channels"]) == ("true", "kafka")
    assert declared.topics[source["signal.kafka.topic"]].inputs["partitions"] == 1
    worker = declared.properties("connect-config", "worker.properties")
    assert source["signal.kafka.bootstrap.servers"] == worker["bootstrap.servers"]
    logins = {key.removeprefix("signal.consumer."): value for key, value in source.items() if key.startswith("signal.consumer.")}
    assert logins == {key: worker[key] for key in ("security.protocol", "sasl.mechanism", "sasl.jaas.config") if key in worker}


def test_the_worker_creates_no_topics_because_all_are_declared(declared: Declared) -> None:
    worker = declared.properties("connect-config", "worker.properties")
    assert worker["topic.creation.enable"] == "false"
    for use in ("config", "offset", "status"):
        topic = declared.topics[worker[f"{use}.storage.topic"]].inputs
        assert topic["config"]["cleanup.policy"] == "compact"
        assert str(topic["replicationFactor"]) == worker[f"{use}.storage.replication.factor"]
    assert declared.topics[worker["config.storage.topic"]].inputs["partitions"] == 1, "Connect orders its configuration by one partition"


def test_topics_survive_the_loss_of_one_broker_and_need_two_copies_for_a_write(declared: Declared) -> None:
    for topic in declared.topics.values():
        assert topic.inputs["replicationFactor"] == BROKERS
        assert topic.inputs["config"]["min.insync.replicas"] == str(BROKERS - 1)


@where_made("brokers")
def test_brokers_create_no_topics_and_replicate_their_own_like_declared_ones(declared: Declared) -> None:
    brokers = declared.manifest("StatefulSet", "kafka")["spec"]["replicas"]
    server = declared.properties("kafka-config", "kafka-0.properties")
    assert server["auto.create.topics.enable"] == "false"
    assert {topic.inputs["replicationFactor"] for topic in declared.topics.values()} == {brokers}
    assert server["min.insync.replicas"] == str(brokers - 1)
    for internal in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic", "default"):
        assert server[f"{internal}.replication.factor"] == str(brokers)


def test_dead_letters_have_a_topic(declared: Declared) -> None:
    config = declared.sink_config
    topic = declared.topics[config["errors.deadletterqueue.topic.name"]].inputs
    assert str(topic["replicationFactor"]) == config["errors.deadletterqueue.topic.replication.factor"]
    assert config["errors.tolerance"] == "all"
    assert declared.source_config["errors.tolerance"] == "none", "a source has no dead-letter topic: a tolerated error is a lost row"


def test_dead_letters_outlive_the_changes_they_came_from_by_thirty_days(declared: Declared) -> None:
    """They keep the time of their record, which can have waited for as long as its topic keeps it."""
    dead = declared.topics[declared.sink_config["errors.deadletterqueue.topic.name"]].inputs["config"]
    assert dead.get("message.timestamp.type", "CreateTime") == "CreateTime"
    for topic in declared.sink_config["topics"].split(","):
        assert int(dead["retention.ms"]) >= int(declared.topics[topic].inputs["config"]["retention.ms"]) + 30 * 86_400_000


def test_source_and_sink_speak_through_one_registry(declared: Declared) -> None:
    def converters(config: dict[str, str]) -> dict[str, str]:
        return {key: value for key, value in config.items() if re.match(r"(key|value)\.converter", key)}

    assert converters(declared.source_config) == converters(declared.sink_config)
    for side in ("key", "value"):
        assert declared.source_config[f"{side}.converter"].endswith("AvroConverter")


def test_the_sink_reads_only_what_the_source_committed(declared: Declared) -> None:
    """Exactly-once needs all three: the worker's support, the connector's requirement, the consumer's isolation level."""
    worker = declared.properties("connect-config", "worker.properties")
    assert worker["exactly.once.source.support"] == "enabled"
    assert declared.source_config["exactly.once.support"] == "required"
    assert declared.sink_config["consumer.override.isolation.level"] == "read_committed"


def test_messages_fit_on_their_way(declared: Declared) -> None:
    """A topic's compression equals the producer's, so that no broker recompresses; without the key, brokers store what they receive."""
    written = declared.source_config["producer.override.compression.type"]
    for topic in declared.sink_config["topics"].split(","):
        assert declared.topics[topic].inputs["config"].get("compression.type", written) == written


@where_made("brokers")
def test_the_topics_largest_size_fits_the_brokers_volumes(declared: Declared) -> None:
    """Computed here by hand: retention plus the open segment of every partition."""

    def held(topic: Resource) -> int:
        config = topic.inputs["config"]
        segment = int(config.get("segment.bytes", 2**30))
        return int(topic.inputs["partitions"]) * (max(int(config.get("retention.bytes", segment)), segment) + segment)

    (claim,) = declared.manifest("StatefulSet", "kafka")["spec"]["volumeClaimTemplates"]
    volume = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Mi"))
    bounded = [topic for topic in declared.topics.values() if topic.inputs["config"].get("retention.bytes") != "-1"]
    assert sum(map(held, bounded)) <= volume * 2**20


def test_every_topic_is_bounded_in_time_or_compacted(declared: Declared) -> None:
    """Only the registry's journal, which is its data, is retained for ever."""
    unbounded = {
        name
        for name, topic in declared.topics.items()
        if topic.inputs["config"]["cleanup.policy"] != "compact" and int(topic.inputs["config"]["retention.ms"]) < 0
    }
    assert all(name.startswith("registry-") for name in unbounded)


def test_topic_settings_are_text_in_the_brokers_own_spelling(declared: Declared) -> None:
    """The broker returns a number or ``1e6`` as other text, and every preview would show a change."""
    for topic in declared.topics.values():
        for key, value in topic.inputs["config"].items():
            assert isinstance(value, str)
            assert re.fullmatch(r"-1|0|[1-9]\d*|[a-z0-9]+", value), f"{key}={value}"


def test_sink_tasks_share_the_partitions_evenly(declared: Declared) -> None:
    for topic in declared.sink_config["topics"].split(","):
        assert declared.topics[topic].inputs["partitions"] % int(declared.sink_config["tasks.max"]) == 0


def test_the_source_verifies_the_database_and_its_name(declared: Declared) -> None:
    assert declared.source_config["database.sslmode"] == "verify-full"
    assert declared.source_config["database.sslrootcert"].endswith("/ca.crt")


@where_made("database")
def test_the_server_certificate_names_every_address_that_clients_verify(declared: Declared) -> None:
    request = declared.only(CERTIFICATE_REQUEST).inputs
    assert declared.source_config["database.hostname"] in request["dnsNames"]
    assert declared.recording.outputs["postgres"]["host"] in [*request["dnsNames"], *request["ipAddresses"]]
    assert {
        declared.secret(name)["ca.crt"] for name in declared.objects("Secret") if name in {"postgresql-debezium", "postgresql-catalog"}
    } == {declared.recording.outputs["postgres"]["caCertificate"]}
