"""Cases of the alerts about containers and certificates."""

from __future__ import annotations

from typing import Final

from tests.monitoring.cases.case import fires, silent

_MIB: Final = 1024**2
_WHERE: Final = {"namespace": "data-ingestion", "pod": "kafka-0", "container": "kafka"}
_LABELS: Final = ",".join(f'{key}="{value}"' for key, value in _WHERE.items())
_SET: Final = f"container_memory_working_set_bytes{{{_LABELS}}}"
_KILLED: Final = f"container_oom_events_total{{{_LABELS}}}"
_WAITED: Final = f"container_pressure_memory_waiting_seconds_total{{{_LABELS}}}"
_STARTED: Final = f"container_start_time_seconds{{{_LABELS}}}"
_PROBES: Final = f'prober_probe_total{{{_LABELS},probe_type="Readiness",result="failed"}}'
_ENDS: Final = 'pipeline_certificate_not_after_timestamp_seconds{certificate="postgresql"}'
_DAY: Final = 86_400

CASES: Final = (
    fires(
        "ContainerNearLimit",
        "650 of 682 MiB",
        "12m",
        {_SET: f"{650 * _MIB}x20"},
        "kafka of kafka-0 has used 95.31% of its memory limit for 10 minutes",
        **_WHERE,
    ),
    silent("ContainerNearLimit", "600 of 682 MiB", "12m", {_SET: f"{600 * _MIB}x20"}),
    silent("ContainerNearLimit", "a foreign container", "12m", {_SET.replace("data-ingestion", "other"): f"{900 * _MIB}x20"}),
    fires(
        "OutOfMemoryKilled",
        "a process was killed",
        "6m",
        {_KILLED: "0 0 1x9"},
        "kafka of kafka-0 went over its memory limit, and the kernel ended a process in it",
        **_WHERE,
    ),
    silent("OutOfMemoryKilled", "last week", "6m", {_KILLED: "1x9"}),
    fires(
        "MemoryPressure",
        "waits for pages",
        "18m",
        {_WAITED: "0+12x30"},
        "kafka of kafka-0 has waited for memory for 20% of 10 minutes",
        **_WHERE,
    ),
    silent("MemoryPressure", "a start", "18m", {_WAITED: "0 30 60 60x30"}),
    fires(
        "ContainerRestarts",
        "three starts",
        "8m",
        {_STARTED: "100 200 200 300 300 400 400x9"},
        "kafka of kafka-0 was restarted 3 times within 15 minutes",
        **_WHERE,
    ),
    silent("ContainerRestarts", "a rollout", "8m", {_STARTED: "100 100 200x9"}),
    fires(
        "ProbeFails",
        "never ready",
        "18m",
        {_PROBES: "0+6x30"},
        "The readiness probe of kafka of kafka-0 has been failing for 10 minutes",
        **_WHERE,
    ),
    silent("ProbeFails", "a start of two minutes", "14m", {_PROBES: "0 6 12 12x30"}),
    fires(
        "CertificateExpires",
        "in 20 days",
        "62m",
        {_ENDS: f"{20 * _DAY}x90"},
        "The certificate postgresql ends in 19d 22h 58m 0s",
        certificate="postgresql",
    ),
    silent("CertificateExpires", "in a year", "62m", {_ENDS: f"{365 * _DAY}x90"}),
    fires(
        "CertificateExpiresSoon",
        "tomorrow",
        "3m",
        {_ENDS: f"{_DAY}x9"},
        "The certificate postgresql ends in 23h 57m 0s; after that, nobody connects",
        certificate="postgresql",
    ),
    silent("CertificateExpiresSoon", "in 20 days", "3m", {_ENDS: f"{20 * _DAY}x9"}),
    silent("ContainerNearLimit", "a peak", "20m", {_SET: f"{650 * _MIB}x8 {600 * _MIB}x20"}),
)
