"""The exporter of the pipeline's figures in a pod: its command, environment, document and logins.

A look takes a few seconds and no memory that grows with rows: it reads positions, ends and metadata. Where rows are judged, the same
process scores the archive: most of what a second one would load is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.settings.names import EXPORTER_PORT
from stack.specification import readers

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.specification.archive.identity import PodIdentity
    from stack.specification.source.layer import Source

COMPONENT: Final = "exporter"
CONFIG_MAP: Final = "exporter-config"
DATABASE_LOGIN: Final = "exporter-database"
REGISTRY_LOGIN: Final = "exporter-registry"
CONNECT_LOGIN: Final = "exporter-connect"
WORK: Final = "/work"
"""Folder for what a check of the archive does not keep in memory."""
WORK_MIB: Final = 1024
"""Most space of that folder: 136 MiB were taken by a window of 1.8 million changes."""
PATH: Final = "/metrics"
"""Path of the figures, which answers from the start on, also while a part of the stack is away: a probe may use it."""
_EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - of its pod
# Part of the memory for checks that is not DuckDB's: Arrow, and places of records before they are on disk.
_BESIDE_DUCKDB_MIB: Final = 32
_FETCHED_MIB: Final = 8


def command(settings: Settings) -> list[str]:
    """Return the command line of the container."""
    return [
        "python3",
        "-m",
        "pipeline.quality" if settings.scores_archive else "pipeline.status",
        _EVERY_ADDRESS,
        str(EXPORTER_PORT),
        str(settings.monitoring.interval_s),
    ]


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the container."""
    aws = readers.AWS_ENVIRONMENT if _reads_archive(settings) else {}
    work = {"TMPDIR": WORK} if settings.scores_archive else {}
    # each part is asked in a thread of its own, and without a bound each would have a heap arena; Arrow would keep what it has freed
    return {
        **aws,
        **work,
        "MALLOC_ARENA_MAX": "2",
        "PYICEBERG_MAX_WORKERS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def document(settings: Settings, source: Source, registry_url: str) -> dict[str, Any]:
    """Return the document that the exporter reads, as JSON: its file is ``READER_FILE`` below ``READER_CONFIG``.

    Args:
        settings: The stack's settings.
        source: Specification of the captured database.
        registry_url: Confluent-compatible API of the registry as pods reach it.
    """
    written = readers.description(settings, source, registry_url, with_rules=settings.scores_archive)
    if not settings.scores_archive:
        return written
    quality = settings.quality.model_dump(mode="json", by_alias=True)
    duckdb_mib = settings.monitoring.scores_mib - _BESIDE_DUCKDB_MIB
    return {**written, "quality": {"settings": quality, "duckdbMib": duckdb_mib, "fetchedMib": _FETCHED_MIB}}


def secrets(settings: Settings, reader: PodIdentity | None) -> dict[str, str]:
    """Return the Secrets of the pod: folder below ``READER_SECRETS`` to name of the Secret.

    ``database`` has ``username``, ``password`` and ``ca.crt``, ``registry``, ``connect`` and ``kafka`` have ``username`` and ``password``,
    and ``archive`` has the AWS SDK's files.

    Args:
        settings: The stack's settings.
        reader: AWS identity of the pod, or None if an existing Secret has its keys.
    """
    own = {"database": DATABASE_LOGIN, "registry": REGISTRY_LOGIN, "connect": CONNECT_LOGIN}
    found = readers.secrets(settings, own, settings.monitoring.secrets, reader)
    return {folder: secret for folder, secret in found.items() if folder != "archive" or _reads_archive(settings)}


def _reads_archive(settings: Settings) -> bool:
    """Tell whether the exporter reads the archive: looks are at tables alone, and scores are of any archive."""
    return settings.archive.format == "iceberg" or settings.scores_archive
