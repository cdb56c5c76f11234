"""Shared memory that a PostgreSQL 17 server allocates at its start, by the server's own formulas.

Each part is a function of ``src/backend`` (``BufferShmemSize``, ``LockShmemSize``, …). Sizes of structures are those of a 64-bit build,
as ``pg_shmem_allocations`` and ``postgres -C shared_memory_size`` show them; a test compares the sum with the server's own.
"""

from __future__ import annotations

from dataclasses import dataclass

_PAGE = 8192
# Page, descriptor, I/O condition variable and entry of the checkpoint's list of one buffer.
_OF_BUFFER = _PAGE + 64 + 16 + 20
# A request to the checkpointer for each buffer, up to a number.
_REQUEST, _MOST_REQUESTS = 32, 10_000_000
_PARTITIONS = 128
# Minimum number of entries that a hash table allocates together.
_GROUP = 32
# Flags, numbers and locks of one page of a simple LRU cache.
_OF_SLRU_PAGE = 168
# An LSN for each group of 32 transactions on a page of the commit log.
_LSNS_OF_PAGE = 8192
# Pages in a bank of such a cache, and the automatic maximum.
_BANK, _MOST_AUTOMATIC = 16, 1024
# Pages of the commit log that can be of use.
_MOST_TRANSACTIONS = 65_536
_PROCESS = 896
# Status, application and host names, TLS and GSSAPI of one backend, without the text of its query.
_STATUS = 432 + 64 + 64 + 324 + 67
_SIGNAL = 88 + 24 + 48
_TRANSACTIONS_OF_BACKEND = 10
_CONFLICTS_OF_TRANSACTION = 5
# Process numbers and times of the auxiliary processes: checkpointer, writers, archiver, startup, receiver, summarizer.
_AUXILIARY = 6
# Launcher of autovacuum, and the worker that synchronizes slots.
_SPECIAL = 2
# Everything whose size no parameter changes: statistics, invalidation messages, synchronized scans, the index of it all.
_FIXED = 1_700_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocating:
    """Parameters that decide the size of shared memory; sizes in bytes, caches in pages of 8 KiB.

    Attributes:
        buffers: ``shared_buffers`` in pages.
        wal_buffers: ``wal_buffers`` in pages; negative for the automatic size.
        connections: ``max_connections``.
        autovacuum: ``autovacuum_max_workers``.
        workers: ``max_worker_processes``.
        senders: ``max_wal_senders``.
        slots: ``max_replication_slots``.
        appliers: ``max_logical_replication_workers``.
        prepared: ``max_prepared_transactions``.
        locks: ``max_locks_per_transaction``.
        predicate_locks: ``max_pred_locks_per_transaction``.
        query_bytes: ``track_activity_query_size``.
        automatic: ``transaction_buffers``, ``subtransaction_buffers`` and ``commit_timestamp_buffers``; 0 for the automatic size.
        caches: Sum of the other caches: ``multixact_offset_buffers``, ``multixact_member_buffers``, ``notify_buffers``,
            ``serializable_buffers``.
        dynamic: ``min_dynamic_shared_memory``.
        statements: ``pg_stat_statements.max``; 0 where the library is not loaded.
    """

    buffers: int
    wal_buffers: int
    connections: int
    autovacuum: int
    workers: int
    senders: int
    slots: int
    appliers: int
    prepared: int
    locks: int
    predicate_locks: int
    query_bytes: int
    automatic: tuple[int, int, int]
    caches: int
    dynamic: int
    statements: int

    @property
    def backends(self) -> int:
        """Maximum number of processes with a transaction (``MaxBackends``)."""
        return self.connections + self.autovacuum + self.workers + self.senders + _SPECIAL


def allocated(given: Allocating) -> int:
    """Return the size of the server's main shared memory segment, in bytes."""
    return _FIXED + given.dynamic + _buffers(given) + _locks(given) + _processes(given) + _caches(given) + _statements(given)


def _buffers(given: Allocating) -> int:
    automatic = min(max(given.buffers // 32, 8), 2048)
    wal = automatic if given.wal_buffers < 0 else max(given.wal_buffers, 4)
    return (
        given.buffers * _OF_BUFFER
        + _hash(given.buffers + _PARTITIONS, 24)
        + wal * (_PAGE + 8)
        + min(given.buffers, _MOST_REQUESTS) * _REQUEST
    )


def _locks(given: Allocating) -> int:
    """Return the lock tables: a tenth more is allocated than is counted, and the hash tables of predicate locks are alike."""
    holders = given.backends + given.prepared
    locks, predicates = holders * given.locks, holders * given.predicate_locks
    tables = _hash(locks, 152) + _hash(2 * locks, 64) + _hash(predicates, 32) + _hash(2 * predicates, 56)
    transactions = holders * _TRANSACTIONS_OF_BACKEND
    serializable = transactions * 168 + _hash(transactions, 16) + transactions * _CONFLICTS_OF_TRANSACTION * 48
    return tables * 11 // 10 + serializable


def _processes(given: Allocating) -> int:
    holders = given.backends + given.prepared
    running = given.backends + _AUXILIARY
    # the last: identifiers of transactions and subtransactions on a standby, allocated unless hot_standby is off
    of_all = (holders + _AUXILIARY) * _PROCESS + holders * (4 + 8 + 65 * 5)
    shown = running * (_STATUS + given.query_bytes + _SIGNAL) + 2 * 4 * given.backends + running * 128
    prepared = given.prepared * 264
    listed = given.workers * 1488 + given.autovacuum * 64 + given.slots * 342 + given.senders * 128 + given.appliers * 132
    return of_all + shown + prepared + listed


def _caches(given: Allocating) -> int:
    automatic = min(max(given.buffers // 512 // _BANK * _BANK, _BANK), _MOST_AUTOMATIC)
    transactions, *others = (max(pages, _BANK) if pages else automatic for pages in given.automatic)
    transactions = min(transactions, _MOST_TRANSACTIONS)
    return transactions * _LSNS_OF_PAGE + (transactions + sum(others) + given.caches) * (_PAGE + _OF_SLRU_PAGE)


def _statements(given: Allocating) -> int:
    return _hash(given.statements, 408) + 4096 if given.statements else 0


def _hash(entries: int, size: int) -> int:
    """Return the size of a hash table (``hash_estimate_size``): buckets in segments of 256, and entries in whole groups."""
    element = 16 + -(-size // 8) * 8
    group = 256
    while group // element < _GROUP:
        group *= 2
    each = group // element
    segments = _power_of_two(-(-_power_of_two(entries) // 256))
    return 1024 + max(256, segments) * 8 + segments * 256 * 8 + -(-entries // each) * each * element


def _power_of_two(number: int) -> int:
    return 1 << max(number - 1, 0).bit_length()
