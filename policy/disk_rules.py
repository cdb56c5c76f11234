"""Volumes: what brokers and the database may write fits their volume, and all volumes fit the disk budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from capacity import commands, disk, jvm_flags, postgres, postgres_parameters
from capacity.pods import POD_KINDS, lenient_spec
from capacity.quantity import parse_bytes
from policy import files
from policy.fit_rules import TOPIC, server_file, sized_containers, sources
from policy.kinds import mib, starts_pods
from policy.rule import Rule
from problem import Problem
from unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record


# The class of a broker, and the script that starts it.
_BROKERS = {"kafka.Kafka", "kafka-server-start"}
# What Confluent's images start without a command; what they are depends on the image.
_ENTRY_POINT = "/etc/confluent/docker/run"
_BUDGET = ("budget.diskMib", "`volumes` of the rule disk-volumes")


def _claims(resource: Declared) -> dict[str, int | None]:
    """The volume claims of an object by name, each in bytes, or None when its size cannot be read."""
    spec = resource.inputs.get("spec")
    if resource.kind not in (*POD_KINDS, "PersistentVolumeClaim"):
        return {}
    if not isinstance(spec, Mapping):
        return {"(unreadable)": None} if resource.kind in {"StatefulSet", "PersistentVolumeClaim"} else {}
    claims = spec.get("volumeClaimTemplates") or [] if resource.kind == "StatefulSet" else []
    if resource.kind == "PersistentVolumeClaim":
        claims = [resource.inputs]
    pod = lenient_spec(resource.kind, resource.inputs) or {}
    volumes = pod.get("volumes") or []
    if isinstance(claims, Unknown) or isinstance(volumes, Unknown):
        return {"(unknown)": None}
    claims = [*claims, *(one["ephemeral"]["volumeClaimTemplate"] for one in volumes if isinstance(one, Mapping) and "ephemeral" in one)]
    found: dict[str, int | None] = {}
    for claim in claims:
        name = str((claim.get("metadata") or {}).get("name"))
        try:
            found[name] = parse_bytes(claim["spec"]["resources"]["requests"]["storage"])
        except (KeyError, TypeError, ValueError, AttributeError):
            found[name] = None
    return found


def _replicas(resource: Declared) -> int:
    spec = resource.inputs.get("spec")
    given = spec.get("replicas") if isinstance(spec, Mapping) else None
    return 1 if not isinstance(given, (int, float)) or resource.kind == "PersistentVolumeClaim" else int(given)


def _volumes(resource: Declared, record: Record) -> Iterator[Problem]:
    if not resource.is_kubernetes or not _claims(resource):
        return
    for name, size in _claims(resource).items():
        if size is None:
            yield Problem(
                rule=f"the claim {name!r} has no size that is known at preview",
                cure="set resources.requests.storage to a plain quantity",
            )
    namespace = resource.namespace
    spec = resource.inputs.get("spec")
    if isinstance(namespace, Unknown) or (isinstance(spec, Mapping) and isinstance(spec.get("replicas"), Unknown)):
        yield Problem(
            rule="its namespace or number of replicas is not known at preview, nor is its share of the disk", cure="give plain values"
        )
        return
    budget = record.limits.volumes.get(namespace)
    if budget is None:
        yield Problem(
            rule=f"the namespace {namespace} has no disk budget", cure="move it, or give `volumes` of the rule disk-volumes one for it"
        )
        return
    held = {
        other.title: sum(size or 0 for size in _claims(other).values()) * _replicas(other)
        for other in record.of_kind(*POD_KINDS, "PersistentVolumeClaim", namespace=namespace)
        if _claims(other)
    }
    over = sum(held.values()) - budget
    if over > 0:
        rows = "\n".join(f"  {title}: {mib(size)} MiB" for title, size in sorted(held.items(), key=lambda item: -item[1]))
        yield Problem(
            rule=(
                f"with it the volumes of namespace {namespace} take {mib(budget + over)} MiB, {mib(over)} more than the disk budget of "
                f"{mib(budget)}:\n{rows}"
            ),
            cure=f"Make them smaller, or {record.limits.raised(namespace, budget + over, *_BUDGET)}",
        )


def broker_properties(record: Record, resource: Declared, spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, str] | None:
    """A broker's properties: from the ConfigMap it mounts, or from KAFKA_* variables as Confluent's and Apache's images read them.

    Returns:
        The properties, or None when they stand in a file that has not been declared (yet).
    """
    variables = {
        str(entry["name"]).removeprefix("KAFKA_").lower().replace("_", "."): str(entry.get("value"))
        for entry in container.get("env") or []
        if str(entry.get("name", "")).startswith("KAFKA_")
    }
    volumes = [str((volume.get("configMap") or {}).get("name")) for volume in spec.get("volumes") or []]
    for name in volumes:
        mounted = record.config_map(str(resource.namespace), name) or {}
        for text in mounted.values():
            if isinstance(text, str) and "process.roles=" in text.replace(" ", ""):
                return {**files.properties(text), **variables}
    return variables if "process.roles" in variables else None


def is_broker(container: Mapping[str, Any]) -> bool:
    """Whether a container runs a Kafka broker: by its command, through a shell or not, or as an image that starts one by itself."""
    words = commands.words(container)
    if any(commands.basename(word).removesuffix(".sh") in _BROKERS for word in words):
        return True
    by_itself = not words or _ENTRY_POINT in words
    return by_itself and jvm_flags.is_java(container) and "KAFKA_PROCESS_ROLES" in commands.variables(container)


def _brokers(record: Record) -> list[tuple[Declared, dict[str, str] | None]]:
    """Every broker with its properties, None while they are not declared."""
    return [
        (resource, broker_properties(record, resource, spec, container))
        for resource in record.of_kind(*POD_KINDS)
        for spec, container, _left in sized_containers(resource)
        if is_broker(container)
    ]


def _brokers_configured(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    problem = Problem(
        rule="its server.properties stand in no declared ConfigMap, so that its disk cannot be counted", cure="declare them there"
    )
    return ((broker, problem) for broker, properties in _brokers(record) if properties is None)


def _topics(record: Record) -> list[disk.Topic]:
    return [counted for topic in record.of_type(TOPIC) if (counted := _counted(topic)) is not None]


def _counted(topic: Declared) -> disk.Topic | None:
    """A topic as it counts on disk, or None when something in it is not known."""
    if list(unknown_paths(dict(topic.inputs))):
        return None
    given, config = topic.inputs, topic.inputs.get("config") or {}
    numbers = int(given.get("partitions") or 1), int(given.get("replicationFactor") or 1)
    return disk.Topic(str(given.get("name")), *numbers, {key: str(value) for key, value in config.items()})


def _logs_fit(resource: Declared, record: Record) -> Iterator[Problem]:
    if resource.type == TOPIC:
        counted = _counted(resource)
        if counted is None:
            yield Problem(
                rule=f"{', '.join(unknown_paths(dict(resource.inputs)))} is not known at preview, nor is its disk",
                cure="give plain values",
            )
            return
        if disk.partition_bytes(counted, _broker_defaults(record)) is None:
            yield Problem(
                rule="nothing bounds its size: time alone does not, since a fast producer fills the disk before it passes",
                cure="set retention.bytes",
            )
    elif not (resource.is_kubernetes and resource.kind in {"StatefulSet", "ConfigMap"}):
        return
    yield from record.once("logs", lambda: list(_full_brokers(record)))


def _full_brokers(record: Record) -> Iterator[Problem]:
    for broker, properties in _brokers(record):
        if properties is None:
            continue  # told at the end, if nobody declares them
        volume = sum(size or 0 for size in _claims(broker).values())
        needed, _unbounded = disk.broker_bytes(_topics(record), properties, _replicas(broker))
        if needed > volume:
            yield Problem(
                rule=f"the topics may hold {mib(needed)} MiB on each broker and its volume has {mib(volume)}",
                cure=(
                    f"lower retention.bytes, "
                    f"segment.bytes or the partitions, or give {broker.title} volumes larger by {mib(needed - volume)} MiB"
                ),
            )


def _broker_defaults(record: Record) -> dict[str, str]:
    return record.once(
        "a broker's properties", lambda: next((properties for _broker, properties in _brokers(record) if properties is not None), {})
    )


def _wal_fits(resource: Declared, record: Record) -> Iterator[Problem]:
    if not (starts_pods(resource) or (resource.is_kubernetes and resource.kind == "ConfigMap")):
        return
    yield from record.once("write-ahead logs", lambda: list(_full_volumes(record)))


def _full_volumes(record: Record) -> Iterator[Problem]:
    for server in record.of_kind(*POD_KINDS):
        volume = sum(size or 0 for size in _claims(server).values())
        for spec, container, _left in sized_containers(server):
            if not postgres_parameters.is_postgres(container):
                continue
            text = server_file(record, str(server.namespace), spec, container)
            if text is None or isinstance(text, Unknown):
                continue  # postgres-fits says so
            try:
                given = postgres_parameters.parameters(container, text)
                held = postgres.disk_bytes(given)
            except postgres_parameters.ParameterError:
                continue  # the same
            if given.get("wal_level") != "logical" and not sources(record):
                continue  # nobody captures it, so no slot holds anything back
            if held is None:
                yield Problem(
                    rule=f"a stopped connector's slot holds back WAL of {server.title} without end", cure="set max_slot_wal_keep_size"
                )
            elif volume and held > postgres.wal_room(volume):
                yield Problem(
                    rule=(
                        f"WAL of {server.title} may take {mib(held)} MiB (max_slot_wal_keep_size and max_wal_size), over three quarters of "
                        f"its {mib(volume)} MiB volume"
                    ),
                    cure="lower one of them or give it a larger volume",
                )


RULES = (
    Rule(name="disk-volumes", together=True, says="All volumes of a namespace fit its disk budget.", check=_volumes),
    Rule(
        name="disk-logs", together=True, says="What the topics keep fits the brokers' volumes.", check=_logs_fit, at_end=_brokers_configured
    ),
    Rule(
        name="disk-wal",
        together=True,
        says="The write-ahead log that a stopped connector holds back fits the database's volume.",
        check=_wal_fits,
    ),
)
