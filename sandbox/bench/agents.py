"""Cost of the monitoring: the same rows go through the pipeline with and without it, in one run.

With: the sandbox as it is, with Prometheus' agent in each broker and worker, the exporters, Prometheus and Alertmanager. Without:
`monitoring.enabled` is taken out of the stack file and `sandbox up` follows it; both are put back in the end. Order: with, without,
without, with, so that a machine that gets slower or faster in the meantime meets both alike. The first way of rows after each change of
the pods is not measured, since it warms the Java programs. One way of rows is that of `drain`: INSERTs, queue, sink, DELETEs; a change is
an INSERT or a DELETE. Rates are all changes of a kind divided by all their seconds. Processor time is that of the pods' control groups
over the whole way; a pod that begins or ends meanwhile is an error. The last column divides with by without; single ways show the noise.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Final

import yaml

from pipeline.reading import saved_outputs
from sandbox import changed_stack, cluster, processor
from sandbox.bench import drain, machine
from sandbox.bench.figures import Figures, FiguresError
from sandbox.bench.ways import WITH, WITHOUT, PodTime, Way, single, table, used
from sandbox.kubernetes import Kube
from sandbox.paths import KUBECONFIG
from sandbox.stack_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.checks.progress import Progress
    from sandbox.bench.ways import Part

_MONITORING: Final = "data-ingestion:monitoring"
_IMAGES: Final = "data-ingestion:images"
# Images that have no effect without monitoring, which a stack file may then not name
_OF_MONITORING: Final = ("prometheus", "alertmanager", "grafana", "postgresExporter")
_COMPONENT: Final = "app.kubernetes.io/component"


def measure(progress: Progress, number: int, minutes: float) -> Figures:
    """Send rows through the pipeline with and without monitoring.

    Args:
        progress: Shows what runs.
        number: How many rows go through at a time.
        minutes: The most that one way may take.

    Raises:
        FiguresError: If the stack has no monitoring, a row is missing or there twice, it takes longer, or a pod begins or ends meanwhile.
        NoSandboxError: If there is no sandbox.
        NodeError: If it belongs to another checkout, whose stack file is not this one.
        GroundError: If the sandbox does not follow the stack file.
    """
    saved_outputs.read()
    cluster.refuse_another()
    refuse_unwatched(enabled=settings().monitoring.enabled)
    # there is no such namespace while the monitoring is away
    namespaces: dict[str, Part] = {settings().names.namespace: "pipeline", str(settings().monitoring_namespace): "monitoring"}

    def ways(arm: str, times: int) -> list[Way]:
        # passwords are the same in both arms, and so is where everything is
        run = partial(drain.run, saved_outputs.read(), progress, number, minutes)
        progress.note(f"{arm} monitoring, not measured")
        run()
        found = []
        for turn in range(1, times + 1):
            progress.note(f"{arm} monitoring, {turn} of {times}")
            found.append(_way(arm, run, lambda: _times(Kube(KUBECONFIG), namespaces)))
        return found

    found = ways(WITH, 1)
    versions = machine.sandbox_versions(Kube(KUBECONFIG))
    with changed_stack.changed(without_monitoring):
        found += ways(WITHOUT, 2)
    found += ways(WITH, 1)
    raw = {"ways": [asdict(way) for way in found]}
    return Figures(f"Cost of the monitoring, by ways of {number} rows", str(__doc__), (table(found), single(found)), raw, versions)


def refuse_unwatched(*, enabled: bool) -> None:
    """Refuse a stack without monitoring. Raises FiguresError with the cure."""
    if not enabled:
        message = (
            "monitoring.enabled is false in Pulumi.sandbox.yaml, so there is no cost to measure; set it to true and run 'make sandbox'"
        )
        raise FiguresError(message)


def without_monitoring(text: str) -> str:
    """Return a stack file without monitoring, and without keys that then have no effect.

    Args:
        text: The stack file.
    """
    content = yaml.safe_load(text)
    config = content["config"]
    config.pop(_MONITORING)
    images = {key: image for key, image in config.pop(_IMAGES, {}).items() if key not in _OF_MONITORING}
    return yaml.safe_dump({**content, "config": {**config, **({_IMAGES: images} if images else {})}}, sort_keys=False)


def _times(kube: Kube, namespaces: Mapping[str, Part]) -> dict[str, PodTime]:
    """Return the processor time of each running pod by its ``uid``.

    Args:
        kube: The cluster.
        namespaces: Names of namespaces, and what the pods of each belong to.
    """
    found = {}
    for namespace, part in namespaces.items():
        for pod in kube.list("Pod", namespace, fields="status.phase=Running"):
            seconds = processor.seconds_of_pod(pod["metadata"]["uid"])
            # what an update has replaced is about to end
            if seconds is not None and "deletionTimestamp" not in pod["metadata"]:
                component = pod["metadata"].get("labels", {}).get(_COMPONENT, pod["metadata"]["name"])
                found[pod["metadata"]["uid"]] = PodTime(part, component, seconds)
    return found


def _way(arm: str, run: Callable[[], drain.Run], times: Callable[[], Mapping[str, PodTime]]) -> Way:
    before = times()
    done = run()
    pipeline, monitoring = used(before, times())
    return Way(arm, done, pipeline, monitoring)
