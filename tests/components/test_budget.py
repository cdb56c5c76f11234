"""The memory budget, against a second and much slower way of finding the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.budget import WORKLOAD_KINDS, UnboundedError, Workload, autoscaled, pod_bytes, total, workload

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20
sizes = st.integers(1, 4096)


def container(size: int, *, sidecar: bool = False) -> dict[str, Any]:
    """A container with a limit in MiB."""
    return {"name": "c", "resources": {"limits": {"memory": f"{size}Mi"}}, **({"restartPolicy": "Always"} if sidecar else {})}


def highest_moment(spec: dict[str, Any]) -> int:
    """The life of a pod step by step: what runs at each moment, in MiB."""
    alive: list[int] = []
    moments = [0]
    for init in spec["initContainers"]:
        size = int(init["resources"]["limits"]["memory"].removesuffix("Mi"))
        moments.append(sum(alive) + size)
        if init.get("restartPolicy") == "Always":
            alive.append(size)
    alive += [int(item["resources"]["limits"]["memory"].removesuffix("Mi")) for item in spec["containers"]]
    moments.append(sum(alive))
    return max(moments)


@given(
    init=st.lists(st.tuples(sizes, st.booleans()), max_size=5),
    running=st.lists(sizes, min_size=1, max_size=4),
    overhead=st.none() | sizes,
)
def test_a_pod_counts_as_its_highest_moment(init: list[tuple[int, bool]], running: list[int], overhead: int | None) -> None:
    spec: dict[str, Any] = {
        "initContainers": [container(size, sidecar=sidecar) for size, sidecar in init],
        "containers": [container(size) for size in running],
    }
    expected = highest_moment(spec)
    if overhead is not None:
        spec["overhead"] = {"memory": f"{overhead}Mi"}
        expected += overhead
    assert pod_bytes(spec) == expected * MIB


@pytest.mark.parametrize(
    ("init", "running", "most"),
    [
        ([], [100], 100),
        ([(300, False)], [100], 300),
        ([(50, False)], [100], 100),
        ([(50, True)], [100], 150),
        ([(50, True), (200, False)], [100], 250),
        ([(200, False), (50, True)], [100], 200),
    ],
    ids=["one", "large init", "small init", "sidecar", "sidecar beside an init step", "sidecar after it"],
)
def test_pods_of_the_kubernetes_manual(init: list[tuple[int, bool]], running: list[int], most: int) -> None:
    spec = {
        "initContainers": [container(size, sidecar=sidecar) for size, sidecar in init],
        "containers": [container(size) for size in running],
    }
    assert pod_bytes(spec) == most * MIB


@pytest.mark.parametrize("resources", [None, {}, {"limits": None}, {"requests": {"memory": "1Gi"}}, {"limits": {"cpu": "1"}}])
@pytest.mark.parametrize("place", ["containers", "initContainers"])
def test_a_container_without_a_limit_cannot_be_added_up(resources: Any, place: str) -> None:
    spec = {"containers": [container(1)], "initContainers": []}
    spec[place] = [{"name": "greedy", "resources": resources}]
    with pytest.raises(UnboundedError, match=r"'greedy' has no memory limit; set resources.limits.memory"):
        pod_bytes(spec)


def declared(kind: str, **spec: Any) -> Workload:
    """A workload of pods of 1 MiB."""
    template = {"spec": {"containers": [container(1)]}}
    if kind == "Pod":
        return workload(kind, {"metadata": {"name": "w"}, "spec": template["spec"]})
    if kind == "CronJob":
        return workload(kind, {"metadata": {"name": "w"}, "spec": {"jobTemplate": {"spec": {"template": template}}, **spec}})
    return workload(kind, {"metadata": {"name": "w"}, "spec": {"template": template, **spec}})


class Rollout(NamedTuple):
    """Where a Deployment's rollout stands: pods of the old and of the new template, how many of those are ready, and pods shutting down."""

    old: int
    new: int
    ready: int
    ending: int

    def next(self, replicas: int, surge: int, unavailable: int) -> Iterator[Rollout]:
        """Every state that one act of the controller, of a starting pod or of an ending pod leads to."""
        up = min(replicas + surge - self.old - self.new, replicas - self.new)
        if up > 0:
            yield self._replace(new=self.new + up)
        least = replicas - unavailable
        down = min(self.old, self.old + self.ready - least)
        if down > 0 and self.old + self.new - least - (self.new - self.ready) > 0:
            yield self._replace(old=self.old - down, ending=self.ending + down)
        if self.ready < self.new:
            yield self._replace(ready=self.ready + 1)
        if self.ending:
            yield self._replace(ending=self.ending - 1)


