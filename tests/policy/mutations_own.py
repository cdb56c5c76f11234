"""Changes to what the stack's settings render: guards of the own namespace, and names, addresses and row formats of own connectors."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from policy.files import properties
from stack.configs.allowed import standing
from stack.configs.tokens import CLUSTER_READY, TOPIC
from stack.configs.verdict import KIND_BY_CLASS
from stack.unknown import UNKNOWN
from tests.policy.workbench import Workbench, extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made

_POLICY = "networking.k8s.io/v1"


def connectors(bench: Workbench) -> Iterator[Made]:
    """Yield each key of an own connector that other parts depend on: changed, and missing; and further keys of the kind."""
    for name in bench.of_kind("Connector"):
        config = bench.inputs(name)["config"]
        kind = KIND_BY_CLASS[config["connector.class"]]
        for key, value in config.items():
            known = standing(kind, config, key)
            if not (key.startswith("transforms") or (known and (known.is_fixed or known.is_open))):
                continue
            for other in (f"{value}2", f"x{value}"):
                yield f"{name}: own {key} {other}", "connector-config", bench.changed(name, _set(key, other))
            yield f"{name}: without own {key}", "connector-config", bench.changed(name, _drop(key))
        for key, value in _FURTHER[kind].items():
            yield f"{name}: further {key}", "connector-config", bench.changed(name, _set(key, value))


def files(bench: Workbench) -> Iterator[Made]:
    """Yield each key of an own server's file that other parts depend on: changed, and missing; and doors that it does not have."""
    for kind, rule, name, file in (
        ("broker", "broker-config", "kafka-kafka-config", "kafka-0.properties"),
        ("worker", "worker-config", "connect-connect-config", "worker.properties"),
    ):
        text = bench.inputs(name)["data"][file]
        config = properties(text)
        for key, value in config.items():
            known = standing(kind, config, key)  # type: ignore[arg-type]
            if not (known and (known.is_fixed or known.is_open)) or key in {"admin.listeners", "config.storage.topic", "process.roles"}:
                continue
            lines = [line for line in text.splitlines() if not line.startswith(f"{key}=")]
            for what, more in (("other", [f"{key}=x{value}"]), ("escaped", [f"{key} : {value}2"]), ("without", [])):
                if key != "listeners" or kind == "broker":
                    yield f"{name}: {what} {key}", rule, bench.changed(name, _written(file, [*lines, *more]))
        for line in _FURTHER_LINES[kind]:
            yield f"{name}: further {line}", rule, bench.changed(name, _written(file, [text, line]))


_FURTHER_LINES = {
    "broker": (
        "authorizer.class.name=x.Evil",
        "super.users=User:ANONYMOUS",
        "allow.everyone.if.no.acl.found=true",
        "sasl.enabled.mechanisms=PLAIN",
    ),
    "worker": ("rest.advertised.host.name=x", "security.protocol=SSL", "topic.creation.enable=true"),
}


def _written(file: str, lines: list[str]) -> Callable[[Any], None]:
    return lambda inputs: inputs["data"].update({file: "\n".join(lines) + "\n"})


_FURTHER: dict[str, dict[str, str]] = {
    "debezium": {
        "signal.data.collection": "public.signals",
        "topic.creation.default.partitions": "1",
        "schema.name.adjustment.mode": "avro",
    },
    "iceberg": {"iceberg.control.group-id-prefix": "other", "iceberg.catalog.header.x": "y", "iceberg.hadoop-conf-dir": "/etc/hadoop"},
    "s3": {"s3.proxy.url": "http://proxy:3128", "file.delim": "_", "topics.regex": "postgres.*"},
}


def _set(key: str, value: str) -> Callable[[Any], None]:
    return lambda inputs: inputs["config"].update({key: value})


def _drop(key: str) -> Callable[[Any], None]:
    return lambda inputs: inputs["config"].pop(key)


