"""Pods of brokers and Connect workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.names import (
    ARCHIVE_PROFILE,
    AWS_TOKEN,
    CONNECT_PORT,
    CONNECT_SECRETS,
    KAFKA_CONTROLLER_PORT,
    KAFKA_EXTERNAL_PORT,
    KAFKA_INTERNAL_PORT,
)
from stack.specification import manifest, names
from stack.specification.logs import LOG4J_FILE
from stack.specification.monitoring.jmx import NO_AGENT
from stack.specification.streaming import connect, kafka, restarter
from stack.specification.streaming.jvm import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.streaming import ConnectSettings, KafkaSettings
    from stack.specification.manifest import Manifest
    from stack.specification.monitoring.jmx import Agent


def broker_pod(settings: KafkaSettings, image: str, bootstrap: str, agent: Agent = NO_AGENT) -> Manifest:
    """Return the pod of a broker; the pod's name selects its file, so that no script is needed.

    Args:
        settings: Sizes of one broker.
        image: Image of Kafka.
        bootstrap: Addresses of all brokers inside the cluster, comma separated.
        agent: Prometheus' agent in the broker; the container that formats the volume has none.
    """
    mounts = [
        manifest.mount("data", kafka.DATA_VOLUME, read_only=False),
        manifest.mount("config", kafka.CONFIG, subPathExpr="$(POD_NAME).properties"),
        manifest.mount("config", kafka.LOG4J, subPath=LOG4J_FILE),
    ]
    pod_name: Manifest = {"POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}}}
    cluster: Manifest = {"CLUSTER_ID": {"configMapKeyRef": {"name": names.KAFKA_CLUSTER, "key": names.KAFKA_CLUSTER_ID}}}
    size: Manifest = {"image": image, "memory_mib": settings.memory_mib, "cpu_millicores": settings.cpu_millicores, "env": ENVIRONMENT}
    return manifest.pod(
        service_account="kafka",
        uid=kafka.UID,
        grace_s=60,
        init_containers=[
            manifest.container(name="format", command=kafka.format_command(), mounts=mounts, env_from={**pod_name, **cluster}, **size)
        ],
        containers=[
            manifest.container(
                name="kafka",
                command=kafka.broker_command(settings, bootstrap, agent),
                mounts=[*mounts, *agent.mounts],
                env_from=pod_name,
                ports={
                    "internal": KAFKA_INTERNAL_PORT,
                    "controller": KAFKA_CONTROLLER_PORT,
                    "external": KAFKA_EXTERNAL_PORT,
                    **dict(agent.ports),
                },
                probes={
                    "startupProbe": manifest.tcp_probe("internal", period_s=1, failures=300),
                    "readinessProbe": manifest.tcp_probe("internal", period_s=5, failures=3),
                    "livenessProbe": manifest.tcp_probe("controller", period_s=20, failures=6),
                },
                **size,
            )
        ],
        volumes=[manifest.config_volume("config", names.KAFKA_CONFIG)],
    )


def connect_pod(
    settings: ConnectSettings,
    image: str,
    secrets: Mapping[str, str],
    later: str | None,
    token: Manifest | None = None,
    agent: Agent = NO_AGENT,
) -> Manifest:
    """Return the pod of a Connect worker, with a second container that restarts failed tasks, within the same memory.

    The Secret of the archive's identity is optional if a later layer creates it: it appears in the running pod once it exists.

    Args:
        settings: Sizes of one pod.
        image: Image with the plugins.
        secrets: Secrets for connectors: folder below ``CONNECT_SECRETS`` to name of the Secret.
        later: Name of the Secret with the archive's identity, or None if ``secrets`` contains an existing one.
        token: Volume with the pod's token for AWS, or None.
        agent: Prometheus' agent in the worker.
    """
    mounts = [manifest.mount(f"secret-{name}", f"{CONNECT_SECRETS}/{name}") for name in dict.fromkeys((*secrets, "archive"))]
    return manifest.pod(
        service_account="connect",
        uid=connect.UID,
        grace_s=60,
        containers=[
            manifest.container(
                name="connect",
                image=image,
                command=connect.worker_command(settings, agent),
                memory_mib=connect.worker_mib(settings),
                cpu_millicores=settings.cpu_millicores,
                env={
                    **ENVIRONMENT,
                    "AWS_PROFILE": ARCHIVE_PROFILE,
                    "AWS_CONFIG_FILE": f"{connect.AWS_FILES}/config",
                    "AWS_SHARED_CREDENTIALS_FILE": f"{connect.AWS_FILES}/credentials",
                    "AWS_EC2_METADATA_DISABLED": "true",
                },
                env_from={"POD_IP": {"fieldRef": {"fieldPath": "status.podIP"}}},
                ports={"rest": CONNECT_PORT, **dict(agent.ports)},
                mounts=[
                    manifest.mount("config", connect.CONFIG, subPath="worker.properties"),
                    manifest.mount("config", kafka.LOG4J, subPath=LOG4J_FILE),
                    manifest.mount("rest-login", connect.REST_LOGIN),
                    *mounts,
                    *([manifest.mount("aws-token", AWS_TOKEN)] if token else []),
                    *agent.mounts,
                ],
                probes={
                    "startupProbe": manifest.exec_probe(connect.health_command(), period_s=2, failures=150),
                    "readinessProbe": manifest.exec_probe(connect.health_command(), period_s=10, failures=3),
                    "livenessProbe": manifest.tcp_probe("rest", period_s=20, failures=6),
                },
            ),
            manifest.container(
                name="restarter",
                image=image,
                command=restarter.command(),
                memory_mib=restarter.MEMORY_MIB,
                cpu_millicores=5,
                env=restarter.environment(connect.CURL_LOGIN),
                mounts=[manifest.mount("rest-login", connect.REST_LOGIN)],
            ),
        ],
        volumes=[
            manifest.config_volume("config", names.CONNECT_CONFIG),
            manifest.secret_volume("rest-login", names.CONNECT_LOGIN),
            *(manifest.secret_volume(f"secret-{name}", secret) for name, secret in secrets.items()),
            *([manifest.secret_volume("secret-archive", later, optional=True)] if later else []),
            *([token] if token else []),
        ],
    )


def web_token(audience: str) -> Manifest:
    """Return a volume with a service account token for one audience, renewed by the kubelet; the Kubernetes API refuses it."""
    source: Manifest = {"serviceAccountToken": {"audience": audience, "expirationSeconds": 3600, "path": "token"}}
    return {"name": "aws-token", "projected": {"sources": [source], "defaultMode": 0o440}}


def spread(component: str, over: str, zones: int | None = None) -> list[Manifest]:
    """Return spread constraints that prefer one pod of a component per node; a cluster with fewer nodes still runs all pods.

    Args:
        component: Value of the component label.
        over: ``nodes``, or ``zones``: a pod then waits rather than share a zone while another zone has none.
        zones: Required number of zones; with fewer, each zone runs one pod and the others wait, which a skew of 1 alone would not ensure.
    """
    rules: list[Manifest] = [{"topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}]
    if over == "zones":
        least = {} if zones is None else {"minDomains": zones}
        rules.insert(0, {"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", **least})
    return [{"maxSkew": 1, "labelSelector": {"matchLabels": manifest.labels(component)}, **rule} for rule in rules]
