"""The engine's event stream as the sandbox shows its progress, and as the reasons of a failure."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from pulumi.automation import OpType

from sandbox.adapter.failures import short_type

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent
    from pulumi.automation.events import StepEventMetadata

    from pipeline.checks.progress import Progress, Step

_QUIET: Final = frozenset({OpType.SAME, OpType.READ, OpType.REFRESH, OpType.DISCARD, OpType.REMOVE_PENDING_REPLACE})
_CREATED: Final = frozenset({OpType.CREATE, OpType.IMPORT})
_UPDATED: Final = frozenset({OpType.UPDATE, OpType.REPLACE, OpType.CREATE_REPLACEMENT})
_COLOUR: Final = re.compile(r"<\{%[^%]*%\}>")
"""Markup of colours in the engine's messages."""
_FOLLOWS: Final = ("update failed", "preview failed", "Resource monitor has terminated", "the program ended with exit code")
"""Beginnings of messages that only point to an earlier one."""


class Events:
    """Shows one operation of the engine.

    Attributes:
        created, updated, deleted, unchanged: Titles of the resources, as `Type name`.
        violations: What mandatory policies said.
        notes: What is worth a line after all: warnings of resources, advisory policies.
        objects: Namespace and name of each Kubernetes object that an operation was begun on, by URN.
    """

    def __init__(self, progress: Progress, preview: Step | None = None) -> None:
        """Show the operation in `progress`; of a preview only how far it is, in its own step."""
        self._preview = preview
        self._looked_at: set[str] = set()
        self.created: list[str] = []
        self.updated: list[str] = []
        self.deleted: list[str] = []
        self.unchanged: list[str] = []
        self.violations: list[str] = []
        self.notes: list[str] = []
        self.objects: dict[str, tuple[str, str]] = {}
        self._progress = progress
        self._running: dict[str, Step] = {}
        self._failed: dict[str, str] = {}
        self._said: dict[str, list[str]] = defaultdict(list)

    def __call__(self, event: EngineEvent) -> None:
        """Take one event."""
        if event.resource_pre_event is not None:
            self._begin(event.resource_pre_event.metadata)
        elif event.res_outputs_event is not None:
            self._end(event.res_outputs_event.metadata)
        elif event.res_op_failed_event is not None:
            self._fail(event.res_op_failed_event.metadata)
        elif event.diagnostic_event is not None:
            said = event.diagnostic_event
            self._say(said.urn or "", plain(said.message), said.severity, passing=bool(said.ephemeral))
        elif event.policy_event is not None:
            told = event.policy_event
            line = f"{told.policy_name}: {plain(told.message)}"
            (self.violations if told.enforcement_level == "mandatory" else self.notes).append(line)

    def failures(self) -> list[tuple[str, str, str]]:
        """Give (URN, operation, reasons) of what failed: resources first, then what the program or the engine itself said."""
        found = [(urn, operation, "\n".join(self._said.get(urn, ()))) for urn, operation in self._failed.items()]
        rest = [line for urn, lines in self._said.items() if urn not in self._failed for line in lines]
        return [*found, *([("", "", "\n".join(rest))] if rest else [])]

    def close(self) -> None:
        """End the lines of what was cut short."""
        for step in self._running.values():
            step.fail()
        self._running.clear()

    def _begin(self, about: StepEventMetadata) -> None:
        if self._preview is not None:
            self._looked_at.add(about.urn)
            self._preview.counting(f"the engine, {len(self._looked_at)} resources so far")
            return
        if about.op in _QUIET or _is_component(about):
            return
        metadata = ((about.new.inputs if about.new else None) or {}).get("metadata")
        if isinstance(metadata, dict):
            self.objects[about.urn] = (str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))
        verb = "Delete " if "delete" in about.op.value else ""
        self._running[_key(about)] = self._progress.begin(f"{verb}{_title(about)}")

    def _end(self, about: StepEventMetadata) -> None:
        if _is_component(about):
            return
        step = self._running.pop(_key(about), None)
        if step is not None:
            step.done()
        if about.op in _CREATED:
            self.created.append(_title(about))
        elif about.op in _UPDATED:
            self.updated.append(_title(about))
        elif about.op is OpType.DELETE:
            self.deleted.append(_title(about))
        elif about.op is OpType.SAME:
            self.unchanged.append(_title(about))

    def _fail(self, about: StepEventMetadata) -> None:
        step = self._running.pop(_key(about), None)
        if step is not None:
            step.fail()
        self._failed[about.urn] = about.op.value

    def _say(self, urn: str, text: str, severity: str, *, passing: bool) -> None:
        text = text.strip()
        if not text or text.startswith(_FOLLOWS):
            return
        if severity == "error":
            self._said[urn] += [line for line in text.splitlines() if line.strip()]
        elif passing or severity == "info":
            for key, step in self._running.items():
                if key.startswith(f"{urn} "):
                    step.waiting(text.splitlines()[0])
        elif severity == "warning" and urn:
            self.notes.append(f"{short_type(_type(urn))} {_name(urn)}: {text}")


def plain(message: str) -> str:
    """Take the engine's colours out of a message."""
    return _COLOUR.sub("", message)


def title(urn: str) -> str:
    """Name a resource for people: `StatefulSet kafka-kafka`."""
    return f"{short_type(_type(urn))} {_name(urn)}"


def _title(about: StepEventMetadata) -> str:
    return title(about.urn)


def _key(about: StepEventMetadata) -> str:
    """Tell the steps of one resource apart, of which a replacement has several."""
    return f"{about.urn} {about.op.value}"


def _is_component(about: StepEventMetadata) -> bool:
    state = about.new or about.old
    kind = _type(about.urn)
    return (state is not None and not state.custom) or kind.startswith("pulumi:")


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2] if urn.count("::") >= 3 else ""  # noqa: PLR2004  # a URN's parts


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
