"""The sandbox as a fault finds it: its pods, the processes of their containers, their network, its database, its connectors."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pipeline.reading import saved_outputs
from providers.kafkaconnect.errors import NotNowError, RefusedError
from providers.operations import ProviderError
from providers.waiting import Patience
from sandbox import cluster, connectors
from sandbox.faults import control_groups
from sandbox.kubernetes import Kube, KubeError
from sandbox.paths import KUBECONFIG
from stack.settings.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from providers.waiting import Display

NAMESPACE: Final = Names().namespace
WORKLOADS: Final = (
    ("StatefulSet", "postgresql"),
    ("StatefulSet", "kafka"),
    ("Deployment", "schema-registry"),
    ("Deployment", "connect"),
)
_WHOLE_S: Final = 420.0
# How long a pod that an earlier fault has struck is waited for
_THERE_S: Final = 120.0
_COMMAND_S: Final = 120


class GroundError(RuntimeError):
    """The sandbox does not do what a fault needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Target:
    """Container of a pod.

    Attributes:
        pod: Beginning of the pod's name.
        container: Name of the container.
        namespace: Namespace of the pod.
    """

    pod: str
    container: str
    namespace: str = NAMESPACE

    def __str__(self) -> str:
        """Name of the pod, as a report shows it."""
        return self.pod.rstrip("-")


POSTGRES: Final = Target("postgresql-0", "postgresql")
BROKERS: Final = tuple(Target(f"kafka-{number}", "kafka") for number in range(3))
REGISTRY: Final = Target("schema-registry-", "schema-registry")
CONNECT: Final = Target("connect-", "connect")
STORE: Final = Target("moto-", "moto", "object-store")
NAME_SERVER: Final = Target("coredns-", "coredns", "kube-system")
EVERY: Final = (POSTGRES, *BROKERS, REGISTRY, CONNECT, STORE, NAME_SERVER)


class Ground:
    """The running sandbox."""

    def __init__(self) -> None:
        """Read its kubeconfig. Raises NoSandboxError where there is no sandbox."""
        saved_outputs.read()
        self.kube = Kube(KUBECONFIG)

    @cached_property
    def _kubectl(self) -> tuple[str, ...]:
        return (str(cluster.installed()), "kubectl", "--kubeconfig", str(KUBECONFIG))

    def outputs(self) -> Mapping[str, Any]:
        """Return addresses and credentials of this moment."""
        return saved_outputs.read()

    def pod(self, target: Target) -> dict[str, Any]:
        """Return the pod of a target that is not on its way out. Raises GroundError unless there is exactly one."""
        found = [
            pod
            for pod in self.kube.list("Pod", target.namespace)
            if pod["metadata"]["name"].startswith(target.pod) and "deletionTimestamp" not in pod["metadata"]
        ]
        if len(found) != 1:
            message = f"{len(found)} pods of {target} are there instead of one"
            raise GroundError(message)
        return found[0]

    def processes(self, target: Target, words: str = "") -> list[int]:
        """Return the processes of a container once it is ready, the first one first; with `words` those whose command line has them.

        Raises:
            GroundError: If there are none in time.
        """
        patience = Patience(_THERE_S)
        while True:
            try:
                return self._processes(target, words)
            except GroundError:
                if not patience.go_on(str(target), 0.5):
                    raise

    def _processes(self, target: Target, words: str) -> list[int]:
        try:
            found = control_groups.processes(control_groups.of_container(self.pod(target), target.container))
        except (LookupError, OSError) as error:
            message = f"no process of {target} is there: {error}"
            raise GroundError(message) from None
        if words:
            found = [process for process in found if words in _command_line(process)]
        if not found:
            message = f"no process of {target} is there" + (f" that has {words!r} in its command line" if words else "")
            raise GroundError(message)
        return sorted(found)

    @contextlib.contextmanager
    def network(self, target: Target) -> Iterator[Network]:
        """Give a handle to a pod's network, which keeps it reachable when the pod's processes end."""
        handle = os.open(f"/proc/{self.processes(target)[0]}/ns/net", os.O_RDONLY)
        try:
            yield Network(handle)
        finally:
            os.close(handle)

    def address(self, target: Target) -> str:
        """Return a pod's address."""
        return str(self.pod(target)["status"]["podIP"])

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Run kubectl and return what it prints. Raises GroundError with its reason."""
        done = subprocess.run([*self._kubectl, *arguments], input=given, capture_output=True, text=True, timeout=_COMMAND_S, check=False)
        if done.returncode != 0:
            message = f"kubectl {arguments[0]} failed: {done.stderr.strip()}"
            raise GroundError(message)
        return done.stdout.strip()

    def administer(self, statement: str) -> str:
        """Run SQL inside the database's pod as its administrator."""
        psql = ["psql", "--username=postgres", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "postgres"]
        return self.kubectl("exec", "--namespace", NAMESPACE, POSTGRES.pod, "--container", POSTGRES.container, "--", *psql, "-c", statement)

    def whole(self, display: Display | None = None, timeout_s: float = _WHOLE_S) -> None:
        """Wait until every workload is ready and every connector runs. Raises GroundError with what is not."""
        patience = Patience(timeout_s, display=display)
        while lacking := self._lacking():
            if not patience.go_on(lacking, 1.0):
                message = f"after {timeout_s:.0f} s {lacking} is not ready; 'python -m pipeline sandbox up' brings back what is declared"
                raise GroundError(message)

    def _lacking(self) -> str:
        try:
            for kind, name in WORKLOADS:
                if not self.kube.is_ready(kind, NAMESPACE, name):
                    return name
            found = connectors.statuses(self.outputs())
        except (NotNowError, RefusedError, ProviderError, KubeError) as error:
            return f"the worker's REST interface ({type(error).__name__})"
        if not found:
            return "any connector"
        return next((name for name, status in found.items() if not status.running or not status.tasks), "")


@dataclass(frozen=True, slots=True)
class Network:
    """Network of a pod.

    Attributes:
        handle: Open file of its namespace.
    """

    handle: int

    def command(self, *arguments: str) -> Sequence[str]:
        """Return a command that runs in it; whoever starts it passes the handle on."""
        return ("nsenter", f"--net=/proc/self/fd/{self.handle}", "--", *arguments)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a tool in it."""
        command = self.command(*arguments)
        return subprocess.run(command, pass_fds=[self.handle], capture_output=True, text=True, timeout=_COMMAND_S, check=False)


def _command_line(process: int) -> str:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:  # noqa: PTH123 - a process may end at any moment
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def retried(what: str, action: Callable[[], object], timeout_s: float = 120.0) -> None:
    """Repeat an action on the worker's REST interface until it is taken.

    Raises:
        GroundError: If it is not in time, with the last reason.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            action()
        except (NotNowError, RefusedError, ProviderError) as error:
            if time.monotonic() > deadline:
                message = f"{what} was not possible in {timeout_s:.0f} s: {error}"
                raise GroundError(message) from None
            time.sleep(1)
        else:
            return
