"""Bringing the sandbox up and taking it down: the order of things, each of which may have been done before or broken off half-way."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.reading import saved_outputs
from pipeline.reading.saved_outputs import STACK
from pipeline.recording.program import load as load_program
from pipeline.recording.stackfile import stack_config
from sandbox import alert_receiver, cloud, cluster, images, outputs, preflight, reader, toolchain
from sandbox.adapter import Adapter, JournalError, Result
from sandbox.adapter.driver import JOURNAL
from sandbox.adapter.journal import Journal
from sandbox.kubernetes import Kube
from sandbox.lock import alone
from sandbox.paths import CHECKOUT, KUBECONFIG, STATE
from sandbox.pulumi import home, orphans
from sandbox.pulumi import stack as pulumi_stack
from sandbox.pulumi.stack import PulumiStack
from sandbox.stack_settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.checks.check import Check
    from pipeline.checks.progress import Progress
    from stack.settings.model import Settings

_WITH_THE_NODE = "Everything goes with the node"
_CHANGING = frozenset({"up", "update", "destroy", "down", "refresh", "import"})
"""Commands of the CLI after which the stack may have other outputs."""


@dataclass(frozen=True, slots=True)
class Made:
    """Result of ``up``.

    Attributes:
        result: Changes of the program's resources.
        outputs: What scripts need.
    """

    result: Result
    outputs: dict[str, Any]


def published_ports(stack: Settings) -> list[int]:
    """Return every port that the sandbox opens on 127.0.0.1."""
    store = [int(stack.archive.store.host_endpoint.rsplit(":", 1)[1])] if stack.archive.store else []
    alerts = [alert_receiver.NODE_PORT] if stack.monitoring.enabled else []
    return [*(pair.node for pair in stack.host.pairs), *store, *alerts]


def checks() -> list[Check[Any]]:
    """Return what the sandbox needs of this machine and what the machine has.

    Raises:
        SettingsError: Listing every problem of its stack file.
    """
    return preflight.checks(published_ports(settings()), running=cluster.owner() is not None, warm=cluster.built() and images.built())


class OtherDriverError(RuntimeError):
    """The pipeline that is here was made by the other driver, whose records are the only ones that know of it."""


def up(progress: Progress, *, by_engine: bool = False) -> Made:
    """Everything from a bare machine to a running pipeline; what is right already is left as it is.

    Args:
        progress: Where to show it.
        by_engine: Whether the Pulumi engine carries the program out. A pipeline that it has made is always its own.

    Raises:
        Exception: Each part's own error, whose message is for people; the next run continues from there.
    """
    preflight.check_platform()
    with alone():
        stack = settings()
        by_engine = by_engine or pulumi_stack.exists()
        if by_engine:
            refuse_the_adapters()
        kube, emulator = _ground(stack, progress, by_engine=by_engine)
        if not by_engine:
            return _pipeline(stack, kube, emulator, None, progress)
        tools = home.prepare(pulumi_stack.PLACE, progress)
        progress.note(f"The Pulumi engine is {tools.summary}")
        return _pipeline(stack, kube, emulator, PulumiStack(tools, emulator), progress)


def refuse_the_adapters() -> None:
    """Refuse the engine where the pipeline was made without it. Raises OtherDriverError with the cure."""
    if Journal(STATE / JOURNAL).entries():
        message = (
            "the pipeline that is here was made without the Pulumi engine, whose state knows nothing of it and would make all of it again. "
            "Take it down with 'make sandbox-down', then 'make sandbox ENGINE=pulumi'"
        )
        raise OtherDriverError(message)


def by_cli(arguments: Sequence[str], progress: Progress) -> int:
    """Run a command of the Pulumi CLI on the stack, on the ground that is here, and return its exit code.

    What scripts need to reach the pipeline is written anew after a command that may have changed it.

    Raises:
        NoSandboxError: If there is no ground.
        OtherDriverError: If the pipeline on it was made without the engine.
    """
    preflight.check_platform()
    emulator = cloud.known()
    if emulator is None or not cluster.answers():
        message = "there is no sandbox for the Pulumi CLI on this machine; make one with 'make sandbox ENGINE=pulumi'"
        raise saved_outputs.NoSandboxError(message)
    cluster.refuse_another()
    refuse_the_adapters()
    stack = PulumiStack(home.prepare(pulumi_stack.PLACE, progress), emulator)
    code = stack.command(arguments)
    if code == 0 and {"up", "update"} & set(arguments):
        stack.settle(progress)
    if _CHANGING & set(arguments):
        _follow(stack.outputs(progress), emulator, progress)
    return code


def _follow(made: Mapping[str, Any], emulator: cloud.Cloud, progress: Progress) -> None:
    """Write anew what scripts need, from the stack's outputs; a stack that is not complete keeps what was known."""
    if not made:
        saved_outputs.forget()
        return
    try:
        saved_outputs.save(outputs.collect(made, reader.ensure(emulator, settings().archive.bucket, _known_reader())))
    except outputs.IncompleteStackError as missing:
        progress.note(f"'python -m pipeline sandbox outputs' shows what was known before: {missing}")


