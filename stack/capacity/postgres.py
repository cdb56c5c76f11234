"""Maximum memory and write-ahead log of a PostgreSQL server, from its actual parameters.

Parameters, units and defaults are those of PostgreSQL 17 (documentation, chapter 19 "Server Configuration", and ``pg_settings``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.capacity.postgres_shared import Allocating, allocated
from stack.capacity.postgres_values import ParameterError, count, factor, is_on, libraries, size, word
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Mapping

# Default temporary buffers, stack and decoding buffer, which the fixed parts below include.
_TEMP_BUFFERS, _STACK, _DECODE_BUFFER = 8 * MIB, 2 * MIB, MIB // 2
# Stack of a container's processes, without the reserve that the server asks for.
_MOST_STACK = 7680 * 1024
_AUTOVACUUM_WORKERS = 3
_BANK = 16
_PAGE = 8192
_STATEMENTS = "pg_stat_statements.max"
_PARALLEL = ("max_parallel_workers_per_gather", "max_parallel_workers", "max_worker_processes")

# Private memory of one backend without work_mem: catalog caches, plans, TLS. Measured: fresh 1.4, used 1.5 to 4, with a 4 MB sort 6.
BACKEND_MIB = 3
# A walsender without logical_decoding_work_mem: with 32 MB of that, one took 39 MiB on one large transaction.
DECODER_MIB = 8
# The walsender of an audit: its session asks for 4 MB of logical_decoding_work_mem (pipeline/audit/source_log.py).
AUDIT_DECODING_MIB = 4 + DECODER_MIB
# Postmaster, checkpointer, writers and launchers together.
AUXILIARY_MIB = 16
# Process that writes log files, with its buffers.
COLLECTOR_MIB = 4
# Size of /dev/shm in a container without a volume there.
SHM_MIB = 64


@dataclass(frozen=True, slots=True)
class Postgres:
    """Memory of a server, each part at its maximum, in bytes.

    Attributes:
        shared: Buffers and other shared structures.
        autovacuum: All autovacuum workers at once.
        maintenance: One manual VACUUM or CREATE INDEX.
        decoding: Logical decoding for each active slot.
        backends: All connections, each with one sort or hash table in ``work_mem``.
        parallel: Workers of parallel queries, each with one sort, where a parameter asks for them.
        auxiliary: The server's own processes.
        connections: Number of connections.
    """

    shared: int
    autovacuum: int
    maintenance: int
    decoding: int
    backends: int
    parallel: int
    auxiliary: int
    connections: int

    @property
    def needed(self) -> int:
        """Minimum memory limit of the container, in bytes."""
        return self.shared + self.autovacuum + self.maintenance + self.decoding + self.backends + self.parallel + self.auxiliary

    def parts(self) -> dict[str, int]:
        """Return the parts by name, in bytes."""
        parallel = {"parallel workers": self.parallel} if self.parallel else {}
        return {
            "shared buffers": self.shared,
            "autovacuum": self.autovacuum,
            "maintenance": self.maintenance,
            "logical decoding": self.decoding,
            f"{self.connections} connections": self.backends,
            **parallel,
            "own processes": self.auxiliary,
        }


def memory(parameters: Mapping[str, str], *, slots: int = 1, audited: bool = False) -> Postgres:
    """Return the maximum memory of a server with these parameters.

    Args:
        parameters: Parameters that are set, names in lower case; all others have PostgreSQL's defaults.
        slots: Number of replication slots that are decoded at the same time.
        audited: Whether a scheduled audit decodes the log too.

    Raises:
        ParameterError: For a value that PostgreSQL would refuse.
    """
    maintenance, vacuum = size(parameters, "maintenance_work_mem"), size(parameters, "autovacuum_work_mem")
    connections, vacuums = count(parameters, "max_connections"), count(parameters, "autovacuum_max_workers")
    per_backend = BACKEND_MIB * MIB + max(size(parameters, "temp_buffers") - _TEMP_BUFFERS, 0) + _stack(parameters)
    collector = COLLECTOR_MIB * MIB if is_on(parameters, "logging_collector") else 0
    decoded = max(size(parameters, "wal_decode_buffer_size") - _DECODE_BUFFER, 0)
    return Postgres(
        shared=shared(parameters),
        autovacuum=vacuums * (maintenance if vacuum < 0 else vacuum) + max(vacuums - _AUTOVACUUM_WORKERS, 0) * BACKEND_MIB * MIB,
        maintenance=maintenance,
        decoding=slots * (size(parameters, "logical_decoding_work_mem") + DECODER_MIB * MIB) + (AUDIT_DECODING_MIB * MIB if audited else 0),
        backends=connections * (per_backend + _sort(parameters)),
        parallel=_parallel(parameters),
        auxiliary=AUXILIARY_MIB * MIB + collector + decoded,
        connections=connections,
    )


def shared(parameters: Mapping[str, str]) -> int:
    """Return the shared memory that the server allocates at its start, in bytes.

    Raises:
        ParameterError: For a value that PostgreSQL would refuse.
    """
    wal = size(parameters, "wal_buffers")
    caches = ("multixact_offset_buffers", "multixact_member_buffers", "notify_buffers", "serializable_buffers")
    automatic = ("transaction_buffers", "subtransaction_buffers", "commit_timestamp_buffers")
    transactions, subtransactions, timestamps = (_cache(parameters, name) for name in automatic)
    return allocated(
        Allocating(
            buffers=size(parameters, "shared_buffers") // _PAGE,
            wal_buffers=wal if wal < 0 else wal // _PAGE,
            connections=count(parameters, "max_connections"),
            autovacuum=count(parameters, "autovacuum_max_workers"),
            workers=count(parameters, "max_worker_processes"),
            senders=count(parameters, "max_wal_senders"),
            slots=count(parameters, "max_replication_slots"),
            appliers=count(parameters, "max_logical_replication_workers"),
            prepared=count(parameters, "max_prepared_transactions"),
            locks=count(parameters, "max_locks_per_transaction"),
            predicate_locks=count(parameters, "max_pred_locks_per_transaction"),
            query_bytes=size(parameters, "track_activity_query_size"),
            automatic=(transactions, subtransactions, timestamps),
            caches=sum(_cache(parameters, name) for name in caches),
            dynamic=size(parameters, "min_dynamic_shared_memory"),
            statements=_statements(parameters),
        )
    )


def _cache(parameters: Mapping[str, str], name: str) -> int:
    pages = size(parameters, name) // _PAGE
    if pages % _BANK:
        message = f"{name} is not a multiple of {_BANK} pages of 8 kB, which PostgreSQL requires; write for example {_BANK * 8}kB"
        raise ParameterError(message)
    return pages


def _statements(parameters: Mapping[str, str]) -> int:
    if "pg_stat_statements" not in libraries(parameters):
        return 0
    text = parameters.get(_STATEMENTS, "5000").strip()
    if not text.isascii() or not text.isdigit() or len(text) > len(str(2**31)):
        message = f"{_STATEMENTS} is not a whole number"
        raise ParameterError(message)
    return int(text)


def _stack(parameters: Mapping[str, str]) -> int:
    """Return the part of a stack above the default; without the parameter the server takes 2 MB of the container's 8."""
    depth = size(parameters, "max_stack_depth")
    if depth > _MOST_STACK:
        message = f"max_stack_depth is above {_MOST_STACK // 1024}kB, which containers' stacks of 8 MB leave; the server would not start"
        raise ParameterError(message)
    return max(depth - _STACK, 0)


