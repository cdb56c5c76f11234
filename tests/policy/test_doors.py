"""Doors to brokers, database, registry and Connect in any namespace, whichever is declared first, and of other network plug-ins."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_doors import NARROW, NETWORKING, WIDE, labelled
from tests.policy.workbench import container, extra, pod

LIMITS = Limits(memory={"stream": 2**32}, volumes={"stream": 2**32})
LABELS = {"app": "it"}
GUARDED: dict[str, dict[str, Any]] = {
    "Connect": {"command": ["connect-distributed", "worker.properties"]},
    "Connect by its class": {"command": ["java", "-cp", "x", "org.apache.kafka.connect.cli.ConnectDistributed", "w"]},
    "Connect by its image": {"image": "quay.example/debezium/connect:3.0", "command": None},
    "a registry": {"command": ["schema-registry-start", "r.properties"]},
    "a broker": {"command": ["sh", "-c", "exec /opt/kafka/bin/kafka-server-start.sh c.properties"]},
    "a broker by its image": {"image": "apache/kafka:4.3.1", "command": None},
    "a database": {"image": "postgres:17.2", "command": None},
}
OTHERS: dict[str, dict[str, Any]] = {
    "a web server": {"image": "nginx:1.27", "command": None},
    "an exporter": {"image": "danielqsj/kafka-exporter:1.8", "command": None},
    "a tool of the same image": {"image": "apache/kafka:4.3.1", "command": ["kafka-topics", "--list"]},
    "a client": {"image": "postgres:17.2", "command": ["psql", "-h", "db"]},
}


def workload(one: dict[str, Any]) -> Declared:
    """Return a StatefulSet around a container."""
    template = {"metadata": {"labels": LABELS}, "spec": pod(container(**one))}
    return extra("StatefulSet", "it", {"template": template}, "apps/v1", "stream")


def service(**spec: Any) -> Declared:
    """Return the Service of the workload."""
    return extra("Service", "it", {"selector": LABELS, "ports": [{"port": 80}], **spec}, namespace="stream")


def refused(rule: str, *resources: Declared) -> bool:
    """Return whether plan and pack refuse by a rule, in every order of declaration."""
    plan = rule in {violation.rule for violation in by_plan(resources, LIMITS)}
    for order in itertools.permutations(resources):
        assert plan == (rule in {name for name, _message in by_pack(order, LIMITS)}), [one.title for one in order]
    return plan


def network(rule: Any, **more: Any) -> Declared:
    """Return a network policy of the workload's namespace."""
    return extra("NetworkPolicy", "open", {"podSelector": {}, "ingress": [rule], **more}, NETWORKING, "stream")


@pytest.mark.parametrize("what", [*GUARDED, *OTHERS])
def test_a_policy_that_lets_everybody_in_is_refused_where_these_run(what: str) -> None:
    one = workload({**GUARDED, **OTHERS}[what])
    for rule in WIDE[:6]:
        assert refused("network-closed", one, network(rule)) == (what in GUARDED)
    for rule in NARROW[:6]:
        assert not refused("network-closed", one, network(rule))
    assert not refused("network-closed", one, network({}, podSelector={"matchLabels": {"app": "web"}}))


@pytest.mark.parametrize("what", [*GUARDED, *OTHERS])
def test_no_route_and_no_address_publishes_these(what: str) -> None:
    one = workload({**GUARDED, **OTHERS}[what])
    paths = [{"backend": {"service": {"name": "it", "port": {"number": 80}}}}]
    mesh = {"hosts": ["it"], "http": [{"route": [{"destination": {"host": "it.stream.svc.cluster.local"}}]}]}
    routes = [
        extra("Ingress", "i", {"rules": [{"http": {"paths": paths}}]}, NETWORKING, "stream"),
        extra("HTTPRoute", "r", {"rules": [{"backendRefs": [{"name": "it", "port": 80}]}]}, "gateway.networking.k8s.io/v1", "stream"),
        extra("IngressRoute", "t", {"routes": [{"services": [{"name": "it"}]}]}, "traefik.io/v1alpha1", "stream"),
        extra("VirtualService", "v", {"gateways": ["public"], **mesh}, "networking.istio.io/v1", "web"),
        extra("VirtualService", "delegate", {"http": mesh["http"]}, "networking.istio.io/v1", "web"),
    ]
    for route in routes:
        assert refused("service-private", one, service(), route) == (what in GUARDED), route.title
    assert not refused("service-private", one, service(), extra("VirtualService", "v", mesh, "networking.istio.io/v1", "web"))
    assert refused("service-private", one, service(externalIPs=["203.0.113.7"])) == (what in GUARDED)
    assert not refused("service-private", one, service(type="NodePort"))


