"""Kinds of fault: what each does, how it is undone, how long it lasts, and where it strikes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.faults import network, node, processes, services, stages

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sandbox.faults.ground import Ground


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind.

    Attributes:
        name: Its name on the command line and in the table.
        does: What it does.
        undone: What ends it.
        strike: Begins it, gives the name of what it has hit, and ends it, also after an error or an interruption.
        lasts: Shortest and longest seconds between its beginning and its end.
        slow: Whether it takes minutes, because `sandbox up` is a part of it.
        root: Whether it needs root on the machine; the others need the rights over the cluster only.
    """

    name: str
    does: str
    undone: str
    strike: Callable[[Ground, random.Random], AbstractContextManager[str]]
    lasts: tuple[float, float] = (0.0, 0.0)
    slow: bool = False
    root: bool = True


_STARTS: Final = "Kubernetes starts another"
_GOES_ON: Final = "SIGCONT"
_REMOVED: Final = "the rules are removed"
_ROOM: Final = "the limit is lifted, or the container starts again without"
# Longer than the sessions of consumers (8 s) and brokers (9 s), shorter than the patience of a liveness probe (2 minutes)
_PAUSE: Final = (3.0, 20.0)
_CUT: Final = (5.0, 25.0)

_EVERY: Final = (
    Fault("kill-database", "SIGKILL of every process of PostgreSQL", _STARTS, processes.postgres_killed),
    Fault("kill-walsender", "SIGKILL of the process that sends changes: crash recovery", "PostgreSQL recovers", processes.walsender_killed),
    Fault("kill-broker", "SIGKILL of one broker", _STARTS, processes.broker_killed),
    Fault("kill-two-brokers", "SIGKILL of two brokers at once", _STARTS, processes.two_brokers_killed),
    Fault("kill-registry", "SIGKILL of the schema registry", _STARTS, processes.registry_killed),
    Fault("kill-worker", "SIGKILL of the Connect worker", _STARTS, processes.connect_killed),
    Fault("kill-three", "SIGKILL of worker, database and one broker at once", _STARTS, processes.everything_killed),
    Fault("kill-worker-at-start-of-commit", "SIGKILL before data files", _STARTS, stages.worker_killed("before data files")),
    Fault("kill-worker-at-files", "SIGKILL between files and commit event", _STARTS, stages.worker_killed("between files and commit")),
    Fault("kill-worker-at-commit", "SIGKILL when the sink is about to commit", _STARTS, stages.worker_killed("at the commit")),
    Fault("kill-worker-after-table", "SIGKILL between catalog and offsets", _STARTS, stages.worker_killed("between catalog and offsets")),
    Fault("kill-worker-after-commit", "SIGKILL at the end of a commit", _STARTS, stages.worker_killed("after the commit")),
    Fault("kill-worker-at-record", "SIGKILL in an open transaction of the source", _STARTS, stages.worker_killed_at_a_record),
    Fault("kill-worker-in-rebalance", "SIGKILL while tasks are dealt anew", _STARTS, services.worker_killed_in_rebalance),
    Fault("delete-broker", "a broker's pod deleted", _STARTS, services.deleted("broker"), root=False),
    Fault("delete-worker", "the worker's pod deleted", _STARTS, services.deleted("worker"), root=False),
    Fault("delete-database", "the database's pod deleted", _STARTS, services.deleted("database"), root=False),
    Fault("delete-broker-at-once", "a broker's pod deleted without grace", _STARTS, services.deleted("broker", at_once=True), root=False),
    Fault("delete-worker-at-once", "the worker's pod deleted without grace", _STARTS, services.deleted("worker", at_once=True), root=False),
    Fault(
        "delete-database-at-once",
        "the database's pod deleted without grace",
        _STARTS,
        services.deleted("database", at_once=True),
        root=False,
    ),
    Fault("evict-broker", "a broker's pod evicted", _STARTS, services.evicted("broker"), root=False),
    Fault("evict-worker", "the worker's pod evicted", _STARTS, services.evicted("worker"), root=False),
    Fault("evict-registry", "the registry's pod evicted", _STARTS, services.evicted("registry"), root=False),
    Fault("stop-broker", "SIGSTOP of a broker", _GOES_ON, processes.broker_stopped, _PAUSE),
    Fault("stop-worker", "SIGSTOP of the worker", _GOES_ON, processes.connect_stopped, _PAUSE),
    Fault("stop-database", "SIGSTOP of PostgreSQL", _GOES_ON, processes.postgres_stopped, _PAUSE),
    Fault("stop-registry", "SIGSTOP of the registry", _GOES_ON, processes.registry_stopped, _PAUSE),
    Fault("stop-store", "SIGSTOP of the object store: half-written uploads", _GOES_ON, processes.store_stopped, _PAUSE),
    *(Fault(f"cut-{pair.replace(' ', '-')}", f"no packet between {pair}", _REMOVED, network.cut(pair), _CUT) for pair in network.PAIRS),
    *(
        Fault(
            f"one-way-{pair.replace(' ', '-')}",
            f"no packet in one direction between {pair}",
            _REMOVED,
            network.cut(pair, one_way=True),
            _CUT,
        )
        for pair in network.PAIRS
    ),
    Fault(
        "slow-store", "three of ten packets between worker and object store lost", _REMOVED, network.lossy("worker and object store"), _CUT
    ),
    Fault("slow-database", "three of ten packets between worker and database lost", _REMOVED, network.lossy("worker and database"), _CUT),
    Fault("slow-broker", "three of ten packets between worker and a broker lost", _REMOVED, network.lossy("worker and broker"), _CUT),
    Fault("names-away", "the name server hears no question", _REMOVED, network.names_away, _CUT),
    Fault("store-503", "the object store answers 503", _REMOVED, network.store_refuses, _CUT),
    Fault("registry-away", "no registry, schemas known", "one replica again", services.registry_away, _CUT, root=False),
    Fault(
        "registry-away-cold",
        "no registry while the worker starts",
        "one replica again",
        services.registry_away_and_worker_new,
        (20.0, 30.0),
    ),
    Fault("catalog-away", "the catalog takes no connection", "it takes them again", services.catalog_away, _CUT, root=False),
    Fault("full-database", "the write-ahead log cannot grow", _ROOM, processes.postgres_without_room, (3.0, 10.0)),
    Fault("full-broker", "a broker's topics cannot grow", _ROOM, processes.broker_without_room, (3.0, 10.0)),
    Fault(
        "update-sink",
        "the sink's configuration changed",
        "and changed back",
        services.updated(services.SINK, "iceberg.control.commit.interval-ms", "9000"),
        (2.0, 12.0),
        root=False,
    ),
    Fault(
        "update-source",
        "the source's configuration changed",
        "and changed back",
        services.updated(services.SOURCE, "poll.interval.ms", "60"),
        (2.0, 12.0),
        root=False,
    ),
    Fault(
        "fewer-tasks",
        "one sink task instead of three",
        "three again",
        services.updated(services.SINK, "tasks.max", "1"),
        (2.0, 12.0),
        root=False,
    ),
    Fault("restart-kubelet", "SIGKILL of the node's kubelet", "it is started again", node.restarted("kubelet"), (3.0, 15.0)),
    Fault(
        "restart-containerd", "SIGKILL of the node's container runtime", "it is started again", node.restarted("containerd"), (3.0, 15.0)
    ),
    Fault("kill-up", "the worker deleted, `up` killed while it makes it again", "another `up`", node.up_killed, slow=True),
    Fault("rotate-debezium", "the source's password rotated by `up`", "rotated once more", node.rotated("debezium"), slow=True),
    Fault("rotate-catalog", "the catalog's password rotated by `up`", "rotated once more", node.rotated("catalog"), slow=True),
    Fault("rotate-registry", "the registry's passwords rotated by `up`", "rotated once more", node.rotated("registry"), slow=True),
)

FAULTS: Final = {fault.name: fault for fault in _EVERY}
"""Every kind by name."""

LEFT_OUT: Final = {
    "clock jump": "a container has no clock of its own: a time namespace of Linux shifts the monotonic clock and never the time of day",
    "full disk": (
        "volumes of the sandbox are folders without a limit; `full-database` and `full-broker` limit the size of files for the processes "
        "instead, so that they meet EFBIG where a full volume gives ENOSPC"
    ),
    "two-phase commit": "the declared `max_prepared_transactions` is 0, so PostgreSQL refuses PREPARE TRANSACTION",
    "SIGKILL of the object store": "moto holds its objects in memory, which S3 does not",
    "more partitions of a topic": "Kafka cannot take them away again, so that the run would leave the sandbox changed",
    "a kill during the first snapshot": "it needs a source without offsets and an archive without rows: another sandbox for each try",
    "out of memory": "the kernel's answer is the SIGKILL of `kill-worker`",
}
"""What is not done, and why."""
