"""An existing Kafka and registry: logins of Java, the Kafka provider and the gate, and files without passwords."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from stack.settings.names import CONNECT_SECRETS, Names
from stack.settings.streaming import ExistingKafka, ExistingRegistry, RegistrySettings
from stack.specification.streaming import connect, external, registry
from stack.specification.streaming.external import SECRET_MOUNT, client_security
from stack.specification.streaming.layer import _MECHANISMS

LOGIN = re.compile(r'org\.apache\.kafka\.common\.security\.(\S+) required username="(\S+)" password="(\S+)";')


def kafka(**more: Any) -> ExistingKafka:
    """Return a cluster of two servers with a login."""
    given = {"bootstrap_servers": ("b-1.msk:9096", "b-2.msk:9098"), "addresses": ("10.2.0.0/16",), "secret": "msk", **more}
    return ExistingKafka(**given)


@pytest.mark.parametrize(
    ("mechanism", "module"),
    [
        ("SCRAM-SHA-512", "scram.ScramLoginModule"),
        ("SCRAM-SHA-256", "scram.ScramLoginModule"),
        ("PLAIN", "plain.PlainLoginModule"),
    ],
)
def test_java_logs_in_by_reference(mechanism: str, module: str) -> None:
    """The worker resolves ``${dir:…}`` when it starts a client; what is stored and shown is the reference."""
    security = external.security(kafka(mechanism=mechanism))
    assert set(security) == {"security.protocol", "sasl.mechanism", "sasl.jaas.config"}
    assert (security["security.protocol"], security["sasl.mechanism"]) == ("SASL_SSL", mechanism)
    found = LOGIN.fullmatch(security["sasl.jaas.config"])
    assert found
    assert found.groups() == (module, f"${{dir:{SECRET_MOUNT}:username}}", f"${{dir:{SECRET_MOUNT}:password}}")
    assert SECRET_MOUNT.startswith(f"{CONNECT_SECRETS}/")


@pytest.mark.parametrize("protocol", ["SSL", "PLAINTEXT"])
def test_no_login_is_configured_for_a_listener_without_one(protocol: str) -> None:
    assert external.security(kafka(protocol=protocol, secret=None)) == {"security.protocol": protocol}


def test_every_mechanism_has_a_name_with_the_kafka_provider() -> None:
    """Those of terraform-provider-kafka, which the Pulumi provider carries."""
    mechanisms = ExistingKafka.model_json_schema()["properties"]["mechanism"]["enum"]
    assert {mechanism: _MECHANISMS[mechanism] for mechanism in mechanisms} == {
        "SCRAM-SHA-512": "scram-sha512",
        "SCRAM-SHA-256": "scram-sha256",
        "PLAIN": "plain",
    }


def test_the_managed_brokers_need_no_login() -> None:
    assert client_security(None, "", "producer.") == {}
    assert not any("sasl" in key or key.endswith("security.protocol") for key in connect.worker_properties(Names()))


def test_each_client_of_the_worker_logs_in() -> None:
    """A worker passes its own connection to none of them: a connector's producer, consumer and admin client each need theirs."""
    properties = connect.worker_properties(Names(), external=kafka())
    assert properties["bootstrap.servers"] == "b-1.msk:9096,b-2.msk:9098"
    for prefix in ("", "producer.", "consumer.", "admin."):
        assert {key: properties[prefix + key] for key in external.security(kafka())} == external.security(kafka())


def test_each_port_is_listed_once() -> None:
    assert kafka().ports == (9096, 9098)
    assert kafka(bootstrap_servers=("a:9096", "b:9096")).ports == (9096,)


@pytest.mark.parametrize(
    ("url", "port"),
    [("https://schemas:8085/api", 8085), ("https://schemas/api", 443), ("http://schemas", 80), ("http://schemas:8081", 8081)],
)
def test_a_registrys_port_is_the_one_in_its_address_or_of_its_scheme(url: str, port: int) -> None:
    assert ExistingRegistry(url=url, addresses=("10.0.0.0/8",), secret="s").port == port


@pytest.mark.parametrize(
    "url",
    [
        *("http://user:hunter2@schemas", "schemas:8081", "ftp://schemas", "http://schemas/", "http://schemas:port", "http://schemas:70000"),
        *("http://schemas?user=a", "http://schemas/a b", "http://"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must be a URL such as https://"):
        ExistingRegistry(url=url, addresses=("10.0.0.0/8",), secret="s")


@pytest.mark.parametrize("server", ["b-1.msk", "b-1.msk:0", "b-1.msk:65536", "b-1.msk:ssl", "SSL://b-1.msk:9096", "b-1 msk:9096", ":9096"])
def test_a_server_is_a_host_and_a_port(server: str) -> None:
    with pytest.raises(ValidationError, match="must be host:port with a port from 1 to 65535"):
        kafka(bootstrap_servers=(server,))


@pytest.mark.parametrize(
    ("kind", "servers", "protocol"),
    [
        ("confluent", "kafkastore.bootstrap.servers", "kafkastore.security.protocol"),
        ("apicurio", "apicurio.kafkasql.bootstrap.servers", "apicurio.kafkasql.security.protocol"),
    ],
)
@pytest.mark.parametrize("speaks", ["SSL", "PLAINTEXT"])
def test_a_managed_registry_stores_its_schemas_in_the_existing_cluster(kind: str, servers: str, protocol: str, speaks: str) -> None:
    text = next(iter(registry.config_files(Names(), RegistrySettings(kind=kind), kafka(protocol=speaks, secret=None)).values()))
    properties = dict(line.split("=", 1) for line in text.splitlines() if line)
    assert [server.rpartition("://")[2] for server in properties[servers].split(",")] == ["b-1.msk:9096", "b-2.msk:9098"]
    assert kind == "apicurio" or {server.partition("://")[0] for server in properties[servers].split(",")} == {speaks}
    assert properties[protocol] == speaks


@pytest.mark.parametrize("kind", ["confluent", "apicurio"])
def test_only_apicurio_needs_topics_beforehand(kind: str) -> None:
    assert bool(registry.topics(kind)) == (kind == "apicurio")
    assert registry.topics("external") == []
