"""Rules for keys without effect: each is refused, with the choice that makes it void."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from stack.settings.model import Settings

_SERVER = ("memoryMib", "cpuMillicores", "storageMib", "storageClass", "sharedBuffersMib", "maxConnections", "slotWalKeepMib", "parameters")
_BROKERS = ("memoryMib", "cpuMillicores", "storageMib", "storageClass", "jvm", "extra")
_REGISTRY = ("memoryMib", "cpuMillicores", "jvm")
_PORTS = ("postgres", "kafka", "registry", "connect")
_MONITORING = (
    "kind",
    "external",
    "namespace",
    "prometheusMib",
    "alertmanagerMib",
    "postgresExporterMib",
    "exporterMib",
    "scoresMib",
    "cpuMillicores",
    "retentionMib",
    "intervalS",
    "runbooks",
    "targetChangesPerSecond",
    "kubelets",
    "grafana",
    "secrets",
    "receivers",
)
_OF_PROMETHEUS = ("prometheusMib", "alertmanagerMib", "retentionMib", "kubelets", "grafana", "receivers")
_AUDIT = ("namespace", "memoryMib", "cpuMillicores", "diskMib", "since", "listen", "deadlineMinutes", "secrets")
_QUALITY = ("action", "lateAfterS", "windowMinutes", "warningPercent", "criticalPercent", "owners")


def void_keys(settings: Settings) -> list[Problem]:
    """Return every key of the stack file that has no effect in this stack."""
    return [
        Problem(path=path, rule=f"has no effect: {reason}", cure="remove it")
        for path, reason in _void(settings)
        if is_given(settings, path)
    ]


def assumed_tables(settings: Settings, stack: str) -> str | None:
    """Return a warning that an existing database is taken to have the shop's tables, or None where the stack names tables.

    Args:
        settings: Settings of the stack.
        stack: Name of the stack.
    """
    if not settings.source.assumes_shop:
        return None
    tables = ", ".join(table.qualified for table in settings.source.tables)
    return (
        f"source.tables is not set, so the existing database is taken to have the shop's tables ({tables}); "
        f"write its own with make tables STACK={stack}, and set source.tables to tables/{stack}.yaml"
    )


def is_given(section: BaseModel, path: str) -> bool:
    """Return whether a stack file sets a key, by its path such as ``source.memoryMib``."""
    key, _, rest = path.partition(".")
    name = next(name for name, field in type(section).model_fields.items() if key in {field.alias, name})
    if name not in section.model_fields_set:
        return False
    return is_given(getattr(section, name), rest) if rest else getattr(section, name) is not None


def _void(settings: Settings) -> Iterator[tuple[str, str]]:  # noqa: C901 - one branch for each choice
    """Yield path and reason of every key that another choice of the stack makes void."""
    source, kafka, schemas = settings.source, settings.streaming.kafka, settings.streaming.registry
    archive, host = settings.archive, settings.host
    if not source.is_managed:
        reason = "source.kind is external, and the program does not change an existing server"
        yield from ((f"source.{key}", reason) for key in (*_SERVER, "sampleData"))
        yield from (("images.postgres", reason), ("host.postgres", reason))
    elif source.sample_data and not source.has_shop_tables:
        yield "source.sampleData", "the rows are the shop's, but source.tables lacks its tables"
    if not kafka.is_managed:
        reason = "streaming.kafka.kind is external, and the program does not change an existing cluster"
        yield from ((f"streaming.kafka.{key}", reason) for key in _BROKERS)
        yield from (("images.kafka", reason), ("host.kafka", reason))
    if not schemas.is_managed:
        reason = "streaming.registry.kind is external, and the program does not change an existing registry"
        yield from ((f"streaming.registry.{key}", reason) for key in _REGISTRY)
        yield from (("images.registry", reason), ("host.registry", reason))
    if host.exposure != "nodePort":
        yield from ((f"host.{key}", f"host.exposure is {host.exposure}, which opens no node ports") for key in (*_PORTS, "address"))
    if host.exposure != "loadBalancer":
        yield "host.domain", f"host.exposure is {host.exposure}, and only load balancers have a domain"
    if archive.format == "parquet":
        yield "archive.catalog", "archive.format is parquet, which has no catalog"
        yield "archive.snapshotMinutes", "archive.format is parquet, which has no snapshots"
    else:
        yield "archive.flushRecords", "archive.format is iceberg, whose files end with a commit"
    if archive.existing_bucket:
        reason = "archive.existingBucket is true, and the program does not change an existing bucket"
        yield from ((f"archive.{key}", reason) for key in ("expireNoncurrentDays", "accessLogBucket"))
    yield from _of_the_audit(settings)
    yield from _of_the_monitoring(settings)
    if not settings.is_read:
        yield "images.audit", "the stack has neither a scheduled audit nor monitoring"
    yield from _of_the_quality(settings)
    yield from _of_the_trail(settings)
    if not kafka.is_managed and settings.streaming.connect.workers == 1:
        yield "cluster.spread", "streaming.kafka.kind is external and there is one worker, so nothing is spread"
    own = [part for part in (source, kafka) if part.is_managed and part.storage_class is None]
    if not own:
        yield "cluster.provisioner", "the program creates no storage class"


def _of_the_trail(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.logs.trail:
        yield "logs.readsOf", "logs.trail is false, and no line tells of who read what"
    elif not settings.source.is_managed:
        yield "logs.readsOf", "source.kind is external, and the program does not change an existing server"


def _of_the_quality(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.quality.enabled:
        reason = "quality.enabled is false, and no row is judged"
        yield from ((f"quality.{key}", reason) for key in _QUALITY)


def _of_the_audit(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.audit.is_on:
        reason = "audit.schedule is missing, and without it the stack has no scheduled audit"
        yield from ((f"audit.{key}", reason) for key in _AUDIT)
    else:
        yield from _created_logins(settings, "audit")


def _of_the_monitoring(settings: Settings) -> Iterator[tuple[str, str]]:
    section = settings.monitoring
    if not section.enabled:
        reason = "monitoring.enabled is false"
        yield from ((f"monitoring.{key}", reason) for key in _MONITORING)
        yield from ((f"images.{key}", reason) for key in ("prometheus", "alertmanager", "grafana", "postgresExporter"))
        return
    if not settings.scores_archive:
        yield "monitoring.scoresMib", "quality.enabled is false, and nothing checks the archive"
    yield from _created_logins(settings, "monitoring")
    if section.external is not None:
        reason = f"monitoring.kind is {section.kind}, and the program does not change an existing Prometheus and its Alertmanager"
        yield from ((f"monitoring.{key}", reason) for key in _OF_PROMETHEUS)
        yield from ((f"images.{key}", reason) for key in ("prometheus", "alertmanager", "grafana"))
        if section.kind == "files":
            yield "monitoring.external.labels", "monitoring.kind is files, and the program declares no object that a Prometheus chooses"
        return
    if not section.grafana.enabled:
        reason = "monitoring.grafana.enabled is false"
        yield from ((key, reason) for key in ("monitoring.grafana.memoryMib", "images.grafana"))
    if section.receivers.addresses == ():
        yield "monitoring.receivers.ports", "monitoring.receivers.addresses is empty, so no pod of the monitoring reaches a receiver"


def _created_logins(settings: Settings, section: str) -> Iterator[tuple[str, str]]:
    """Yield the Secrets of a reader that the program makes by itself."""
    kafka = settings.streaming.kafka.external
    created = {
        "database": (settings.source.is_managed, "source.kind is managed, and the program creates the reading role"),
        "kafka": (kafka is None or not kafka.logs_in, "Kafka needs no login"),
        "registry": (settings.streaming.registry.is_managed, "the program creates a reading user of the registry"),
        "store": (settings.archive.endpoint is None, "archive.endpoint is not set, and the program creates a reading AWS identity"),
    }
    yield from ((f"{section}.secrets.{key}", reason) for key, (is_void, reason) in created.items() if is_void)
