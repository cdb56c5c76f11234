"""Configuration of Prometheus: what it asks, the rules that it evaluates, and where alerts go. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.specification import logs
from stack.specification.monitoring import jobs, ports
from stack.specification.monitoring.scope import LABEL, series_labels
from stack.specification.monitoring.targets import interval, targets, timeout
from stack.specification.monitoring.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest
    from stack.specification.monitoring.targets import Target

CONFIG: Final = "/etc/prometheus"
FILE: Final = "prometheus.yml"
DATA: Final = "/prometheus"
SEGMENT_MIB: Final = 32
"""Space that Prometheus allocates each time it writes a block, whatever the block needs: by default 512 MiB, the whole of the pod's volume,
upon which the kubelet ends the pod."""
TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
_KUBELET: Final = {
    "kubelet-resource": (
        "/metrics/resource",
        "container_memory_working_set_bytes|container_cpu_usage_seconds_total|container_start_time_seconds|resource_scrape_error",
    ),
    "kubelet-cadvisor": (
        "/metrics/cadvisor",
        "container_oom_events_total|container_spec_memory_limit_bytes|container_pressure_memory_waiting_seconds_total",
    ),
    "kubelet-probes": ("/metrics/probes", "prober_probe_total"),
}


def config_file(settings: Settings, rule_files: Mapping[str, str]) -> str:
    """Return ``prometheus.yml``.

    Args:
        settings: The stack's settings.
        rule_files: Rule files by name, which lie beside it.
    """
    content: Manifest = {
        "global": {
            "scrape_interval": interval(settings),
            "scrape_timeout": timeout(settings),
            "evaluation_interval": interval(settings),
            "external_labels": {LABEL: settings.names.namespace},
        },
        "rule_files": [f"{CONFIG}/{name}" for name in sorted(rule_files)],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [f"{ports.service(ports.ALERTMANAGER)}:{ports.ALERTMANAGER_PORT}"]}]}]
        },
        "scrape_configs": [*_of_stack(settings), *_of_itself(), *_kubelets(settings)],
    }
    return yaml_text(content, 200)


def scrape_file(settings: Settings) -> str:
    """Return the file with the scrape jobs of a stack for an existing Prometheus, which lists it in ``scrape_config_files``.

    The names of jobs are the stack's own there, and the labels of the series are the same as in a Prometheus of the stack's.
    """
    return yaml_text({"scrape_configs": [_among_others(one, settings) for one in (*_of_stack(settings), *_kubelets(settings))]}, 200)


def command(settings: Settings) -> list[str]:
    """Return the command line of Prometheus."""
    return [
        "/bin/prometheus",
        f"--config.file={CONFIG}/{FILE}",
        f"--storage.tsdb.path={DATA}",
        f"--storage.tsdb.retention.size={settings.monitoring.retention_mib}MB",
        f"--storage.tsdb.max-block-chunk-segment-size={SEGMENT_MIB}MB",
        f"--web.listen-address=:{ports.PROMETHEUS_PORT}",
        logs.flag(settings.logs),
    ]


def _of_stack(settings: Settings) -> list[Manifest]:
    return [_found_by_name(target) for target in targets(settings)]


def _found_by_name(target: Target) -> Manifest:
    """Return the job of a target: static names of its pods, or the addresses behind a headless Service."""
    if target.service:
        found = [{"names": [target.service], "type": "A", "port": target.port, "refresh_interval": "15s"}]
        return {"job_name": target.job, "dns_sd_configs": found}
    # the name of a single pod changes with each start
    several = len(target.hosts) > 1
    hosts = [{"targets": [f"{host}:{target.port}"], **({"labels": {"pod": pod}} if several else {})} for pod, host in target.hosts]
    return {"job_name": target.job, "static_configs": hosts}


def _of_itself() -> list[Manifest]:
    own = {
        jobs.PROMETHEUS: f"localhost:{ports.PROMETHEUS_PORT}",
        jobs.ALERTMANAGER: f"{ports.service(ports.ALERTMANAGER)}:{ports.ALERTMANAGER_PORT}",
    }
    return [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in own.items()]


def _among_others(job: Mapping[str, Any], settings: Settings) -> Manifest:
    """Return a job for a Prometheus that has jobs of others, and intervals of its own."""
    own = {"job": str(job["job_name"]), **series_labels(settings)}
    relabelled = [{"target_label": label, "replacement": value} for label, value in own.items()]
    return {
        **job,
        "job_name": f"{settings.names.namespace}-{job['job_name']}",
        "scrape_interval": interval(settings),
        "scrape_timeout": timeout(settings),
        # the label of the kubelets' jobs comes after
        "relabel_configs": [*relabelled, *job.get("relabel_configs", [])],
    }


def _kubelets(settings: Settings) -> list[Manifest]:
    """Ask each node's kubelet for the pods of the stack's namespaces alone, and few of its thousands of series."""
    if not settings.monitoring.asks_kubelets:
        return []
    namespaces = "|".join((settings.names.namespace, *settings.further_mib))
    found = {"role": "node"}
    reached = {"scheme": "https", "authorization": {"credentials_file": f"{TOKEN}/token"}}
    return [
        {
            "job_name": job,
            **reached,
            # a kubelet's own certificate is signed by no authority that pods know; the token is what it checks
            "tls_config": {"insecure_skip_verify": True},
            "metrics_path": path,
            "kubernetes_sd_configs": [found],
            "relabel_configs": [{"target_label": "job", "replacement": jobs.KUBELET}],
            "metric_relabel_configs": [
                {"source_labels": ["__name__"], "regex": kept, "action": "keep"},
                {"source_labels": ["namespace"], "regex": f"({namespaces})?", "action": "keep"},
            ],
        }
        for job, (path, kept) in _KUBELET.items()
    ]
