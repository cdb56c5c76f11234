"""Dashboard of the memory: every container against its limit, and all of them against the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards.panels import Dashboard, Kind, Panel, Query, Section, above
from pipeline.dashboards.stack import quoted
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Container, Stack

_NEAR: Final = 0.9
_FULL: Final = 0.97


def dashboard(stack: Stack) -> Dashboard:
    """Return the dashboard of a stack."""
    return Dashboard(
        "memory",
        "Memory against budget",
        "Memory of every container against the limit that the stack declares, and of all against the budget.",
        (
            Section("Budget", (_total(stack), _shares(stack), *_monitoring(stack))),
            Section("Containers", tuple(_container(stack, one) for one in stack.containers)),
            Section("Trouble", _trouble(stack)),
            Section("Processor", (_processor(stack),)),
        ),
    )


def _of(stack: Stack, *further: str) -> str:
    """Return the matchers of the pipeline's containers; a pod and its sandbox have series without a container's name."""
    return ", ".join([f"namespace={quoted(stack.namespace)}", *(further or ('container!=""',))])


def working_set(stack: Stack, container: Container) -> str:
    """Return the query of a container's memory, by pod."""
    matchers = _of(stack, f"pod=~{quoted(f'{container.workload}-.+')}", f"container={quoted(container.name)}")
    return f"max by (pod) (container_memory_working_set_bytes{{{matchers}}})"


def _total(stack: Stack) -> Panel:
    budget = stack.settings.budget.memory_mib * MIB
    limits = stack.specification.memory_mib * MIB
    return Panel(
        title="All containers of the pipeline",
        shows="Memory of all containers, the sum of their limits, and the budget, which is the namespace's quota.",
        bad="Limits above the budget: a pod cannot start. Memory near the limits: some container is killed next.",
        command=stack.command("plan"),
        unit=units.BytesIEC,
        queries=(
            Query(f"sum(max by (pod, container) (container_memory_working_set_bytes{{{_of(stack)}}}))", "in use"),
            Query(f"vector({limits})", "limits"),
            Query(f"vector({budget})", "budget"),
        ),
        steps=above(_NEAR * limits, limits),
    )


def _shares(stack: Stack) -> Panel:
    return Panel(
        title="Part of the limit",
        shows="Memory of each container, as a part of its limit; what the kernel can drop at once is not counted.",
        bad=f"Above {_NEAR:.0%} the container is near its end: the kernel kills it at 100 %.",
        command=stack.command("plan"),
        unit=units.PercentUnit,
        queries=tuple(Query(f"{working_set(stack, one)} / {one.limit}", f"{{{{pod}}}} {one.name}") for one in stack.containers),
        kind=Kind.BARS,
        steps=above(_NEAR, _FULL),
        most=1,
    )


def _monitoring(stack: Stack) -> tuple[Panel, ...]:
    namespace, budget = stack.settings.monitoring_namespace, stack.settings.monitoring_mib * MIB
    if namespace is None:
        return ()
    matchers = f'namespace={quoted(namespace)}, container!=""'
    return (
        Panel(
            title="Pods of the monitoring",
            shows="Memory of each pod of the monitoring, and the quota of its namespace.",
            bad="Prometheus near its limit is killed, and its samples go with it.",
            command=stack.command("plan"),
            unit=units.BytesIEC,
            queries=(
                Query(f"sum by (pod) (max by (pod, container) (container_memory_working_set_bytes{{{matchers}}}))", "{{pod}}"),
                Query(f"vector({budget})", "quota"),
            ),
            steps=above(_NEAR * budget, budget),
            width=24,
        ),
    )


def _container(stack: Stack, one: Container) -> Panel:
    return Panel(
        title=f"{one.workload}: {one.name}",
        shows=f"Memory of {one.replicas} container(s) with a limit of {one.limit // MIB} MiB each.",
        bad="A line that only rises ends at the limit; a line near it has no room for the next burst.",
        command=stack.command("plan"),
        unit=units.BytesIEC,
        queries=(Query(working_set(stack, one), "{{pod}}"), Query(f"vector({one.limit})", "limit")),
        steps=above(_NEAR * one.limit, _FULL * one.limit),
    )


def _trouble(stack: Stack) -> tuple[Panel, ...]:
    inside = _of(stack)
    namespace = _of(stack, f"pod=~{quoted('.+')}")
    return (
        Panel(
            title="Killed for memory within an hour",
            shows="Processes that the kernel has killed at the limit of their container.",
            bad="Above 0: the limit is too small for what the container does.",
            command=stack.command("plan"),
            unit=units.Short,
            queries=(Query(f"sum by (pod) (increase(container_oom_events_total{{{namespace}}}[1h]))", "{{pod}}"),),
            steps=above(None, 1),
        ),
        Panel(
            title="Restarts within an hour",
            shows="Starts of containers.",
            bad="More than one or two: a container ends again and again.",
            command=stack.command("doctor"),
            unit=units.Short,
            queries=(Query(f"max by (pod, container) (changes(container_start_time_seconds{{{inside}}}[1h]))", "{{pod}} {{container}}"),),
            steps=above(3),
        ),
        Panel(
            title="Waiting for memory",
            shows="Part of the time in which a process of the pod waits until memory is free.",
            bad="Above 0.1 the pod does little else, and is killed soon.",
            command=stack.command("plan"),
            unit=units.PercentUnit,
            queries=(
                Query(
                    f"max by (pod) (rate(container_pressure_memory_waiting_seconds_total{{{namespace}}}[$__rate_interval]))",
                    "{{pod}}",
                ),
            ),
            steps=above(0.1, 0.5),
        ),
        Panel(
            title="Failed probes per second",
            shows="Readiness probes that fail, by pod.",
            bad="Failing for minutes: the pod gets no requests.",
            command=stack.command("doctor"),
            unit=units.OpsPerSecond,
            queries=(
                Query(
                    'sum by (pod) (rate(prober_probe_total{probe_type="Readiness", result="failed", '
                    f"namespace={quoted(stack.namespace)}}}[$__rate_interval]))",
                    "{{pod}}",
                ),
            ),
            steps=above(0.01),
        ),
    )


def _processor(stack: Stack) -> Panel:
    return Panel(
        title="Processor by pod",
        shows="Processor cores that each pod uses; containers have requests and no limit.",
        bad="All cores of the node taken: everything is slow, and heartbeats may come late.",
        command=stack.command("doctor"),
        unit=units.Short,
        queries=(Query(f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{_of(stack)}}}[$__rate_interval]))", "{{pod}}"),),
        width=24,
    )
