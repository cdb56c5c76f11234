"""Changes to the monitoring: its namespace with the guards, the doors to its pods, their memory, and its receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stack.unknown import UNKNOWN
from tests.policy.mutations_audit import guards_of, opened
from tests.policy.mutations_doors import NARROW, NETWORKING, policy
from tests.policy.workbench import Workbench, container, extra, pod_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.policy.workbench import Made

NAMESPACE = "data-ingestion-monitoring"
PODS = ("prometheus", "alertmanager", "exporter", "postgres-exporter")


def pods(bench: Workbench) -> Iterator[Made]:
    """Yield pods that hold more than the namespace has, or that nobody can add up."""
    made: tuple[tuple[str, str, Callable[[Any], object]], ...] = (
        ("two pods", "memory-budget", lambda i: i["spec"].update(replicas=2)),
        ("old beside new", "memory-peak", lambda i: i["spec"].update(strategy={"type": "RollingUpdate"})),
        ("twice the memory", "memory-budget", lambda i: pod_of(i)["containers"][0]["resources"].update(limits={"memory": "320Mi"})),
        ("no limit", "memory-limit", lambda i: pod_of(i)["containers"][0].update(resources={})),
        ("one container more", "memory-budget", lambda i: pod_of(i)["containers"].append(container(memory="1Mi"))),
        (
            "a volume in memory without size",
            "memory-limit",
            lambda i: pod_of(i)["volumes"].append({"name": "m", "emptyDir": {"medium": "Memory"}}),
        ),
        ("a token by default", "pod-restricted", lambda i: pod_of(i).pop("automountServiceAccountToken")),
        (
            "a second token",
            "pod-restricted",
            lambda i: pod_of(i)["volumes"].append({"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}),
        ),
        ("a port of the node", "pod-restricted", lambda i: pod_of(i)["containers"][0].update(ports=[{"containerPort": 1, "hostPort": 1}])),
        (
            "a login in its environment",
            "no-literal-credential",
            lambda i: pod_of(i)["containers"][0].update(env=[{"name": "DATA_SOURCE_NAME", "value": "postgresql://audit:x7Kq2@db/shop"}]),
        ),
    )
    for name in PODS:
        for what, rule, change in made:
            yield f"monitoring: {name} with {what}", rule, bench.changed(f"monitoring-{name}", change)


def doors(bench: Workbench) -> Iterator[Made]:
    """Yield guards that are missing or wider, and everything that publishes its pods, which ask for no login."""
    yield from guards_of("monitoring", NAMESPACE, bench)
    for name in bench.of_kind("NetworkPolicy"):
        if name.startswith("monitoring-") and name.endswith("-ingress"):
            yield from opened(name, "monitoring", bench)
        elif name.startswith("monitoring-"):
            out = bench.changed(name, lambda i: i["spec"].update(egress=[{}]))
            yield f"monitoring: {name} to everywhere", "guards-kept", out
    for name in PODS:
        service = f"{name}-headless"
        path = {"path": "/", "backend": {"service": {"name": service, "port": {"name": "web"}}}}
        route = extra("Ingress", "extra", {"rules": [{"http": {"paths": [path]}}]}, NETWORKING, NAMESPACE)
        yield f"monitoring: an Ingress for {name}", "service-private", bench.with_more(route)
        rule = {"backendRefs": [{"name": service, "namespace": NAMESPACE}]}
        elsewhere = extra("HTTPRoute", "extra", {"rules": [rule]}, "gateway.networking.k8s.io/v1", "web")
        yield f"monitoring: an HTTPRoute for {name}", "service-private", bench.with_more(elsewhere)
        labels = bench.inputs(f"monitoring-{name}")["spec"]["selector"]["matchLabels"]
        yield (
            f"monitoring: {name} open to all",
            "network-closed",
            bench.with_more(policy({"matchLabels": labels}, {}, namespace=NAMESPACE)),
        )
        for spec in ({"type": "LoadBalancer"}, {"externalIPs": ["203.0.113.7"]}, {"type": UNKNOWN}):
            beside = extra("Service", "beside", {"selector": labels, "ports": [{"port": 80}], **spec}, namespace=NAMESPACE)
            yield f"monitoring: {name} with a Service {spec}", "service-private", bench.with_more(beside)


def receivers(bench: Workbench) -> Iterator[Made]:
    """Yield secrets that stand in Alertmanager's or Prometheus' own file."""
    for what, text in (
        ("a webhook of Slack", "slack_api_url: https://hooks.slack.com/services/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"),
        ("a password of mail", "smtp_auth_password: x7Kq2mailer"),
        ("a key of PagerDuty", "routing_key: 8f14e45fceea167a5a36dedd4bea2543"),
        ("a key of Opsgenie", "opsgenie_api_key: 8f14e45f-ceea-167a-5a36-dedd4bea2543"),
        ("a webhook's login", "webhook_configs: [{url: 'https://alert:x7Kq2@example.com/hook'}]"),
        ("a token in a header", "http_config: {authorization: {type: Bearer, credentials: x7Kq2mailerx7Kq2}}"),
        ("a bot of Telegram", "telegram_configs: [{bot_token: '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'}]"),
        ("a key of VictorOps", "victorops_api_key: x7Kq2mailerx7Kq2"),
    ):
        for name in ("alertmanager", "prometheus"):
            told = bench.changed(f"monitoring-{name}-config", lambda i, n=name, t=text: i["data"].update({f"{n}.yml": t}))
            yield f"monitoring: {what} in the file of {name}", "no-literal-credential", told


def _smaller(item: Any) -> None:
    container = pod_of(item)["containers"][0]
    container["resources"].update(limits={"memory": "32Mi"}, requests={"memory": "32Mi"})
    # the heap's bound is a share of the limit
    for variable in container["env"]:
        if variable["name"] == "GOMEMLIMIT":
            variable["value"] = "24MiB"


def harmless(bench: Workbench) -> Iterator[Made]:
    """Yield everyday changes to the monitoring."""
    made: tuple[tuple[str, Callable[[Any], object]], ...] = (
        ("less memory", _smaller),
        ("a label", lambda i: i["metadata"].update(labels={"team": "data"})),
        ("another grace", lambda i: pod_of(i).update(terminationGracePeriodSeconds=10)),
        ("another variable", lambda i: pod_of(i)["containers"][0]["env"].append({"name": "TZ", "value": "UTC"})),
        ("no pod", lambda i: i["spec"].update(replicas=0)),
    )
    for name in PODS:
        for what, change in made:
            yield f"monitoring: {name} with {what}", None, bench.changed(f"monitoring-{name}", change)
    for at, rule in enumerate(NARROW):
        yield f"monitoring: narrow rule {at}", None, bench.with_more(policy({}, rule, namespace=NAMESPACE))
    grafana = bench.with_more(policy({"matchLabels": {"app": "grafana"}}, {}, namespace=NAMESPACE))
    yield "monitoring: a policy for a pod of others", None, grafana
    receiver = "route: {receiver: x}\nreceivers: [{name: x, webhook_configs: [{url_file: /etc/alertmanager/secrets/webhook-url}]}]\n"
    yield (
        "monitoring: another receiver",
        None,
        bench.changed("monitoring-alertmanager-config", lambda i: i["data"].update({"alertmanager.yml": receiver})),
    )