def ground(progress: Progress) -> None:
    """Start what the program runs on and no more: the node, the images and the emulated AWS; ``pulumi up`` does the rest.

    Raises:
        Exception: As `up`.
    """
    preflight.check_platform()
    with alone():
        _ground(settings(), progress)


def _ground(stack: Settings, progress: Progress, *, by_engine: bool = False) -> tuple[Kube, cloud.Cloud]:
    cluster.refuse_another()
    warm, missing = cluster.built() and images.built(), by_engine and not home.is_built()
    preflight.check(published_ports(stack), running=cluster.owner() is not None, warm=warm, engine=missing)
    cluster.refuse_others()
    toolchain.install([*cluster.prerequisites(), *images.prerequisites()], progress)
    with ThreadPoolExecutor(2) as pool:
        node, archives = pool.submit(cluster.build, progress), pool.submit(images.build, progress)
        binary = node.result()
        # One compiler at a time: two of them need more memory than the sandbox asks for.
        compiled = pool.submit(home.build_missing, progress) if missing else None
        kubeconfig = cluster.up(binary, progress)
        built = archives.result()
        if compiled is not None:
            compiled.result()
    with progress.step("Importing images") as step:
        for reference, archive in built.items():
            step.waiting(reference)
            cluster.import_image(archive, reference)
    kube = Kube(kubeconfig)
    if stack.monitoring.enabled:
        alert_receiver.up(kube, progress)
    return kube, cloud.up(kube, progress)


def _pipeline(stack: Settings, kube: Kube, emulator: cloud.Cloud, engine: PulumiStack | None, progress: Progress) -> Made:
    watched = stack.monitoring_namespace
    with nullcontext() if watched is None else alert_receiver.introduced(kube, watched):
        result = _carried_out(kube, emulator, engine, progress)
    collected = outputs.collect(result.outputs, reader.ensure(emulator, stack.archive.bucket, _known_reader()))
    saved_outputs.save(collected)
    return Made(result, collected)


def _carried_out(kube: Kube, emulator: cloud.Cloud, engine: PulumiStack | None, progress: Progress) -> Result:
    if engine is not None:
        return engine.up(progress)
    os.environ |= {"AWS_ACCESS_KEY_ID": emulator.access_key_id, "AWS_SECRET_ACCESS_KEY": emulator.secret_access_key}
    config = stack_config(CHECKOUT, STACK)
    return Adapter(STATE, kube).up(load_program(CHECKOUT), config.project, STACK, config.values, progress)


def _known_reader() -> reader.Reader | None:
    try:
        known = saved_outputs.read()["reader"]
    except (saved_outputs.NoSandboxError, KeyError):
        return None
    return reader.Reader(known["endpoint"], known["region"], known["accessKeyId"], known["secretAccessKey"])


def down(progress: Progress) -> bool:
    """Remove the sandbox of whichever checkout: connectors, topics, workloads, bucket, then the node and every trace of it.

    Returns:
        Whether there was anything to remove.
    """
    preflight.check_platform()
    with alone():
        owner = cluster.owner()
        if owner is not None:
            progress.note(f"Taking down the sandbox of {owner}")
            if KUBECONFIG.exists():
                _delete_resources(progress)
        orphans.end(pulumi_stack.PLACE / "home")
        cluster.down(progress)
        return owner is not None


def _delete_resources(progress: Progress) -> None:
    """Delete what the program made, as long as the cluster answers; what cannot be deleted goes with the node."""
    known = cloud.known()
    if not cluster.answers():
        return
    if known is not None and pulumi_stack.exists():
        _destroy(known, progress)
    if known is not None:
        os.environ |= {"AWS_ACCESS_KEY_ID": known.access_key_id, "AWS_SECRET_ACCESS_KEY": known.secret_access_key}
    try:
        Adapter(STATE, Kube(Path(KUBECONFIG))).down(progress, force=True)
    except JournalError as error:
        progress.note(f"{error}. {_WITH_THE_NODE}")


def _destroy(emulator: cloud.Cloud, progress: Progress) -> None:
    """Let the engine delete what it has made; what it cannot goes with the node."""
    if not home.is_built():
        progress.note(f"The Pulumi engine that made the pipeline is not in the cache any more. {_WITH_THE_NODE}")
        return
    try:
        PulumiStack(home.prepare(pulumi_stack.PLACE, progress), emulator).destroy(progress)
    except Exception as error:  # noqa: BLE001  # whatever it is, the node with everything in it must go
        progress.note(f"{error}\n{_WITH_THE_NODE}")
