"""The monitor that answers a registration by really bringing the resource about."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import resource_pb2

from pipeline.recording.recorder import RegistrationMonitor
from pipeline.recording.values import has_unknown, wire
from sandbox.adapter.failures import RefusedError, block, short_type
from sandbox.adapter.family import Wanted
from sandbox.adapter.journal import Entry, Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.checks.progress import Progress
    from pipeline.recording import Resource
    from providers.waiting import Display
    from sandbox.adapter.family import Change, Family


class ActingMonitor(RegistrationMonitor):
    """Brings resources about in the order in which the program can declare them; after a failure nothing new begins.

    Attributes: `changes` maps each URN to what was done; `failures` are readable blocks; `seen` is every declared URN.
    """

    def __init__(self, journal: Journal, family: Callable[[str], Family], progress: Progress, cancelled: threading.Event) -> None:
        """Act through `family`, which finds who acts for a type; `cancelled` ends every wait."""
        super().__init__()
        self.changes: dict[str, tuple[str, Change]] = {}
        self.failures: list[str] = []
        self.seen: set[str] = set()
        self._journal = journal
        self._family = family
        self._progress = progress
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._providers: dict[str, Mapping[str, Any]] = {}
        self._requires: dict[str, frozenset[str]] = {}

    def answer(self, resource: Resource) -> resource_pb2.RegisterResourceResponse:
        """Bring one resource about, or say that it failed; the program then goes on without its outputs."""
        self._note(resource)
        if not resource.custom:
            return _answer(resource, "", resource.inputs)
        if self._cancelled.is_set():
            return _failed(resource)
        try:
            return self._act(resource)
        except Exception as error:  # noqa: BLE001 - reported as one block
            self._fail(block("created or changed", resource.type, resource.name, error))
            return _failed(resource)

    def _act(self, resource: Resource) -> resource_pb2.RegisterResourceResponse:
        if has_unknown(dict(resource.inputs)):
            message = "one of its inputs is unknown although all of its dependencies exist"
            raise RefusedError(message)
        self._move_renamed(resource)
        if resource.is_provider:
            self._providers[resource.urn] = resource.inputs
            self._journal.put(replace(self._entry(resource, identity=resource.urn, kept=resource.inputs), done=True))
            return _answer(resource, "sandbox", resource.inputs)
        known, family = self._journal.get(resource.urn), self._family(resource.type)
        provider = self._providers.get(resource.provider, {})
        wanted = Wanted(resource=resource, provider=provider, known=known, cancelled=self._cancelled)
        identity = family.identity(wanted)
        title = f"{short_type(resource.type)} {resource.name}"
        with self._progress.step(title) as step:
            if known is not None and known.identity != identity:
                self._replace(known, family, step)
                wanted = replace(wanted, known=None)
                # A made-up name is made up anew.
                identity = family.identity(wanted)
            kept = family.kept(wanted, identity)
            entry = self._journal.put(self._intent(wanted, identity, kept))
            converged = family.converge(wanted, identity, step)
            self._journal.put(replace(entry, done=True, kept=kept, outputs=dict(converged.remember)))
        with self._lock:
            self.changes[resource.urn] = (title, converged.change)
        return _answer(resource, converged.id, converged.outputs)

    def _replace(self, known: Entry, family: Family, step: Display) -> None:
        provider = self._journal.get(known.provider)
        settings = provider.kept if provider else {}
        if known.protect or family.holds_data(known, settings):
            message = (
                f"{known.identity} would be deleted with what it holds, since the program gives it another name. Without the engine "
                "nothing is replaced that holds data or is protected: take the change back, or take the sandbox down first"
            )
            raise RefusedError(message)
        step.waiting(f"{known.identity} to go: the program gives it another name")
        family.delete(known, settings, step)

    def _intent(self, wanted: Wanted, identity: str, kept: Mapping[str, Any]) -> Entry:
        """Make the entry that is written before acting: what an earlier run knew stays until this one has succeeded."""
        known = wanted.known
        if known is None:
            return self._entry(wanted.resource, identity=identity, kept=kept)
        return replace(self._entry(wanted.resource, identity=identity, kept=known.kept), done=known.done, outputs=known.outputs)

    def _note(self, resource: Resource) -> None:
        """Keep what the resource needs, through its components, and refuse two of one name."""
        with self._lock:
            if resource.urn in self.seen:
                message = f"two resources are both called {resource.name} ({resource.type})"
                raise RefusedError(message)
            self.seen.add(resource.urn)
            direct = {*resource.dependencies, resource.parent, resource.provider} - {""}
            through_components = [self._requires.get(urn, frozenset()) for urn in direct]
            self._requires[resource.urn] = frozenset(direct).union(*through_components)

    def _entry(self, resource: Resource, *, identity: str, kept: Mapping[str, Any]) -> Entry:
        return Entry(
            urn=resource.urn,
            type=resource.type,
            name=resource.name,
            provider=resource.provider,
            requires=tuple(sorted(self._requires[resource.urn])),
            identity=identity,
            deleted_with=resource.deleted_with,
            protect=resource.protect,
            retain=resource.retain_on_delete,
            kept=dict(kept),
        )

    def _move_renamed(self, resource: Resource) -> None:
        for alias in resource.aliases:
            if self._journal.get(resource.urn) is None and self._journal.get(alias) is not None:
                self._journal.rename(alias, resource.urn)

    def _fail(self, text: str) -> None:
        """Keep the first failure, and those of work that was in flight with it unless it only was cut short by it."""
        with self._lock:
            if not self.failures or not self._cancelled.is_set():
                self.failures.append(text)
        self._cancelled.set()


def _answer(resource: Resource, identity: str, outputs: Mapping[str, Any]) -> resource_pb2.RegisterResourceResponse:
    secret = resource.secret_inputs | resource.secret_outputs
    return resource_pb2.RegisterResourceResponse(urn=resource.urn, id=identity, object=wire(outputs, secret))


def _failed(resource: Resource) -> resource_pb2.RegisterResourceResponse:
    return resource_pb2.RegisterResourceResponse(urn=resource.urn, result=resource_pb2.FAIL)
