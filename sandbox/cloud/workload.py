"""The emulated AWS as Kubernetes objects: a namespace with a budget of its own, outside that of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from images.references import REFERENCES
from sandbox.side_namespace import SideNamespace
from stack.settings.names import Names
from stack.specification import manifest
from stack.specification.edges import in_namespace

if TYPE_CHECKING:
    from stack.specification.manifest import Manifest

NAMESPACE: Final = "object-store"
NAME: Final = "moto"
PORT: Final = 5000
NODE_PORT: Final = 4566
"""Port on 127.0.0.1 of this machine; the stack file's ``archive.store`` says the same."""

IMAGE: Final = REFERENCES["object-store"]

MEMORY_MIB: Final = 512
"""Measured 2026-11-21 with the environment below: 80 MiB idle, 114 with 3,000 objects of 8 KB, 171 with 50 of 2 MB on top. An upload
in parts takes four times its size while it is completed: 412 for one of 100 MB. Running out of it would cost the archive."""

_OBJECTS: Final = "/objects"
_OBJECTS_MIB: Final = 4096
_UID: Final = 1000

ENVIRONMENT: Final = {
    # No request is carried out without a key, from the first one on; the bootstrap lifts that for a few requests.
    "INITIAL_NO_AUTH_ACTION_COUNT": "0",
    # Objects over 64 KiB go to files: moto would keep up to 5 MiB of each in memory (261 MiB instead of 167 for 50 of 2 MB).
    "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": "65536",
    # One heap arena for each thread that serves a request would never be given back.
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
}
"""Environment of moto, in the pod and in the tests."""

SIDE: Final = SideNamespace(namespace=NAMESPACE, name=NAME, memory_mib=MEMORY_MIB)


def manifests() -> list[Manifest]:
    """Every object, in the order in which they have to be applied. The Connect workers, the audit and the exporter may come in."""
    pipeline = Names().namespace
    clients = [
        in_namespace(pipeline, "connect"),
        in_namespace(f"{pipeline}-audit", "audit"),
        in_namespace(f"{pipeline}-monitoring", "exporter"),
    ]
    port = {"name": "aws", "port": PORT, "targetPort": "aws", "nodePort": NODE_PORT}
    return [*SIDE.fence("workers-and-machine", clients, [PORT]), SIDE.deployment(_pod()), SIDE.service([port])]


def _pod() -> Manifest:
    # No liveness probe: a restart would cost the archive, which a slow answer does not.
    container = manifest.container(
        name=NAME,
        image=IMAGE,
        command=["python3", "-m", "moto.server", "-H", "0.0.0.0", "-p", str(PORT)],  # noqa: S104 - inside the pod's own network
        memory_mib=MEMORY_MIB,
        cpu_millicores=50,
        env={**ENVIRONMENT, "TMPDIR": _OBJECTS},
        ports={"aws": PORT},
        mounts=[manifest.mount("objects", _OBJECTS, read_only=False)],
        probes={"readinessProbe": manifest.http_probe("/moto-api/", "aws", period_s=2, failures=5)},
    )
    objects = {"name": "objects", "emptyDir": {"sizeLimit": f"{_OBJECTS_MIB}Mi"}}
    return manifest.pod(service_account=NAME, uid=_UID, containers=[container], volumes=[objects], grace_s=5)
