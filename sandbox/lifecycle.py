"""Bringing the sandbox up and taking it down: the order of things, each of which may have been done before or broken off half-way."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plan.program import load as load_program
from plan.stackfile import stack_config
from sandbox import cloud, cluster, images, outputs, preflight, reader, toolchain
from sandbox.engine import Engine, JournalError, Result
from sandbox.kubernetes import Kube
from sandbox.lock import alone
from sandbox.paths import CHECKOUT, KUBECONFIG, STATE
from settings import Settings, parse_text

if TYPE_CHECKING:
    from operate.doctor.check import Check
    from sandbox.progress import Progress

STACK = "sandbox"


@dataclass(frozen=True, slots=True)
class Made:
    """What a run of ``up`` left.

    Attributes:
        result: What the program's resources went through.
        outputs: What scripts need.
    """

    result: Result
    outputs: dict[str, Any]


def settings() -> Settings:
    """The sandbox stack's settings, read from its stack file.

    Raises:
        SettingsError: Listing every problem.
    """
    return parse_text(stack_config(CHECKOUT, STACK).values)


def published_ports(stack: Settings) -> list[int]:
    """Every port the sandbox opens on 127.0.0.1."""
    store = [int(stack.archive.store.host_endpoint.rsplit(":", 1)[1])] if stack.archive.store else []
    return [*(pair.node for pair in stack.host.pairs), *store]


def checks() -> list[Check[Any]]:
    """What the sandbox asks of this machine, as it is now.

    Raises:
        SettingsError: Listing every problem of its stack file.
    """
    return preflight.checks(published_ports(settings()), running=cluster.owner() is not None, warm=cluster.built() and images.built())


def up(progress: Progress) -> Made:
    """Everything from a bare machine to a running pipeline; what is right already is left as it is.

    Raises:
        Exception: Each part's own error, whose message is for people; the next run continues from there.
    """
    preflight.check_platform()
    with alone():
        stack = settings()
        kube, emulator = _ground(stack, progress)
        return _pipeline(stack, kube, emulator, progress)


def ground(progress: Progress) -> None:
    """What the program stands on and no more: the node, the images and the emulated AWS, for ``pulumi up`` to do the rest.

    Raises:
        Exception: As `up`.
    """
    preflight.check_platform()
    with alone():
        _ground(settings(), progress)


def _ground(stack: Settings, progress: Progress) -> tuple[Kube, cloud.Cloud]:
    cluster.refuse_another()
    preflight.check(published_ports(stack), running=cluster.owner() is not None, warm=cluster.built() and images.built())
    cluster.refuse_others()
    toolchain.install([*cluster.prerequisites(), *images.prerequisites()], progress)
    with ThreadPoolExecutor(2) as pool:
        node, archives = pool.submit(cluster.build, progress), pool.submit(images.build, progress)
        binary = node.result()
        kubeconfig = cluster.up(binary, progress)
        built = archives.result()
    with progress.step("Importing images") as step:
        for reference, archive in built.items():
            step.waiting(reference)
            cluster.import_image(archive, reference)
    kube = Kube(kubeconfig)
    return kube, cloud.up(kube, progress)


def _pipeline(stack: Settings, kube: Kube, emulator: cloud.Cloud, progress: Progress) -> Made:
    os.environ |= {"AWS_ACCESS_KEY_ID": emulator.access_key_id, "AWS_SECRET_ACCESS_KEY": emulator.secret_access_key}
    config = stack_config(CHECKOUT, STACK)
    result = Engine(STATE, kube).up(load_program(CHECKOUT), config.project, STACK, config.values, progress)
    collected = outputs.collect(result.outputs, stack, reader.ensure(emulator, stack.archive.bucket, _known_reader()))
    outputs.save(collected)
    return Made(result, collected)


def _known_reader() -> reader.Reader | None:
    try:
        store = outputs.read()["s3"]
    except (outputs.NoSandboxError, KeyError):
        return None
    return reader.Reader(store["endpoint"], store["region"], store["access_key_id"], store["secret_access_key"])


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
        cluster.down(progress)
        return owner is not None


def _delete_resources(progress: Progress) -> None:
    """Delete what the program made, as long as the cluster answers; what cannot be deleted goes with the node."""
    known = cloud.known()
    if known is not None:
        os.environ |= {"AWS_ACCESS_KEY_ID": known.access_key_id, "AWS_SECRET_ACCESS_KEY": known.secret_access_key}
    if cluster.answers():
        try:
            Engine(STATE, Kube(Path(KUBECONFIG))).down(progress, force=True)
        except JournalError as error:
            progress.note(f"{error}. Everything goes with the node")
