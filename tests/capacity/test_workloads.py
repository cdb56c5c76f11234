"""The memory budget, checked against a second, much slower computation of the same numbers."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.capacity.pods import POD_KINDS, UnboundedError, UnreadableError, mounted_memory, pod_bytes
from stack.capacity.workloads import Workload, autoscaled, total, workload
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20
sizes = st.integers(1, 4096)


def container(size: int, *, sidecar: bool = False) -> dict[str, Any]:
    """Return a container with a limit in MiB."""
    return {"name": "c", "resources": {"limits": {"memory": f"{size}Mi"}}, **({"restartPolicy": "Always"} if sidecar else {})}


def highest_moment(spec: dict[str, Any]) -> int:
    """Return the memory of a pod's highest moment in MiB, by stepping through its life."""
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
    """Return a workload of pods of 1 MiB."""
    template = {"spec": {"containers": [container(1)]}}
    if kind == "Pod":
        return workload(kind, {"metadata": {"name": "w"}, "spec": template["spec"]})
    if kind == "CronJob":
        return workload(kind, {"metadata": {"name": "w"}, "spec": {"jobTemplate": {"spec": {"template": template}}, **spec}})
    return workload(kind, {"metadata": {"name": "w"}, "spec": {"template": template, **spec}}, nodes=2)


class Rollout(NamedTuple):
    """State of a Deployment's rollout: pods of the old and of the new template, the ready ones of each, and terminating pods."""

    old: int
    new: int
    ready: int
    ending: int

    def next(self, replicas: int, surge: int, unavailable: int) -> Iterator[Rollout]:
        """Yield every state after one act of the controller or of a starting or terminating pod."""
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
    """The rules are those of the Deployment controller; it does not promise how fast pods start and terminate."""
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


class Named(NamedTuple):
    """State of a rollout with fixed places (a StatefulSet's names, a DaemonSet's nodes): old, new and terminating pod at each."""

    places: tuple[tuple[bool, bool, bool], ...]

    def next(self, *, beside: bool) -> Iterator[Named]:
        """Yield every state after one event; a new pod waits for its place to be empty, unless it may start ``beside`` the old one."""
        for at, (old, new, ending) in enumerate(self.places):
            here = []
            if old and (new or not beside):
                here.append((False, new, True))
            if not new and (beside or not (old or ending)):
                here.append((old, True, ending))
            if ending:
                here.append((old, new, False))
            for place in here:
                yield Named((*self.places[:at], place, *self.places[at + 1 :]))


@functools.cache
def most_pods(places: int, *, beside: bool) -> int:
    """Return the largest number of pods in any state that such a rollout can reach."""
    seen, queue = set(), [Named(((True, False, False),) * places)]
    while queue:
        state = queue.pop()
        if state not in seen:
            seen.add(state)
            queue += state.next(beside=beside)
    return max(sum(sum(place) for place in state.places) for state in seen)


@given(st.integers(1, 4))
def test_a_stateful_set_peaks_where_trying_every_order_of_events_does(replicas: int) -> None:
    assert declared("StatefulSet", replicas=replicas).peak == most_pods(replicas, beside=False) * MIB


@pytest.mark.parametrize(("surge", "beside"), [(0, False), ("0%", False), (1, True), ("50%", True)])
def test_a_daemon_set_peaks_where_trying_every_order_of_events_does(surge: Any, beside: bool) -> None:  # noqa: FBT001 - a table's column
    made = declared("DaemonSet", updateStrategy={"rollingUpdate": {"maxSurge": surge}})
    assert made.peak == most_pods(2, beside=beside) * MIB


