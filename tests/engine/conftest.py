"""The program under the Pulumi CLI on PATH: against nothing at all, and against the sandbox's cluster and emulated AWS."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sandbox import cloud, cluster
from sandbox.cloud import account
from sandbox.kubernetes import Kube
from sandbox.paths import CHECKOUT, KUBECONFIG
from tests.engine.project import STACK, Project, copied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMESPACE = "data-ingestion"
NOWHERE = "127.0.0.1:1"
NO_CLUSTER = f"""\
apiVersion: v1
kind: Config
clusters: [{{name: nowhere, cluster: {{server: "https://{NOWHERE}"}}}}]
users: [{{name: nobody, user: {{}}}}]
contexts: [{{name: sandbox, context: {{cluster: nowhere, user: nobody}}}}]
current-context: sandbox
"""


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the project in a scratch folder; every address it could reach leads nowhere."""
    base = tmp_path_factory.mktemp("engine")
    made = copied(base, AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")
    (base / "kubeconfig").write_text(NO_CLUSTER)
    _lead_nowhere(made.folder / f"Pulumi.{STACK}.yaml", base / "kubeconfig")
    begun = made.pulumi("stack", "init", STACK)
    assert begun.returncode == 0, begun.stderr
    return made


def _lead_nowhere(stack_file: Path, kubeconfig: Path) -> None:
    """Ports that nothing listens on, so that a running sandbox is never asked."""
    content = yaml.safe_load(stack_file.read_text(encoding="utf-8"))
    config = content["config"]
    config["data-ingestion:cluster"]["kubeconfig"] = str(kubeconfig)
    config["data-ingestion:archive"]["store"]["hostEndpoint"] = f"http://{NOWHERE}"
    host = config["data-ingestion:host"]
    for number, pair in enumerate([host["postgres"], *host["kafka"], host["registry"], host["connect"]], start=2):
        pair["host"] = number
    stack_file.write_text(yaml.safe_dump(content), encoding="utf-8")


class Live(Project):
    """The project on the sandbox's cluster."""

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig that the stack names, a copy of its own."""
        return self.folder.parent / "kubeconfig"


@pytest.fixture(scope="session")
def kube() -> Kube:
    """Return the API of a cluster that is up and carries no pipeline yet."""
    if not KUBECONFIG.exists() or not cluster.answers():
        pytest.skip("there is no cluster: start one with 'python -m pipeline sandbox cluster'")
    if cloud.known() is None or not account.accepts(cloud.known()):  # type: ignore[arg-type]
        pytest.skip("there is no emulated AWS: start it with 'python -m pipeline sandbox cluster'")
    return Kube(KUBECONFIG)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, kube: Kube) -> Iterator[Live]:
    """Return the project on that cluster; whatever a failed test leaves is destroyed at the end."""
    if any(item["metadata"]["name"] == NAMESPACE for item in kube.list("Namespace", None)):
        pytest.skip(
            "there is a pipeline in the cluster already: take it down with 'make sandbox-down', then 'python -m pipeline sandbox cluster'"
        )
    known = cloud.known()
    assert known is not None
    base = tmp_path_factory.mktemp("live")
    keys = {"AWS_ACCESS_KEY_ID": known.access_key_id, "AWS_SECRET_ACCESS_KEY": known.secret_access_key}
    made = copied(base, **keys)
    stack = Live(made.folder, made.environment)
    stack.kubeconfig.write_text(KUBECONFIG.read_text())
    begun = stack.pulumi("stack", "init", STACK)
    assert begun.returncode == 0, begun.stderr
    stack.set("cluster.kubeconfig", str(stack.kubeconfig))
    yield stack
    if stack.resources():
        stack.kubeconfig.write_text(KUBECONFIG.read_text())
        gone = stack.destroy()
        assert gone.returncode == 0, gone.stdout[-4000:]


@pytest.fixture(scope="session")
def first_up(live: Live) -> float:
    """Bring the stack about on the empty cluster, once for all tests that begin with it; return the seconds that it took."""
    started = time.monotonic()
    done = live.up()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    return time.monotonic() - started


@pytest.fixture(scope="session")
def kubectl() -> Callable[..., str]:
    """Run kubectl and return what it printed."""

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "pipeline", "sandbox", "kubectl", "--", *arguments]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture(scope="session")
def sql(kubectl: Callable[..., str]) -> Callable[[str], str]:
    """Run SQL in the captured database as its administrator."""

    def run(statement: str) -> str:
        pod = ["--namespace", NAMESPACE, "exec", "postgresql-0", "--container", "postgresql", "--"]
        psql = ["psql", "--username=postgres", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "ecommerce"]
        return kubectl(*pod, *psql, f"--command={statement}")

    return run


@pytest.fixture(scope="session")
def aws() -> Callable[[str], Any]:
    """Return the emulated AWS, as its administrator: a client for each service."""
    known = cloud.known()
    assert known is not None
    return lambda service: account._client(known, service)
