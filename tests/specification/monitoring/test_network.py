"""The monitoring reaches what it asks, and nothing else of the pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from stack.specification.monitoring.network import asked, pipeline_policies
from stack.specification.stack import Specification
from tests.declared import STACKS, _settings, unwatched, watched

NAMESPACE = "figures"


def policies(stack: str, *, monitored: bool = True) -> dict[str, Any]:
    """Return the policies that let the monitoring in, by name."""
    return pipeline_policies(_settings(*(watched(stack, namespace=NAMESPACE) if monitored else unwatched(stack))))


def opened(stack: str) -> set[tuple[str, str, int]]:
    """Return who may reach whom at which port."""
    found = set()
    for policy in policies(stack).values():
        (rule,) = policy["ingress"]
        (peer,), (port,) = rule["from"], rule["ports"]
        assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": NAMESPACE}
        assert (policy["policyTypes"], port["protocol"]) == (["Ingress"], "TCP")
        source, target = peer["podSelector"], policy["podSelector"]
        component = "app.kubernetes.io/component"
        found.add((source["matchLabels"][component], target["matchLabels"][component], port["port"]))
    return found


ALL = {
    ("prometheus", "kafka", 9404),
    ("prometheus", "connect", 9404),
    ("exporter", "postgresql", 5432),
    ("exporter", "kafka", 9092),
    ("exporter", "schema-registry", 8081),
    ("exporter", "connect", 8083),
    ("postgres-exporter", "postgresql", 5432),
}


@pytest.mark.parametrize(("stack", "port"), [("dev", 9404), ("sandbox", 9000)], ids=["Confluent's registry", "Apicurio"])
def test_each_component_is_open_to_those_that_ask_it(stack: str, port: int) -> None:
    assert opened(stack) == {*ALL, ("prometheus", "schema-registry", port)}


def test_an_existing_system_has_no_pods_to_open() -> None:
    assert opened("guest") == {("prometheus", "connect", 9404), ("exporter", "connect", 8083)}
    assert ("postgres-exporter", "postgresql", 5432) not in opened("prod")


def test_without_monitoring_nothing_is_open() -> None:
    assert policies("sandbox", monitored=False) == {}


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_every_port_that_prometheus_asks_is_a_port_of_the_pod(stack: str) -> None:
    settings = _settings(*watched(stack))
    workloads = {one.component: one for one in Specification.of(settings).workloads}
    for one in asked(settings):
        assert one.port in {port["containerPort"] for port in workloads[one.target].process["ports"]}, one


def test_the_policies_are_among_those_of_the_namespace() -> None:
    settings = _settings(*watched("sandbox"))
    declared = Specification.of(settings).foundation.network_policies
    assert pipeline_policies(settings).items() <= declared.items()
