"""The network policies allow exactly the connections to the addresses in the rendered configurations."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from stack.specification.edges import DATA_PATH, PRIVATE_RANGES, ObjectStoreInCluster, all_policies, object_store_policies
from tests.declared import MAKES, main_container, where_made
from tests.network import COMPONENT, Address, Rule, resolve, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.declared import Declared

ANYWHERE = "0.0.0.0/0"


def servers(text: str) -> Iterator[tuple[str, int]]:
    """Yield hosts and ports of a list such as ``PLAINTEXT://a:1,0@b:2``."""
    for part in text.split(","):
        host, port = re.sub(r"^(\w+://|\d+@)", "", part).rsplit(":", 1)
        yield host, int(port)


def connect_needs(declared: Declared) -> Iterator[tuple[str, int]]:
    """Yield every address in the worker's and its connectors' configuration."""
    worker = declared.properties("connect-config", "worker.properties")
    yield from servers(worker["bootstrap.servers"])
    source, sink = declared.source_config, declared.sink_config
    yield source["database.hostname"], int(source["database.port"])
    urls = [config[f"{side}.converter.schema.registry.url"] for config in (source, sink) for side in ("key", "value")]
    urls += [sink[key].removeprefix("jdbc:") for key in ("iceberg.catalog.uri", "iceberg.catalog.s3.endpoint", "store.url") if key in sink]
    if MAKES["role"](declared.settings):
        urls += re.findall(r"endpoint_url = (\S+)", declared.secret("connect-archive")["config"])
    for url in urls:
        parts = urlsplit(url)
        assert parts.hostname
        yield parts.hostname, parts.port or {"http": 80}.get(parts.scheme, 443)


def registry_needs(declared: Declared) -> Iterator[tuple[str, int]]:
    """Yield the brokers that store the registry's schemas."""
    for file, text in declared.files("schema-registry-config").items():
        assert file.endswith(".properties")
        for line in text.splitlines():
            if re.match(r"[\w.]*bootstrap\.servers=", line):
                yield from servers(line.split("=", 1)[1])


def kafka_needs(declared: Declared) -> Iterator[tuple[str, int]]:
    """Yield the addresses in the brokers' own configuration: the controllers, and each broker's address for the others."""
    for file in declared.files("kafka-config"):
        if file.startswith("kafka-"):
            properties = declared.properties("kafka-config", file)
            yield from servers(properties["controller.quorum.voters"])
            name = properties["inter.broker.listener.name"]
            yield from servers(next(item for item in properties["advertised.listeners"].split(",") if item.startswith(f"{name}://")))


def needed(declared: Declared) -> set[tuple[str, Address]]:
    """Return every connection that some configuration makes."""
    wants = {"connect": connect_needs, "schema-registry": registry_needs, "kafka": kafka_needs}
    for component, part in {"schema-registry": "registry", "kafka": "brokers"}.items():
        if not MAKES[part](declared.settings):
            assert component not in declared.pods
            del wants[component]
    found = {(component, end) for component, list_ in wants.items() for host in list_(declared) for end in resolve(declared, *host)}
    worker = declared.properties("connect-config", "worker.properties")
    assert worker["rest.advertised.host.name"] == "${env:POD_IP}", "workers forward requests to each other by pod address"
    return found | {("connect", Address("connect", int(worker["listeners"].rsplit(":", 1)[1])))}


def test_pods_may_connect_to_what_they_are_configured_for_and_to_nothing_else(declared: Declared) -> None:
    allowed = {(rule.component, Address(rule.peer, rule.port)) for rule in rules(declared, "egress") if rule.port != 53}
    aws = () if declared.settings.archive.pod_url else (ANYWHERE, *declared.settings.archive.aws_addresses)
    assert allowed == needed(declared) | {("connect", Address(address, 443)) for address in aws}