@given(replicas=st.integers(1, 6), surge=st.integers(0, 8), unavailable=st.integers(0, 6))
def test_a_rollout_peaks_where_trying_every_order_of_events_does(replicas: int, surge: int, unavailable: int) -> None:
    """The rules are those of the Deployment controller; how fast pods start and end is nobody's promise."""
    if surge == unavailable == 0:
        unavailable = 1  # as Kubernetes resolves it, or nothing would ever happen
    seen, queue = set(), [Rollout(old=replicas, new=0, ready=0, ending=0)]
    while queue:
        state = queue.pop()
        if state not in seen:
            seen.add(state)
            queue += state.next(replicas, surge, min(unavailable, replicas))
    made = declared("Deployment", replicas=replicas, strategy={"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}})
    assert made.peak == max(state.old + state.new + state.ending for state in seen) * MIB


@pytest.mark.parametrize(
    ("kind", "spec", "steady", "peak"),
    [
        ("Deployment", {"replicas": 4}, 4, 8),
        ("Deployment", {}, 1, 2),
        ("Deployment", {"replicas": 3, "strategy": {"type": "Recreate"}}, 3, 3),
        ("Deployment", {"replicas": 3, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}}}, 3, 6),
        ("Deployment", {"replicas": 3, "strategy": {"rollingUpdate": {"maxSurge": 2}}}, 3, 6),
        ("StatefulSet", {"replicas": 3}, 3, 3),
        ("StatefulSet", {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}}, 3, 3),
        ("DaemonSet", {"replicas": 2}, 2, 2),
        ("DaemonSet", {"replicas": 2, "updateStrategy": {"rollingUpdate": {"maxSurge": "50%"}}}, 2, 4),
        ("ReplicaSet", {"replicas": 2}, 2, 2),
        ("Pod", {}, 1, 1),
        ("Job", {"parallelism": 3}, 0, 3),
        ("Job", {}, 0, 1),
        ("CronJob", {}, 0, 2),
        ("CronJob", {"concurrencyPolicy": "Forbid"}, 0, 1),
    ],
)
def test_steady_and_peak_follow_the_rollout_rules_of_the_kind(kind: str, spec: dict[str, Any], steady: int, peak: int) -> None:
    made = declared(kind, **spec)
    assert (made.steady, made.peak) == (steady * MIB, peak * MIB)


def test_every_kind_that_runs_pods_can_be_counted() -> None:
    for kind in WORKLOAD_KINDS:
        assert declared(kind).peak > 0


def autoscaler(kind: str, name: str, most: int) -> dict[str, Any]:
    """A HorizontalPodAutoscaler."""
    return {"metadata": {"name": "scaler"}, "spec": {"scaleTargetRef": {"kind": kind, "name": name}, "minReplicas": 1, "maxReplicas": most}}


@pytest.mark.parametrize(
    ("kind", "declared_pods", "most", "steady", "peak"),
    [("Deployment", 1, 4, 4, 8), ("StatefulSet", 2, 5, 5, 5), ("Deployment", 3, 2, 3, 6)],
)
def test_an_autoscaled_workload_counts_at_its_maximum(kind: str, declared_pods: int, most: int, steady: int, peak: int) -> None:
    """More pods than the maximum may run until the autoscaler has seen them."""
    (made,) = autoscaled([declared(kind, replicas=declared_pods)], [autoscaler(kind, "w", most)])
    assert (made.steady, made.peak) == (steady * MIB, peak * MIB)


def test_an_autoscaler_of_something_unknown_cannot_be_added_up() -> None:
    with pytest.raises(ValueError, match="scaler scales Deployment other, which this program does not declare"):
        autoscaled([declared("Deployment")], [autoscaler("Deployment", "other", 3)])


workloads = st.lists(
    st.builds(
        Workload,
        kind=st.just("Deployment"),
        name=st.sampled_from("abc"),
        replicas=st.integers(0, 5),
        pod=sizes,
        surge=st.integers(0, 3),
    ),
    max_size=6,
)


@given(parts=workloads, budget=st.integers(0, 50_000))
def test_a_stack_is_the_sum_of_its_pods(parts: list[Workload], budget: int) -> None:
    sums = total(parts, budget)
    assert sums.steady == sum(part.pod for part in parts for _ in range(part.replicas))
    assert sums.peak == sum(part.pod for part in parts for _ in range(part.replicas + part.surge))
    assert sums.free + sums.steady == budget
    assert sums.peak >= sums.steady
    assert sorted(map(repr, sums.workloads)) == sorted(map(repr, parts))


@given(parts=workloads)
def test_the_largest_come_first_whatever_the_order_of_declaration(parts: list[Workload]) -> None:
    listed = [part.steady for part in total(parts, 0).workloads]
    assert listed == sorted(listed, reverse=True)
