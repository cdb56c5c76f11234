"""Shared memory by the model and by the server itself, ``postgres -C shared_memory_size``, over a generated grid of parameters."""

from __future__ import annotations

import math
import os
import random
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from images.keydump import postgres as laid_out
from stack.capacity.postgres import shared
from tests.existing_database.server import root_of_the_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MIB = 2**20
# the model may be above the server by this much, and by this share of it: tables of hundreds of MiB grow in powers of two
ABOVE_MIB, ABOVE_SHARE = 3, 0.01
INITDB = f"{laid_out.BIN}/initdb --no-sync --locale=C -E UTF8 -D data >/dev/null 2>&1"

Asked = list[tuple[int, int]]

VALUES: dict[str, tuple[str, ...]] = {
    "shared_buffers": ("16", "128kB", "1MB", "32MB", "128MB", "333MB", "1GB", "5GB", "0.5GB", "16384"),
    "wal_buffers": ("-1", "0", "32kB", "8MB", "64MB", "512"),
    "max_connections": ("20", "30", "100", "333", "1000", "5000"),
    "autovacuum_max_workers": ("1", "3", "50"),
    "max_worker_processes": ("0", "8", "64", "500"),
    "max_wal_senders": ("2", "10", "200"),
    "max_replication_slots": ("1", "10", "400"),
    "max_logical_replication_workers": ("0", "4", "100"),
    "max_prepared_transactions": ("0", "100", "7000", "20000"),
    "max_locks_per_transaction": ("10", "64", "129", "1000"),
    "max_pred_locks_per_transaction": ("10", "64", "500"),
    "track_activity_query_size": ("100", "1kB", "64kB", "1MB"),
    "transaction_buffers": ("0", "16", "4MB", "1GB"),
    "subtransaction_buffers": ("0", "32", "64MB"),
    "commit_timestamp_buffers": ("0", "32", "64MB"),
    "multixact_offset_buffers": ("16", "64MB", "1GB"),
    "multixact_member_buffers": ("32", "8MB", "1GB"),
    "notify_buffers": ("16", "8MB", "1GB"),
    "serializable_buffers": ("32", "8MB", "1GB"),
    "min_dynamic_shared_memory": ("0", "100", "1GB"),
    "wal_level": ("minimal", "replica", "logical"),
    "hot_standby": ("on", "off"),
    "track_commit_timestamp": ("on", "off"),
    "ssl_min_protocol_version": ("TLSv1.2",),
    "work_mem": ("64kB", "1GB"),
    "maintenance_work_mem": ("2GB",),
    "temp_buffers": ("1GB",),
    "logical_decoding_work_mem": ("1GB",),
    "wal_decode_buffer_size": ("512MB",),
    "max_stack_depth": ("7MB",),
    "max_parallel_workers": ("500",),
    "max_files_per_process": ("100000",),
    "effective_io_concurrency": ("1000",),
    "archive_mode": ("on",),
    "huge_page_size": ("0", "2MB"),
    "max_notify_queue_pages": ("2000000000",),
    "shared_preload_libraries": ("pg_stat_statements", "pg_prewarm,auto_explain", "passwordcheck", "auth_delay"),
}


def grid() -> list[dict[str, str]]:
    """Return each value alone, and 150 sets of several parameters that a server would take together."""
    random_one = random.Random(17)  # noqa: S311 - reproducible choices
    alone = [{name: value} for name, values in VALUES.items() for value in values]
    together = [
        {name: random_one.choice(VALUES[name]) for name in random_one.sample(sorted(VALUES), random_one.randint(2, 14))} for _ in range(150)
    ]
    statements = [{"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": str(many)} for many in (100, 5000, 100_000)]
    return [
        {},
        *statements,
        *(one for one in [*alone, *together] if one.get("wal_level") != "minimal" or one.get("max_wal_senders") == "0"),
    ]


pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def asked() -> Iterator[Callable[[Sequence[dict[str, str]]], Asked]]:
    """Return a function that asks the server of the image for MiB and huge pages of each set; -1 where it refuses the set."""
    with root_of_the_image() as root:
        (root / "asked").mkdir()
        os.chown(root / "asked", laid_out.USER, laid_out.USER)
        _run(root, INITDB)
        yield lambda sets: _sizes(root, sets)


def _sizes(root: Path, sets: Sequence[dict[str, str]]) -> Asked:
    lines = [
        f"{laid_out.BIN}/postgres -D data {options} -C {name} 2>/dev/null || echo -1"
        for one in sets
        for options in [" ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in one.items())]
        for name in ("shared_memory_size", "shared_memory_size_in_huge_pages")
    ]
    numbers = [int(line) for line in _run(root, "\n".join(lines)).split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _run(root: Path, script: str) -> str:
    user = f"--userspec={laid_out.USER}:{laid_out.USER}"
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/asked"}
    command = ["chroot", user, str(root), "/bin/sh", "-c", f"cd /asked\n{script}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False).stdout


def test_the_model_is_never_below_the_server_and_little_above(
    asked: Callable[[Sequence[dict[str, str]]], Asked], figure: Callable[[str], None]
) -> None:
    sets = grid()
    answers = asked(sets)
    taken = [(one, said, pages, shared(one)) for one, (said, pages) in zip(sets, answers, strict=True) if said > 0]
    figure(
        f"PostgreSQL's shared memory: {len(taken)} of {len(sets)} sets that the server takes, "
        f"model above it by {max(math.ceil(made / MIB) - said for _one, said, _pages, made in taken)} MiB at the most"
    )
    assert len(taken) >= 100
    for one, said, pages, made in taken:
        most = said + ABOVE_MIB + said * ABOVE_SHARE
        assert said <= math.ceil(made / MIB) <= most, one
        assert pages < 0 or pages <= math.ceil(made / (2 * MIB)), one
