"""Rule for autoscalers: none changes the number or the memory of brokers, database or registry, or stops Connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.brokers import is_broker
from policy.guarded import pods_of, runs_apicurio, runs_guarded
from policy.lists import items_of
from policy.rule import Rule, nothing
from stack.capacity import commands, jvm_scripts, pods
from stack.capacity.postgres_parameters import is_postgres
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.declared import Declared, Record

_BROKERS: Final = "brokers"
_DATABASE: Final = "a database"
_REGISTRY: Final = "a registry"
_WORKER: Final = "Connect"
# What another number of pods does, by what they run
_BY_NUMBER: Final = {
    _BROKERS: "a broker that goes takes its copies of every partition along, and a new one has no place among the voters",
    _DATABASE: "each further server starts with an empty volume, and clients find another one at every connection",
    _REGISTRY: "the pipeline declares one instance, and its address, its memory and its probes are made for one",
}
_STOPPED: Final = "while no worker runs, the slot retains the log of the database until it is full or the slot is lost"
# Keys of the least and the largest number of pods, with the defaults of an autoscaler of Kubernetes and of KEDA
_LEAST: Final = ("minReplicas", "minReplicaCount", "idleReplicaCount", "minScale")
_MOST: Final = ("maxReplicas", "maxReplicaCount", "maxScale")
_OF_PODS: Final = {"HorizontalPodAutoscaler": 1}
_SCRIPTS: Final = ("connect-distributed", "connect-standalone")
_WORKERS: Final = {*_SCRIPTS, "ConnectDistributed", "ConnectStandalone"}
_WORKER_IMAGES: Final = {*jvm_scripts.images_of(*_SCRIPTS), "kafka-connect"}
# Annotations and labels by which a controller makes an autoscaler for a workload, or for all workloads of a namespace
_MADE_BY: Final = ("hpa.autoscaling.banzaicloud.io/", "autoscaling.keda.sh/paused-replicas", "goldilocks.fairwinds.com/vpa-update-mode")


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for resource in record.resources.values():
        if resource.is_kubernetes:
            yield from ((resource, problem) for problem in (*_scaled(resource, record), *_annotated(resource, record)))


def _scaled(scaler: Declared, record: Record) -> Iterator[Problem]:
    """Judge an autoscaler of any API group, whose target stands in one of two fields."""
    for item in items_of(scaler.objects):
        spec = item.get("spec") if isinstance(item, Mapping) else None
        if not isinstance(spec, Mapping):
            continue
        sizes = _is_vertical(scaler, spec)
        target = spec.get("targetRef") if sizes else spec.get("scaleTargetRef")
        for workload in _targets(target, scaler, record) if isinstance(target, Mapping) else ():
            yield from _sized(workload, spec) if sizes else _counted(scaler, workload, spec, record)


def _is_vertical(scaler: Declared, spec: Mapping[str, Any]) -> bool:
    """Return whether a resource changes the memory of its target: gateways name other things in a field of the same name."""
    return "targetRef" in spec and ("scal" in scaler.group or scaler.kind.removesuffix("Patch").removesuffix("List").endswith("Autoscaler"))


def _targets(target: Mapping[str, Any], scaler: Declared, record: Record) -> Iterator[Declared]:
    """Yield the guarded workloads that a reference names, or may name."""
    kind, name = target.get("kind") or "Deployment", target.get("name")
    for workload in record.of_kind(*pods.POD_KINDS, namespace=scaler.namespace):
        if pods_of(workload) is None:
            continue
        if kind in (workload.kind, "*") and name in (workload.object_name, "*"):
            yield workload


def _counted(scaler: Declared, workload: Declared, spec: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    """Judge an autoscaler of the number of pods: where it allows the declared number alone, it changes nothing."""
    what = _runs(workload)
    if what == _REGISTRY and not record.limits.owns(workload.namespace):
        return
    replicas = _replicas(workload)
    said = [spec[key] for key in _LEAST if spec.get(key) is not None]
    least = min((one for one in said if isinstance(one, (int, float))), default=_OF_PODS.get(scaler.kind.removesuffix("Patch"), 0))
    most = next((spec[key] for key in _MOST if spec.get(key) is not None), None)
    if what in _BY_NUMBER and not (least == most == replicas):
        yield Problem(
            rule=f"changes the number of pods of {workload.title}, which runs {what}: {_BY_NUMBER[what]}",
            cure=f"remove it, or set its least and its largest number to {replicas}",
        )
    elif what == _WORKER and (least < 1 or any(isinstance(one, Unknown) for one in said)):
        yield Problem(rule=f"may scale {workload.title}, which runs Connect, to none: {_STOPPED}", cure="set its least number to 1")


def _sized(workload: Declared, spec: Mapping[str, Any]) -> Iterator[Problem]:
    """Judge an autoscaler of memory: it recommends only, or leaves every container of the workload out."""
    policy = spec.get("updatePolicy")
    mode = policy.get("updateMode") if isinstance(policy, Mapping) else policy
    within = spec.get("resourcePolicy")
    policies = items_of(within.get("containerPolicies")) if isinstance(within, Mapping) else []
    if mode == "Off" or any(isinstance(one, Mapping) and (one.get("containerName"), one.get("mode")) == ("*", "Off") for one in policies):
        return
    yield Problem(
        rule=(
            f"sets other memory limits in the pods of {workload.title}, which runs {_runs(workload)}: heap and buffers are made for the "
            "declared ones"
        ),
        cure="set updatePolicy.updateMode to Off, which recommends only, or remove it",
    )


def _replicas(workload: Declared) -> object:
    spec = workload.inputs.get("spec")
    return spec.get("replicas", 1) if isinstance(spec, Mapping) else 1


def _runs(workload: Declared) -> str:
    """Return what the guarded containers of a workload run."""
    spec = pods.lenient_spec(workload.kind, workload.inputs) or {}
    guarded = [one for one in items_of(spec.get("containers")) if isinstance(one, Mapping) and runs_guarded(one)]
    if any(is_postgres(one) for one in guarded):
        return _DATABASE
    if any(_is_worker(one) for one in guarded):
        return _WORKER
    if any(is_broker(one) for one in guarded) or not any(_is_registry(one) for one in guarded):
        return _BROKERS
    return _REGISTRY


def _is_registry(container: Mapping[str, Any]) -> bool:
    by_name = "registry" in commands.image_name(container)[1]
    return by_name or runs_apicurio(container) or _word(container, ("schema-registry-start", "SchemaRegistryMain"))


def _is_worker(container: Mapping[str, Any]) -> bool:
    folder, image = commands.image_name(container)
    return _word(container, _WORKERS) or (not container.get("command") and not _WORKER_IMAGES.isdisjoint({image, f"{folder}/{image}"}))


def _word(container: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Return whether a command has one of some scripts or main classes."""
    return not {commands.basename(word).removesuffix(".sh").rpartition(".")[2] for word in commands.words(container)}.isdisjoint(names)


def _annotated(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge annotations and labels by which a controller makes an autoscaler, on a guarded workload or a namespace of the stack."""
    is_namespace = resource.kind == "Namespace" and resource.group in {"", "core"} and record.limits.owns(resource.object_name)
    if not is_namespace and (resource.kind not in pods.POD_KINDS or pods_of(resource) is None):
        return
    metadata = resource.inputs.get("metadata")
    for place in ("annotations", "labels"):
        said = metadata.get(place) if isinstance(metadata, Mapping) else None
        for key, value in said.items() if isinstance(said, Mapping) else ():
            if str(key).startswith(_MADE_BY) and str(value).lower() != "off":
                yield Problem(
                    key=str(key), value=repr(value), rule="makes a controller scale its pods, unseen by a preview", cure="remove it"
                )


RULES = (
    Rule(
        name="scale-kept",
        says="No autoscaler changes the number or the memory of brokers, database or registry, or stops Connect.",
        check=nothing,
        at_end=_at_end,
        severity="critical",
    ),
)
