"""The language host as the engine starts it: it prints its port, runs programs, providers and policy packs, and leaves no process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, language_pb2, language_pb2_grpc

from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

# replaces the SDK's script, whose path the host receives; it records its own arguments
SCRIPT = """
import argparse, json, os, sys, time
told = argparse.ArgumentParser()
for name in ("monitor", "engine", "project", "root_directory", "stack", "pwd", "dry_run", "parallel", "organization"):
    told.add_argument(f"--{name}")
told.add_argument("program")
given = vars(told.parse_args())
given["config"] = json.loads(os.environ["PULUMI_CONFIG"])
with open(os.environ["SEEN"], "w") as file:
    json.dump(given, file)
time.sleep(float(os.environ.get("LAST", "0")))
sys.exit(int(os.environ.get("CODE", "0")))
"""


class Host:
    """A running host."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        """Read the port and connect."""
        assert process.stdout is not None
        self.process, self.folder = process, folder
        self.stub = language_pb2_grpc.LanguageRuntimeStub(grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}"))

    @property
    def seen(self) -> dict[str, Any]:
        """Recorded call of the program."""
        found: dict[str, Any] = json.loads((self.folder / "seen.json").read_text())
        return found

    def info(self, folder: Path, **options: Any) -> language_pb2.ProgramInfo:
        """Return the description of a program in a folder."""
        struct = json_format.ParseDict(options, struct_pb2.Struct())
        return language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".", options=struct)

    def run(self, **more: Any) -> Any:
        """Run the program."""
        request = language_pb2.RunRequest(
            pwd=str(self.folder),
            info=self.info(self.folder),
            project="p",
            stack="s",
            monitor_address="127.0.0.1:1",
            parallel=8,
            organization="o",
            config={"p:a": "1"},
            **more,
        )
        return self.stub.Run(request, timeout=30)


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[Host]:
    """Start the host as the engine does."""
    (folder / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "sandbox.pulumi.language_host", "--script", folder / "script.py", "-root=/somewhere", "127.0.0.1:2"]
    variables = {**os.environ, "SEEN": str(folder / "seen.json"), **environment}
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Host(process, folder)
        finally:
            process.kill()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with started(tmp_path) as host:
        yield host


def children(process: subprocess.Popen[str]) -> list[int]:
    """Return the living processes that a process has started."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    listed = [int(pid) for thread in Path(f"/proc/{process.pid}/task").iterdir() for pid in (thread / "children").read_text().split()]
    return listed or [int(pid) for pid in found.read_text().split()]


def lives(pid: int) -> bool:
    """Tell whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_says_the_version_of_the_sdk_and_asks_for_no_plugin(host: Host) -> None:
    assert host.stub.GetPluginInfo(empty_pb2.Empty()).version == metadata.version("pulumi")
    asked = language_pb2.GetRequiredPackagesRequest(info=host.info(host.folder))
    assert list(host.stub.GetRequiredPackages(asked).packages) == []
    about = host.stub.About(language_pb2.AboutRequest(info=host.info(host.folder)))
    assert about.version == sys.version.split()[0]


def test_a_program_receives_everything_that_the_script_of_the_sdk_reads(host: Host) -> None:
    assert host.run(dryRun=True).error == ""
    seen = host.seen
    assert seen.pop("pwd") == seen.pop("root_directory") == str(host.folder)
    assert seen == {
        "monitor": "127.0.0.1:1",
        "engine": "127.0.0.1:2",
        "project": "p",
        "stack": "s",
        "dry_run": "true",
        "parallel": "8",
        "organization": "o",
        "program": ".",
        "config": {"p:a": "1"},
    }


def test_the_engines_address_may_come_with_the_handshake(host: Host) -> None:
    host.stub.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:3"))
    host.run()
    assert host.seen["engine"] == "127.0.0.1:3"


@pytest.mark.parametrize(
    ("code", "error", "bail"), [("0", "", False), ("3", "the program ended with exit code 3", False), ("32", "", True)]
)
def test_a_failed_program_is_reported_once(tmp_path: Path, code: str, error: str, bail: bool) -> None:  # noqa: FBT001 - a table's column
    """The SDK's script has already shown the error when it exits with 32."""
    with started(tmp_path, CODE=code) as host:
        answer = host.run()
        assert (answer.error, answer.bail) == (error, bail)


def test_a_missing_virtual_environment_is_named_with_the_cure(host: Host) -> None:
    request = language_pb2.RunRequest(info=host.info(host.folder, virtualenv="no/such"))
    with pytest.raises(grpc.RpcError, match=r"the virtual environment no/such of .* has no bin/python: `make venv` makes it"):
        host.stub.Run(request)