WEB = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 443}]}


@pytest.mark.parametrize("ranges", [None, ["0.0.0.0/0"], ["8.8.8.0/24"], UNKNOWN])
def test_a_load_balancer_is_judged_by_what_it_reaches(ranges: Any) -> None:
    told = {} if ranges is None else {"loadBalancerSourceRanges": ranges}
    own = dataclasses.replace(LIMITS, own="data-ingestion")
    for namespace, selector, near in (
        ("web", {"app": "web"}, False),
        ("web", LABELS, False),
        ("stream", {"app": "web"}, False),
        ("stream", LABELS, True),
        ("stream", UNKNOWN, True),
        ("data-ingestion", {"app": "web"}, True),
        (UNKNOWN, {"app": "web"}, True),
    ):
        balancer = extra("Service", "balancer", {**WEB, **told, "selector": selector}, namespace=namespace)
        broker = workload(GUARDED["a broker"])
        for order in itertools.permutations((balancer, broker)):
            plan = "service-private" in {violation.rule for violation in by_plan(order, own)}
            assert plan == ("service-private" in {rule for rule, _message in by_pack(order, own)}) == near, (namespace, selector)


@pytest.mark.parametrize("kind", ["Namespace", "NamespacePatch"])
@pytest.mark.parametrize(
    ("level", "with_brokers", "with_budget", "elsewhere"),
    [
        ("restricted", False, False, False),
        ("baseline", True, False, False),
        ("privileged", True, True, False),
        (UNKNOWN, True, True, False),
    ],
)
def test_a_namespace_is_as_strict_as_what_runs_in_it(
    kind: str,
    level: Any,
    with_brokers: bool,  # noqa: FBT001 - a column
    with_budget: bool,  # noqa: FBT001 - a column
    elsewhere: bool,  # noqa: FBT001 - a column
) -> None:
    broker, web = (
        workload(GUARDED["a broker"]),
        extra("Service", "web", {"selector": {"app": "web"}, "ports": [{"port": 80}]}, namespace="shop"),
    )
    limits = dataclasses.replace(LIMITS, memory={"stream": 2**32, "shop": 2**32})
    unbudgeted = dataclasses.replace(LIMITS, memory={"shop": 2**32})
    for given, expected, name in (
        (limits, with_brokers, "stream"),
        (unbudgeted, with_brokers, "stream"),
        (limits, with_budget, "shop"),
        (limits, elsewhere, "monitoring"),
    ):
        for order in itertools.permutations((broker, web, labelled(kind, name, level))):
            for found in ({one.rule for one in by_plan(order, given)}, {rule for rule, _message in by_pack(order, given)}):
                assert ("guards-kept" in found) == expected, (name, [one.title for one in order])


@pytest.mark.parametrize("what", [*GUARDED, *OTHERS])
def test_a_patch_of_a_guard_is_refused_where_these_run(what: str) -> None:
    one = workload({**GUARDED, **OTHERS}[what])
    patch = extra("NetworkPolicyPatch", "closed", {"ingress": [{}]}, NETWORKING, "stream")
    unbudgeted = Limits(memory={})
    for order in itertools.permutations((one, patch)):
        for found in ({one.rule for one in by_plan(order, unbudgeted)}, {rule for rule, _message in by_pack(order, unbudgeted)}):
            assert ("guards-kept" in found) == (what in GUARDED)
