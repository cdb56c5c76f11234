"""Rules for disk: the data of brokers and database fits their volumes, and all volumes fit the disk budget."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.brokers import broker_properties, is_broker
from policy.fit_rules import server_file, sized_containers, sources
from policy.kinds import mib, starts_pods
from policy.rule import Rule
from stack.capacity import disk, postgres, postgres_parameters
from stack.capacity.pods import POD_KINDS, lenient_spec
from stack.capacity.quantity import parse_bytes
from stack.configs.tokens import TOPIC
from stack.problem import Problem
from stack.unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_WHOLE = re.compile(r"\s*[+-]?\d{1,30}\s*")
_BUDGET = ("budget.diskMib", "`volumes` of the rule disk-volumes")


def _claims(resource: Declared) -> dict[str, int | None]:
    """Return the volume claims of an object by name: size in bytes, or None when it cannot be read."""
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
    sizes: dict[str, int | None] = {}
    for claim in claims:
        name = str((claim.get("metadata") or {}).get("name"))
        try:
            sizes[name] = parse_bytes(claim["spec"]["resources"]["requests"]["storage"])
        except (KeyError, TypeError, ValueError, AttributeError):
            sizes[name] = None
    return sizes


def _replicas(resource: Declared) -> int:
    spec = resource.inputs.get("spec")
    replicas = spec.get("replicas") if isinstance(spec, Mapping) else None
    return 1 if not isinstance(replicas, (int, float)) or resource.kind == "PersistentVolumeClaim" else int(replicas)


def _most_replicas(resource: Declared, record: Record) -> int:
    """Return the number of pods of a workload, or the maximum of its autoscaler where that is more: each has claims of its own."""
    most = [_replicas(resource)]
    for scaler in record.of_kind("HorizontalPodAutoscaler", namespace=resource.namespace):
        spec = scaler.inputs.get("spec")
        target = spec.get("scaleTargetRef") if isinstance(spec, Mapping) else None
        if (
            isinstance(spec, Mapping)
            and isinstance(target, Mapping)
            and (target.get("kind"), target.get("name")) == (resource.kind, resource.object_name)
        ):
            most += [int(spec["maxReplicas"])] if isinstance(spec.get("maxReplicas"), (int, float)) else []
    return max(most)


def _volumes(resource: Declared, record: Record) -> Iterator[Problem]:
    if not resource.is_kubernetes or not (_claims(resource) or resource.kind == "HorizontalPodAutoscaler"):
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
        yield Problem(rule="the namespace or number of replicas is not known at preview, so its disk is unknown", cure="set plain values")
        return
    budget = record.limits.volumes.get(namespace)
    if budget is None:
        if resource.kind == "HorizontalPodAutoscaler":
            return  # its target is reported
        yield Problem(
            rule=f"the namespace {namespace} has no disk budget", cure="move it, or add the namespace to `volumes` of the rule disk-volumes"
        )
        return
    held = {
        other.title: sum(size or 0 for size in _claims(other).values()) * _most_replicas(other, record)
        for other in record.of_kind(*POD_KINDS, "PersistentVolumeClaim", namespace=namespace)
        if _claims(other)
    }
    over = sum(held.values()) - budget
    if over > 0:
        rows = "\n".join(f"  {title}: {mib(size)} MiB" for title, size in sorted(held.items(), key=lambda item: -item[1]))
        yield Problem(
            rule=(
                f"the volumes of namespace {namespace} take {mib(budget + over)} MiB, {mib(over)} more than the disk budget of "
                f"{mib(budget)}:\n{rows}"
            ),
            cure=f"Reduce them, or {record.limits.raised(namespace, budget + over, *_BUDGET)}",
        )


def _brokers(record: Record) -> list[tuple[Declared, dict[str, str] | None]]:
    """Return every broker with its properties, or None while they are not declared."""
    return [
        (resource, _counted_properties(broker_properties(record, resource, spec, container)))
        for resource in record.of_kind(*POD_KINDS)
        for spec, container, _left in sized_containers(resource)
        if is_broker(container)
    ]


def _counted_properties(properties: dict[str, str] | None) -> dict[str, str] | None:
    """Return a broker's properties without those that are no number: broker-config refuses them, and the rest is counted as it is."""
    if properties is None:
        return None
    return {key: value for key, value in properties.items() if key not in disk.NUMBERS or _WHOLE.fullmatch(value)}


