"""Up and down: create a program's resources and record them, delete every recorded resource."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipeline.recording.program import run
from sandbox.adapter.failures import RefusedError, ResourceError, joined
from sandbox.adapter.family import Change, Family
from sandbox.adapter.journal import Journal
from sandbox.adapter.kubernetes_objects import KubernetesObjects
from sandbox.adapter.monitor import ActingMonitor
from sandbox.adapter.operated import OperatedFamily, own, stand_in
from sandbox.adapter.removal import Removal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pipeline.checks.progress import Progress
    from sandbox.kubernetes import Kube

JOURNAL: Final = "journal.json"


@dataclass(frozen=True, kw_only=True)
class Result:
    """Result of a run.

    Attributes: `outputs` are plain, secrets included, whose names are in `secret_outputs`; the others list resources as
    `Type name`.
    """

    outputs: Mapping[str, Any] = field(default_factory=dict)
    secret_outputs: frozenset[str] = frozenset()
    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


class Adapter:
    """Brings a program about on this machine's sandbox and takes it down again."""

    def __init__(self, state_dir: Path, kube: Kube) -> None:
        """Keep the journal in `state_dir`; speak to the cluster through `kube`. Nothing is read or sent yet."""
        self._path = state_dir / JOURNAL
        self._cancelled = threading.Event()
        self._families: dict[str, Family] = {
            "kubernetes": KubernetesObjects(kube, self._cancelled),
            **{name: OperatedFamily(stand_in(name), self._cancelled) for name in ("aws", "kafka", "random", "tls")},
            "kafkaconnect": OperatedFamily(own("providers.kafkaconnect.provider", "KafkaConnect"), self._cancelled),
            "iceberg": OperatedFamily(own("providers.iceberg.provider", "Iceberg"), self._cancelled),
        }

    def up(
        self,
        program: Callable[[], None],
        project: str,
        stack: str,
        config: Mapping[str, str],
        progress: Progress,
    ) -> Result:
        """Bring about what the program declares, then delete what it no longer does.

        `config` has keys as `project:key` (`recording.stackfile.stack_config`). Raises ResourceError when a resource fails:
        nothing after it was begun, and the next run continues. What the program raises itself comes out unchanged.
        """
        self._cancelled.clear()
        journal = Journal(self._path)
        monitor = ActingMonitor(journal, self._family, progress, self._cancelled)
        try:
            run(
                program,
                monitor,
                project=project,
                stack=stack,
                config=config,
                preview=False,
                on_interrupt=self._cancelled.set,
            )
        except Exception:
            if not monitor.failures:
                raise
        if monitor.failures:
            raise ResourceError(joined(monitor.failures))
        orphans = [entry for entry in journal.entries() if entry.urn not in monitor.seen]
        removal = Removal(journal=journal, family=self._family, progress=progress, cancelled=self._cancelled)
        removal.run(orphans)
        journal.finish(project, stack, monitor.stack_outputs, monitor.secret_outputs)
        return Result(
            outputs=monitor.stack_outputs,
            secret_outputs=monitor.secret_outputs,
            deleted=tuple(removal.deleted),
            **_by_change(monitor.changes.values()),
        )

    def down(self, progress: Progress, *, force: bool = False) -> Result:
        """Delete everything in the journal, what needs others first; things already gone are no trouble.

        With `force`, what cannot be deleted is forgotten: for a cluster that is removed as a whole anyway. Raises
        ResourceError about protected resources before anything is deleted, else about all that could not be deleted.
        """
        self._cancelled.clear()
        journal = Journal(self._path)
        guarded = [entry.name for entry in journal.entries() if entry.protect]
        if guarded and not force:
            message = f"protected, so nothing was deleted: {', '.join(guarded)}"
            raise ResourceError(message)
        removal = Removal(journal=journal, family=self._family, progress=progress, cancelled=self._cancelled, force=force)
        removal.run(journal.entries())
        if not journal.entries():
            self._path.unlink(missing_ok=True)
        return Result(deleted=tuple(removal.deleted))

    def outputs(self) -> tuple[Mapping[str, Any], frozenset[str]]:
        """Give the outputs of the last run that succeeded and the names of those that are secret."""
        journal = Journal(self._path)
        return journal.outputs, journal.secret_outputs

    def _family(self, type_token: str) -> Family:
        package = type_token.partition(":")[0]
        try:
            return self._families[package]
        except KeyError:
            message = f"the sandbox does not make {type_token}; it acts for {', '.join(sorted(self._families))}"
            raise RefusedError(message) from None


def _by_change(changes: Iterable[tuple[str, Change]]) -> dict[str, tuple[str, ...]]:
    done = sorted(changes)
    return {change.value: tuple(name for name, made in done if made is change) for change in Change}
