"""The sandbox's stack under the real engine: made, changed and destroyed through the Automation API, or by any command of the CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pulumi.automation as auto
import yaml
from pulumi.automation.errors import CommandError

from sandbox.adapter.driver import Result
from sandbox.adapter.failures import ResourceError, joined
from sandbox.kubernetes import Kube
from sandbox.paths import CHECKOUT, KUBECONFIG, STATE
from sandbox.pulumi import home, locks, orphans
from sandbox.pulumi.commands import STACK, ctrl_c_is_the_clis, refuse_another
from sandbox.pulumi.events import Events
from sandbox.pulumi.reasons import told
from sandbox.pulumi.stackfile import StackFile
from sandbox.standins import ADOPT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pipeline.checks.progress import Progress
    from sandbox.cloud import Cloud

PLACE: Final = STATE / "pulumi"
"""The CLI's home, its state, and the passphrase of that state's secrets."""

_FORCE: Final = "PULUMI_K8S_ENABLE_PATCH_FORCE"
"""Lets the Kubernetes plugin take over fields. Always, since an object that an interrupted run has made and not recorded stays a second
owner of its fields, and would refuse every later change; and since the SDK writes the variable into its provider."""


def exists() -> bool:
    """Tell whether the engine has a stack of the sandbox on this machine."""
    return any((PLACE / "backend").glob(f".pulumi/stacks/*/{STACK}.json"))


class PulumiStack:
    """The stack, and the CLI that drives it."""

    def __init__(self, tools: home.Home, emulator: Cloud) -> None:
        """Keep what the CLI needs; nothing is started."""
        self.tools = tools
        self.project = str(yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])
        # It goes before the file that holds the passphrase of this state, and the Automation API takes it from here.
        os.environ.pop("PULUMI_CONFIG_PASSPHRASE", None)
        self._file = StackFile(CHECKOUT / f"Pulumi.{STACK}.yaml", PLACE / f"Pulumi.{STACK}.yaml")
        self._variables = {
            **tools.variables,
            "PULUMI_STACK": STACK,
            _FORCE: "true",
            "PULUMI_OPTION_CONFIG_FILE": str(self._file.path),
            "AWS_ACCESS_KEY_ID": emulator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": emulator.secret_access_key,
        }

    def up(self, progress: Progress) -> Result:
        """Preview, judged by the policy pack, then bring the stack to what the program declares.

        Raises:
            ResourceError: With the reason of whatever failed; the next run continues.
        """
        stack = self._opened(progress)
        with progress.step("Previewing, judged by the policy pack") as step:
            self._carried_out(stack.preview, Events(progress, step))
        events = Events(progress)
        self._carried_out(stack.up, events)
        self._settle(stack)
        found = self._outputs(stack)
        return Result(
            outputs={name: output.value for name, output in found.items()},
            secret_outputs=frozenset(name for name, output in found.items() if output.secret),
            created=tuple(events.created),
            updated=tuple(events.updated),
            unchanged=tuple(events.unchanged),
            deleted=tuple(events.deleted),
        )

    def destroy(self, progress: Progress) -> Result:
        """Delete what the stack has made. Raises ResourceError as `up`."""
        stack, events = self._opened(progress), Events(progress)
        self._carried_out(stack.destroy, events)
        return Result(deleted=tuple(events.deleted))

    def outputs(self, progress: Progress) -> dict[str, Any]:
        """Give the stack's outputs, secrets in clear; nothing when there is no pipeline."""
        return {name: output.value for name, output in self._outputs(self._opened(progress)).items()}

    def _outputs(self, stack: auto.Stack) -> Mapping[str, auto.OutputValue]:
        try:
            return stack.outputs()
        finally:
            self._file.take_back()

    def command(self, arguments: Sequence[str]) -> int:
        """Run the CLI as it is, on this terminal, and return its exit code.

        Its settings are the checkout's stack file, and what it writes there comes back into that file. Nothing of ours is locked: the
        CLI's own lock says who holds it.

        Raises:
            OtherStackError: If another stack is named, whose settings these are not.
        """
        refuse_another(arguments)
        self._begin()
        self._file.bring()
        environment = {**self.tools.environment, **self._environment()}
        try:
            with ctrl_c_is_the_clis():
                done = subprocess.run([self.tools.pulumi, *arguments], cwd=CHECKOUT, env=environment, check=False)
        finally:
            self._file.take_back()
        return done.returncode

    def settle(self, progress: Progress) -> None:
        """Forget operations of an interrupted run after one that has succeeded, so that nothing is taken over any more."""
        if self._pending():
            self._settle(self._opened(progress))

    def _opened(self, progress: Progress) -> auto.Stack:
        if self._begin():
            progress.note("The last run of the engine was ended before its time; its lock is taken away, and this run continues it")
        self._file.bring()
        workspace = auto.LocalWorkspace(
            work_dir=str(CHECKOUT),
            env_vars=self._environment(),
            pulumi_command=auto.PulumiCommand(root=str(_root(self.tools.pulumi))),
        )
        try:
            return auto.Stack.select(STACK, workspace)
        except CommandError as error:
            raise ResourceError(_last(str(error))) from None

    def _begin(self) -> bool:
        """Make the stack once, and take away lock and plugins of a run that was killed; tell whether there was one."""
        if not exists():
            self._made()
        orphans.end(PLACE / "home")
        return locks.release_stale(PLACE / "backend", self.project, STACK) > 0

    def _made(self) -> None:
        """Make the empty stack from a folder of its own: `stack init` writes its salt beside the project file that it finds."""
        folder = PLACE / "project"
        folder.mkdir(exist_ok=True)
        shutil.copy(CHECKOUT / "Pulumi.yaml", folder)
        command = [str(self.tools.pulumi), "stack", "init", STACK, "--non-interactive"]
        environment = {name: value for name, value in {**self.tools.environment, **self._variables}.items() if name not in _ONLY_LATER}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ResourceError(done.stderr.strip() or done.stdout.strip())
        (folder / f"Pulumi.{STACK}.yaml").replace(self._file.path)

    def _environment(self) -> dict[str, str]:
        return {**self._variables, **({ADOPT: "true"} if self._pending() else {})}

    def _pending(self) -> bool:
        """Tell whether a run was interrupted in the middle of an operation, of which the state knows only that it began."""
        checkpoints = [json.loads(path.read_text(encoding="utf-8")).get("checkpoint") or {} for path in _checkpoints()]
        return any((checkpoint.get("latest") or {}).get("pending_operations") for checkpoint in checkpoints)

    def _settle(self, stack: auto.Stack) -> None:
        """Forget operations of an interrupted run: everything that is declared is recorded now."""
        if self._pending():
            whole = stack.export_stack()
            deployment: dict[str, Any] = dict(whole.deployment or {})
            deployment["pending_operations"] = []
            stack.import_stack(auto.Deployment(version=whole.version, deployment=deployment))

    def _carried_out(self, operation: Callable[..., Any], events: Events) -> None:
        try:
            with ctrl_c_is_the_clis():
                operation(on_event=events, color="never")
        except CommandError as error:
            blocks = told(events, Kube(KUBECONFIG))
            raise ResourceError(joined(blocks) if blocks else _last(str(error))) from None
        finally:
            events.close()
            self._file.take_back()


_ONLY_LATER: Final = frozenset({"PULUMI_STACK", "PULUMI_OPTION_CONFIG_FILE", "PULUMI_OPTION_POLICY_PACK"})


def _checkpoints() -> list[Path]:
    return [*(PLACE / "backend").glob(f".pulumi/stacks/*/{STACK}.json")]


def _root(program: Path) -> Path:
    """Return the folder above the one that a CLI lies in, as the Automation API names it."""
    return program.parent.parent


def _last(text: str) -> str:
    """Return the last lines of the engine's output, for a failure without an event."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-15:])
