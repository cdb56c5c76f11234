"""Changes by the cures of the pack: a broken stack for each rule, and one change for each way out that the sentence names.

A change takes its figures from the sentence itself, so that a wrong figure does not lead to an accepted stack.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stack.capacity.quantity import MIB
from tests.policy import (
    mutations_access,
    mutations_admission,
    mutations_config,
    mutations_data,
    mutations_doors,
    mutations_grants,
    mutations_kafka,
    mutations_memory,
    mutations_options,
    mutations_pods,
    mutations_priority,
    mutations_reach,
    mutations_roles,
    mutations_runtimes,
    mutations_scaling,
    mutations_servers,
    mutations_sharing,
)
from tests.policy.judging import judged
from tests.policy.workbench import NAMESPACE, Workbench, container, pod_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared, Limits
    from tests.policy.mutants import Family

    Follow = Callable[["Case"], tuple[list[Declared], Limits]]


class Case(NamedTuple):
    """A broken stack: its resources, the limits that it is judged by, and the cure that a rule prints."""

    bench: Workbench
    limits: Limits
    cure: str

    def number(self, pattern: str) -> int:
        """Return a number of the cure."""
        found = re.search(pattern, self.cure)
        assert found, self.cure
        return int(found[1])

    def word(self, behind: str) -> str:
        """Return the word behind others in the cure."""
        return self.cure.partition(f"{behind} ")[2].split()[0]

    def changed(self, name: str, change: Callable[[Any], Any], kind: str | None = None) -> tuple[list[Declared], Limits]:
        """Return the stack with one resource changed."""
        return self.bench.changed(name, change, kind), self.limits

    def without(self, name: str) -> tuple[list[Declared], Limits]:
        """Return the stack without one resource."""
        return self.bench.without(name), self.limits


class Broken(NamedTuple):
    """A rule's broken stack.

    Attributes:
        family: Family of changes with the one that breaks the rule.
        mutant: Name of that change.
        ways: One change for each way out that the cure names.
        raises: Rules about sums that a raised limit may break next; each has a cure of its own.
        stack: The stack that is broken.
    """

    family: Family
    mutant: str
    ways: tuple[Follow, ...]
    raises: tuple[str, ...] = ()
    stack: str = "sandbox"


def at(workload: str, name: str, change: Callable[[Any, Case], Any]) -> Follow:
    """Return a change of one container of a workload."""

    def follow(case: Case) -> tuple[list[Declared], Limits]:
        def edit(inputs: Any) -> None:
            spec = pod_of(inputs)
            (one,) = [one for place in ("initContainers", "containers") for one in spec.get(place) or [] if one["name"] == name]
            change(one, case)

        return case.changed(workload, edit)

    return follow


def sized(one: Any, mib: int) -> None:
    """Set request and limit of a container."""
    for kind in ("requests", "limits"):
        one["resources"].setdefault(kind, {})["memory"] = f"{mib}Mi"


def limit_of(one: Any) -> int:
    """Return the limit of a container in MiB."""
    return int(one["resources"]["limits"]["memory"].removesuffix("Mi"))


def raised(workload: str, name: str) -> Follow:
    """Return the change of a cure that says: raise the limit by so much."""
    return at(workload, name, lambda one, case: sized(one, limit_of(one) + case.number(r"raise the limit by (\d+)Mi")))


def budget(kind: str) -> Follow:
    """Return the change of a cure that says: raise a budget of the settings to so much."""

    def follow(case: Case) -> tuple[list[Declared], Limits]:
        amount = case.number(r"raise budget\.\w+Mib to (\d+)") * MIB
        return case.bench.with_more(), dataclasses.replace(case.limits, **{kind: {**getattr(case.limits, kind), NAMESPACE: amount}})

    return follow


def heap(one: Any, more: int) -> None:
    """Change the heap of a command."""
    one["command"] = [f"-Xmx{int(word[4:-1]) + more}m" if word.startswith("-Xmx") else word for word in one["command"]]


def line(file: str, key: str, value: str | None = None) -> Follow:
    """Return a change of one line of a file in a ConfigMap; by default to the value that the cure names."""

    def follow(case: Case) -> tuple[list[Declared], Limits]:
        def edit(inputs: Any) -> None:
            wanted = value if value is not None else case.cure.removeprefix("set ")
            text, lines = inputs["data"][file], re.compile(rf"^{re.escape(key)}(\s*=\s*).*$", re.MULTILINE)
            assert lines.search(text)
            inputs["data"][file] = lines.sub(lambda found: f"{key}{found[1]}{wanted}", text)

        (name,) = [one for one in case.bench.of_kind("ConfigMap") if file in case.bench.inputs(one).get("data", {})]
        return case.changed(name, edit, "ConfigMap")

    return follow


def value_of(case: Case) -> str:
    """Return the value that a cure of a key names."""
    return case.cure.removeprefix("set ").partition(",")[0]


def declared(case: Case, name: str, change: Callable[[Any, Case], Any]) -> tuple[list[Declared], Limits]:
    """Return the stack with the inputs of one resource changed."""
    return case.changed(name, lambda inputs: change(inputs, case))


def on(name: str, change: Callable[[Any, Case], Any]) -> Follow:
    """Return a change of the inputs of one resource."""
    return lambda case: declared(case, name, change)


def _drop(name: str) -> Follow:
    return lambda case: case.without(name)


def restored(*kinds: str) -> Follow:
    """Return the change that declares what the stack without the fault has of some kinds, where a cure says what to declare."""

    def follow(case: Case) -> tuple[list[Declared], Limits]:
        whole = [one for one in judged("glue")[0] if one.kind in kinds]
        assert whole
        names = {one.name for one in whole}
        return [*(one for one in case.bench.with_more() if one.name not in names), *whole], case.limits

    return follow


def _less_memory(one: Any, case: Case) -> None:
    one["command"][-1] = f"{9 * 1024 - case.number(r'lower it by ([0-9]+) MiB')}mb"


def _leaving_out(case: Case) -> dict[str, Any]:
    """Return the selector that a cure names."""
    found = re.search(r"NotIn \[(.*?)\]", case.cure)
    assert found, case.cure
    return {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": found[1].split(", ")}]}


def _declared_target(case: Case) -> tuple[list[Declared], Limits]:
    """Declare the bucket of the copies with all that belongs to the archive's."""
    kinds = ("Bucket", "BucketPublicAccessBlock", "BucketPolicy", "BucketServerSideEncryptionConfiguration")
    own = [one for one in case.bench.with_more() if one.kind in kinds]
    (bucket,) = [one.inputs["bucket"] for one in own if one.kind == "Bucket"]
    made = [
        dataclasses.replace(
            one,
            urn=f"{one.urn}-other",
            name=f"{one.name}-other",
            inputs={**json.loads(json.dumps(dict(one.inputs), default=repr).replace(bucket, "other")), "bucket": "other"},
        )
        for one in own
    ]
    return case.bench.with_more(*made), case.limits


