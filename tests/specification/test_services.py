"""Addresses of the published services, by the three kinds of exposure."""

from __future__ import annotations

from typing import Any

import pytest

from stack.settings.cluster import HostSettings
from stack.settings.names import BROKERS, CONNECT_PORT, KAFKA_EXTERNAL_PORT, POSTGRES_PORT, REGISTRY_PORT, Names
from stack.specification.services import Published, PublishedServices
from stack.specification.streaming.kafka import server_properties

NAMES = Names(namespace="pipeline")
PORTS = {
    "postgresql": POSTGRES_PORT,
    **{f"kafka-{ordinal}": KAFKA_EXTERNAL_PORT for ordinal in range(BROKERS)},
    "schema-registry": REGISTRY_PORT,
    "connect": CONNECT_PORT,
}
DNS = "external-dns.alpha.kubernetes.io/hostname"


def reach(**host: Any) -> PublishedServices:
    """Return the services of one pipeline, published as a stack says."""
    return PublishedServices(host=HostSettings(**host), names=NAMES)


def services(of: PublishedServices) -> dict[str, Published]:
    """Return all published services by name."""
    return {service.name: service for service in (of.postgres, *of.brokers, of.registry, of.connect)}


def balanced(**host: Any) -> PublishedServices:
    """Return the same services behind load balancers."""
    return reach(exposure="loadBalancer", domain="data.example.com", sources=("10.20.0.0/16", "fd00::/8"), **host)


def test_node_ports_are_reached_by_the_hosts_address_and_the_mapped_port() -> None:
    found = services(reach(address="192.0.2.1"))
    assert {name: str(service.outside) for name, service in found.items()} == {
        "postgresql": "192.0.2.1:5432",
        "kafka-0": "192.0.2.1:9092",
        "kafka-1": "192.0.2.1:9093",
        "kafka-2": "192.0.2.1:9094",
        "schema-registry": "192.0.2.1:8081",
        "connect": "192.0.2.1:8083",
    }
    assert found["kafka-1"].publishing == {
        "type": "NodePort",
        "ports": [{"name": "main", "port": KAFKA_EXTERNAL_PORT, "targetPort": KAFKA_EXTERNAL_PORT, "nodePort": 30093}],
    }
    assert found["kafka-1"].annotations == {}


def test_load_balancers_have_names_below_the_domain_and_the_services_own_ports() -> None:
    found = services(balanced(address="192.0.2.1"))
    assert {name: str(service.outside) for name, service in found.items()} == {
        name: f"{name}.data.example.com:{port}" for name, port in PORTS.items()
    }


@pytest.mark.parametrize("name", PORTS)
def test_a_load_balancer_admits_the_sources_and_keeps_client_addresses(name: str) -> None:
    """``Local`` keeps the client's address, which the network policy needs; any other policy replaces it by a node's."""
    port = PORTS[name]
    assert services(balanced())[name].publishing == {
        "type": "LoadBalancer",
        "loadBalancerSourceRanges": ["10.20.0.0/16", "fd00::/8"],
        "externalTrafficPolicy": "Local",
        "ports": [{"name": "main", "port": port, "targetPort": port}],
    }


def test_a_load_balancer_asks_for_its_name_and_keeps_the_stacks_annotations() -> None:
    annotations = services(balanced(annotations={"example.com/scheme": "internal"}))["kafka-2"].annotations
    assert annotations == {DNS: "kafka-2.data.example.com", "example.com/scheme": "internal"}
    assert services(balanced(annotations={DNS: "other.example.com"}))["connect"].annotations == {DNS: "other.example.com"}


def test_internal_services_have_their_own_names_and_no_node_port() -> None:
    for name, service in services(reach(exposure="internal")).items():
        port = PORTS[name]
        assert str(service.outside) == f"{name}.pipeline.svc.cluster.local:{port}"
        assert service.publishing == {"type": "ClusterIP", "ports": [{"name": "main", "port": port, "targetPort": port}]}
        assert service.annotations == {}


@pytest.mark.parametrize("of", [reach(), balanced(), reach(exposure="internal")], ids=["nodePort", "loadBalancer", "internal"])
def test_each_broker_advertises_where_its_own_service_is_reached(of: PublishedServices) -> None:
    """A client is sent to the leader's advertised address: a mix-up there silently sends it to the wrong broker."""
    advertised = [server_properties(NAMES, ordinal, broker.outside)["advertised.listeners"] for ordinal, broker in enumerate(of.brokers)]
    for ordinal, broker in enumerate(of.brokers):
        listeners = dict(item.split("://") for item in advertised[ordinal].split(","))
        assert listeners["EXTERNAL"] == str(broker.outside)
        assert broker.name == f"kafka-{ordinal}"
    assert len(set(advertised)) == BROKERS