def guards(bench: Workbench) -> Iterator[Made]:
    """Yield guards that are missing, for others, or wider than the settings render them."""
    made = functools.partial(_guard, bench)
    for name in ("foundation-default-deny", "foundation-memory-budget", "foundation-container-memory"):
        yield f"guards: without {name}", "guards-kept", bench.without(name)
        yield from made(name, "in another namespace", lambda i: i["metadata"].update(namespace="web"))
        yield from made(name, "with an unknown specification", lambda i: i.update(spec=UNKNOWN))
    deny = "foundation-default-deny"
    yield from made(deny, "for ingress only", lambda i: i["spec"].update(policyTypes=["Ingress"]))
    yield from made(deny, "for egress only", lambda i: i["spec"].update(policyTypes=["Egress"]))
    yield from made(deny, "for some pods", lambda i: i["spec"].update(podSelector={"matchLabels": {"app": "x"}}))
    yield from made(
        deny, "for all but some", lambda i: i["spec"].update(podSelector={"matchExpressions": [{"key": "x", "operator": "Exists"}]})
    )
    yield from made(deny, "with a way out", lambda i: i["spec"].update(egress=[{}]))
    for at, selector in enumerate(({}, {"matchLabels": {"app.kubernetes.io/component": "connect"}})):
        out = extra("NetworkPolicy", "out", {"podSelector": selector, "policyTypes": ["Egress"], "egress": [{}]}, _POLICY)
        yield f"guards: everything out {at}", "guards-kept", bench.with_more(out)
    quota = "foundation-memory-budget"
    for value in ("1Ti", "4096.5Gi", UNKNOWN, "many", None):
        yield from made(quota, f"of {value}", lambda i, v=value: i["spec"]["hard"].update({"limits.memory": v}))
    yield from made(quota, "of requests only", lambda i: i["spec"]["hard"].pop("limits.memory"))
    yield from made(quota, "of some pods", lambda i: i["spec"].update(scopes=["BestEffort"]))
    limits = "foundation-container-memory"
    yield from made(limits, "of 64Gi", lambda i: i["spec"]["limits"][0]["max"].update(memory="64Gi"))
    yield from made(limits, "of volumes", lambda i: i["spec"]["limits"][0].update(type="PersistentVolumeClaim"))
    yield from made(limits, "without a maximum", lambda i: i["spec"]["limits"][0].pop("max"))
    for name in bench.of_kind("PodDisruptionBudget"):
        yield f"guards: without {name}", "guards-kept", bench.without(name)
        yield from made(name, "for other pods", lambda i: i["spec"].update(selector={"matchLabels": {"app": "x"}}))
        yield from made(name, "in another namespace", lambda i: i["metadata"].update(namespace="web"))
    yield from _gates(bench)


def _guard(bench: Workbench, name: str, how: str, change: Callable[[Any], None]) -> Iterator[Made]:
    yield f"guards: {name} {how}", "guards-kept", bench.changed(name, change)


def _gates(bench: Workbench) -> Iterator[Made]:
    (gate,) = bench.of_kind(CLUSTER_READY.rpartition(":")[2])
    yield "guards: no gate", "guards-kept", bench.without(gate)
    yield from _guard(bench, gate, "for one broker", lambda i: i.update(brokers=1))
    yield from _guard(bench, gate, "without partitions", lambda i: i.pop("partitions"))
    for name in bench.of_kind(TOPIC.rpartition(":")[2])[:40:4]:
        yield f"without the topic {name}", "connector-config", bench.without(name)


def _smaller(inputs: Any) -> None:
    """Bound the requests of a quota a little below its limits, which leaves room for every pod."""
    hard = inputs["spec"]["hard"]
    hard.update({"requests.memory": f"{int(hard['limits.memory'].removesuffix('Mi')) - 1}Mi", "pods": "30"})


def harmless_guards(bench: Workbench) -> Iterator[Made]:
    """Yield guards of another form that hold as much, and further ones."""
    deny, quota, limits = "foundation-default-deny", "foundation-memory-budget", "foundation-container-memory"
    halves = [
        extra("NetworkPolicy", f"deny-{way.lower()}", {"podSelector": {}, "policyTypes": [way]}, _POLICY) for way in ("Ingress", "Egress")
    ]
    yield "guards: the denial in two policies", None, [*bench.without(deny), *halves]
    kinds: tuple[tuple[str, str, Callable[[Any], None]], ...] = (
        (deny, "with empty rules", lambda i: i["spec"].update(ingress=[], egress=[])),
        (deny, "with labels", lambda i: i["metadata"].update(labels={"team": "data"}, annotations={"a": "b"})),
        (quota, "that is smaller for requests", _smaller),
        (limits, "with a default", lambda i: i["spec"]["limits"][0].update(default={"memory": "64Mi"})),
    )
    for name, how, change in kinds:
        yield f"guards: {name} {how}", None, bench.changed(name, change)
    # the server admits no pod whose request does not fit, whatever its limit
    too_small = bench.changed(quota, lambda i: i["spec"]["hard"].update({"requests.memory": "3Gi"}))
    yield f"guards: {quota} that is too small for requests", "guards-kept", too_small
    way_out = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 4317}], "to": [{"podSelector": {}}]}]}
    yield "guards: a named way out", None, bench.with_more(extra("NetworkPolicy", "out", way_out, _POLICY))
    yield "guards: everything out for others", None, bench.with_more(_for_others())


def _for_others() -> Declared:
    selector = {"matchLabels": {"app": "grafana"}}
    return extra("NetworkPolicy", "out", {"podSelector": selector, "policyTypes": ["Egress"], "egress": [{}]}, _POLICY)
