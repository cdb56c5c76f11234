"""Network policies of Cilium and Calico, whose selectors and clients are judged by meaning."""

from __future__ import annotations

from typing import Any

import pytest

from stack.unknown import UNKNOWN
from tests.policy.test_doors import GUARDED, refused, workload
from tests.policy.workbench import extra

CILIUM = ("CiliumNetworkPolicy", "cilium.io/v2", "endpointSelector")
CILIUM_EVERYWHERE = ("CiliumClusterwideNetworkPolicy", "cilium.io/v2", "endpointSelector")
CALICO = ("NetworkPolicy", "projectcalico.org/v3", "selector")
CALICO_EVERYWHERE = ("GlobalNetworkPolicy", "crd.projectcalico.org/v1", "selector")
IN_NAMESPACE = "k8s:io.kubernetes.pod.namespace"
NAMED = "io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name"


def in_labels(**more: str) -> dict[str, Any]:
    """Return a selector by labels."""
    return {"matchLabels": more}


def by(key: str, operator: str, *values: str) -> dict[str, Any]:
    """Return a selector by an expression."""
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


# selectors by plug-in: those that reach the workload, and those that do not
SELECTORS: dict[tuple[str, str, str], tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    CILIUM: (
        ({}, in_labels(app="it"), *(in_labels(**{f"{source}app": "it"}) for source in ("k8s:", "any:")), by("k8s:app", "In", "it", "x")),
        (in_labels(app="web"), by("any:app", "In", "web"), by("k8s:app", "DoesNotExist"), in_labels(**{"reserved:host": ""})),
    ),
    CILIUM_EVERYWHERE: (
        (
            {},
            in_labels(**{IN_NAMESPACE: "stream"}),
            in_labels(**{IN_NAMESPACE.removeprefix("k8s:"): "stream", "k8s:app": "it"}),
            by(IN_NAMESPACE, "NotIn", "kube-system"),
            in_labels(**{f"k8s:{NAMED}": "stream"}),
            in_labels(**{"io.cilium.k8s.namespace.labels.team": "data"}),
            in_labels(**{"io.cilium.k8s.policy.serviceaccount": "broker"}),
        ),
        (in_labels(**{IN_NAMESPACE: "shop"}), in_labels(**{NAMED: "shop"}), by(IN_NAMESPACE, "In", "shop", "web"), in_labels(app="web")),
    ),
    CALICO: (
        (
            None,
            "all()",
            "global()",
            "app == 'it'",
            'app=="it" && !has(team)',
            "app != 'web'",
            "app in {'it', 'web'}",
            "app not in {'web'}",
            "has(app)",
            "!has(tier)",
            "!(app == 'web')",
            "app contains 't'",
            "app starts with 'i'",
            "app ends with 't' || app == 'x'",
            "(app == 'web' || projectcalico.org/orchestrator == 'k8s')",
            "projectcalico.org/namespace == 'stream'",
            "projectcalico.org/serviceaccount == 'broker'",
            "pcns.team == 'data'",
            "no selector at all",
            "(" * 60 + "app" + ")" * 60,
            "has(" + "a" * 5000 + ")",
        ),
        ("app == 'web'", "!has(app)", "app contains 'w'", "has(tier) || app in {'web'}", "app == 'it' && tier == 'x'", "!all()"),
    ),
    CALICO_EVERYWHERE: ((None, "has(app)", "projectcalico.org/namespace == 'stream'"), ("projectcalico.org/namespace == 'shop'",)),
}
OPEN_RULES: dict[tuple[str, str, str], Any] = {
    **{key: {"fromEntities": ["world"]} for key in (CILIUM, CILIUM_EVERYWHERE)},
    **{key: {"action": "Allow"} for key in (CALICO, CALICO_EVERYWHERE)},
}
# ingress rules by plug-in: those that let everybody in, and those that name clients
CLIENTS: dict[tuple[str, str, str], tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    CILIUM: (
        (
            *({"fromEntities": [one]} for one in ("world", "world-ipv6", "all", "cluster", "unmanaged", UNKNOWN)),
            {"fromEntities": UNKNOWN},
            {"fromCIDR": ["0.0.0.0/0"]},
            {"fromCIDR": UNKNOWN},
            {"fromCIDRSet": [{"cidr": "10.0.0.0/8"}, {"cidr": "0.0.0.0/1"}]},
            {"fromCIDRSet": [{"cidrGroupRef": "partners"}]},
            {"toPorts": [{"ports": [{"port": "9092"}]}]},
            *({"fromEndpoints": [by(IN_NAMESPACE, *how)]} for how in (("Exists",), ("NotIn", "kube-system"), ("DoesNotExist",))),
            {"fromEndpoints": [by(NAMED, "Exists")]},
            {"fromEndpoints": [in_labels(app="console"), in_labels(**{"reserved:world": ""})]},
            {"fromEndpoints": [UNKNOWN]},
        ),
        (
            {},
            {"fromEndpoints": [{}]},
            {"fromEndpoints": [in_labels(app="console")]},
            {"fromEndpoints": [in_labels(**{IN_NAMESPACE: "web"})]},
            {"fromEndpoints": [by(IN_NAMESPACE, "In", "web", "shop")]},
            {"fromEndpoints": [{**by(IN_NAMESPACE, "Exists"), **in_labels(**{"k8s:app": "prometheus"})}]},
            {"fromEntities": ["host", "remote-node", "kube-apiserver", "health"]},
            {"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}]},
        ),
    ),
    CILIUM_EVERYWHERE: (
        ({"fromEndpoints": [{}]}, {"fromEndpoints": [in_labels()]}, {"fromEndpoints": [by("k8s:app", "NotIn", "x")]}),
        ({"fromEndpoints": [in_labels(app="prometheus")]}, {"fromEndpoints": [in_labels(**{IN_NAMESPACE: "web"})]}),
    ),
    CALICO: (
        (
            {"action": "Allow"},
            {"action": "Allow", "source": {}},
            *({"action": "Allow", "source": {"nets": nets}} for nets in (["0.0.0.0/0"], ["10.0.0.0/8", "8.0.0.0/8"], UNKNOWN)),
            {"action": "Allow", "source": {"notNets": ["10.0.0.0/8"]}},
            {"action": "Allow", "source": {"notSelector": "app == 'x'"}},
            {"action": "Allow", "source": {"serviceAccounts": {"selector": "all()"}}},
            *(
                {"action": "Allow", "source": {"namespaceSelector": one}}
                for one in ("all()", "has(projectcalico.org/name)", "!has(team)", "team != 'x'", "team not in {'x'}", "has(team) || all()")
            ),
            {"action": "Allow", "source": {"namespaceSelector": "all()", "selector": "app != 'x' || has(app)"}},
        ),
        (
            {"action": "Deny"},
            {"action": "Allow", "source": {"selector": "app == 'console'"}},
            {"action": "Allow", "source": {"nets": ["10.0.0.0/8"]}},
            {"action": "Allow", "source": {"nets": ["0.0.0.0/0"], "selector": "app == 'console'"}},
            {"action": "Allow", "source": {"namespaceSelector": "projectcalico.org/name == 'web'"}},
            {"action": "Allow", "source": {"namespaceSelector": "has(team)"}},
            {"action": "Allow", "source": {"namespaceSelector": "all()", "selector": "app starts with 'prom'"}},
            {"action": "Allow", "source": {"serviceAccounts": {"names": ["console"]}}},
        ),
    ),
    CALICO_EVERYWHERE: (
        tuple(
            {"action": "Allow", "source": {"selector": one}}
            for one in ("all()", "!has(x)", "projectcalico.org/orchestrator == 'k8s' || !has(y)")
        ),
        ({"action": "Allow", "source": {"selector": "app == 'prometheus'"}},),
    ),
}


@pytest.mark.parametrize("plugin", SELECTORS, ids=lambda one: one[0])
def test_selectors_of_other_plug_ins_are_read_by_meaning(plugin: tuple[str, str, str]) -> None:
    kind, group, key = plugin
    for reached, selectors in zip((True, False), SELECTORS[plugin], strict=True):
        for selector in selectors:
            one = extra(kind, "p", {key: selector, "ingress": [OPEN_RULES[plugin]]}, group, "stream")
            assert refused("network-closed", workload(GUARDED["a broker"]), one) == reached, selector


@pytest.mark.parametrize("plugin", CLIENTS, ids=lambda one: one[0])
def test_clients_in_policies_of_other_plug_ins_are_read_by_meaning(plugin: tuple[str, str, str]) -> None:
    kind, group, key = plugin
    for wide, rules in zip((True, False), CLIENTS[plugin], strict=True):
        for rule in rules:
            one = extra(
                kind, "p", {key: None if plugin == CALICO_EVERYWHERE else SELECTORS[plugin][0][1], "ingress": [rule]}, group, "stream"
            )
            assert refused("network-closed", workload(GUARDED["a broker"]), one) == wide, rule


def test_a_policy_for_nodes_or_for_other_namespaces_lets_nobody_in_to_pods() -> None:
    broker = workload(GUARDED["a broker"])
    for kind, group, spec in (
        ("CiliumClusterwideNetworkPolicy", "cilium.io/v2", {"nodeSelector": {}, "ingress": [{"fromEntities": ["world"]}]}),
        (
            "GlobalNetworkPolicy",
            "projectcalico.org/v3",
            {"namespaceSelector": "projectcalico.org/name == 'shop'", "ingress": [{"action": "Allow"}]},
        ),
    ):
        assert not refused("network-closed", broker, extra(kind, "p", spec, group, "stream"))
    chosen = {"namespaceSelector": "kubernetes.io/metadata.name in {'stream'}", "ingress": [{"action": "Allow"}]}
    assert refused("network-closed", broker, extra("GlobalNetworkPolicy", "p", chosen, "projectcalico.org/v3", "stream"))