def test_pods_accept_exactly_the_connections_that_others_are_configured_to_make(declared: Declared) -> None:
    """The object store's own namespace decides about its ingress."""
    inside = {pod["metadata"]["labels"][COMPONENT] for pod in declared.pods.values()}
    accepted = {(rule.peer, Address(rule.component, rule.port)) for rule in rules(declared, "ingress") if rule.peer in inside}
    assert accepted == {(source, address) for source, address in needed(declared) if address.target in inside}


def test_all_other_traffic_is_denied_by_default(declared: Declared) -> None:
    spec = declared.manifest("NetworkPolicy", "default-deny")["spec"]
    assert spec["podSelector"] == {}
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    assert not spec.get("ingress")
    assert not spec.get("egress")


def test_every_pod_may_ask_the_cluster_for_names(declared: Declared) -> None:
    dns = {rule for rule in rules(declared, "egress") if rule.port == 53}
    assert dns == {Rule(name, "kube-system", protocol, 53) for name in declared.pods for protocol in ("UDP", "TCP")}


def test_policies_name_their_directions_explicitly(declared: Declared) -> None:
    """A policy with rules for one direction and no types also closes or opens the other one, by historical rules."""
    for policy in declared.objects("NetworkPolicy").values():
        spec = policy.inputs["spec"]
        if spec["podSelector"]:
            assert [kind.lower() for kind in spec["policyTypes"]] == [key for key in ("ingress", "egress") if key in spec]


def test_published_services_accept_the_settings_sources_only(declared: Declared) -> None:
    """The nodes, or clients of load balancers, or pods in the cluster's network."""
    published = set()
    for service in declared.objects("Service").values():
        spec = service.inputs["spec"]
        if spec.get("clusterIP") != "None":
            component = spec["selector"][COMPONENT]
            ports = {item["name"]: item["containerPort"] for item in main_container(declared.pods[component])["ports"]}
            published |= {(component, ports.get(port["targetPort"], port["targetPort"])) for port in spec["ports"]}
    # tests/specification/audit and monitoring judge what these may reach
    inside = {pod["metadata"]["labels"][COMPONENT] for pod in declared.pods.values()} | set(declared.settings.further_mib)
    opened = {rule for rule in rules(declared, "ingress") if rule.peer not in inside}
    assert opened == {Rule(name, source, "TCP", port) for name, port in published for source in declared.settings.host.sources}


@where_made("node ports")
def test_the_allowed_node_addresses_contain_no_pod(declared: Declared) -> None:
    """Only the gateways of the pod network are allowed, one address each: a pod is never one of them."""
    pods = ipaddress.ip_network("10.244.0.0/16")
    for source in map(ipaddress.ip_network, declared.settings.host.sources):
        assert not source.overlaps(pods) or source.num_addresses == 1


@pytest.mark.parametrize("private", ["10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.100.0.1"])
def test_the_rule_for_aws_excludes_private_networks(private: str) -> None:
    """169.254.169.254 is the cloud's metadata service, which hands out the node's own credentials."""
    (rule,) = object_store_policies(None)["connect-to-object-store"]["egress"]
    (peer,) = rule["to"]
    assert peer["ipBlock"]["except"] == list(PRIVATE_RANGES)
    assert any(ipaddress.ip_address(private) in ipaddress.ip_network(block) for block in PRIVATE_RANGES)
    assert ipaddress.ip_address("52.216.0.1") in ipaddress.ip_network(peer["ipBlock"]["cidr"])


def test_a_store_in_the_cluster_removes_the_rule_for_aws() -> None:
    policies = all_policies(["10.0.0.1/32"], ObjectStoreInCluster("object-store", 5000))
    blocks = [peer for spec in policies.values() for rule in spec.get("egress", []) for peer in rule["to"] if "ipBlock" in peer]
    assert blocks == []


def test_no_edge_is_listed_twice() -> None:
    assert len({(edge.source, edge.target) for edge in DATA_PATH}) == len(DATA_PATH)
