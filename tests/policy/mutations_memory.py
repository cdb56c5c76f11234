"""Changes to pods and to Java's flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.workbench import Workbench, container, extra, pod, pod_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.policy.workbench import Made


def limits(bench: Workbench) -> Iterator[Made]:
    """Yield memory limits of each container: unbounded, unreadable, unknown, contradictory or doubled."""
    for workload in bench.with_jobs():
        rule = "memory-peak" if workload in bench.of_kind("CronJob") else "memory-budget"
        for place, at, one in bench.containers(workload):
            where = f"{workload}/{one['name']}"

            def resources(change: Callable[[Any], None], place: str = place, at: int = at, workload: str = workload) -> list[Declared]:
                return bench.changed(workload, lambda inputs: change(pod_of(inputs)[place][at]["resources"]))

            yield f"{where}: no limit", "memory-limit", resources(lambda sizes: sizes["limits"].pop("memory"))
            yield f"{where}: no limits", "memory-limit", resources(lambda sizes: sizes.pop("limits"))
            yield f"{where}: unknown limit", "memory-limit", resources(lambda sizes: sizes["limits"].update(memory=UNKNOWN))
            yield f"{where}: unknown limits", "memory-limit", resources(lambda sizes: sizes.update(limits=UNKNOWN))
            yield f"{where}: limit that is no size", "memory-limit", resources(lambda sizes: sizes["limits"].update(memory="512 MB"))
            yield f"{where}: limit 0", "memory-limit", resources(lambda sizes: sizes["limits"].update(memory="0"))
            yield f"{where}: request above", "memory-limit", resources(lambda sizes: sizes["requests"].update(memory="8Gi"))
            yield (
                f"{where}: eight times the limit",
                "memory-start" if place == "initContainers" else rule,
                resources(lambda sizes: sizes["limits"].update(memory=f"{8 * int(sizes['limits']['memory'].removesuffix('Mi'))}Mi")),
            )


def pods(bench: Workbench) -> Iterator[Made]:
    """Yield each workload with more pods, wider pods, or numbers that are unknown until deployment."""
    for name in bench.workloads():
        yield (
            f"{name}: one replica more",
            "memory-budget",
            bench.changed(name, lambda i: i["spec"].update(replicas=i["spec"]["replicas"] + 1)),
        )
        yield f"{name}: unknown replicas", "memory-limit", bench.changed(name, lambda i: i["spec"].update(replicas=UNKNOWN))
        yield f"{name}: unknown spec", "memory-limit", bench.changed(name, lambda i: i.update(spec=UNKNOWN))
        yield f"{name}: no spec", "memory-limit", bench.changed(name, lambda i: i.pop("spec"))
        yield f"{name}: nothing readable", "memory-limit", bench.changed(name, lambda i: i.clear())
        yield f"{name}: no containers", "memory-limit", bench.changed(name, lambda i: pod_of(i).update(containers=[]))
        yield f"{name}: unknown containers", "memory-limit", bench.changed(name, lambda i: pod_of(i).update(containers=UNKNOWN))
        yield f"{name}: unknown namespace", "memory-budget", bench.changed(name, lambda i: i["metadata"].update(namespace=UNKNOWN))
        yield f"{name}: elsewhere", "memory-budget", bench.changed(name, lambda i: i["metadata"].update(namespace="elsewhere"))
        yield (
            f"{name}: a sidecar",
            "memory-budget",
            bench.changed(name, lambda i: pod_of(i).setdefault("initContainers", []).append(container(restartPolicy="Always"))),
        )
        yield f"{name}: a second container", "memory-budget", bench.changed(name, lambda i: pod_of(i)["containers"].append(container()))
        yield (
            f"{name}: a container without a limit",
            "memory-limit",
            bench.changed(name, lambda i: pod_of(i)["containers"].append(container(memory=None))),
        )
        yield (
            f"{name}: a wide init container",
            "memory-start",
            bench.changed(name, lambda i: pod_of(i).setdefault("initContainers", []).append(container(memory="8Gi"))),
        )
        yield (
            f"{name}: overhead of the runtime",
            "memory-budget",
            bench.changed(name, lambda i: pod_of(i).update(overhead={"memory": "64Mi"})),
        )
        yield f"{name}: overhead of its RuntimeClass", "memory-budget", [*bench.changed(name, _in_a_sandbox), _RUNTIME]
        yield f"{name}: a volume in memory without size", "memory-limit", bench.changed(name, lambda i: in_memory(pod_of(i), None))
        if bench.inputs(name)["kind"] == "Deployment":
            yield f"{name}: rolling", "memory-peak", bench.changed(name, lambda i: i["spec"].pop("strategy"))
            for surge in (0, 1, "25%", "100%"):
                rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 1}}
                yield f"{name}: maxSurge {surge}", "memory-peak", bench.changed(name, lambda i, r=rolling: i["spec"].update(strategy=r))
            yield f"{name}: unknown strategy", "memory-limit", bench.changed(name, lambda i: i["spec"].update(strategy={"type": UNKNOWN}))
        target = bench.inputs(name)
        scaled = {"scaleTargetRef": {"kind": target["kind"], "name": target["metadata"]["name"]}, "minReplicas": 1, "maxReplicas": 4}
        yield (
            f"{name}: autoscaled to 4",
            "memory-budget",
            bench.with_more(extra("HorizontalPodAutoscaler", "scaler", scaled, "autoscaling/v2")),
        )


_RUNTIME = Declared(
    urn="urn::runtime",
    type="kubernetes:node.k8s.io/v1:RuntimeClass",
    name="kata",
    inputs={"metadata": {"name": "kata"}, "handler": "kata", "overhead": {"podFixed": {"memory": "64Mi"}}},
)


def _in_a_sandbox(inputs: Any) -> None:
    pod_of(inputs)["runtimeClassName"] = "kata"


def in_memory(spec: Any, size: str | None) -> None:
    """Mount an in-memory volume into every container of a pod."""
    spec.setdefault("volumes", []).append({"name": "fast", "emptyDir": {"medium": "Memory", **({"sizeLimit": size} if size else {})}})
    for one in spec["containers"]:
        one.setdefault("volumeMounts", []).append({"name": "fast", "mountPath": "/fast"})


def more_pods(bench: Workbench) -> Iterator[Made]:
    """Yield one more object that starts pods."""
    template = {"template": {"spec": pod()}}
    rolled = {"replicas": 1, "strategy": {"type": "Recreate"}, **template}
    yield "a Deployment more", "memory-budget", bench.with_more(extra("Deployment", "extra", rolled, "apps/v1"))
    yield "a StatefulSet more", "memory-budget", bench.with_more(extra("StatefulSet", "extra", {"replicas": 1, **template}, "apps/v1"))
    yield "a ReplicaSet more", "memory-budget", bench.with_more(extra("ReplicaSet", "extra", {"replicas": 1, **template}, "apps/v1"))
    yield "a ReplicationController", "memory-budget", bench.with_more(extra("ReplicationController", "extra", {"replicas": 1, **template}))
    yield "a Pod more", "memory-budget", bench.with_more(extra("Pod", "extra", pod()))
    yield "a Job more", "memory-peak", bench.with_more(extra("Job", "extra", template, "batch/v1"))
    yield "a Job of many", "memory-peak", bench.with_more(extra("Job", "extra", {"parallelism": 9, **template}, "batch/v1"))
    for policy, rule in (("Forbid", "memory-peak"), ("Replace", "memory-peak"), ("Allow", "memory-limit")):
        cron = {"schedule": "* * * * *", "concurrencyPolicy": policy, "jobTemplate": {"spec": template}}
        yield f"a CronJob, {policy}", rule, bench.with_more(extra("CronJob", "extra", cron, "batch/v1"))
    yield "a DaemonSet on who knows how many nodes", "memory-limit", bench.with_more(extra("DaemonSet", "extra", template, "apps/v1"))
    stopped = {"replicas": 0, "template": {"spec": pod(initContainers=[container(memory="2Gi")])}}
    yield "a stopped StatefulSet with a wide start", "memory-start", bench.with_more(extra("StatefulSet", "extra", stopped, "apps/v1"))
    stopped = {"replicas": 0, "template": {"spec": pod(initContainers=[container(memory="65Mi", restartPolicy="Always")])}}
    yield "a sidecar above the rest", "memory-start", bench.with_more(extra("StatefulSet", "extra", stopped, "apps/v1"))
    unbounded = pod(container(memory=None))
    yield "a Pod without a limit", "memory-limit", bench.with_more(extra("Pod", "extra", unbounded))
    yield "a Pod elsewhere", "memory-budget", bench.with_more(extra("Pod", "extra", pod(), namespace="elsewhere"))
    yield "a Helm release", "memory-limit", bench.with_more(extra("Release", "chart", {}, "helm.sh/v3"))
    yield "an operator's object", "memory-limit", bench.with_more(extra("Kafka", "cluster", {}, "kafka.strimzi.io/v1beta2"))
    yield "a patch of a Deployment", "memory-limit", bench.with_more(extra("DeploymentPatch", "patch", rolled, "apps/v1"))
    yield "a list of Pods", "memory-limit", bench.with_more(extra("PodList", "pods", {}, "core/v1"))
    for target, most in (("nobody", 3), ("extra", UNKNOWN)):
        scaled = {"scaleTargetRef": {"kind": "Deployment", "name": target}, "maxReplicas": most}
        made = bench.with_more(extra("HorizontalPodAutoscaler", "scaler", scaled, "autoscaling/v2"))
        yield f"an autoscaler of {target}", "memory-budget", made


def java(bench: Workbench) -> Iterator[Made]:
    """Yield each Java process with larger bounds, or without one."""
    for workload in bench.workloads():
        for place, at, one in bench.containers(workload):
            command = one["command"]
            if command[0] != "java" or place == "initContainers":
                continue
            where = f"{workload}/{one['name']}"

            def with_command(change: Callable[[list[str]], list[str]], at: int = at, workload: str = workload) -> list[Declared]:
                def edit(inputs: Any) -> None:
                    target = pod_of(inputs)["containers"][at]
                    target["command"] = change(target["command"])

                return bench.changed(workload, edit)

            def env(name: str, value: Any, at: int = at, workload: str = workload) -> list[Declared]:
                def edit(inputs: Any) -> None:
                    pod_of(inputs)["containers"][at].setdefault("env", []).append({"name": name, "value": value})

                return bench.changed(workload, edit)

            heap = next(int(word[4:-1]) for word in command if word.startswith("-Xmx"))
            yield (
                f"{where}: twice the heap",
                "java-fits",
                with_command(lambda words, h=heap: [w.replace(f"-Xmx{h}m", f"-Xmx{2 * h + 128}m") for w in words]),
            )
            yield (
                f"{where}: a second, larger -Xmx",
                "java-fits",
                with_command(lambda words: _after_flags(words, "-Xmx2g")),
            )
            yield (
                f"{where}: MaxRAMPercentage 95",
                "java-fits",
                with_command(lambda words: _after_flags([w for w in words if not w.startswith("-Xm")], "-XX:MaxRAMPercentage=95")),
            )
            unset = ("MaxDirectMemorySize",) if "-XX:TieredStopAtLevel=1" in command else ("MaxDirectMemorySize", "ReservedCodeCacheSize")
            for flag in unset:
                yield f"{where}: no {flag}", "java-fits", with_command(lambda words, f=flag: [w for w in words if f not in w])
            yield f"{where}: direct 1g", "java-fits", with_command(lambda words: _after_flags(words, "-XX:MaxDirectMemorySize=1g"))
            yield f"{where}: metaspace 900m", "java-fits", with_command(lambda words: _after_flags(words, "-XX:MaxMetaspaceSize=900m"))
            yield f"{where}: heap that is no size", "java-fits", with_command(lambda words: _after_flags(words, "-Xmx512mb"))
            yield f"{where}: _JAVA_OPTIONS", "java-fits", env("_JAVA_OPTIONS", "-Xmx2g")
            yield f"{where}: unknown JAVA_TOOL_OPTIONS", "java-fits", env("JAVA_TOOL_OPTIONS", UNKNOWN)
            yield f"{where}: a volume in memory", "java-fits", bench.changed(workload, lambda i: in_memory(pod_of(i), "384Mi"))
            yield (
                f"{where}: a smaller limit",
                "java-fits",
                bench.changed(workload, lambda i, n=at: pod_of(i)["containers"][n]["resources"]["limits"].update(memory="400Mi")),
            )


def _after_flags(command: list[str], flag: str) -> list[str]:
    """Return a command with a flag where the JVM reads it last: before the class path."""
    at = next(index for index, word in enumerate(command) if word in {"-cp", "-jar"})
    return [*command[:at], flag, *command[at:]]
