"""Existing logins of pods that only read the stack: the scheduled audit, and the exporter of the monitoring."""

from __future__ import annotations

from stack.settings.section import Section
from stack.settings.types import DnsLabel


class ReaderSecrets(Section):
    """Existing Secrets in the pod's namespace, one for each existing system; each login needs no more than the right to read."""

    database: DnsLabel | None = None
    """Secret with ``username``, ``password`` and ``ca.crt`` of a database role that may replicate, and read the Iceberg catalog where that
    is in the same server; required with ``source.kind: external``."""
    kafka: DnsLabel | None = None
    """Secret with ``username`` and ``password`` for the existing Kafka cluster; required where that needs a login."""
    registry: DnsLabel | None = None
    """Secret with ``username`` and ``password`` for the existing schema registry; required with ``streaming.registry.kind: external``."""
    store: DnsLabel | None = None
    """Secret whose key ``credentials`` is a credentials file of the AWS SDK with the profile ``archive``; required with
    ``archive.endpoint``."""
