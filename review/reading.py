"""Parser of ``pulumi preview --json`` output, in either form."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from review.preview import PolicyResult, Preview, UnreadablePreviewError
from review.secrecy import cleaned
from review.step import FATES, State, Step
from review.texts import message_without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from review.step import Fate

    Json = Mapping[str, Any]

_COMMAND: Final = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1 pulumi preview --json"
_EVENTS: Final = ("resourcePreEvent", "resOutputsEvent", "policyEvent", "diagnosticEvent", "summaryEvent")
# Severity of the engine's reports of the program's standard error
_OUTPUT: Final = "info#err"
# The engine's only message when policies refuse a finished preview
_REFUSED: Final = "preview failed"
_TRACE = re.compile(r"\s*(Traceback|File \"|During handling|KeyboardInterrupt|\s|\^|$)")


def read(text: str) -> Preview:
    """Parse a preview.

    Raises:
        UnreadablePreviewError: If the text is no preview.
    """
    if not text.strip():
        message = f"the preview is empty: the command failed before it wrote anything. The command is: {_COMMAND}"
        raise UnreadablePreviewError(message)
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        return _of_events(_lines(text))
    if isinstance(whole, dict) and not any(event in whole for event in _EVENTS):
        return _of_document(whole)
    return _of_events([whole])


def _lines(text: str) -> list[Json]:
    events: list[Json] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError:
                message = f"line {number} of the preview is not JSON. Pass the standard output of {_COMMAND}, without its standard error"
                raise UnreadablePreviewError(message) from None
    return events


def _of_document(document: Json) -> Preview:
    steps = document.get("steps")
    if not isinstance(steps, list) and "changeSummary" not in document:
        message = f"this JSON is no preview: it has neither steps nor a changeSummary. Pass the standard output of {_COMMAND}"
        raise UnreadablePreviewError(message)
    parsed = [_step(item, item.get("oldState"), item.get("newState"), item.get("replaceReasons")) for item in _mappings(steps or [])]
    errors = _errors(_mappings(document.get("diagnostics") or []))
    merged = _merged(parsed)
    expected = sum(int(count) for count in (document.get("changeSummary") or {}).values())
    return Preview(steps=merged, complete=not errors and len(merged) >= expected, succeeded=not errors, errors=errors)


def _of_events(events: list[Any]) -> Preview:
    steps, policies, diagnostics, refreshed = [], [], [], set()
    summary: Json | None = None
    for event in _mappings(events):
        for key, inner in (("resourcePreEvent", "metadata"), ("resOutputsEvent", "metadata")):
            step = (event.get(key) or {}).get(inner)
            if not step:
                continue
            if step.get("op") == "refresh":
                refreshed.add(step.get("urn"))
            if key == "resourcePreEvent" or step.get("urn") in refreshed:  # outputs matter only after a refresh
                steps.append(_step(step, step.get("old"), step.get("new"), step.get("keys")))
        if "policyEvent" in event:
            policies.append(_policy(event["policyEvent"]))
        if "diagnosticEvent" in event:
            diagnostics.append(event["diagnosticEvent"])
        summary = event.get("summaryEvent") or summary
    if not any(key in event for event in _mappings(events) for key in _EVENTS):
        message = f"none of the events belongs to a preview. Pass the standard output of {_COMMAND}"
        raise UnreadablePreviewError(message)
    ended: Json = summary or {}
    succeeded, errors = ended.get("result", "failed") == "succeeded", _errors(diagnostics)
    return Preview(
        steps=_merged(steps),
        complete=summary is not None and (succeeded or errors == (_REFUSED,)),
        succeeded=succeeded,
        policies=tuple(dict.fromkeys(policies)),  # a pack that is listed twice runs twice
        packs=tuple(sorted(name.partition("|")[0] for name in ended.get("PolicyPacks") or {})),
        errors=errors,
    )


def _mappings(items: Iterable[Any]) -> list[Json]:
    listed = list(items)
    if not all(isinstance(item, dict) for item in listed):
        message = f"a step or event of the preview is no object. Pass the standard output of {_COMMAND}"
        raise UnreadablePreviewError(message)
    return listed


def _step(item: Json, old: Json | None, new: Json | None, reasons: Iterable[str] | None) -> Step:
    urn, operation = item.get("urn"), item.get("op")
    if not isinstance(urn, str) or urn.count("::") < 3 or operation not in FATES:  # noqa: PLR2004 - stack, project, type, name
        message = f"a step has the URN {urn!r} and the operation {operation!r}, unknown to this version"
        raise UnreadablePreviewError(message)
    kind = urn.split("::")[2].rpartition("$")[2]
    return Step(
        urn=urn,
        fate=FATES[operation],
        old=_state(kind, old),
        new=_state(kind, new),
        reasons=tuple(reasons or ()),
        paths=tuple(item.get("detailedDiff") or item.get("diffReasons") or item.get("diffs") or ()),
    )


def _state(kind: str, state: Json | None) -> State | None:
    if not state:
        return None
    return State(
        inputs=cleaned(kind, state.get("inputs") or {}),
        protected=bool(state.get("protect")),
        retained=bool(state.get("retainOnDelete")),
        custom=bool(state.get("custom")),
        provider=str(state.get("provider") or "").rpartition("::")[0],
    )


_STRONGER: Final[tuple[Fate, ...]] = ("same", "forget", "update", "create", "delete", "replace")


def _merged(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Merge the steps of each resource: the engine reports a replacement in up to three, each with a part of it."""
    merged: dict[str, Step] = {}
    for step in steps:
        before = merged.get(step.urn)
        if before is None:
            merged[step.urn] = step
            continue
        fate = max(before.fate, step.fate, key=_STRONGER.index)
        merged[step.urn] = Step(
            urn=step.urn,
            fate="replace" if {before.fate, step.fate} == {"create", "delete"} else fate,
            old=step.old or before.old,
            new=step.new or before.new,
            reasons=tuple(dict.fromkeys([*before.reasons, *step.reasons])),
            paths=tuple(dict.fromkeys([*before.paths, *step.paths])),
        )
    return tuple(merged.values())


def _policy(event: Json) -> PolicyResult:
    says, _, message = str(event.get("message", "")).strip().partition("\n")
    return PolicyResult(
        rule=str(event.get("policyName", "?")),
        mandatory=event.get("enforcementLevel") == "mandatory",
        urn=str(event.get("resourceUrn") or ""),
        message=message_without_secrets((message or says).strip()),
    )


def _errors(diagnostics: Iterable[Json]) -> tuple[str, ...]:
    """Return the engine's errors, preceded by the standard error of a program that ended with one, without tracebacks."""
    diagnostics = list(diagnostics)
    errors = [str(item.get("message", "")).strip() for item in diagnostics if item.get("severity") == "error"]
    printed = [str(item.get("message", "")).rstrip() for item in diagnostics if item.get("severity") == _OUTPUT]
    said = "\n".join(line for text in printed for line in text.split("\n") if not _TRACE.match(line) or line.startswith("  - "))
    return tuple(message_without_secrets(text) for text in (*([said] if errors and said else []), *errors) if text)
