"""Workloads of the stack itself: what keeps their data, what they load and ask, and how they start is what the settings render."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy import own_nodes, own_starts
from policy.guarded import pods_of
from policy.lists import items_of
from policy.rule import Rule, nothing
from stack.capacity import commands, pods
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from stack.specification.workload import Workload

_CURE: Final = "declare it as the settings render it"
# Fields of a workload, each with what another value does, and the value that the API server takes where it is absent
_OF_WORKLOAD: Final = {
    "podManagementPolicy": ("starts brokers one after the other, each of which waits for a quorum for ever", "OrderedReady"),
    "serviceName": ("gives the pods other names than the ones by which brokers and clients find them", None),
}
# Fields of a pod by which it resolves other addresses, or leaves the scheduler alone
_OF_POD: Final = {
    "dnsConfig": "lets the pod ask another name server, which may answer with any address",
    "dnsPolicy": "lets the pod ask another name server, which may answer with any address",
    "hostAliases": "gives a name another address, past every name server",
    "nodeName": "puts all of its pods on one node, past the scheduler",
    "shareProcessNamespace": "lets every container of the pod read the memory and the files of the others",
}
_BY_DEFAULT: Final = {"dnsPolicy": "ClusterFirst", "shareProcessNamespace": False}
# Words by which Java loads further code, opens a port for it, or trusts every certificate
_LOADED: Final = re.compile(
    r"-(agentlib|agentpath|javaagent):.*|-Xrunjdwp.*|-Xdebug|-Xbootclasspath.*|-Dcom\.sun\.management\.jmxremote(?!\.(local\.only|authenticate|ssl)=true).*"
    r"|-Dcom\.amazonaws\.sdk\.disableCertChecking.*|-Dcom\.sun\.jndi\.ldap\.object\.trustURLCodebase=true|-Djdk\.internal\.httpclient\.disableHostnameVerification.*"
)
# Variables by which a program loads further code, or sends what it says through another server
_VARIABLES: Final = re.compile(r"LD_(PRELOAD|LIBRARY_PATH|AUDIT)|(HTTPS?|ALL)_PROXY|AWS_ENDPOINT_URL(_\w+)?|AWS_CA_BUNDLE", re.IGNORECASE)


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    stack = record.limits.specification
    own: dict[tuple[str, str], Workload] = {(one.kind, one.component): one for one in stack.workloads} if stack is not None else {}
    for declared in record.of_kind("StatefulSet", "Deployment", namespace=record.limits.own) if record.limits.own else ():
        rendered = own.get((declared.kind, declared.object_name))
        if rendered is not None:
            yield from ((declared, problem) for problem in _differing(declared, rendered, record))
        elif pods_of(declared) is not None:
            pod = pods.lenient_spec(declared.kind, declared.inputs) or {}
            yield from ((declared, problem) for problem in _resolved(pod, {}))
    yield from own_nodes.driven_away(record)


def _resolved(pod: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Problem]:
    """Judge the fields of a pod against those that are rendered, or against none."""
    for key, effect in _OF_POD.items():
        default = _BY_DEFAULT.get(key)
        if (pod.get(key) or default) != (wanted.get(key) or default):
            yield Problem(key=f"spec.template.spec.{key}", value=_shown(pod.get(key)), rule=effect, cure="remove it")


def _differing(declared: Declared, rendered: Workload, record: Record) -> Iterator[Problem]:
    spec = declared.inputs.get("spec")
    pod = pods.lenient_spec(declared.kind, declared.inputs)
    if not isinstance(spec, Mapping) or pod is None:
        return  # memory-limit reports it
    yield from _replicas(spec, rendered)
    yield from _restarts(spec, rendered)
    for key, (effect, default) in _OF_WORKLOAD.items():
        wanted = rendered.spec.get(key)
        if wanted is not None and spec.get(key, default) != wanted:
            yield Problem(key=f"spec.{key}", value=str(spec.get(key)), rule=effect, cure=f"set it to {wanted}")
    yield from _resolved(pod, rendered.pod)
    yield from own_starts.problems(spec, pod, rendered, record)
    yield from _stored(pod, rendered)
    for container in items_of(pod.get("containers")):
        if isinstance(container, Mapping):
            yield from _loaded(container, rendered)


def _shown(value: object) -> str:
    return "set" if isinstance(value, (Mapping, list, tuple)) else str(value)


def _replicas(spec: Mapping[str, Any], rendered: Workload) -> Iterator[Problem]:
    wanted, said = rendered.spec["replicas"], spec.get("replicas", 1)
    if isinstance(said, (int, float)) and said < wanted:
        yield Problem(
            key="spec.replicas",
            value=str(said),
            rule=f"is less than the {wanted} that the pipeline needs, so that it stops or loses copies",
            cure=f"set it to {wanted}, or change the settings",
        )


def _restarts(spec: Mapping[str, Any], rendered: Workload) -> Iterator[Problem]:
    """Judge the order in which pods of a StatefulSet are restarted: one after the other, and at every change."""
    strategy = spec.get("updateStrategy") if rendered.kind == "StatefulSet" else None
    if not isinstance(strategy, Mapping):
        return
    rolling = strategy.get("rollingUpdate")
    at_once = rolling.get("maxUnavailable") if isinstance(rolling, Mapping) else None
    held_back = rolling.get("partition") if isinstance(rolling, Mapping) else None
    if strategy.get("type") == "OnDelete" or held_back:
        yield Problem(
            key="spec.updateStrategy", value=_shown(strategy), rule="leaves old pods running beside new settings", cure="remove it"
        )
    if at_once not in (None, 1, "1"):
        yield Problem(
            key="spec.updateStrategy.rollingUpdate.maxUnavailable",
            value=str(at_once),
            rule="restarts several pods at once, without two brokers of which no write is acknowledged",
            cure="set it to 1, or remove it",
        )


def _stored(pod: Mapping[str, Any], rendered: Workload) -> Iterator[Problem]:
    """Judge the volumes of data: each is a claim, and is mounted where the server writes."""
    templates = {one["metadata"]["name"] for one in rendered.spec.get("volumeClaimTemplates", [])}
    declared = {one.get("name") for one in items_of(pod.get("volumes")) if isinstance(one, Mapping)}
    for name in sorted(templates & declared):
        yield Problem(
            about=f"volume {name!r}", rule="hides the claim of the same name, so that data ends with the pod", cure="remove it from volumes"
        )
    for wanted in rendered.process.get("volumeMounts", []):
        if wanted["name"] not in templates:
            continue
        mounts = [
            mount
            for container in items_of(pod.get("containers"))
            if isinstance(container, Mapping) and container.get("name") == rendered.process["name"]
            for mount in items_of(container.get("volumeMounts"))
            if isinstance(mount, Mapping)
        ]
        if not any(_same_place(mount, wanted) for mount in mounts):
            yield Problem(
                about=f"volume {wanted['name']!r}",
                rule=f"is not mounted at {wanted['mountPath']}, where {rendered.component} writes, so that data ends with the pod",
                cure=_CURE,
            )


def _same_place(mount: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    keys = ("name", "mountPath", "subPath", "subPathExpr")
    return all(str(mount.get(key) or "").rstrip("/") == str(wanted.get(key) or "").rstrip("/") for key in keys) and not mount.get(
        "readOnly"
    )


def _loaded(container: Mapping[str, Any], rendered: Workload) -> Iterator[Problem]:
    own = next((one for one in rendered.pod["containers"] if one["name"] == container.get("name")), None)
    known = set(commands.words(own)) if own else set[str]()
    for word in commands.words(container) if own else ():
        if _LOADED.fullmatch(word) and word not in known:
            yield Problem(
                about=f"container {container.get('name')!r}",
                rule=f"{word.partition('=')[0]} loads further code, opens a port for it, or trusts every certificate",
                cure="remove it",
            )
    set_here = commands.variables(own) if own else {}
    for name, value in commands.variables(container).items() if own else ():
        if _VARIABLES.fullmatch(name) and (name not in set_here or (not isinstance(value, Unknown) and value != set_here[name])):
            yield Problem(
                about=f"container {container.get('name')!r}",
                rule=f"the variable {name} loads further code, or sends what the process says to another server",
                cure=_CURE,
            )


RULES = (
    Rule(
        name="pods-kept",
        says="Brokers, database, registry and workers of the stack keep number, volumes, names and code as rendered, and can start.",
        check=nothing,
        at_end=_at_end,
        severity="critical",
    ),
)
