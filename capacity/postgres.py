"""Maximum memory and write-ahead log of a PostgreSQL server, from its actual parameters.

Parameters, units and defaults are those of PostgreSQL 17 (documentation, chapter 19 "Server Configuration", and ``pg_settings``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.postgres_parameters import ParameterError
from capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULTS = {
    "shared_buffers": "128MB",
    "wal_buffers": "-1",
    "work_mem": "4MB",
    "maintenance_work_mem": "64MB",
    "autovacuum_work_mem": "-1",
    "autovacuum_max_workers": "3",
    "logical_decoding_work_mem": "64MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "max_slot_wal_keep_size": "-1",
    "wal_keep_size": "0",
    "temp_buffers": "8MB",
    "min_dynamic_shared_memory": "0",
    "max_locks_per_transaction": "64",
    "hash_mem_multiplier": "2.0",
}
# Default locks and temporary buffers, which the fixed parts below include.
_LOCKS, _TEMP_BUFFERS = 64, 8 * 1024**2
# Shared memory of one additional lock (documentation, 19.12 "Lock Management").
LOCK_BYTES = 270
_UNIT = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
# Unit of a number without one, in bytes, where it is not a kilobyte.
_UNITLESS = {
    "shared_buffers": 8192,
    "wal_buffers": 8192,
    "max_wal_size": 1024**2,
    "max_slot_wal_keep_size": 1024**2,
    "wal_keep_size": 1024**2,
    "temp_buffers": 8192,
    "min_dynamic_shared_memory": 1024**2,
}

# Private memory of one backend without work_mem: catalog caches, plans, TLS. Measured: fresh 1.4, used 1.5 to 4, with a 4 MB sort 6.
BACKEND_MIB = 3
# A walsender without logical_decoding_work_mem: with 32 MB of that, one took 39 MiB on one large transaction.
DECODER_MIB = 8
# Shared memory without buffers: locks, process arrays, subtransactions. Measured: 142 MiB with 128 of buffers and 8 of WAL.
SHARED_FIXED_MIB = 12
# Postmaster, checkpointer, writers and launchers together.
AUXILIARY_MIB = 16


@dataclass(frozen=True, slots=True)
class Postgres:
    """Memory of a server, each part at its maximum, in bytes.

    Attributes:
        shared: Buffers and other shared structures.
        autovacuum: All autovacuum workers at once.
        maintenance: One manual VACUUM or CREATE INDEX.
        decoding: Logical decoding for each active slot.
        backends: All connections, each with one sort or hash table in ``work_mem``.
        auxiliary: The server's own processes.
        connections: Number of connections.
    """

    shared: int
    autovacuum: int
    maintenance: int
    decoding: int
    backends: int
    auxiliary: int
    connections: int

    @property
    def needed(self) -> int:
        """Minimum memory limit of the container, in bytes."""
        return self.shared + self.autovacuum + self.maintenance + self.decoding + self.backends + self.auxiliary

    def parts(self) -> dict[str, int]:
        """Return the parts by name, in bytes."""
        return {
            "shared buffers": self.shared,
            "autovacuum": self.autovacuum,
            "maintenance": self.maintenance,
            "logical decoding": self.decoding,
            f"{self.connections} connections": self.backends,
            "own processes": self.auxiliary,
        }


def size(parameters: Mapping[str, str], name: str) -> int:
    """Return a parameter in bytes; negative where it means "no bound" or "the value of another parameter".

    Raises:
        ParameterError: If PostgreSQL would refuse it.
    """
    text = parameters.get(name, _DEFAULTS[name])
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?", text)
    if not match:
        message = f"{name} is not a size that PostgreSQL accepts; write for example 128MB (the case of the unit matters)"
        raise ParameterError(message)
    scale = _UNIT[match[2]] if match[2] else _UNITLESS.get(name, 1024)
    number = float(match[1])
    return -1 if number < 0 else int(number * scale)


def _count(parameters: Mapping[str, str], name: str) -> int:
    try:
        return int(parameters.get(name, _DEFAULTS[name]))
    except ValueError:
        message = f"{name} is not a whole number"
        raise ParameterError(message) from None


def _factor(parameters: Mapping[str, str], name: str) -> float:
    try:
        return float(parameters.get(name, _DEFAULTS[name]))
    except ValueError:
        message = f"{name} is not a number"
        raise ParameterError(message) from None


def memory(parameters: Mapping[str, str], *, slots: int = 1) -> Postgres:
    """Return the maximum memory of a server with these parameters.

    Args:
        parameters: Parameters that are set; all others have PostgreSQL's defaults.
        slots: Number of replication slots that are decoded at the same time.

    Raises:
        ParameterError: For a value that PostgreSQL would refuse.
    """
    buffers, wal = size(parameters, "shared_buffers"), size(parameters, "wal_buffers")
    if wal < 0:
        wal = min(max(buffers // 32, 64 * 1024), 16 * MIB)
    maintenance, vacuum = size(parameters, "maintenance_work_mem"), size(parameters, "autovacuum_work_mem")
    connections = _count(parameters, "max_connections")
    locks = connections * max(_count(parameters, "max_locks_per_transaction") - _LOCKS, 0) * LOCK_BYTES
    per_backend = BACKEND_MIB * MIB + max(size(parameters, "temp_buffers") - _TEMP_BUFFERS, 0)
    sort = int(size(parameters, "work_mem") * max(_factor(parameters, "hash_mem_multiplier") / 2, 1))
    return Postgres(
        shared=buffers + wal + SHARED_FIXED_MIB * MIB + locks + size(parameters, "min_dynamic_shared_memory"),
        autovacuum=_count(parameters, "autovacuum_max_workers") * (maintenance if vacuum < 0 else vacuum),
        maintenance=maintenance,
        decoding=slots * (size(parameters, "logical_decoding_work_mem") + DECODER_MIB * MIB),
        backends=connections * (per_backend + sort),
        auxiliary=AUXILIARY_MIB * MIB,
        connections=connections,
    )


def disk_bytes(parameters: Mapping[str, str]) -> int | None:
    """Return the maximum write-ahead log on the volume: the part that a stopped connector's slot retains, plus ``max_wal_size``.

    Returns:
        Bytes, or None when a slot may retain it without a bound (``max_slot_wal_keep_size`` -1, PostgreSQL's default).
    """
    retained = size(parameters, "max_slot_wal_keep_size")
    return None if retained < 0 else max(retained, size(parameters, "wal_keep_size")) + size(parameters, "max_wal_size")


def wal_room(volume: int) -> int:
    """Return the part of a volume for the write-ahead log, in the same unit: a quarter is left to tables, indexes and temporary files."""
    return volume - volume // 4
