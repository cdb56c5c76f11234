"""Faults of what the pipeline leans on, by the doors of Kubernetes, of the database and of Connect's REST interface."""

from __future__ import annotations

import contextlib
import functools
import json
import time
from typing import TYPE_CHECKING, Final

from pipeline.checks import whole_file
from providers.waiting import Patience
from sandbox import connectors
from sandbox.faults import processes
from sandbox.faults.ground import BROKERS, CONNECT, NAMESPACE, POSTGRES, REGISTRY, Ground, GroundError, Target, retried
from sandbox.paths import STATE

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Way = Callable[[Ground, random.Random], contextlib.AbstractContextManager[str]]

CATALOG: Final = "iceberg_catalog"
SINK: Final = "s3-sink-connector"
SOURCE: Final = "postgres-cdc-connector"
_REGISTRY: Final = "deployment/schema-registry"
_STORED_S: Final = 120.0
# What a connector was before a fault, so that a run that was killed can be undone by the next
_BEFORE: Final = STATE / "faults-connectors.json"

GROUPS: Final[dict[str, tuple[Target, ...]]] = {
    "broker": BROKERS,
    "worker": (CONNECT,),
    "database": (POSTGRES,),
    "registry": (REGISTRY,),
}


def deleted(group: str, *, at_once: bool = False) -> Way:
    """Return a fault that deletes a pod of a group, with or without its grace period."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        target = chance.choice(GROUPS[group])
        ground.processes(target)
        name = ground.pod(target)["metadata"]["name"]
        how = ["--grace-period=0", "--force"] if at_once else []
        ground.kubectl("delete", "pod", "--namespace", NAMESPACE, name, "--wait=false", *how)
        yield str(target)

    return strike


def evicted(group: str) -> Way:
    """Return a fault that evicts a pod of a group, as the draining of a node does; the disruption budget may hold it back for a while."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        target = chance.choice(GROUPS[group])
        ground.processes(target)
        name = ground.pod(target)["metadata"]["name"]
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction"
        ground.kubectl("create", "--raw", path, "-f", "-", given=json.dumps(eviction))
        yield str(target)

    return strike


@contextlib.contextmanager
def registry_away(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Have no registry for a while; the worker still knows the schemas that it has seen."""
    del chance
    try:
        ground.kubectl("scale", "--namespace", NAMESPACE, _REGISTRY, "--replicas=0")
        yield "registry"
    finally:
        ground.kubectl("scale", "--namespace", NAMESPACE, _REGISTRY, "--replicas=1")


@contextlib.contextmanager
def registry_away_and_worker_new(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Have no registry while the worker starts again, which then knows no schema."""
    with registry_away(ground, chance):
        yield f"registry, {processes.kill(ground, CONNECT)}"


@contextlib.contextmanager
def catalog_away(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Let nobody connect to the catalog's database, and end whoever has."""
    del chance
    try:
        ground.administer(f"ALTER DATABASE {CATALOG} ALLOW_CONNECTIONS false")
        ground.administer(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{CATALOG}'")  # noqa: S608 - a constant
        yield "catalog"
    finally:
        open_catalog(ground)


def open_catalog(ground: Ground, timeout_s: float = _STORED_S) -> bool:
    """Let the catalog be used again, and tell whether that was forbidden."""
    patience = Patience(timeout_s)
    while True:
        try:
            closed = ground.administer(f"SELECT NOT datallowconn FROM pg_database WHERE datname = '{CATALOG}'") == "t"  # noqa: S608 - as above
            if closed:
                ground.administer(f"ALTER DATABASE {CATALOG} ALLOW_CONNECTIONS true")
        except GroundError:
            if not patience.go_on("the database", 1.0):
                raise
        else:
            return closed


def updated(connector: str, key: str, value: str) -> Way:
    """Return a fault that gives a connector another value of a key, and the old one back."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        del chance
        with reconfigured(ground, connector, key, value):
            yield f"{connector}, {key}={value}"

    return strike


@contextlib.contextmanager
def reconfigured(ground: Ground, connector: str, key: str, value: str) -> Iterator[None]:
    """Give a connector another value of a key for as long as the block runs."""
    before = connectors.client(ground.outputs()).config(connector)
    if before is None or before.get(key) == value:
        message = f"{connector} cannot be given {key}={value}: " + ("it is not there" if before is None else "that is its value")
        raise GroundError(message)
    whole_file.write(_BEFORE, json.dumps({connector: before}))
    try:
        retried(f"{connector} with {key}={value}", lambda: connectors.client(ground.outputs()).put(connector, {**before, key: value}))
        yield
    finally:
        restore_connectors(ground)


def restore_connectors(ground: Ground) -> list[str]:
    """Give connectors back what a fault has changed, and name them."""
    if not _BEFORE.exists():
        return []
    before: dict[str, dict[str, str]] = json.loads(_BEFORE.read_text(encoding="utf-8"))
    for connector, config in before.items():
        retried(f"{connector} as it was", functools.partial(_put, ground, connector, config))
    _BEFORE.unlink()
    return [f"another configuration of {connector}" for connector in before]


def _put(ground: Ground, connector: str, config: dict[str, str]) -> None:
    connectors.client(ground.outputs()).put(connector, config)


def restore_registry(ground: Ground) -> bool:
    """Start the registry where a fault has left none, and tell whether that was so."""
    found = ground.kube.read("Deployment", NAMESPACE, "schema-registry")
    away = found is not None and found["spec"]["replicas"] == 0
    if away:
        ground.kubectl("scale", "--namespace", NAMESPACE, _REGISTRY, "--replicas=1")
    return away


@contextlib.contextmanager
def worker_killed_in_rebalance(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Change the number of the sink's tasks and kill the worker while they are dealt anew."""
    with reconfigured(ground, SINK, "tasks.max", "2"):
        time.sleep(chance.uniform(0.1, 4.0))
        yield processes.kill(ground, CONNECT)
