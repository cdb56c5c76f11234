"""The bound of the write-ahead log behind a slot without a reader, on a real server: it holds, and only with its parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.capacity.postgres import disk_bytes, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.existing_database.server import Server

pytestmark = pytest.mark.full

MIB = 2**20
CHUNK_MIB, CHUNKS = 4, 120
SLOT = "without_reader"
BOUNDED = {"max_slot_wal_keep_size": "64MB", "max_wal_size": "96MB", "min_wal_size": "32MB"}


@pytest.fixture
def held(server: Server) -> Iterator[Callable[[Mapping[str, str]], list[int]]]:
    """Return a function that writes 480 MiB of write-ahead log behind an unread slot and returns the retained bytes after each 4 MiB."""

    def run(parameters: Mapping[str, str]) -> list[int]:
        for name, value in parameters.items():
            server.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        server.sql("SELECT pg_reload_conf(), pg_sleep(0.2)")
        server.sql(f"CHECKPOINT; SELECT pg_create_physical_replication_slot('{SLOT}', true)")
        write = f"SELECT count(pg_logical_emit_message(false, 'test', repeat('x', {MIB}))) FROM generate_series(1, {CHUNK_MIB})"
        return [int(server.sql(f"{write}; SELECT sum(size) FROM pg_ls_waldir()").splitlines()[-1]) for _ in range(CHUNKS)]

    yield run
    server.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")
    for name in BOUNDED:
        server.sql(f"ALTER SYSTEM RESET {name}")
    server.sql("SELECT pg_reload_conf()")
    server.sql("CHECKPOINT")


def test_a_slot_without_reader_holds_back_no_more_than_the_model_says(
    server: Server, held: Callable[[Mapping[str, str]], list[int]], figure: Callable[[str], None]
) -> None:
    bound = disk_bytes(BOUNDED)
    assert bound is not None
    assert bound < CHUNKS * CHUNK_MIB * MIB / 2, "enough is written to exceed the bound twice"
    most = max(held(BOUNDED))
    figure(f"write-ahead log behind a slot without a reader: {most // MIB} of at most {bound // MIB} MiB")
    assert size(BOUNDED, "max_slot_wal_keep_size") < most <= bound, "the slot's whole allowance was held, and no more than the bound"
    assert server.sql(f"SELECT wal_status FROM pg_replication_slots WHERE slot_name = '{SLOT}'") == "lost"


def test_a_slot_without_reader_and_without_bound_holds_back_everything(
    server: Server, held: Callable[[Mapping[str, str]], list[int]]
) -> None:
    boundless = {**BOUNDED, "max_slot_wal_keep_size": "-1"}
    assert disk_bytes(boundless) is None
    assert held(boundless)[-1] >= CHUNKS * CHUNK_MIB * MIB
    assert server.sql(f"SELECT wal_status FROM pg_replication_slots WHERE slot_name = '{SLOT}'") != "lost"