@given(st.lists(st.tuples(st.sampled_from(["Deployment", "StatefulSet", "Recreate"]), st.integers(1, 4), sizes), max_size=5))
def test_a_stack_peaks_where_the_worst_choice_of_simultaneous_rollouts_does(shapes: list[tuple[str, int, int]]) -> None:
    """Every subset of the workloads is rolled out, each at its own worst moment."""
    parts, moments = [], []
    for kind, replicas, size in shapes:
        strategy = {"strategy": {"type": "Recreate"}} if kind == "Recreate" else {}
        made = declared("StatefulSet" if kind == "StatefulSet" else "Deployment", replicas=replicas, **strategy)
        parts.append(replace(made, pod=size))
        worst = 2 * replicas if kind == "Deployment" else most_pods(replicas, beside=False)
        moments.append((replicas * size, worst * size))
    rolled = [
        sum(peak if at in chosen else calm for at, (calm, peak) in enumerate(moments))
        for count in range(len(moments) + 1)
        for chosen in itertools.combinations(range(len(moments)), count)
    ]
    assert total(parts, 0).peak == max(rolled)
    assert total(parts, 0).steady == rolled[0]


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
        ("DaemonSet", {}, 2, 2),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, 2, 2),
        ("DaemonSet", {"updateStrategy": {"rollingUpdate": {"maxSurge": "0%"}}}, 2, 2),
        ("DaemonSet", {"updateStrategy": {"rollingUpdate": {"maxSurge": "50%"}}}, 2, 4),
        ("Deployment", {"replicas": 0}, 0, 0),
        ("ReplicaSet", {"replicas": 2}, 2, 2),
        ("Pod", {}, 1, 1),
        ("Job", {"parallelism": 3}, 0, 6),
        ("Job", {"parallelism": 3, "podReplacementPolicy": "Failed"}, 0, 3),
        ("Job", {"parallelism": 3, "podReplacementPolicy": "TerminatingOrFailed"}, 0, 6),
        ("Job", {"parallelism": 3, "podFailurePolicy": {"rules": []}}, 0, 3),
        ("Job", {"parallelism": 3, "backoffLimit": 0}, 0, 3),
        ("Job", {"parallelism": 3, "completions": 2}, 0, 4),
        ("Job", {}, 0, 2),
        ("CronJob", {"concurrencyPolicy": "Replace"}, 0, 2),
        ("CronJob", {"concurrencyPolicy": "Forbid"}, 0, 2),
    ],
)
def test_steady_and_peak_follow_the_rollout_rules_of_the_kind(kind: str, spec: dict[str, Any], steady: int, peak: int) -> None:
    made = declared(kind, **spec)
    assert (made.steady, made.peak) == (steady * MIB, peak * MIB)


def test_every_kind_that_runs_pods_can_be_counted() -> None:
    for kind in POD_KINDS:
        assert declared(kind, **({"concurrencyPolicy": "Forbid"} if kind == "CronJob" else {})).peak > 0


@pytest.mark.parametrize("spec", [{}, {"concurrencyPolicy": "Allow"}, {"concurrencyPolicy": None}])
def test_a_cron_job_that_may_overlap_with_itself_has_no_bound(spec: dict[str, Any]) -> None:
    with pytest.raises(UnboundedError, match="set it to Forbid or Replace"):
        declared("CronJob", **spec)


def test_a_daemon_set_on_an_unknown_number_of_nodes_cannot_be_added_up() -> None:
    manifest = {"metadata": {"name": "w"}, "spec": {"template": {"spec": {"containers": [container(1)]}}}}
    with pytest.raises(UnreadableError, match="set `nodes`"):
        workload("DaemonSet", manifest)


@pytest.mark.parametrize("kind", POD_KINDS)
@pytest.mark.parametrize(
    "manifest", [{}, {"spec": None}, {"spec": {}}, {"spec": UNKNOWN}, {"spec": {"template": {"spec": {"containers": []}}}}]
)
def test_an_object_without_a_readable_pod_is_an_error_and_never_nothing(kind: str, manifest: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError, match="no readable"):
        workload(kind, manifest, nodes=1)


UNKNOWN_IN: list[tuple[str, Any]] = [
    ("spec.replicas", ("replicas",)),
    ("spec.strategy.type", ("strategy", "type")),
    ("spec.strategy.rollingUpdate", ("strategy", "rollingUpdate")),
    ("spec.template.spec.containers[0].resources.limits.memory", ("template", "spec", "containers", 0, "resources", "limits", "memory")),
    ("spec.template.spec.containers[0].resources", ("template", "spec", "containers", 0, "resources")),
    ("spec.template.spec.containers[0]", ("template", "spec", "containers", 0)),
    ("spec.template.spec.containers[0].command", ("template", "spec", "containers", 0, "command")),
    ("spec.template.spec.initContainers", ("template", "spec", "initContainers")),
    ("spec.template.spec.overhead", ("template", "spec", "overhead")),
]


