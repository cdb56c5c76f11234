"""Parser of ``pulumi preview --json`` output, in either form."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from pipeline.review.preview import PolicyResult, Preview, UnreadablePreviewError
from pipeline.review.secrecy import cleaned, stands_for_a_value
from pipeline.review.step import FATES, State, Step
from pipeline.review.texts import message_without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.review.step import Fate

    Json = Mapping[str, Any]

_COMMAND: Final = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1 pulumi preview --json"
_EVENTS: Final = ("resourcePreEvent", "resOutputsEvent", "policyEvent", "diagnosticEvent", "summaryEvent")
# Severity of the engine's reports of the program's standard error
_OUTPUT: Final = "info#err"
# The engine's only message when policies refuse a finished preview
_REFUSED: Final = "preview failed"
_MOST: Final = 10**9
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
        return _read(text)
    except RecursionError:
        what = "the preview is nested deeper than anything that the CLI writes"
        raise _unreadable(what) from None


def _read(text: str) -> Preview:
    try:
        whole = json.loads(text)
    except ValueError:
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
            except ValueError:  # also for a number of thousands of digits
                message = f"line {number} of the preview is not JSON. Pass the standard output of {_COMMAND}, without its standard error"
                raise UnreadablePreviewError(message) from None
    return events


def _of_document(document: Json) -> Preview:
    if not isinstance(document.get("steps"), list) and "changeSummary" not in document:
        what = "this JSON is no preview: it has neither steps nor a changeSummary"
        raise _unreadable(what)
    parsed = [_step(item, "oldState", "newState", "replaceReasons") for item in _listed(document, "steps")]
    errors = _errors(_listed(document, "diagnostics"))
    merged = _merged(parsed)
    expected = sum(_count(count) for count in _inside(document, "changeSummary").values())
    return Preview(steps=merged, complete=not errors and len(merged) >= expected, succeeded=not errors, errors=errors)


def _of_events(events: list[Any]) -> Preview:
    steps, policies, diagnostics, refreshed = [], [], [], set()
    summary: Json | None = None
    for event in _mappings(events):
        for key in ("resourcePreEvent", "resOutputsEvent"):
            step = _inside(_inside(event, key), "metadata")
            if not step:
                continue
            parsed = _step(step, "old", "new", "keys")
            if step.get("op") == "refresh":
                refreshed.add(parsed.urn)
            if key == "resourcePreEvent" or parsed.urn in refreshed:  # outputs matter only after a refresh
                steps.append(parsed)
        if "policyEvent" in event:
            policies.append(_policy(_inside(event, "policyEvent")))
        if "diagnosticEvent" in event:
            diagnostics.append(_inside(event, "diagnosticEvent"))
        summary = _inside(event, "summaryEvent") or summary
    if not any(key in event for event in _mappings(events) for key in _EVENTS):
        what = "none of the events belongs to a preview"
        raise _unreadable(what)
    ended: Json = summary or {}
    succeeded, errors = ended.get("result", "failed") == "succeeded", _errors(diagnostics)
    return Preview(
        steps=_merged(steps),
        complete=summary is not None and (succeeded or errors == (_REFUSED,)),
        succeeded=succeeded,
        policies=tuple(dict.fromkeys(policies)),  # a pack that is listed twice runs twice
        packs=tuple(sorted(name.partition("|")[0] for name in _inside(ended, "PolicyPacks"))),
        errors=errors,
    )


def _unreadable(what: str) -> UnreadablePreviewError:
    return UnreadablePreviewError(f"{what}. Pass the standard output of {_COMMAND}")


def _mappings(items: Iterable[Any]) -> list[Json]:
    listed = list(items)
    if not all(isinstance(item, dict) for item in listed):
        what = "a step or event of the preview is no object"
        raise _unreadable(what)
    return listed


def _listed(holder: Json, key: str) -> list[Json]:
    """Return a list of objects, empty where there is none."""
    items = holder.get(key)
    if items is not None and not isinstance(items, list):
        what = f"{key} of the preview is no list"
        raise _unreadable(what)
    return _mappings(items or [])


def _inside(holder: Json, key: str) -> Json:
    """Return an object, empty where there is none."""
    item = holder.get(key)
    if item is not None and not isinstance(item, dict):
        what = f"{key} of the preview is no object"
        raise _unreadable(what)
    return item or {}


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > _MOST:  # noqa: PLR0124 - NaN
        what = "changeSummary of the preview holds something else than numbers"
        raise _unreadable(what)
    return int(value)


def _names(*candidates: object) -> tuple[str, ...]:
    """Return the names in the first of several lists, or objects by name, that is not empty."""
    found: object = next((one for one in candidates if one), ())
    if not isinstance(found, (list, tuple, dict)) or not all(isinstance(name, str) for name in found):
        what = "the differences of a step are no names of properties"
        raise _unreadable(what)
    return tuple(found)


def _step(item: Json, old: str, new: str, reasons: str) -> Step:
    urn, operation = item.get("urn"), item.get("op")
    known = isinstance(operation, str) and operation in FATES
    if not isinstance(urn, str) or urn.count("::") < 3 or not known:  # noqa: PLR2004 - stack, project, type, name
        message = f"a step has the URN {urn!r} and the operation {operation!r}, unknown to this version"
        raise UnreadablePreviewError(message)
    kind = urn.split("::")[2].rpartition("$")[2]
    return Step(
        urn=urn,
        fate=FATES[str(operation)],
        old=_state(kind, _inside(item, old)),
        new=_state(kind, _inside(item, new)),
        reasons=_names(item.get(reasons)),
        paths=_names(item.get("detailedDiff"), item.get("diffReasons"), item.get("diffs")),
    )


def _state(kind: str, state: Json) -> State | None:
    if not state:
        return None
    whole = state.get("inputs")
    inputs = whole if isinstance(whole, dict) and not stands_for_a_value(whole) else None
    return State(
        inputs=cleaned(kind, inputs or {}),
        protected=bool(state.get("protect")),
        retained=bool(state.get("retainOnDelete")),
        custom=bool(state.get("custom")),
        provider=str(state.get("provider") or "").rpartition("::")[0],
        opaque=whole is not None and inputs is None,
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
