"""Specification of the scheduled audit: a namespace with a budget, logins that may only read, and a CronJob."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.settings.names import READER_FILE
from stack.specification import manifest
from stack.specification.archive.readers import reading_identity
from stack.specification.audit import document, job
from stack.specification.audit.network import COMPONENT, own_policies
from stack.specification.foundation import container_limits, memory_quota, restricted_labels
from stack.specification.streaming.registry import AUDIT_USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.specification.archive.identity import PodIdentity
    from stack.specification.manifest import Manifest
    from stack.specification.source.layer import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Specification of the scheduled audit.

    Attributes:
        namespace: Name of its namespace, which the program creates.
        labels: Labels of the namespace, which admits only pods that satisfy Pod Security ``restricted``.
        quota: Specification of the ResourceQuota.
        limits: Specification of the LimitRange.
        network_policies: Specification of each NetworkPolicy by name.
        files: Files by ConfigMap name, then file name.
        database: User of the database, or None if an existing Secret has the login.
        registry: User of the schema registry, or None likewise.
        reader: AWS identity of the job, or None if an existing Secret has its keys.
        cron_job: Specification of the CronJob.
    """

    namespace: str
    labels: Mapping[str, str]
    quota: Manifest
    limits: Manifest
    network_policies: Mapping[str, Manifest]
    files: Mapping[str, Mapping[str, str]]
    database: str | None
    registry: str | None
    reader: PodIdentity | None
    cron_job: Manifest

    @property
    def last(self) -> str:
        """Name of the label selector by which people find the runs."""
        return ",".join(f"{key}={value}" for key, value in manifest.labels(COMPONENT).items())


def audit(settings: Settings, source: Source, registry_url: str) -> Audit | None:
    """Return the specification of the scheduled audit, or None for a stack without one.

    Args:
        settings: The stack's settings.
        source: Specification of the captured database.
        registry_url: Confluent-compatible API of the registry as pods reach it.
    """
    section, namespace = settings.audit, settings.audit_namespace
    if namespace is None:
        return None
    written = document.document(settings, source, registry_url)
    files = {job.CONFIG_MAP: {READER_FILE: json.dumps(written, indent=2, sort_keys=True) + "\n"}}
    reader = None if settings.archive.endpoint is not None else reading_identity(settings, namespace, COMPONENT)
    return Audit(
        namespace=namespace,
        labels=restricted_labels(),
        quota=memory_quota(section.memory_mib),
        limits=container_limits(section.memory_mib),
        network_policies=own_policies(settings),
        files=files,
        database=settings.names.audit_role if settings.source.is_managed else None,
        registry=AUDIT_USER if settings.streaming.registry.is_managed else None,
        reader=reader,
        cron_job=job.cron_job(settings, files, job.secrets(settings, reader)),
    )
