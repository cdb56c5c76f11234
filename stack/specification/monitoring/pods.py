"""Pods of Prometheus, Alertmanager and the exporter for PostgreSQL: restricted, and without a volume that outlives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.settings.names import EXPORTER_PORT
from stack.specification import logs, manifest, readers
from stack.specification.monitoring import alertmanager, exporter, ports, prometheus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest
    from stack.specification.services import Address

# The user `nobody` of the official images.
UID: Final = 65534
# The user of the program's own image with Python.
_PYTHON_UID: Final = 1000
DATABASE_LOGIN: Final = "/etc/postgres-exporter"
_GRACE_S: Final = 30
_ALERTS_MIB: Final = 64
# Share of the limit that Go's heap may take; 43 of 95 MiB were anonymous memory in a run with 8,193 series.
_GO_SHARE: Final = 0.65
# The write-ahead log of the newest three hours is not counted in the size that Prometheus keeps to.
_WAL_SHARE: Final = 2
# What no rule and no dashboard asks for.
_COLLECTORS: Final = (
    "--disable-settings-metrics",
    "--no-collector.roles",
    "--no-collector.locks",
    "--no-collector.statio_user_tables",
    "--collector.stat_checkpointer",
    "--collector.long_running_transactions",
)


def prometheus_pod(settings: Settings) -> Manifest:
    """Return the pod of Prometheus; only the one that asks kubelets has a token for the Kubernetes API."""
    section = settings.monitoring
    token = [_token()] if section.kubelets else []
    return manifest.pod(
        service_account=ports.PROMETHEUS,
        uid=UID,
        grace_s=_GRACE_S,
        containers=[
            go_container(
                settings,
                name=ports.PROMETHEUS,
                image=settings.images.prometheus,
                command=prometheus.command(settings),
                memory_mib=section.prometheus_mib,
                port=ports.PROMETHEUS_PORT,
                mounts=[
                    manifest.mount("config", prometheus.CONFIG),
                    manifest.mount("data", prometheus.DATA, read_only=False),
                    *([manifest.mount("token", prometheus.TOKEN)] if token else []),
                ],
                path="/-/ready",
            )
        ],
        volumes=[
            manifest.config_volume("config", "prometheus-config"),
            {"name": "data", "emptyDir": {"sizeLimit": f"{section.retention_mib * _WAL_SHARE}Mi"}},
            *token,
        ],
    )


def alertmanager_pod(settings: Settings) -> Manifest:
    """Return the pod of Alertmanager; a receiver's secrets are files, which may appear later: the program makes the namespace first."""
    secret = settings.monitoring.receivers.secret
    return manifest.pod(
        service_account=ports.ALERTMANAGER,
        uid=UID,
        grace_s=_GRACE_S,
        containers=[
            go_container(
                settings,
                name=ports.ALERTMANAGER,
                image=settings.images.alertmanager,
                command=[
                    "/bin/alertmanager",
                    f"--config.file={alertmanager.FOLDER}/{alertmanager.CONFIG}",
                    "--storage.path=/alertmanager",
                    # one process: a cluster of one would listen for others
                    "--cluster.listen-address=",
                    f"--web.listen-address=:{ports.ALERTMANAGER_PORT}",
                    logs.flag(settings.logs),
                ],
                memory_mib=settings.monitoring.alertmanager_mib,
                port=ports.ALERTMANAGER_PORT,
                mounts=[
                    manifest.mount("config", alertmanager.FOLDER),
                    manifest.mount("data", "/alertmanager", read_only=False),
                    *([manifest.mount("secrets", alertmanager.SECRETS)] if secret else []),
                ],
                path="/-/ready",
            )
        ],
        volumes=[
            manifest.config_volume("config", "alertmanager-config"),
            {"name": "data", "emptyDir": {"sizeLimit": f"{_ALERTS_MIB}Mi"}},
            *([manifest.secret_volume("secrets", secret, optional=True)] if secret else []),
        ],
    )


