"""The running sandbox, as a user's script meets it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.reading import saved_outputs
from pipeline.reading.archive import Archive
from sandbox.equality import connect
from sandbox.faults.ground import Ground
from sandbox.kubernetes import Kube
from sandbox.paths import KUBECONFIG
from tests.sandbox_e2e import runbook
from tests.sandbox_e2e.drill import Drill, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

NAMESPACE = "data-ingestion"


@pytest.fixture(scope="session")
def outputs() -> dict[str, Any]:
    """Addresses and credentials; without a sandbox the tier fails and says how to make one."""
    return saved_outputs.read()


@pytest.fixture(scope="session")
def archive(outputs: dict[str, Any]) -> Archive:
    """Return the archive as a reader sees it."""
    return Archive(outputs)


@pytest.fixture(scope="session")
def kube() -> Kube:
    """Return the cluster's API."""
    return Kube(KUBECONFIG)


@pytest.fixture(scope="session")
def drill() -> Iterator[Drill]:
    """Yield a fire drill, whose figures go to the file of the variable ALERTS_FILE."""
    file = os.environ.get("ALERTS_FILE")
    with Watch() as watch:
        yield Drill(watch, Path(file) if file else None)


@pytest.fixture(scope="session")
def ground() -> Ground:
    """Return the sandbox as faults find it."""
    return Ground()


@pytest.fixture
def servers(outputs: dict[str, Any]) -> str:
    """Return the addresses of the brokers."""
    return str(outputs["kafka"]["bootstrapServers"])


@pytest.fixture
def database(outputs: dict[str, Any]) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """Return the captured database, as the application."""
    with connect(outputs) as connection:
        yield connection


@pytest.fixture
def mark() -> str:
    """Return a word that no earlier run has used, for unique values."""
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``python -m pipeline sandbox …`` as a user would, and return what it printed."""

    def run(*arguments: str, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", "sandbox", *arguments],
            cwd=runbook.checkout(),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    return run


@pytest.fixture
def owner_sql(command: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[[str], str]:
    """Run SQL inside the database's pod as its administrator, which the application's role may not be."""

    def run(statement: str) -> str:
        pod = ["--namespace", NAMESPACE, "postgresql-0", "--container", "postgresql"]
        psql = ["psql", "--username=postgres", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "ecommerce"]
        done = command("kubectl", "--", "exec", *pod, "--", *psql, f"--command={statement}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
