"""The image's source connector against PostgreSQL itself: which server it goes on from, and which it refuses."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from stack.configs.classes import DEBEZIUM, GUARDED_DEBEZIUM
from tests.existing_database.server import running
from tests.images.source_task import PASSWORD, connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

REFUSED = "dataingestion.connect.DatabaseWentBackException"
PROBE, NAME = ("java", "-XX:TieredStopAtLevel=1", "-cp"), "dataingestion.connect.GuardProbe"
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE public.marks (id integer PRIMARY KEY);
ALTER TABLE public.marks REPLICA IDENTITY FULL;
GRANT SELECT ON public.marks TO capture;
CREATE PUBLICATION publication FOR TABLE public.marks;
SELECT pg_create_logical_replication_slot('slot', 'pgoutput');
"""
# position | system, timeline and end of the server, its slot's restart_lsn and confirmed_flush_lsn | its history
JUDGED = {
    "snapshot=true|7,1,0/50,0/10,0/0|": "no position",
    "lsn=80,system_identifier=7,timeline=1,slot_restart_lsn=16|7,1,0/50,0/10,0/0|": "null",
    "lsn=16,lsn_proc=81,lsn_commit=20,system_identifier=7,timeline=1|7,1,0/50,0/10,0/0|": "it ends before the position",
    "lsn=81|7,1,0/50,0/10,0/0|": "it ends before the position",
    "lsn=80|8,5,0/50,0/10,0/0|": "null",
    "lsn=80,system_identifier=7,timeline=1|8,1,0/50,0/10,0/0|": "it is another database than the position's, which is of system 7",
    "lsn=80,system_identifier=7,timeline=2|7,1,0/50,0/10,0/0|": "its timeline is older than the position's, which is 2",
    "lsn=80,system_identifier=7,timeline=1|7,2,0/90,0/10,0/0|1\t0/50\tno recovery target": "null",
    "lsn=80,system_identifier=7,timeline=1|7,2,0/90,0/10,0/0|1\t0/4F\tx": "it left the position's timeline 1 at 0/4F, before the position",
    "lsn=80,system_identifier=7,timeline=2|7,3,0/90,0/10,0/0|1\t0/90\tother": "its timeline does not come from the position's, which is 2",
    "lsn=80,system_identifier=7,timeline=1|7,12,0/90,0/10,0/0|11\t0/20\tx": "its timeline does not come from the position's, which is 1",
    "lsn=80,system_identifier=7,timeline=1,slot_restart_lsn=17|7,1,0/90,0/10,0/0|": (
        "its slot keeps the log from 0/10, and had been at 0/11 already"
    ),
    "lsn=80,system_identifier=7,timeline=1,slot_restart_lsn=17|7,2,0/90,0/10,0/0|1\t0/50\tfailover": "null",
    "lsn=80,system_identifier=7,timeline=1,slot_restart_lsn=17|7,1,0/90,0/0,0/0|": "null",
    "lsn=80,system_identifier=7,timeline=1|7,1,0/90,0/10,0/50|": "null",
    "lsn=80,lsn_commit=81,system_identifier=7,timeline=1|7,1,0/90,0/10,0/51|": "null",
    "lsn=80,system_identifier=7,timeline=1|7,1,0/90,0/10,0/51|": (
        "it begins behind 0/51, to which another client has advanced it or at which it was made, and the source has read up to 0/50 only"
    ),
}


