"""Prometheus' agent in the Java processes: its flag, port and file, with the beans that it reads and the metrics that it makes of them.

The beans and their attributes are those in the jars of Kafka 4.3.1, Debezium 3.7.0 and Prometheus' agent 1.0.1 (images/*/contents.lock).
A process has thousands of attributes; each file names the few that an alert or a dashboard asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from stack.specification import manifest
from stack.specification.monitoring import broker_metrics, registry_metrics, worker_metrics
from stack.specification.monitoring.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest
    from stack.specification.monitoring.agent_rules import Metrics

Process = Literal["kafka", "connect", "registry"]

PORT: Final = 9404
PORT_NAME: Final = "metrics"
# Outside the class path; images/*/Dockerfile put it there.
AGENT: Final = "/opt/jmx/agent.jar"
FILE: Final = "jmx.yml"
_FILE: Final = f"/etc/metrics/{FILE}"
# Volume with the process's own files, among them the agent's.
_VOLUME: Final = "config"

# A look at the states of a connector's tasks before they have one is no fault, and would be a trace in the log for each state.
_LOGGING: Final[Mapping[Process, str]] = {
    "kafka": "",
    "connect": "logger.jmx.name = org.apache.kafka.common.metrics.JmxReporter\nlogger.jmx.level = error\n",
    "registry": "",
}
_METRICS: Final[Mapping[Process, Metrics]] = {
    "kafka": broker_metrics.METRICS,
    "connect": worker_metrics.METRICS,
    "registry": registry_metrics.METRICS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the agent adds to a process; nothing without monitoring.

    Attributes:
        flags: Flags of the JVM.
        files: Files beside the process's own, by name.
        ports: Ports of the container, by name.
        mounts: Mounts of the container.
        logging: Lines of the file for Log4j.
    """

    flags: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    ports: tuple[tuple[str, int], ...] = ()
    mounts: tuple[Manifest, ...] = ()
    logging: str = ""


NO_AGENT: Final = Agent()


def agent(settings: Settings, process: Process) -> Agent:
    """Return the agent of a process; Apicurio's registry needs none, since it gives its own metrics."""
    if not settings.monitoring.enabled or (process == "registry" and settings.streaming.registry.kind == "apicurio"):
        return NO_AGENT
    return Agent(
        flags=(f"-javaagent:{AGENT}={PORT}:{_FILE}",),
        files=((FILE, file_text(process)),),
        ports=((PORT_NAME, PORT),),
        mounts=(manifest.mount(_VOLUME, _FILE, subPath=FILE),),
        logging=_LOGGING[process],
    )


def file_text(process: Process) -> str:
    """Return the agent's file: beans, and rules of which the first that fits an attribute gives its metric."""
    metrics = _METRICS[process]
    content = {
        "lowercaseOutputName": True,
        "includeObjectNames": list(metrics.beans),
        "rules": [rule.written() for rule in metrics.rules],
    }
    return yaml_text(content, 1000)