def _sort(parameters: Mapping[str, str]) -> int:
    return int(size(parameters, "work_mem") * max(factor(parameters, "hash_mem_multiplier") / 2, 1))


def _workers(parameters: Mapping[str, str]) -> tuple[int, int]:
    """Return the workers of one parallel query and of all; none unless a parameter asks for them (see docs/memory.md)."""
    pool = min(count(parameters, "max_parallel_workers"), count(parameters, "max_worker_processes"))
    each = min(count(parameters, "max_parallel_workers_per_gather"), pool)
    return (each, pool) if each and any(name in parameters for name in _PARALLEL) else (0, 0)


def _parallel(parameters: Mapping[str, str]) -> int:
    _each, pool = _workers(parameters)
    if pool:
        return pool * (BACKEND_MIB * MIB + _sort(parameters))
    if "max_parallel_maintenance_workers" not in parameters:
        return 0
    most = (count(parameters, name) for name in ("max_parallel_maintenance_workers", "max_parallel_workers", "max_worker_processes"))
    return min(most) * BACKEND_MIB * MIB


def shm_bytes(parameters: Mapping[str, str]) -> int:
    """Return the size of ``/dev/shm`` that one parallel hash join may take: a hash table for the leader and for each worker.

    Raises:
        ParameterError: For a value that PostgreSQL would refuse.
    """
    each, _pool = _workers(parameters)
    if not each or word(parameters, "dynamic_shared_memory_type") != "posix":
        return 0
    return (each + 1) * int(size(parameters, "work_mem") * factor(parameters, "hash_mem_multiplier"))


def disk_bytes(parameters: Mapping[str, str]) -> int | None:
    """Return the maximum write-ahead log on the volume: the part that a stopped connector's slot retains, plus ``max_wal_size``.

    Returns:
        Bytes, or None when a slot may retain it without a bound (``max_slot_wal_keep_size`` -1, PostgreSQL's default).
    """
    retained = size(parameters, "max_slot_wal_keep_size")
    between = max(size(parameters, "max_wal_size"), size(parameters, "min_wal_size"))
    return None if retained < 0 else max(retained, size(parameters, "wal_keep_size")) + between


def wal_room(volume: int) -> int:
    """Return the part of a volume for the write-ahead log, in the same unit: a quarter is left to tables, indexes and temporary files."""
    return volume - volume // 4


def savings(parameters: Mapping[str, str], without: Mapping[str, Mapping[str, str]], *, slots: int = 1) -> list[tuple[str, int]]:
    """Return how much memory each parameter adds, largest first, without those that add none.

    Args:
        parameters: All parameters.
        without: For each name, all parameters as they would be without it.
        slots: Number of replication slots that are decoded at the same time.

    Raises:
        ParameterError: For a value that PostgreSQL would refuse.
    """
    whole = memory(parameters, slots=slots).needed
    saved = ((name, whole - memory(others, slots=slots).needed) for name, others in without.items())
    return sorted(((name, less) for name, less in saved if less > 0), key=lambda one: (-one[1], one[0]))


def enough(saved: list[tuple[str, int]], over: int) -> list[str]:
    """Return the fewest parameters, largest first, that save ``over`` bytes together; none if all together do not."""
    names, total = [], 0
    for name, less in saved:
        names.append(name)
        total += less
        if total >= over:
            return names
    return []