def postgres_exporter_pod(settings: Settings, database: Address, login: str) -> Manifest:
    """Return the pod of the exporter for PostgreSQL; it verifies the server's certificate and reads its login from files.

    Args:
        settings: The stack's settings.
        database: Address of the database for pods.
        login: Secret with ``username``, ``password`` and ``ca.crt``.
    """
    container = go_container(
        settings,
        name=ports.POSTGRES_EXPORTER,
        image=settings.images.postgres_exporter,
        command=["/bin/postgres_exporter", *_COLLECTORS, f"--web.listen-address=:{ports.POSTGRES_EXPORTER_PORT}", logs.flag(settings.logs)],
        memory_mib=settings.monitoring.postgres_exporter_mib,
        port=ports.POSTGRES_EXPORTER_PORT,
        mounts=[manifest.mount("login", DATABASE_LOGIN)],
        path="/",
        env={
            "DATA_SOURCE_URI": f"{database}/{settings.names.database}?sslmode=verify-full&sslrootcert={DATABASE_LOGIN}/ca.crt",
            "DATA_SOURCE_USER_FILE": f"{DATABASE_LOGIN}/username",
            "DATA_SOURCE_PASS_FILE": f"{DATABASE_LOGIN}/password",
        },
    )
    return manifest.pod(
        service_account=ports.POSTGRES_EXPORTER,
        uid=UID,
        grace_s=_GRACE_S,
        containers=[container],
        volumes=[manifest.secret_volume("login", login)],
    )


def exporter_pod(settings: Settings, secrets: Mapping[str, str]) -> Manifest:
    """Return the pod of the exporter for the pipeline: the stack's description and its logins are files.

    Args:
        settings: The stack's settings.
        secrets: Secrets by folder, as ``exporter.secrets`` returns them.
    """
    token = readers.token(settings) if "archive" in secrets else None
    # every container can write to a little space for files; a window of changes needs more
    work: list[Manifest] = [{"name": "work", "emptyDir": {"sizeLimit": f"{exporter.WORK_MIB}Mi"}}] if settings.scores_archive else []
    container = manifest.container(
        name=ports.EXPORTER,
        image=settings.images.audit,
        command=exporter.command(settings),
        memory_mib=settings.exporter_mib,
        cpu_millicores=settings.monitoring.cpu_millicores,
        env=exporter.environment(settings),
        ports={ports.WEB: EXPORTER_PORT},
        mounts=[*readers.mounts(secrets, token), *(manifest.mount(one["name"], exporter.WORK, read_only=False) for one in work)],
        probes=_probes(exporter.PATH),
    )
    return manifest.pod(
        service_account=ports.EXPORTER,
        uid=_PYTHON_UID,
        grace_s=_GRACE_S,
        containers=[container],
        volumes=[*readers.volumes(exporter.CONFIG_MAP, secrets, token), *work],
    )


def go_container(  # noqa: PLR0913 - a container has this many independent parts
    settings: Settings,
    *,
    name: str,
    image: str,
    command: list[str],
    memory_mib: int,
    port: int,
    mounts: list[Manifest],
    path: str,
    env: dict[str, str] | None = None,
) -> Manifest:
    """Return the container of a Go program, whose heap stays below the limit by itself."""
    return manifest.container(
        name=name,
        image=image,
        command=command,
        memory_mib=memory_mib,
        cpu_millicores=settings.monitoring.cpu_millicores,
        env={"GOMEMLIMIT": f"{int(memory_mib * _GO_SHARE)}MiB", "GOMAXPROCS": "1", **(env or {})},
        ports={ports.WEB: port},
        mounts=mounts,
        probes=_probes(path),
    )


def _probes(path: str) -> dict[str, Manifest]:
    return {
        "startupProbe": manifest.http_probe(path, ports.WEB, period_s=1, failures=120),
        "readinessProbe": manifest.http_probe(path, ports.WEB, period_s=10, failures=3),
        "livenessProbe": manifest.tcp_probe(ports.WEB, period_s=20, failures=6),
    }


def _token() -> Manifest:
    """Return a volume with a token for the Kubernetes API, and the authority of its server."""
    sources: list[Manifest] = [
        {"serviceAccountToken": {"expirationSeconds": 3600, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    return {"name": "token", "projected": {"sources": sources, "defaultMode": 0o440}}
