"""Starts of the stack's own pods: probes, hooks and limits of CPU with which they can start and stay, and demands of a node."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from policy.lists import items_of, listed
from policy.own_nodes import unfit
from policy.starving_cpu import LEAST_CPU, cores
from stack.capacity import commands
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Record
    from stack.specification.workload import Workload

_PROBES: Final = ("startupProbe", "readinessProbe", "livenessProbe")
_HANDLERS: Final = ("exec", "tcpSocket", "httpGet", "grpc")
# Kubernetes' own figures of a probe
_PERIOD: Final = 10
_FAILURES: Final = 3
# Seconds that a probe may wait before its first try, or between two, until a part counts as started or ready
_LONGEST_WAIT: Final = 600
# Seconds that a Java program takes to start, on a busy node, before it has asked anything
_JAVA_TIMEOUT: Final = 10
_NEVER: Final = re.compile(
    r"(?:\S*/)?false|(?:\S*/)?(?:ba|da)?sh (?:-\w+ )+\s*(?:false|exit [1-9]\d*)\s*;?|(?:\S*/)?test -[fed] /nonexistent\S*"
)
_ENDLESS: Final = re.compile(
    r"(?:\S*/)?(?:sleep (?:infinity|inf|\d{5,})|tail -f /dev/null)|.*\bwhile (?:true|:)\s*;(?!.*\b(?:break|exit)\b).*", re.DOTALL
)
_CURE: Final = "declare it as the settings render it"
# Parts that answer no request of HTTP at their own ports, or none without a login
_WITHOUT_HTTP: Final = {"kafka", "postgresql", "connect"}
# What becomes of a part by a probe that cannot pass
_EFFECT: Final = {
    "startupProbe": "is ended before it has started, every time",
    "readinessProbe": "is never ready, and no connection reaches it",
    "livenessProbe": "is ended again and again",
}
# Beginnings of the names of Kafka's own tools
_SCRIPTS: Final = ("kafka-", "connect-distributed", "connect-standalone")


def problems(spec: Mapping[str, Any], pod: Mapping[str, Any], rendered: Workload, record: Record) -> Iterator[Problem]:
    """Yield what keeps a workload of the stack from starting, ends it again and again, or keeps everybody from it."""
    yield from unfit(spec, pod, rendered, record)
    if listed(pod.get("readinessGates")):
        yield Problem(
            key="spec.template.spec.readinessGates", value="set", rule="waits for a condition that nothing here sets", cure="remove it"
        )
    for place in ("initContainers", "containers"):
        for container in items_of(pod.get(place)):
            if isinstance(container, Mapping):
                about = f"container {container.get('name')!r}"
                yield from (replace(one, about=about) for one in _ending(container, is_first=place == "initContainers"))
                if container.get("name") == rendered.process["name"]:
                    yield from (replace(one, about=about) for one in _of_process(container, rendered))


def _ending(container: Mapping[str, Any], *, is_first: bool) -> Iterator[Problem]:
    """Judge commands beside the process: a hook that fails ends the container, and a first one without an end holds up the others."""
    hooks = container.get("lifecycle")
    hook = hooks.get("postStart") if isinstance(hooks, Mapping) else None
    if isinstance(hook, Mapping) and _NEVER.fullmatch(_said(hook)):
        yield Problem(key="lifecycle.postStart", value=_said(hook), rule="fails every time, which ends the container", cure="remove it")
    command = " ".join(map(str, (*listed(container.get("command")), *listed(container.get("args")))))
    if is_first and container.get("restartPolicy") != "Always" and (_NEVER.fullmatch(command) or _ENDLESS.fullmatch(command)):
        yield Problem(key="command", value=command[:60], rule="never succeeds, so that the pod does not start", cure="remove it")


def _said(handler: Mapping[str, Any]) -> str:
    executed = handler.get("exec")
    return " ".join(map(str, listed(executed.get("command")))) if isinstance(executed, Mapping) else ""


def _of_process(container: Mapping[str, Any], rendered: Workload) -> Iterator[Problem]:
    for name in _PROBES:
        probe = container.get(name)
        if isinstance(probe, Mapping):
            yield from _asked(name, probe, container, rendered)
            yield from _patient(name, probe, container, rendered)
        elif isinstance(probe, Unknown):
            yield Problem(rule=f"its {name} is not known at preview, so whether the part starts is unknown", cure=_CURE)
    resources = container.get("resources")
    limits, requests = (resources.get(key) if isinstance(resources, Mapping) else None for key in ("limits", "requests"))
    most = cores(limits["cpu"]) if isinstance(limits, Mapping) and limits.get("cpu") is not None else None
    if most is not None and most < LEAST_CPU:
        yield Problem(
            key="limits.cpu",
            value=f"{most * 1000:.0f}m",
            rule="is too little to start in the time that the startup probe leaves",
            cure="remove it, or set 100m or more",
        )
    for found in (limits, requests):
        further = next((key for key in found if "/" in str(key)), None) if isinstance(found, Mapping) else None
        if further is not None:
            yield Problem(
                key=f"resources.{further}", value="set", rule="asks for a device, and a node without one runs no such pod", cure="remove it"
            )
            return


def _asked(name: str, probe: Mapping[str, Any], container: Mapping[str, Any], rendered: Workload) -> Iterator[Problem]:
    """Judge what a probe asks: something that can answer."""
    handler = next((key for key in _HANDLERS if isinstance(probe.get(key), Mapping)), "")
    known = [own.get(handler) for key in _PROBES if isinstance(own := rendered.process.get(key), Mapping)]
    said = probe.get(handler) if handler else None
    if not isinstance(said, Mapping) or said in known:
        yield from _in_time(name, probe) if said is not None else ()
        return
    wrong = ""
    if handler == "exec":
        wrong = "runs a command that always fails" if _NEVER.fullmatch(_said(probe)) else ""
        yield from _in_time(name, probe)
    elif handler == "grpc":
        wrong = "asks by gRPC, which no part of the stack speaks"
    elif said.get("host"):
        wrong = "asks another host"
    elif not _is_port(said.get("port"), container):
        wrong = f"asks port {said.get('port')}, which the container does not name"
    elif handler == "httpGet" and (rendered.component in _WITHOUT_HTTP or str(said.get("scheme") or "HTTP").upper() != "HTTP"):
        wrong = "asks by HTTP, which this part does not answer there, or not without a login"
    if wrong:
        yield Problem(key=name, value=handler, rule=f"{wrong}, so that the part {_EFFECT[name]}", cure=_CURE)


def _is_port(port: object, container: Mapping[str, Any]) -> bool:
    ports = [one for one in items_of(container.get("ports")) if isinstance(one, Mapping)]
    return any(str(port) in {str(one.get("name")), str(one.get("containerPort"))} for one in ports)


def _in_time(name: str, probe: Mapping[str, Any]) -> Iterator[Problem]:
    """Judge the time of a command that starts Java."""
    timeout, command = _number(probe, "timeoutSeconds", 1), _said(probe)
    words = {commands.basename(word).removesuffix(".sh") for word in re.split(r"[\s;&|'\"]+", command)}
    is_java = "java" in words or any(word.startswith(_SCRIPTS) for word in words)
    if is_java and timeout < _JAVA_TIMEOUT:
        yield Problem(
            key=f"{name}.timeoutSeconds",
            value=str(probe.get("timeoutSeconds", 1)),
            rule=f"ends a command that starts Java before it has asked anything, so that the part {_EFFECT[name]}",
            cure=f"set it to {_JAVA_TIMEOUT} or more, or {_CURE}",
        )


def _patient(name: str, probe: Mapping[str, Any], container: Mapping[str, Any], rendered: Workload) -> Iterator[Problem]:
    """Judge the time that a probe leaves: as much as the settings render, since that covers the recovery of a log on a busy node."""
    own = rendered.process.get(name)
    wait, period = _number(probe, "initialDelaySeconds", 0), _number(probe, "periodSeconds", _PERIOD)
    if name != "livenessProbe" and max(wait, period) > _LONGEST_WAIT:
        key = "initialDelaySeconds" if wait > period else "periodSeconds"
        rule = f"keeps every connection from the part for {max(wait, period):.0f} seconds"
        yield Problem(key=f"{name}.{key}", value=f"{max(wait, period):.0f}", rule=rule, cure=_CURE)
    if name == "readinessProbe" or not isinstance(own, Mapping):
        return
    left, wanted = _patience(probe), _patience(own)
    start = rendered.process.get("startupProbe")
    if name == "livenessProbe" and not isinstance(container.get("startupProbe"), Mapping) and isinstance(start, Mapping):
        wanted = _patience(start)
    if left < wanted:
        rule = f"ends the part after {left:.0f} seconds without an answer, where {wanted:.0f} are what it may need"
        yield Problem(key=name, value=f"{left:.0f} s", rule=rule, cure=_CURE)


def _patience(probe: Mapping[str, Any]) -> float:
    wait = _number(probe, "initialDelaySeconds", 0)
    return wait + _number(probe, "periodSeconds", _PERIOD) * _number(probe, "failureThreshold", _FAILURES)


def _number(probe: Mapping[str, Any], key: str, otherwise: int) -> float:
    said = probe.get(key)
    return float(said) if isinstance(said, (int, float)) else otherwise
