"""Attempts to evade the rules: plan and pack refuse each, and accept everyday manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from policy.limits import with_pack_configuration
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Sequence

GIB = 2**30
LIMITS = Limits(memory={"data-ingestion": 4 * GIB, "elsewhere": GIB}, volumes={"data-ingestion": 15 * GIB, "elsewhere": GIB}, nodes=2)
BOUNDS = ["-XX:+UseSerialGC", "-XX:MaxMetaspaceSize=128m", "-XX:ReservedCodeCacheSize=64m", "-XX:MaxDirectMemorySize=64m"]


def deployment(name: str = "d", replicas: Any = 1, namespace: str = "data-ingestion", spec: Any = None, **more: Any) -> Declared:
    """Return a Deployment that stops its old pod before starting a new one."""
    inside = {"replicas": replicas, "strategy": {"type": "Recreate"}, "template": {"spec": spec or pod(container(memory="2Gi"))}, **more}
    return extra("Deployment", name, inside, "apps/v1", namespace)


def java(*flags: str, memory: str = "1Gi", **more: Any) -> Declared:
    """Return a Pod that runs Java with bounds for all but the heap."""
    one = container(memory=memory, **{"command": ["java", *flags, *BOUNDS, "-jar", "a.jar"], **more})
    return extra("Pod", "java", pod(one))


def server(memory: str | None = "512Mi", volumes: Sequence[Any] = (), **more: Any) -> Declared:
    """Return a Pod that runs PostgreSQL."""
    return extra(
        "Pod", "database", pod(container(memory=memory, **{"image": "postgres:17.2", "command": None, **more}), volumes=list(volumes))
    )


def renamed(resource: Declared, name: Any) -> Declared:
    """Return the same object under another Kubernetes name."""
    resource.inputs["metadata"]["name"] = name
    return resource


def connector(name: str, **config: Any) -> Declared:
    """Return a connector."""
    keys = {key.replace("__", "."): value for key, value in config.items()}
    return Declared(urn=f"urn::{name}", type="kafkaconnect:index:Connector", name=name, inputs={"name": name, "config": keys})


def topic(name: str) -> Declared:
    """Return a topic of 24 partitions."""
    inputs = {"name": name, "partitions": 24, "replicationFactor": 3, "config": {"retention.bytes": "1048576"}}
    return Declared(urn=f"urn::{name}", type="kafka:index/topic:Topic", name=name, inputs=inputs)


def worker(heap: str = "512m", name: str = "connect") -> Declared:
    """Return a Pod that runs Connect."""
    command = ["java", f"-Xmx{heap}", *BOUNDS, "-cp", "x", "org.apache.kafka.connect.cli.ConnectDistributed", "worker.properties"]
    return extra("Pod", name, pod(container(memory="3Gi", command=command)))


def s3_sink(name: str, **more: Any) -> Declared:
    """Return a sink that needs about 200 MiB."""
    keys = {
        "connector__class": "io.confluent.connect.s3.S3SinkConnector",
        "topics": "t",
        "flush__size": "20000",
        "s3__part__size": "5242880",
    }
    return connector(name, **{**keys, **more})


def scaler(name: str, most: Any, kind: str = "Deployment") -> Declared:
    """Return an autoscaler."""
    spec = {"scaleTargetRef": {"kind": kind, "name": name}, "maxReplicas": most}
    return extra("HorizontalPodAutoscaler", f"scale-{name}", spec, "autoscaling/v2")


def config_map(name: str, data: Any, **more: Any) -> Declared:
    """Return a ConfigMap."""
    made = extra("ConfigMap", name, {})
    made.inputs.update({"data": data, **more})  # type: ignore[attr-defined]
    return made


FILE = [{"name": "f", "configMap": {"name": "files"}}]
HUGE = "shared_buffers = 8GB\n"

REFUSED: dict[str, tuple[str, list[Declared]]] = {
    "an autoscaler beside workloads without a known name": (
        "memory-budget",
        [deployment("small", spec=pod()), scaler("small", 2), *(renamed(deployment(f"d{n}"), UNKNOWN) for n in range(3))],
    ),
    "an autoscaler beside workloads of one generated name": (
        "memory-budget",
        [deployment("small", spec=pod()), scaler("small", 2), *(renamed(deployment(f"d{n}"), None) for n in range(3))],
    ),
    "an autoscaler of two": (
        "memory-budget",
        [renamed(deployment("a", spec=pod()), "w"), renamed(deployment("b", spec=pod()), "w"), scaler("w", 1)],
    ),
    "a rollout by an empty strategy": ("memory-peak", [deployment(spec=pod(container(memory="3Gi")), strategy={"type": ""})]),
    "a rollout by a strategy of nothing": ("memory-peak", [deployment(spec=pod(container(memory="3Gi")), strategy={"type": None})]),
    "a rollout by a field that nobody reads": (
        "memory-peak",
        [deployment(spec=pod(container(memory="3Gi")), strategy={}, updateStrategy={"type": "OnDelete"})],
    ),
    "half a replica": ("memory-limit", [deployment(replicas=1.5)]),
    "a limit in thousandths of a byte": ("memory-limit", [extra("Pod", "p", pod(container(memory="512m")))]),
    "Java under a limit of the whole pod": (
        "java-fits",
        [extra("Pod", "p", pod(container(memory=None, command=["java", "-Xmx8g", "-jar", "x"]), resources={"limits": {"memory": "1Gi"}}))],
    ),
    "PostgreSQL under a limit of the whole pod": (
        "postgres-fits",
        [
            extra(
                "Pod",
                "p",
                pod(container(memory=None, command=["postgres", "-cshared_buffers=8GB"]), resources={"limits": {"memory": "1Gi"}}),
            )
        ],
    ),
    "flags from a ConfigMap": (
        "java-fits",
        [java(env=[{"name": "JAVA_TOOL_OPTIONS", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}])],
    ),
    "flags from all of a ConfigMap": ("java-fits", [java(envFrom=[{"configMapRef": {"name": "c"}}])]),
    "variables of unknown name": ("memory-limit", [java(env=[{"name": UNKNOWN, "value": "-Xmx8g"}])]),
    "two processes in one shell": ("java-fits", [java(command=["sh", "-c", "java -Xmx1m -jar a & java -Xmx1m -jar b"])]),
    "a memory volume mounted who knows how": (
        "memory-limit",
        [
            extra(
                "Pod",
                "p",
                pod(
                    container(volumeMounts=[{"name": "m", "mountPath": "/m", "readOnly": UNKNOWN}]),
                    volumes=[{"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "32Mi"}}],
                ),
            )
        ],
    ),
    "a claim of unknown spec": ("disk-volumes", [extra("PersistentVolumeClaim", "c", UNKNOWN)]),
    "a claim of no spec": ("disk-volumes", [extra("PersistentVolumeClaim", "c", {})]),
    "a volume of the pod's own": (
        "disk-volumes",
        [
            deployment(
                spec=pod(
                    volumes=[
                        {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "500Gi"}}}}}}
                    ]
                )
            )
        ],
    ),
    "a patch of an autoscaler": ("memory-limit", [extra("HorizontalPodAutoscalerPatch", "p", {}, "autoscaling/v2")]),
    "a list of claims": ("memory-limit", [extra("PersistentVolumeClaimList", "p", {})]),
    "a patch of a ConfigMap": ("memory-limit", [extra("ConfigMapPatch", "p", {})]),
    "somebody's own Chart": ("memory-limit", [extra("Chart", "c", {}, "charts.example.com/v1")]),
    "a second sink on the same heap": ("sink-fits", [worker(), topic("t"), s3_sink("one"), s3_sink("two"), s3_sink("three")]),
    "a second source on the same heap": (
        "sink-fits",
        [
            worker(),
            *(
                connector(name, connector__class="io.debezium.connector.postgresql.PostgresConnector", max__queue__size="200000")
                for name in "ab"
            ),
        ],
    ),
    "the smaller of two workers": ("sink-fits", [worker(), worker("64m", "tiny"), topic("t"), s3_sink("one")]),
    "row groups in the sink's own keys": (
        "sink-fits",
        [
            worker(),
            topic("t"),
            connector(
                "sink",
                connector__class="org.apache.iceberg.connect.IcebergSinkConnector",
                topics="t",
                tasks__max="3",
                **{"iceberg__tables__write-props__write__parquet__page-size-bytes": str(64 * 2**20)},
            ),
        ],
    ),
    "a worker whose file nobody declares": ("worker-config", [worker()]),
    "PostgreSQL through its entry point": (
        "postgres-fits",
        [server(command=["docker-entrypoint.sh", "postgres", "-c", "shared_buffers=8GB"])],
    ),
    "PostgreSQL through a shell": ("postgres-fits", [server(command=["sh", "-c", "exec postgres -c shared_buffers=8GB"])]),
    "short options": ("postgres-fits", [server(command=["postgres", "-B", "8GB"])]),
    "an included file": (
        "postgres-fits",
        [
            config_map("files", {"a.conf": "include '/etc/big.conf'\n"}),
            server(command=["postgres", "--config-file=/etc/a.conf"], volumes=FILE, volumeMounts=[{"name": "f", "mountPath": "/etc"}]),
        ],
    ),
    "a file under another key": (
        "postgres-fits",
        [
            config_map("files", {"postgresql.conf": "", "big.conf": HUGE}),
            server(
                command=["postgres", "--config-file=/etc/postgresql.conf"],
                volumes=[{"name": "f", "configMap": {"name": "files", "items": [{"key": "big.conf", "path": "postgresql.conf"}]}}],
                volumeMounts=[{"name": "f", "mountPath": "/etc"}],
            ),
        ],
    ),
    "a file in the data directory": (
        "postgres-fits",
        [
            config_map("files", {"postgresql.conf": HUGE}),
            server(
                volumes=FILE,
                volumeMounts=[{"name": "f", "mountPath": "/var/lib/postgresql/data/postgresql.conf", "subPath": "postgresql.conf"}],
            ),
        ],
    ),
    "shared memory by another name": ("postgres-fits", [server(memory="1Gi", args=["-cmin_dynamic_shared_memory=8GB"])]),
    "a password of two words": ("no-literal-credential", [extra("Pod", "p", pod(container(command=["tool", "--password", "hunter2"])))]),
    "a password without a user": ("no-literal-credential", [extra("Pod", "p", pod(container(args=["redis://:hunter2@cache"])))]),
    "a password in a probe": (
        "no-literal-credential",
        [extra("Pod", "p", pod(container(livenessProbe={"exec": {"command": ["check", "--token=hunter2"]}})))],
    ),
    "a password by a short name": (
        "no-literal-credential",
        [extra("Pod", "p", pod(container(env=[{"name": "MYSQL_PWD", "value": "hunter2"}])))],
    ),
    "a password in a file": ("no-literal-credential", [config_map("c", {"app.properties": "spring.datasource.password=hunter2\n"})]),
    "a login module with its password written out": (
        "no-literal-credential",
        [
            config_map(
                "c",
                {"worker.properties": 'sasl.jaas.config=x.ScramLoginModule required username="${dir:/s:username}" password="hunter2";\n'},
            )
        ],
    ),
    "a login module that is no text of one": ("no-literal-credential", [config_map("c", {"a.properties": "sasl.jaas.config=hunter2\n"})]),
    "a password as a file": ("no-literal-credential", [config_map("c", {"DB_PASSWORD": "hunter2"})]),
    "a port of the node": ("pod-restricted", [extra("Pod", "p", pod(container(ports=[{"containerPort": 80, "hostPort": 80}])))]),
    "rights inside a role": (
        "iam-exact",
        [Declared(urn="urn::r", type="aws:iam/role:Role", name="r", inputs={"inlinePolicies": [{"policy": "{}"}]})],
    ),
}


def refused(resources: list[Declared], limits: Limits) -> set[str]:
    """Return the rules that refuse, the same for plan and pack."""
    plan = {violation.rule for violation in by_plan(resources, limits)}
    pack = {rule for rule, _message in by_pack(resources, limits)}
    assert plan == pack
    return plan


@pytest.mark.parametrize("way", REFUSED)
def test_a_way_around_is_refused(way: str) -> None:
    rule, resources = REFUSED[way]
    assert rule in refused(resources, LIMITS)


@pytest.mark.parametrize("way", REFUSED)
def test_no_message_shows_what_may_be_secret(way: str) -> None:
    told = [violation.message for violation in by_plan(REFUSED[way][1], LIMITS)] + [
        text for _rule, text in by_pack(REFUSED[way][1], LIMITS)
    ]
    assert [message for message in told if "hunter2" in message] == []


ACCEPTED: dict[str, list[Declared]] = {
    "an exporter named after what it looks at": [
        extra("Pod", "a", pod(container(image="quay.example/postgres-exporter:1", command=None))),
        extra("Pod", "b", pod(container(image="danielqsj/kafka-exporter:1", command=None))),
    ],
    "a dump by the server's image": [extra("Pod", "a", pod(container(image="postgres:17", command=None, args=["pg_dump", "-h", "db"])))],
    "a database that nobody captures": [
        extra(
            "StatefulSet",
            "db",
            {
                "template": {"spec": pod(container(memory="2Gi", image="postgres:17", command=None))},
                "volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}],
            },
            "apps/v1",
        )
    ],
    "settings that only sound secret": [
        extra(
            "Pod",
            "a",
            pod(
                container(
                    command=["tool", "--token-ttl=3600", "--secret-name=foo"],
                    env=[
                        {"name": name, "value": value}
                        for name, value in {
                            "TOKEN_TTL": "3600s",
                            "MAX_TOKENS": "100",
                            "ENABLE_TOKEN_AUTH": "true",
                            "TOKEN_URL": "https://x",
                        }.items()
                    ],
                )
            ),
        )
    ],
    "what configures others": [
        extra("ServiceMonitor", "m", {}, "monitoring.coreos.com/v1"),
        extra("Certificate", "c", {}, "cert-manager.io/v1"),
        extra("HTTPRoute", "r", {}, "gateway.networking.k8s.io/v1"),
    ],
    "a suspended CronJob": [
        extra("CronJob", "c", {"suspend": True, "schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": pod()}}}}, "batch/v1")
    ],
    "a Job that leaves its numbers to Kubernetes": [
        extra("Job", "j", {"parallelism": None, "completions": None, "template": {"spec": pod()}}, "batch/v1")
    ],
    "a DaemonSet on two nodes": [extra("DaemonSet", "d", {"template": {"spec": pod()}}, "apps/v1")],
    "a tool in a namespace of its own": [deployment("tool", namespace="elsewhere", spec=pod(container(memory="1Gi")))],
    "a script that mentions Java": [extra("Pod", "a", pod(container(command=["sh", "-c", "echo no java here; grep -r java /x"])))],
    "Java by a variable that is known": [java("-Xmx$(MB)m", env=[{"name": "MB", "value": "256"}])],
}


@pytest.mark.parametrize("everyday", ACCEPTED)
def test_an_everyday_manifest_is_accepted(everyday: str) -> None:
    assert refused(ACCEPTED[everyday], LIMITS) == set()


def test_the_message_for_another_namespace_names_the_setting_of_its_budget() -> None:
    (violation,) = by_plan([deployment(replicas=3, namespace="elsewhere", spec=pod(container(memory="1Gi")))], LIMITS)
    assert "set elsewhere to 3072Mi in `budgets` of the rule memory-budget" in violation.message


@pytest.mark.parametrize("nodes", [0, 0.5, -1])
def test_a_cluster_has_at_least_one_node(nodes: float) -> None:
    with pytest.raises(ValueError, match="set a whole number from 1"):
        with_pack_configuration(LIMITS, {"memory-limit": {"nodes": nodes}})


def test_an_exception_from_the_limit_does_not_hide_memory_from_the_budget() -> None:
    unbounded = extra("Pod", "greedy", pod(container(memory=None)))
    limits = Limits(memory=LIMITS.memory, exceptions=(("memory-limit", "greedy", "it is only here for a minute"),))
    assert refused([unbounded], limits) == {"memory-budget"}
