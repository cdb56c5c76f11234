"""The language host of Python, which no package registry serves: the engine's way to run the program and everything else in Python.

The engine starts it as `pulumi-language-python [options] <engine>`, reads a port from its standard output and speaks
`pulumirpc.LanguageRuntime` with it. Programs are run by the SDK's own `pulumi-language-python-exec`; provider folders and policy
packs as the published host runs them. What only `pulumi new`, `install`, `package add` and `convert` need is not implemented.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.pulumi import children
from sandbox.pulumi.policy_gate import LIMITS, PolicyGate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXECUTABLE: Final = "pulumi-language-python"
EXEC: Final = "pulumi-language-python-exec"
_TOLD: Final = 32
"""The exit code with which the SDK's script says that the user has seen the error (its own constant)."""
_ORPHANED_S: Final = 2.0
_POLL_S: Final = 0.2
_THREADS: Final = 32


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs Python for one engine."""

    def __init__(self, engine: str, script: Path) -> None:
        """Keep the address of the engine, and where the SDK's script lies."""
        self._engine = engine
        self._script = script
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Take a new address of the engine."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Give the version of the SDK that is installed."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Ask for no plugin beforehand: those on PATH are found when a resource needs them, and none can be downloaded here."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Answer the same for older engines."""
        return language_pb2.GetRequiredPluginsResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Ask the user nothing."""
        return language_pb2.RuntimeOptionsResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Give what is installed beside the host."""
        found = {item.metadata["Name"]: item.version for item in metadata.distributions()}
        listed = [language_pb2.DependencyInfo(name=name, version=version) for name, version in sorted(found.items())]
        return language_pb2.GetProgramDependenciesResponse(dependencies=listed)

    def About(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802  # the protocol's
        """Give the interpreter and its version."""
        python = _python(request.info, context)
        version = subprocess.run([python, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        return language_pb2.AboutResponse(executable=python, version=version.removeprefix("Python "))

    def InstallDependencies(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Refuse: `make venv` installs exact versions."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "this language host installs nothing; `make venv` installs exact versions")

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802  # the protocol's
        """Interrupt what runs, as a terminal would."""
        with self._lock:
            for process in self._running:
                process.send_signal(signal.SIGINT)
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802  # the protocol's
        """Run the program to its end; what it prints goes where the host's output goes, which the engine reads."""
        command = [_python(request.info, context), "-u", str(self._script), *self._arguments(request)]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        with self._started(command, request.pwd or request.info.program_directory, environment, None) as process:
            code = process.wait()
        if code == _TOLD:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program ended with exit code {code}" if code else "")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: ANN401, N802  # the protocol's
        """Run a provider folder or a policy pack until the engine lets it go; hand on what it prints, its port first."""
        folder, python = request.info.program_directory or request.pwd, _python(request.info, context)
        environment = dict(item.split("=", 1) for item in request.env) or dict(os.environ)
        if request.kind == "analyzer":
            # The SDK's own module runs the pack, in the pack's folder, its last argument.
            yield from self._gated([python, "-u", "-m", "pulumi.policy", *request.args, folder], folder, environment, context)
            return
        with self._started([python, "-u", folder, *request.args], request.pwd or folder, environment, subprocess.PIPE) as process:
            context.add_callback(process.terminate)
            yield from children.relayed(process)
            yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def _gated(self, command: list[str], folder: str, environment: dict[str, str], context: Any) -> Iterator[Any]:  # noqa: ANN401  # the protocol's
        """Run a policy pack behind its gate."""
        gate = PolicyGate()
        try:
            yield language_pb2.RunPluginResponse(stdout=f"{gate.port}\n".encode())
            while not gate.wanted.wait(_POLL_S):
                if not context.is_active():
                    return
            with self._started(command, folder, environment | gate.environment(), subprocess.PIPE) as process:
                context.add_callback(process.terminate)
                yield from gate.attached(children.relayed(process))
                yield language_pb2.RunPluginResponse(exitcode=process.wait())
        finally:
            gate.close()

    def end(self) -> None:
        """End whatever still runs."""
        with self._lock:
            left = list(self._running)
        for process in left:
            children.end(process)

    def _arguments(self, request: Any) -> list[str]:  # noqa: ANN401  # the protocol's
        """Give the arguments of the SDK's script."""
        options = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        given = [argument for name, value in options.items() if value for argument in (f"--{name}", value)]
        return [*given, request.info.entry_point or request.program or ".", *request.args]

    @contextmanager
    def _started(
        self,
        command: list[str],
        folder: str,
        environment: Mapping[str, str],
        output: int | None,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a process for as long as the block, so that `Cancel` reaches it and nothing outlives its caller."""
        process = subprocess.Popen(
            command, cwd=folder or None, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        with self._lock:
            self._running.add(process)
        try:
            yield process
        finally:
            with self._lock:
                self._running.discard(process)
            children.end(process)


def _python(info: Any, context: Any) -> str:  # noqa: ANN401  # the protocol's
    """Give the interpreter of the virtual environment that the project names, else the host's own.

    Ends the call when there is no such environment.
    """
    named = json_format.MessageToDict(info.options).get("virtualenv")
    if not named:
        return sys.executable
    python = Path(info.root_directory or info.program_directory, str(named), "bin", "python")
    if not python.exists():
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"the virtual environment {named} of {info.root_directory or info.program_directory} has no bin/python: `make venv` makes it",
        )
    return str(python)


def serve(engine: str, script: Path) -> None:
    """Serve the engine at host:port `engine` until it ends this process; the port goes to standard output."""
    # the parent's process number comes first: an engine that has read the port can be gone a moment later
    starter = os.getppid()
    # Each provider folder and policy pack holds a thread for as long as it runs.
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=LIMITS)
    host = LanguageHost(engine, script)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # The engine ends its plugins by SIGINT, and waits five seconds for those that do not go; Ctrl-C it tells by Cancel.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop(None))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # It gives True for as long as the time has run out. An engine that was killed tells nobody: this process then has another parent.
    while os.getppid() == starter and server.wait_for_termination(_ORPHANED_S):
        pass
    host.end()


def main() -> None:
    """Read the command line that the engine composes: options, then its address."""
    parser = argparse.ArgumentParser(prog=EXECUTABLE, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--script", required=True, type=Path, metavar="FILE", help=f"the SDK's {EXEC}")
    parser.add_argument("engine", help="address of the engine, host:port; the engine's options before it are not needed here")
    known, _ = parser.parse_known_args([argument for argument in sys.argv[1:] if not argument.startswith("-root=")])
    serve(known.engine, known.script)


if __name__ == "__main__":
    main()
