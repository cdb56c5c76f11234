"""Options of an audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an audit is done.

    Attributes:
        since_ms: Begin with Kafka's records from this time on, in milliseconds since 1970; all of them without it.
        seconds: How long to listen to the database's log; 0 begins the account at Kafka.
        offline: Judge by the archive alone.
        patience_s: How long what is on its way may take to arrive, in Kafka and then in the archive, and Kafka to give the next record.
        settle_s: Age from which a file that no snapshot names is an orphan; a younger one may be of the next commit.
        memory: Memory limit of DuckDB.
        folder: Where the private folder is made; by default where the system puts such folders.
        limit: The most findings of a kind and hop that are named.
        threads: Threads of DuckDB; by default one for each core.
        archived_as: Table to another name in the archive than its own, for copies.
    """

    since_ms: int | None = None
    seconds: float = 0.0
    offline: bool = False
    patience_s: float = 120.0
    settle_s: float = 120.0
    memory: str = "1GB"
    folder: Path | None = None
    limit: int = 100
    threads: int | None = None
    archived_as: Mapping[str, str] = field(default_factory=dict)
