"""A registry of the sandbox's image, by itself and in memory, for as long as a test asks it."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from images.keydump import postgres
from sandbox import images
from tests.existing_database.server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.ddl.avro_schemas import Schema
    from pipeline.ddl.compatibility import Level

_SECONDS = 120
_USER = 1000


class Registry:
    """A running registry."""

    def __init__(self, url: str) -> None:
        """Keep its address."""
        self._url, self._session = f"{url}/apis/ccompat/v7", requests.Session()

    def is_ready(self) -> bool:
        """Return whether it answers."""
        try:
            return self._session.get(f"{self._url}/config", timeout=5).ok
        except requests.ConnectionError:
            return False

    def level(self) -> str:
        """Return the level of subjects without one of their own."""
        return str(self._session.get(f"{self._url}/config", timeout=30).json()["compatibilityLevel"])

    def register(self, subject: str, schema: Schema) -> None:
        """Give a subject a schema that its level takes."""
        self._sent("POST", f"subjects/{subject}/versions", {"schema": json.dumps(schema)})

    def versions(self, subject: str) -> int:
        """Return the number of a subject's schemas."""
        return len(self._session.get(f"{self._url}/subjects/{subject}/versions", timeout=30).json())

    def set_level(self, subject: str, level: Level | str) -> None:
        """Set a subject's level."""
        self._sent("PUT", f"config/{subject}", {"compatibility": str(level)})

    def takes(self, subject: str, schema: Schema) -> bool:
        """Return what its own endpoint says of a schema."""
        answer = self._sent("POST", f"compatibility/subjects/{subject}/versions", {"schema": json.dumps(schema)})
        return bool(answer["is_compatible"])

    def _sent(self, method: str, path: str, body: dict[str, str]) -> dict[str, object]:
        answer = self._session.request(method, f"{self._url}/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        found: dict[str, object] = answer.json()
        return found


@contextmanager
def running() -> Iterator[Registry]:
    """Run a registry from the sandbox's own image, with nothing but a folder and a port; both are given back."""
    with tempfile.TemporaryDirectory(prefix="registry-") as name:
        root = Path(name)
        postgres.lay_out([images._archives()["registry"], images._base_archive()], root)
        (root / "tmp").chmod(0o1777)
        port, management = free_port(), free_port()
        settings = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": port,
            "quarkus.management.host": "127.0.0.1",
            "quarkus.management.port": management,
            "quarkus.otel.sdk.disabled": "true",
            "apicurio.rules.global.compatibility": "FULL",
        }
        java = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", *(f"-D{key}={value}" for key, value in settings.items())]
        # Java looks for its own folder in /proc; the mounts are the process's own and go with it
        inside = f'mount --bind /proc {root}/proc && mount --bind /dev {root}/dev && exec chroot --userspec={_USER}:{_USER} {root} "$@"'
        command = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            inside,
            "sh",
            *java,
            "-jar",
            "/opt/apicurio/quarkus-run.jar",
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield _ready(Registry(f"http://127.0.0.1:{port}"), process)
        finally:
            process.kill()
            process.wait()


def _ready(registry: Registry, process: subprocess.Popen[bytes]) -> Registry:
    deadline = time.monotonic() + _SECONDS
    while not registry.is_ready():
        assert process.poll() is None, "the registry has ended"
        assert time.monotonic() < deadline, "the registry does not answer"
        time.sleep(0.2)
    return registry