def _brokers_configured(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    problem = Problem(
        rule="no declared ConfigMap contains its server.properties, so its disk cannot be counted", cure="declare them in a ConfigMap"
    )
    return ((broker, problem) for broker, properties in _brokers(record) if properties is None)


def _topics(record: Record) -> list[disk.Topic]:
    return [counted for topic in record.of_type(TOPIC) if (counted := _counted(topic)) is not None]


def _counted(topic: Declared) -> disk.Topic | None:
    """Return a topic's disk properties, or None when a part of it is unknown."""
    if list(unknown_paths(dict(topic.inputs))):
        return None
    inputs, config = topic.inputs, topic.inputs.get("config") or {}
    if not all(_WHOLE.fullmatch(str(config.get(key, 0))) for key in ("retention.bytes", "segment.bytes")):
        return None  # topic-config reports what Kafka refuses
    numbers = int(inputs.get("partitions") or 1), int(inputs.get("replicationFactor") or 1)
    return disk.Topic(str(inputs.get("name")), *numbers, {key: str(value) for key, value in config.items()})


def _logs_fit(resource: Declared, record: Record) -> Iterator[Problem]:
    if resource.type == TOPIC:
        counted = _counted(resource)
        if counted is None:
            unknown = ", ".join(unknown_paths(dict(resource.inputs)))
            said = f"{unknown} is not known at preview" if unknown else "a size in bytes is no whole number"
            yield Problem(
                rule=f"{said}, so its disk is unknown",
                cure="set plain values",
            )
            return
        if disk.partition_bytes(counted, _broker_defaults(record)) is None:
            yield Problem(
                rule="its size has no bound: with a time limit alone, a fast producer fills the disk first",
                cure="set retention.bytes",
            )
    elif not (resource.is_kubernetes and resource.kind in {"StatefulSet", "ConfigMap"}):
        return
    yield from record.once("logs", lambda: list(_full_brokers(record)))


def _full_brokers(record: Record) -> Iterator[Problem]:
    for broker, properties in _brokers(record):
        if properties is None:
            continue  # _brokers_configured reports them at the end, if they are still missing
        volume = sum(size or 0 for size in _claims(broker).values())
        needed, _unbounded = disk.broker_bytes(_topics(record), properties, _replicas(broker))
        if needed > volume:
            yield Problem(
                rule=f"the topics may hold {mib(needed)} MiB on each broker, and its volume has {mib(volume)}",
                cure=(
                    f"lower retention.bytes, "
                    f"segment.bytes or the partitions, or enlarge the volumes of {broker.title} by {mib(needed - volume)} MiB"
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
                continue  # postgres-fits reports it
            try:
                parameters = postgres_parameters.parameters(container, text)
                held = postgres.disk_bytes(parameters)
            except postgres_parameters.ParameterError:
                continue  # postgres-fits reports it
            if parameters.get("wal_level", "").lower() != "logical" and not sources(record):
                continue  # not captured, so no slot retains WAL
            if held is None:
                yield Problem(
                    rule=f"a stopped connector's slot retains WAL of {server.title} without a bound", cure="set max_slot_wal_keep_size"
                )
            elif volume and held > postgres.wal_room(volume):
                yield Problem(
                    rule=(
                        f"WAL of {server.title} may take {mib(held)} MiB (max_slot_wal_keep_size and max_wal_size), over three quarters of "
                        f"its {mib(volume)} MiB volume"
                    ),
                    cure="lower one of them or enlarge the volume",
                )


RULES = (
    Rule(name="disk-volumes", together=True, says="All volumes of a namespace fit its disk budget.", check=_volumes),
    Rule(
        name="disk-logs",
        together=True,
        says="The data of all topics fits the brokers' volumes.",
        check=_logs_fit,
        at_end=_brokers_configured,
    ),
    Rule(
        name="disk-wal",
        together=True,
        says="The write-ahead log retained by a stopped connector fits the database's volume.",
        check=_wal_fits,
    ),
)
