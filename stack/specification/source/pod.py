"""Pod of the database: an init container for the bootstrap, and the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.names import POSTGRES_PORT
from stack.specification import manifest, names
from stack.specification.source import postgres

if TYPE_CHECKING:
    from stack.settings.source import SourceSettings
    from stack.specification.manifest import Manifest

NAME = "postgresql"


def database_pod(settings: SourceSettings, image: str) -> Manifest:
    """Return the pod specification of the database.

    Args:
        settings: Sizes of the pod.
        image: Image of PostgreSQL.
    """
    size: Manifest = {"image": image, "memory_mib": settings.memory_mib, "cpu_millicores": settings.cpu_millicores}
    mounts = [
        manifest.mount("data", postgres.VOLUME, read_only=False),
        manifest.mount("config", postgres.CONFIG),
        manifest.mount("tls", postgres.TLS),
        manifest.mount("run", "/var/run/postgresql", read_only=False),
    ]
    ready = [f"{postgres.BIN}/pg_isready", "--quiet", "--host=127.0.0.1"]
    bootstrap = manifest.container(
        name="bootstrap",
        command=["/bin/sh", f"{postgres.CONFIG}/bootstrap.sh"],
        mounts=[*mounts, manifest.mount("roles", postgres.SECRETS)],
        **size,
    )
    server = manifest.container(
        name=NAME,
        command=[f"{postgres.BIN}/postgres", "-D", postgres.DATA, f"--config-file={postgres.CONFIG}/postgresql.conf"],
        mounts=mounts,
        ports={NAME: POSTGRES_PORT},
        probes={
            "startupProbe": manifest.exec_probe(ready, period_s=1, failures=300),
            "readinessProbe": manifest.exec_probe(ready, period_s=5, failures=3),
            "livenessProbe": manifest.exec_probe(ready, period_s=20, failures=6),
        },
        **size,
    )
    return manifest.pod(
        service_account=NAME,
        uid=postgres.UID,
        init_containers=[bootstrap],
        containers=[server],
        volumes=[
            manifest.config_volume("config", names.POSTGRES_CONFIG),
            manifest.secret_volume("tls", names.POSTGRES_TLS),
            manifest.secret_volume("roles", names.POSTGRES_ROLES),
            {"name": "run", "emptyDir": {"sizeLimit": "1Mi"}},
        ],
    )