def _excepted_copies(case: Case) -> tuple[list[Declared], Limits]:
    exception = ("bucket-copied", "copies", "the other bucket is declared by the same team's second program")
    return case.bench.with_more(), dataclasses.replace(case.limits, exceptions=(*case.limits.exceptions, exception))


def _fewer_connections(case: Case) -> tuple[list[Declared], Limits]:
    fewer = case.number(r"max_connections by (\d+)")
    return line("postgresql.conf", "max_connections", str(100 - fewer))(case)


def _noted(case: Case) -> tuple[list[Declared], Limits]:
    """Add an exception that names the resource."""
    exception = ("code-seen", "command", "it only prints the versions of the tools")
    return case.bench.with_more(), dataclasses.replace(case.limits, exceptions=(*case.limits.exceptions, exception))


def _not_ignored(case: Case) -> tuple[list[Declared], Limits]:
    key = case.cure.removeprefix("remove ").removesuffix(" from ignore_changes")
    kept = [dataclasses.replace(one, ignored=tuple(path for path in one.ignored if path != key)) for one in case.bench.with_more()]
    return kept, case.limits


def _claim(inputs: Any) -> Any:
    """Return the size of a StatefulSet's volume."""
    return inputs["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]


def _transition(inputs: Any) -> Any:
    return next(rule for rule in inputs["rules"] if rule.get("transitions"))["transitions"][0]


def _with_more(one: Any, case: Case) -> None:
    """Give a worker more heap or more buffers, and as much more memory."""
    if "raise -Xmx by" in case.cure:
        more = case.number(r"raise -Xmx by (\d+)m")
        heap(one, more)
    else:
        flag, wanted = "-XX:MaxDirectMemorySize=", case.number(r"raise -XX:MaxDirectMemorySize to (\d+)m")
        (before,) = [int(word.removeprefix(flag)[:-1]) for word in one["command"] if word.startswith(flag)]
        one["command"] = [f"{flag}{wanted}m" if word.startswith(flag) else word for word in one["command"]]
        more = wanted - before
    sized(one, limit_of(one) + more)


_EXPORTER: Final = "monitoring-exporter"
_REGISTRY: Final = "registry-schema-registry"
FOLLOWED: Final[dict[str, Broken]] = {
    "memory-limit": Broken(
        mutations_memory.limits,
        "monitoring-exporter/exporter: no limit",
        (at(_EXPORTER, "exporter", lambda one, _case: sized(one, 176)),),
    ),
    "memory-start": Broken(
        mutations_memory.pods,
        "kafka-kafka: a wide init container",
        (
            at("kafka-kafka", "extra", lambda one, case: sized(one, limit_of(container(memory="8192Mi")) - case.number(r"by (\d+) MiB"))),
            on("kafka-kafka", lambda inputs, _case: pod_of(inputs)["initContainers"].pop()),
        ),
    ),
    "memory-budget": Broken(
        mutations_memory.limits,
        "source-postgresql/postgresql: eight times the limit",
        (
            at("source-postgresql", "postgresql", lambda one, case: sized(one, limit_of(one) - case.number(r"by (\d+)Mi a pod"))),
            budget("memory"),
        ),
        # a larger budget is followed by larger guards, whose rule says so
        ("guards-kept",),
    ),
    "memory-peak": Broken(
        mutations_memory.pods,
        f"{_REGISTRY}: rolling",
        (on(_REGISTRY, lambda inputs, _case: inputs["spec"].update(strategy={"type": "Recreate"})), budget("memory")),
    ),
    "java-fits": Broken(
        mutations_memory.java,
        f"{_REGISTRY}/schema-registry: twice the heap",
        (
            at(_REGISTRY, "schema-registry", lambda one, case: heap(one, -case.number(r"lower -Xmx by (\d+)m"))),
            raised(_REGISTRY, "schema-registry"),
        ),
        ("memory-budget",),
    ),
    "runtime-fits": Broken(
        mutations_runtimes.runtimes,
        "monitoring-exporter/exporter: GOMEMLIMIT '9GiB'",
        (
            at(_EXPORTER, "exporter", lambda one, case: one["env"][-1].update(value=case.word("set it to"))),
            raised(_EXPORTER, "exporter"),
        ),
        ("memory-budget",),
    ),
    "server-fits": Broken(
        mutations_servers.servers,
        f"servers: {_EXPORTER} exporter 0 runs ['redis-server', '--maxmemory', '9gb']",
        (
            at(_EXPORTER, "exporter", _less_memory),
            raised(_EXPORTER, "exporter"),
        ),
        ("memory-budget",),
    ),
    "fields-typed": Broken(
        mutations_servers.types,
        f"types: a label of {_EXPORTER}",
        (on(_EXPORTER, lambda inputs, _case: inputs["metadata"]["labels"].update(tier="5")),),
    ),
    "volume-source": Broken(
        mutations_admission.volumes,
        "volumes: the folder /etc",
        tuple(
            on("v", lambda inputs, _case, path=path: inputs["spec"]["hostPath"].update(path=path)) for path in ("/mnt/files", "/srv/files")
        ),
    ),
    "admission-kept": Broken(
        mutations_admission.admission,
        "admission: a ValidatingWebhookConfiguration",
        (
            on("hooks", lambda inputs, _case: inputs["webhooks"][0].update(failurePolicy="Ignore")),
            on("hooks", lambda inputs, case: inputs["webhooks"][0].update(namespaceSelector=_leaving_out(case))),
        ),
    ),
    "bucket-copied": Broken(mutations_admission.copies, "copies: archive-bucket to 1", (_declared_target, _excepted_copies), stack="glue"),
    "postgres-fits": Broken(
        mutations_data.database,
        "postgresql.conf: max_connections = 100",
        (raised("source-postgresql", "postgresql"), _fewer_connections),
        ("memory-budget",),
    ),
    "image-pinned": Broken(
        mutations_access.pods,
        "monitoring-alertmanager: image kafka",
        (
            at("monitoring-alertmanager", "alertmanager", lambda one, _case: one.update(image=f"{one['image']}:4.3.1")),
            at("monitoring-alertmanager", "alertmanager", lambda one, _case: one.update(image=f"{one['image']}:4.3.1@sha256:{'0' * 64}")),
        ),
    ),
    "pod-restricted": Broken(
        mutations_access.pods,
        "monitoring-alertmanager: privileged True",
        (at("monitoring-alertmanager", "alertmanager", lambda one, _case: one["securityContext"].pop("privileged")),),
    ),
    "no-literal-credential": Broken(
        mutations_access.pods,
        "monitoring-alertmanager: DB_PASSWORD in clear",
        (
            at(
                "monitoring-alertmanager",
                "alertmanager",
                lambda one, _case: one["env"].append(
                    {"name": one["env"].pop()["name"], "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}
                ),
            ),
        ),
    ),
    "topic-config": Broken(
        mutations_config.topics,
        "kafka-topic-connect-status: not compacted",
        (on("kafka-topic-connect-status", lambda inputs, case: inputs["config"].update({"cleanup.policy": value_of(case)})),),
    ),
    "connector-config": Broken(
        mutations_config.connectors,
        "streaming-source-connector: {'errors.tolerance': 'all'}",
        (on("streaming-source-connector", lambda inputs, case: inputs["config"].update({"errors.tolerance": value_of(case)})),),
    ),
    "postgres-config": Broken(mutations_config.files, "postgresql.conf: fsync = off", (line("postgresql.conf", "fsync"),)),
    "broker-config": Broken(
        mutations_config.files,
        "kafka-0.properties: min.insync.replicas=1",
        (line("kafka-0.properties", "min.insync.replicas"),),
    ),
    "worker-config": Broken(
        mutations_config.files,
        "worker.properties: offset.storage.replication.factor=1",
        (line("worker.properties", "offset.storage.replication.factor"),),
    ),
    "disk-wal": Broken(
        mutations_data.database,
        "postgresql.conf: a slot without a bound",
        (line("postgresql.conf", "max_slot_wal_keep_size", "1536MB"),),
    ),
    "disk-volumes": Broken(
        mutations_data.volumes,
        "source-postgresql: a volume of 20Gi",
        (
            on("source-postgresql", lambda inputs, _case: _claim(inputs).update(storage="5120Mi")),
            budget("volumes"),
        ),
    ),
    "disk-logs": Broken(
        mutations_data.topics,
        "kafka-topic-postgres.public.users: 4 GiB a partition",
        (
            on(
                "kafka-kafka",
                lambda inputs, case: _claim(inputs).update(storage=f"{3413 + int(case.word('StatefulSet kafka by'))}Mi"),
            ),
        ),
        ("disk-volumes",),
    ),
    "sink-fits": Broken(
        mutations_data.sinks,
        "topic: rows of 16777216",
        (at("connect-connect", "connect", _with_more),),
        ("memory-budget",),
    ),
    "disruption-bounded": Broken(
        mutations_access.disruptions,
        "kafka-kafka-disruptions: maxUnavailable 0",
        (
            on(
                "kafka-kafka-disruptions",
                lambda inputs, case: inputs["spec"].update(maxUnavailable=case.number(r"set maxUnavailable to (\d+)")),
            ),
        ),
    ),
    "scale-kept": Broken(
        mutations_scaling.scaling,
        "scaling: kafka changed 0",
        (
            _drop("scale-kafka"),
            on(
                "scale-kafka",
                lambda inputs, case: inputs["spec"].update(dict.fromkeys(("minReplicas", "maxReplicas"), case.number(r"number to (\d+)"))),
            ),
        ),
    ),
    "pods-kept": Broken(
        mutations_pods.pods,
        "pods: kafka-kafka without pods",
        (on("kafka-kafka", lambda inputs, case: inputs["spec"].update(replicas=case.number(r"set it to (\d+)"))),),
    ),
    "priority-kept": Broken(
        mutations_priority.priorities,
        "monitoring-alertmanager: system-node-critical",
        (on("monitoring-alertmanager", lambda inputs, _case: pod_of(inputs).pop("priorityClassName")),),
    ),
    "service-private": Broken(
        mutations_access.services,
        "source-postgresql-service: lets everybody in",
        (on("source-postgresql-service", lambda inputs, _case: inputs["spec"].update(loadBalancerSourceRanges=["10.0.0.0/8"])),),
    ),
    "network-closed": Broken(
        mutations_doors.network,
        "network: selector 0, rule 0",
        tuple(
            on("extra", lambda inputs, _case, peer=peer: inputs["spec"].update(ingress=[{"from": [peer]}]))
            for peer in (
                {"podSelector": {"matchLabels": {"app": "client"}}},
                {"namespaceSelector": {"matchLabels": {"team": "data"}}},
                {"ipBlock": {"cidr": "10.0.0.0/8"}},
            )
        ),
    ),
    "guards-kept": Broken(mutations_doors.guards, "guards: ResourceQuotaPatch spec", (_drop("extra"),)),
    "rbac-exact": Broken(
        mutations_roles.roles,
        "roles: a ClusterRoleBinding for everybody",
        (
            on(
                "readers",
                lambda inputs, _case: inputs.update(subjects=[{"kind": "ServiceAccount", "name": "viewer", "namespace": "web"}]),
            ),
        ),
    ),
    "acl-exact": Broken(
        mutations_kafka.access, "Kafka: an open rule 0", (on("acl", lambda inputs, _case: inputs.update(aclPrincipal="User:reports")),)
    ),
    "quota-sufficient": Broken(
        mutations_kafka.access,
        "Kafka: a starving quota 0",
        (
            on("quota", lambda inputs, case: inputs["config"].update(producer_byte_rate=case.number(r"producer_byte_rate to (\d+)"))),
            on("quota", lambda inputs, _case: inputs.update(entityType="user", entityName="reports")),
        ),
    ),
    "bucket-private": Broken(
        mutations_access.buckets,
        "bucket: blockPublicAcls False",
        (on("archive-public-access", lambda inputs, _case: inputs.update(blockPublicAcls=True)),),
    ),
    "bucket-encrypted": Broken(
        mutations_access.buckets, "bucket: not encrypted", (restored("BucketServerSideEncryptionConfiguration"),), stack="glue"
    ),
    "bucket-tls-only": Broken(mutations_access.buckets, "bucket: plain HTTP", (restored("BucketPolicy"),), stack="glue"),
    "iam-exact": Broken(mutations_access.rights, "archive-write: s3:* on arn:aws:s3:::archive/*", (restored("RolePolicy"),), stack="glue"),
    "archive-kept": Broken(
        mutations_access.buckets,
        "bucket: lifecycle {'transitions': [{'days': 30, 'storageClass': 'GLACIER'}]}",
        tuple(
            on("archive-lifecycle", lambda inputs, _case, kind=kind: _transition(inputs).update(storageClass=kind))
            for kind in ("STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR")
        ),
    ),
    "aws-closed": Broken(
        mutations_reach.aws_doors,
        "AWS: open 15",
        (on("instance", lambda inputs, _case: inputs.update(publiclyAccessible=False)),),
    ),
    "aws-shared": Broken(
        mutations_sharing.sharing,
        "sharing: 0",
        (on("shared", lambda inputs, _case: inputs.update(granteePrincipal="arn:aws:iam::123456789012:role/reader")),),
    ),
    "grants-exact": Broken(
        mutations_grants.some,
        "grants: ConfigMap 0",
        (on("init", lambda inputs, _case: inputs["data"].update({"10-init.sql": "GRANT SELECT ON users TO reporting;"})),),
    ),
    "code-seen": Broken(mutations_reach.code, "code: command:local:Command", (_noted,)),
    "drift-seen": Broken(mutations_options.options, "options: spec of source-postgresql", (_not_ignored,)),
}