def test_cancel_interrupts_the_program(tmp_path: Path) -> None:
    with started(tmp_path, LAST="60") as host:
        running = host.stub.Run.future(language_pb2.RunRequest(pwd=str(tmp_path), info=host.info(tmp_path)))
        _until((tmp_path / "seen.json").exists)
        host.stub.Cancel(empty_pb2.Empty())
        assert "exit code" in running.result(20).error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_and_takes_its_children_along(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, LAST="60") as host:
        running = host.stub.Run.future(language_pb2.RunRequest(pwd=str(tmp_path), info=host.info(tmp_path)))
        _until((tmp_path / "seen.json").exists)
        left = children(host.process)
        assert left
        host.process.send_signal(number)
        _, said = host.process.communicate(timeout=20)
        assert said == ""
        assert running.code() is not None
        assert not [pid for pid in left if lives(pid)]


def test_it_does_not_outlive_an_engine_that_was_killed(tmp_path: Path) -> None:
    """This test's process is the parent, as the engine is in a real run."""
    (tmp_path / "script.py").write_text(SCRIPT)
    parent = textwrap.dedent("""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-m", "sandbox.pulumi.language_host", "--script", sys.argv[1], "127.0.0.1:2"])
        print(f"process {child.pid}", flush=True)
        time.sleep(60)
    """)
    engine = subprocess.Popen([sys.executable, "-c", parent, tmp_path / "script.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    # the host prints its port, in either order; a port may have the number of some other process
    lines = [engine.stdout.readline(), engine.stdout.readline()]
    (host,) = (int(line.split()[1]) for line in lines if line.startswith("process "))
    engine.kill()
    engine.wait()
    _until(lambda: not lives(host))
    engine.stdout.close()


def test_a_provider_folder_is_run_and_ends_with_the_call(host: Host) -> None:
    folder = ROOT / "providers" / "kafkaconnect"
    request = language_pb2.RunPluginRequest(
        pwd=str(host.folder), info=host.info(folder, virtualenv="../../.venv"), args=["127.0.0.1:4"], kind="resource"
    )
    call = host.stub.RunPlugin(request)
    assert int(next(call).stdout) > 0
    (provider,) = children(host.process)
    call.cancel()
    _until(lambda: not lives(provider))


def test_what_a_plugin_prints_and_its_exit_code_are_handed_on(host: Host) -> None:
    (host.folder / "plugin").mkdir()
    (host.folder / "plugin" / "__main__.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['WORD'])\nprint('wrong', file=sys.stderr)\nsys.exit(7)\n"
    )
    request = language_pb2.RunPluginRequest(
        pwd=str(host.folder), info=host.info(host.folder / "plugin"), args=["a", "b"], env=["WORD=x=y"], kind="resource"
    )
    answers = list(host.stub.RunPlugin(request))
    assert b"".join(item.stdout for item in answers) == b"['a', 'b'] x=y\n"
    assert b"".join(item.stderr for item in answers) == b"wrong\n"
    assert answers[-1].exitcode == 7


def test_a_policy_pack_gets_the_stacks_configuration_before_it_starts(host: Host) -> None:
    """Its budget is read from the environment but configured in the stack."""
    policy = ROOT / "policy"
    request = language_pb2.RunPluginRequest(
        pwd=str(host.folder),
        info=host.info(policy, virtualenv="../.venv"),
        args=["127.0.0.1:4"],
        env=[f"{name}={value}" for name, value in os.environ.items()],
        kind="analyzer",
    )
    call = host.stub.RunPlugin(request)
    pack = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{int(next(call).stdout)}"))
    assert children(host.process) == []
    pack.Handshake(analyzer_pb2.AnalyzerHandshakeRequest(engine_address="127.0.0.1:4"))
    config = {"data-ingestion:archive": '{"bucket": "b-1"}', "data-ingestion:names": '{"namespace": "elsewhere"}'}
    told = analyzer_pb2.AnalyzerStackConfigureRequest(stack="s", project="data-ingestion", organization="o", dry_run=True, config=config)
    pack.ConfigureStack(told)
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "data-ingestion"
    assert "memory-budget" in {policy.name for policy in info.policies}
    (process,) = children(host.process)
    environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    assert b"PULUMI_STACK=s" in environment
    assert b"PULUMI_DRY_RUN=true" in environment
    call.cancel()
    _until(lambda: not lives(process))


def test_a_policy_pack_that_cannot_start_is_an_error_with_what_it_said(host: Host) -> None:
    (host.folder / "pack").mkdir()
    (host.folder / "pack" / "__main__.py").write_text("raise SystemExit('no pack today')\n")
    request = language_pb2.RunPluginRequest(
        pwd=str(host.folder), info=host.info(host.folder / "pack"), args=["127.0.0.1:4"], kind="analyzer"
    )
    call = host.stub.RunPlugin(request)
    pack = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{int(next(call).stdout)}"))
    with pytest.raises(grpc.RpcError, match=r"the policy pack ended before it listened|the policy pack has ended"):
        pack.GetAnalyzerInfo(empty_pb2.Empty())
    rest = list(call)
    assert b"no pack today" in b"".join(item.stderr for item in rest)
    assert rest[-1].exitcode == 1


def _until(true: Any, timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.05)