@pytest.mark.parametrize(("told", "path"), UNKNOWN_IN, ids=[told for told, _ in UNKNOWN_IN])
def test_unknown_values_of_a_preview_are_named_and_never_counted(told: str, path: tuple[Any, ...]) -> None:
    manifest: Any = {
        "metadata": {"name": "w"},
        "spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "template": {"spec": {"containers": [container(1)]}}},
    }
    place = manifest["spec"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = UNKNOWN
    with pytest.raises(UnreadableError, match=re.escape(told)):
        workload("Deployment", manifest)


@pytest.mark.parametrize("value", ["", "lots", "-1Mi", "0", {"a": 1}, []])
def test_a_limit_that_is_no_size_is_an_error(value: Any) -> None:
    spec = {"containers": [{"name": "c", "resources": {"limits": {"memory": value}}}]}
    with pytest.raises(UnreadableError):
        workload("Pod", {"metadata": {"name": "w"}, "spec": spec})


def test_a_limit_of_the_pod_as_a_whole_takes_the_place_of_its_containers() -> None:
    spec = {"resources": {"limits": {"memory": "3Mi"}}, "containers": [container(1), {"name": "without"}]}
    assert pod_bytes(spec) == 3 * MIB


@given(limit=st.none() | sizes, written=st.lists(sizes, max_size=3))
def test_volumes_in_memory_count_within_their_writers_limit(limit: int | None, written: list[int]) -> None:
    volumes = [{"name": f"v{number}", "emptyDir": {"medium": "Memory", "sizeLimit": f"{size}Mi"}} for number, size in enumerate(written)]
    mounts = [{"name": volume["name"], "mountPath": f"/{volume['name']}"} for volume in volumes]
    writer = {**container(limit or 1), "volumeMounts": [*mounts, {"name": "disk", "mountPath": "/disk"}]}
    reader = {**container(1), "volumeMounts": [{**mount, "readOnly": True} for mount in mounts]}
    spec = {"containers": [writer, reader], "volumes": [*volumes, {"name": "disk", "emptyDir": {"sizeLimit": "1Gi"}}]}
    assert mounted_memory(spec, writer, MIB) == sum(written) * MIB
    assert mounted_memory(spec, reader, MIB) == 0


def test_a_volume_in_memory_without_a_size_may_take_the_whole_limit() -> None:
    writer = {**container(7), "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    assert (
        mounted_memory({"containers": [writer], "volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}]}, writer, 7 * MIB) == 7 * MIB
    )


def autoscaler(kind: str, name: str, most: int) -> dict[str, Any]:
    """Return a HorizontalPodAutoscaler."""
    return {"metadata": {"name": "scaler"}, "spec": {"scaleTargetRef": {"kind": kind, "name": name}, "minReplicas": 1, "maxReplicas": most}}


@pytest.mark.parametrize(
    ("kind", "declared_pods", "most", "steady", "peak"),
    [("Deployment", 1, 4, 4, 8), ("StatefulSet", 2, 5, 5, 5), ("Deployment", 3, 2, 3, 6)],
)
def test_an_autoscaled_workload_counts_at_its_maximum(kind: str, declared_pods: int, most: int, steady: int, peak: int) -> None:
    """Until the autoscaler has seen them, more pods than the maximum may run."""
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
def test_the_largest_come_first_in_any_order_of_declaration(parts: list[Workload]) -> None:
    listed = [part.steady for part in total(parts, 0).workloads]
    assert listed == sorted(listed, reverse=True)


@pytest.mark.parametrize(
    ("schedule", "deadline", "runs"),
    [
        ("*/5 * * * *", 240, 2),
        ("*/5 * * * *", 900, 4),
        ("0 * * * *", 1800, 1),
        ("0 * * * *", 7200, 3),
        ("15 3 * * *", 3600, 1),
        ("@daily", 3600, 1),
        ("*/7 * * * *", 600, 12),
        ("1,2 * * * *", 600, 12),
        ("* * * * *", 30, 2),
    ],
)
def test_a_deadline_bounds_the_runs_of_a_cronjob_side_by_side(schedule: str, deadline: int, runs: int) -> None:
    container = {"name": "c", "resources": {"limits": {"memory": "1Mi"}}}
    job = {"activeDeadlineSeconds": deadline, "template": {"spec": {"containers": [container]}}}
    manifest = {"metadata": {"name": "n"}, "spec": {"schedule": schedule, "jobTemplate": {"spec": job}}}
    assert workload("CronJob", manifest).peak == max(runs, 2) * 2**20
    job.pop("activeDeadlineSeconds")
    with pytest.raises(UnboundedError):
        workload("CronJob", manifest)
