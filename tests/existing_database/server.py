"""A PostgreSQL server for a few seconds: TLS, passwords, its own folder, removed at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from images.keydump import postgres
from sandbox import images as sandbox_images
from sandbox.cluster import pki

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INSTALLED = Path("/usr/lib/postgresql")
SERVERS = ("installed", pytest.param("image", marks=pytest.mark.sandbox))
"""Parameters of a fixture that runs a server by ``running``: what ``make test`` skips on a bare machine, ``make nightly`` runs."""
_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        folder: Folder of all its files, as this process sees it.
        inside: The same folder, as the server sees it.
        programs: Folder of its programs, as the server sees it.
        user: Number of the user that it runs as.
        root: Root folder of the server, or None for this machine's.
        port: TCP port on localhost.
    """

    folder: Path
    inside: str
    programs: str
    user: int
    root: Path | None
    port: int

    @property
    def authority(self) -> Path:
        """Certificate that signs the server's own."""
        return self.folder / "tls" / "ca.crt"

    def run(self, program: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run one of its programs as its user."""
        command = [f"{self.programs}/{program}", *arguments]
        if self.root:
            command = ["chroot", f"--userspec={self.user}:{self.user}", str(self.root), *command]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": self.inside}
        as_user = {} if self.root or os.geteuid() else {"user": self.user, "group": self.user, "extra_groups": []}
        return subprocess.run(
            command, env=environment, input=given, capture_output=True, text=True, timeout=_SECONDS, check=False, cwd="/", **as_user
        )

    def ran(self, program: str, *arguments: str, given: str = "") -> str:
        """Run one that must succeed and return its output."""
        done = self.run(program, *arguments, given=given)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def psql(self, script: str, database: str = "postgres", user: str = "postgres") -> subprocess.CompletedProcess[str]:
        """Run a script by psql over the server's own socket, which asks for no password."""
        quiet = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]
        return self.run(
            "psql", *quiet, f"--host={self.inside}", f"--port={self.port}", f"--username={user}", f"--dbname={database}", given=script
        )

    def sql(self, script: str, database: str = "postgres", user: str = "postgres") -> str:
        """Run a script that must succeed and return its output."""
        done = self.psql(script, database, user)
        assert done.returncode == 0, f"{script}\n{done.stderr}"
        return done.stdout.strip()

    def start(self) -> None:
        """Start the server and return once it answers."""
        self.ran("pg_ctl", "start", "--wait", f"--pgdata={self.inside}/data", f"--log={self.inside}/log")

    def stop(self) -> None:
        """Stop the server and return once it has stopped."""
        self.run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={self.inside}/data")

    def restart(self) -> None:
        """Stop and start the server."""
        self.ran("pg_ctl", "restart", "--wait", "--mode=fast", f"--pgdata={self.inside}/data", f"--log={self.inside}/log")

    def configure(self, lines: str) -> None:
        """Add lines to postgresql.conf, and start the server with them."""
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(lines)
        self.restart()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def installed() -> Path | None:
    """Return the folder of this machine's newest server programs, or None."""
    found = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _user() -> int:
    """Return the number of the server's user; PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()


@contextmanager
def of_this_machine(programs: Path) -> Iterator[Server]:
    """Run a server of the installed programs."""
    with _short_folder() as folder:
        yield from _served(Server(folder, str(folder), str(programs), _user(), None, free_port()))


@contextmanager
def of_the_image() -> Iterator[Server]:
    """Run a server of the sandbox's own image, in its own folder."""
    with root_of_the_image() as root:
        (root / "served").mkdir()
        yield from _served(Server(root / "served", "/served", postgres.BIN, postgres.USER, root, free_port()))


@contextmanager
def root_of_the_image() -> Iterator[Path]:
    """Lay out the file system of the sandbox's own image for ``chroot``, and remove it at the end."""
    archives = [sandbox_images._archives()["postgres"], sandbox_images._base_archive()]
    with _short_folder() as root:
        postgres.lay_out(archives, root)
        yield root


@contextmanager
def running(which: str) -> Iterator[Server]:
    """Run the server of one of SERVERS; skip where this machine has none installed."""
    if which == "image":
        with of_the_image() as server:
            yield server
        return
    programs = installed()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql); make nightly runs this on its image's")
    with of_this_machine(programs) as server:
        yield server


@contextmanager
def _short_folder() -> Iterator[Path]:
    """Create a folder whose path is short enough for a socket, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _served(server: Server) -> Iterator[Server]:
    pki.make(server.folder / "tls")
    (server.folder / "tls").chmod(0o755)
    _own([server.folder, *(server.folder / "tls").iterdir()], server.user)
    server.ran("initdb", f"--pgdata={server.inside}/data", "--username=postgres", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8")
    (server.folder / "data" / "pg_hba.conf").write_text("local all all trust\nhostssl all all all scram-sha-256\n", encoding="utf-8")
    with (server.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(
            f"listen_addresses = 'localhost'\nport = {server.port}\nunix_socket_directories = '{server.inside}'\n"
            f"ssl = on\nssl_cert_file = '{server.inside}/tls/etcd.crt'\nssl_key_file = '{server.inside}/tls/etcd.key'\n"
            "fsync = off\nshared_buffers = 16MB\ndynamic_shared_memory_type = mmap\nmax_connections = 20\n"
        )
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _own(paths: Sequence[Path], user: int) -> None:
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, user, user)
