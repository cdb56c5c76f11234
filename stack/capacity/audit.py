"""Memory of an audit's process, and what of a pod's limit is left for the comparison by DuckDB.

Measured on 2026-11-29 with the wheels of the image: 178 MiB resident once every library is loaded and each client has connected.
DuckDB 2.0 with limits of 244 and 488 MiB and two threads took 102 and 118 MiB beyond its limit for twenty million rows; 48 and 58 for four.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

THREADS: Final = 2
"""Threads of DuckDB, whatever the node has: each takes memory beyond the limit."""

ENVIRONMENT: Final[Mapping[str, str]] = {
    # without bounds, each pool has a thread, and a heap arena, for each core of the node
    "ARROW_IO_THREADS": "4",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": str(THREADS),
    "PYICEBERG_MAX_WORKERS": "4",
}
"""Environment of the process, for which the figures hold."""

_LIBRARIES_MIB: Final = 192
_BEYOND_DUCKDB_MIB: Final = 128
# Fetched records before they are taken (pipeline/audit/topics.py), and the answer of a broker that is on its way.
_FETCHED_MIB: Final = 32 + 50
# Rows before they are written (pipeline/audit/spill.py): of Kafka and of the database's log at the same time.
TABLE_MIB: Final = 2 * 20
LEAST_COMPARISON_MIB: Final = 256
"""Memory with which DuckDB compared twenty million rows; with less, it has not been seen to."""

LEAST_DISK_MIB: Final = 128 + TABLE_MIB
"""Disk for DuckDB's own files, of which 100 million rows took up to 94 MiB (docs/audit.md), and for one full batch of rows of each side."""


def comparison_mib(limit_mib: int, tables: int) -> int:
    """Return the memory that is left for DuckDB, in MiB; it may be too little or negative.

    Args:
        limit_mib: Memory limit of the pod.
        tables: Number of audited tables.
    """
    return limit_mib - _LIBRARIES_MIB - _BEYOND_DUCKDB_MIB - _FETCHED_MIB - TABLE_MIB * tables


def least_mib(tables: int) -> int:
    """Return the smallest memory limit of a pod that audits so many tables, in MiB."""
    return LEAST_COMPARISON_MIB - comparison_mib(0, tables)