class Source:
    """The task with a stored position, against a server whose folder can be exchanged."""

    def __init__(self, server: Server, class_path: str, folder: Path, java_class: str = GUARDED_DEBEZIUM, **keys: object) -> None:
        """Write the configuration; nothing is stored yet."""
        self._server, self._class_path, self._config = server, class_path, folder / "config"
        self.stored: dict[str, str] = {}
        config = {
            **connection(server),
            "connector.class": java_class,
            "test.seconds": 60,
            "topic.prefix": "shop",
            "snapshot.mode": "no_data",
            "table.include.list": "public.marks",
            **{key.replace("_", "."): value for key, value in keys.items()},
        }
        self._config.write_text("".join(f"{key}={value}\n" for key, value in config.items()), encoding="utf-8")

    def run(self) -> str:
        """Start from the stored position; return the keys that arrived, or the failure. What arrived is the next position."""
        lines = probed(self._class_path, "run", str(self._config), *(f"{key}={value}" for key, value in self.stored.items()))
        failures = [line[2:] for line in lines if line.startswith("! ")]
        if failures:
            return failures[0]
        self.stored = dict(line[2:].split("=", 1) for line in lines if line.startswith("> "))
        return " ".join(line[2:] for line in lines if line.startswith("# "))

    @contextmanager
    def running(self) -> Iterator[Iterator[str]]:
        """Give the probe's lines while it runs; it ends with the block."""
        process = subprocess.Popen([*PROBE, self._class_path, NAME, "run", str(self._config)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            yield iter(process.stdout)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def write(self, number: int) -> None:
        """Insert a row."""
        self._server.sql(f"INSERT INTO public.marks VALUES ({number});")


def probed(class_path: str, *arguments: str) -> list[str]:
    """Return the probe's lines."""
    done = subprocess.run([*PROBE, class_path, NAME, *arguments], capture_output=True, text=True, timeout=200, check=True)
    return [line for line in done.stdout.splitlines() if line[:2] in {"> ", "# ", "! "}]


@contextmanager
def stopped(server: Server) -> Iterator[Path]:
    """Give the folder of the data while the server is stopped in good order."""
    server.ran("pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={server.inside}/data")
    yield server.folder / "data"
    server.start()


def put(server: Server, kept: Path) -> None:
    """Put a copy of the data in the place of the present one."""
    with stopped(server) as data:
        shutil.rmtree(data)
        copied(kept, data)


def copied(data: Path, into: Path) -> None:
    """Copy a folder with its owners."""
    subprocess.run(["cp", "--archive", str(data), str(into)], check=True)


def promote(server: Server) -> None:
    """Begin a new timeline at the end of the log, as a failover and a restore do."""
    with stopped(server) as data:
        (data / "recovery.signal").touch()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("restore_command = 'false'\n")
    # pg_ctl waits for a server that answers reads, which it does before the recovery has ended.
    end = time.monotonic() + 60
    while server.sql("SELECT pg_is_in_recovery();") == "t":
        assert time.monotonic() < end, "the recovery did not end within 60 s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """Return a server with a captured table, which keeps its log for one slot, and a copy of its data."""
    kept = tmp_path_factory.mktemp("prepared") / "data"
    with running("image") as server:
        server.configure("wal_level = logical\n")
        server.sql(SETUP)
        with stopped(server) as data:
            copied(data, kept)
        yield server, kept


@pytest.fixture
def server(prepared: tuple[Server, Path]) -> Server:
    """Return the server as it was prepared, whatever another test has done to it."""
    server, kept = prepared
    put(server, kept)
    return server


def test_a_position_is_refused_by_each_server_whose_log_does_not_hold_it(class_path: str) -> None:
    said: Mapping[str, str] = dict(zip(JUDGED, (line[2:] for line in probed(class_path, "judge", *JUDGED)), strict=True))
    assert said == JUDGED


def test_a_task_goes_on_after_a_crash_and_a_promotion_and_refuses_older_and_other_servers(
    server: Server, class_path: str, tmp_path: Path
) -> None:
    """Each offset of the task names the server; the positions are those that the task itself has sent."""
    source, older, newer = Source(server, class_path, tmp_path), tmp_path / "older", tmp_path / "newer"
    source.write(1)
    assert source.run() == "Struct{id=1}"
    system = server.sql("SELECT system_identifier FROM pg_control_system();")
    assert (source.stored["system_identifier"], source.stored["timeline"]) == (system, "1")
    assert int(source.stored["slot_restart_lsn"]) > 0
    with stopped(server) as data:
        copied(data, older)
    source.write(2)
    assert source.run() == "Struct{id=2}"
    server.run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={server.inside}/data")
    server.start()
    source.write(3)
    assert source.run() == "Struct{id=3}", "after crash recovery"
    with stopped(server) as data:
        copied(data, newer)

    put(server, older)
    assert source.run().startswith(f"{REFUSED}: The database went back in time")
    promote(server)
    server.sql("SELECT pg_switch_wal();")
    source.write(4)
    assert "it left the position's timeline 1 at" in source.run()

    put(server, newer)
    promote(server)
    source.write(5)
    assert source.run() == "Struct{id=5}", "after a promotion behind the position"
    assert source.stored["timeline"] == "2"
    put(server, newer)
    assert "its timeline is older than the position's" in source.run()
    source.stored = {key: value for key, value in source.stored.items() if key not in {"system_identifier", "timeline", "slot_restart_lsn"}}
    assert "it ends before the position" in source.run(), "a position from before the guard"


def test_a_task_refuses_a_slot_that_was_advanced_past_a_row_it_has_not_read(server: Server, class_path: str, tmp_path: Path) -> None:
    source = Source(server, class_path, tmp_path)
    source.write(1)
    assert source.run() == "Struct{id=1}"
    source.write(2)
    assert source.run() == "Struct{id=2}", "the slot as the task itself has left it"
    source.write(3)
    server.sql("SELECT pg_replication_slot_advance('slot', pg_current_wal_lsn());")
    source.write(4)
    assert source.run().startswith("dataingestion.connect.SlotAdvancedException: The replication slot leaves out changes")


def test_debeziums_own_task_skips_the_changes_of_an_older_server_in_silence(server: Server, class_path: str, tmp_path: Path) -> None:
    """What the guard is for; where a later version of Debezium says no, this test fails, and the guard may not be needed any more."""
    source, older = Source(server, class_path, tmp_path, java_class=DEBEZIUM, test_seconds=15), tmp_path / "older"
    source.write(1)
    assert source.run() == "Struct{id=1}"
    with stopped(server) as data:
        copied(data, older)
    server.sql("SELECT pg_switch_wal();")
    source.write(2)
    assert source.run() == "Struct{id=2}"
    put(server, older)
    source.write(3)
    assert source.run() == "nothing"
    for number in (4, 5):
        server.sql("SELECT pg_switch_wal();")
        source.write(number)
    assert source.run() == "Struct{id=5}", "the rows 3 and 4 are missing"


def test_a_task_waits_for_a_server_that_is_away_and_fails_at_a_wrong_password(server: Server, class_path: str, tmp_path: Path) -> None:
    source = Source(server, class_path, tmp_path)
    server.sql("ALTER ROLE capture PASSWORD 'another';")
    assert source.run().startswith("org.apache.kafka.connect.errors.ConnectException: The database server does not say which one it is")
    with stopped(server):
        assert source.run().startswith("org.apache.kafka.connect.errors.RetriableException: The database server does not say which one")
