"""The comment on a preview: first the facts that decide a review, then all other changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.review.differences import resource_diff
from pipeline.review.document import Code, Document, Paragraph, Section, Strong, Table, Verbatim
from pipeline.review.findings import EXCEPTIONS, Findings
from pipeline.review.memory_section import memory_sections
from pipeline.review.values import changed_pair
from policy.kinds import mib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipeline.review.configuration import Key
    from pipeline.review.document import Block, Cell
    from pipeline.review.loss import Verdict
    from pipeline.review.preview import PolicyResult
    from pipeline.review.step import Fate

_WORDS: Final[dict[Verdict, str]] = {"lost": "LOST", "check": "check", "renewed": "renewed", "kept": "kept"}
_DONE: Final[dict[Fate, str]] = {
    "delete": "deleted",
    "replace": "replaced",
    "update": "changed",
    "forget": "left behind",
    "same": "changed",
    "create": "created",
}
_NAMES_SHOWN: Final = 6


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Wording of a comment.

    Attributes:
        marker: Word in the first line that distinguishes its comments from others'.
        title: Beginning of the heading.
        nothing: Sentence for a preview without changes.
        counted: Words that follow the number of resources of each fate.
        drift: True if the changes have already happened outside the program.
    """

    marker: str
    title: str
    nothing: str
    counted: Mapping[Fate, str]
    drift: bool = False


PREVIEW: Final = Wording(
    marker="preview",
    title="Preview of ",
    nothing="Nothing changes.",
    counted={
        "create": "to create",
        "update": "to update",
        "replace": "to replace",
        "delete": "to delete",
        "forget": "to leave behind",
        "same": "unchanged",
    },
)
DRIFT: Final = Wording(
    marker="drift",
    title="Drift of ",
    nothing="All resources match the stack's state.",
    counted={"update": "changed outside", "delete": "gone", "same": "as recorded"},
    drift=True,
)


def digest(found: Findings, stack: str, wording: Wording = PREVIEW, pins: tuple[Key, ...] = ()) -> Document:
    """Return the comment.

    Args:
        found: Findings of a preview.
        stack: Name of the stack, as ``project/stack``.
        wording: Wording for the preview of a change or for a drift check.
        pins: Changed pins of images and packages, which no preview contains.
    """
    sections = (
        *_errors(found),
        *_data(found),
        *_others(found),
        *(() if wording.drift else (*memory_sections(found), *_policies(found))),
        *_keys("Connector keys", found.connector_keys),
        *_keys("Topics and settings", found.setting_keys),
        *_keys("Parts of images and packages", pins),
        *_all_changes(found),
    )
    return Document(
        marker=f"<!-- data-ingestion {wording.marker} {' '.join(stack.split())} -->",
        title=(wording.title, Code(stack)),
        headline=tuple(_headline(found, wording)),
        sections=sections,
    )


def _headline(found: Findings, wording: Wording) -> Iterator[Cell]:
    counts = Counter(step.fate for step in found.preview.steps)
    if not found.preview.succeeded and not found.violations:
        yield Strong("The preview failed."), " The following covers only the resources before the failure."
    warnings = [*_warnings(found)]
    if warnings and not wording.drift:
        yield Strong("Attention:"), f" {'; '.join(warnings)}."
    if found.preview.changed:
        yield ", ".join(f"{counts[fate]} {word}" for fate, word in wording.counted.items() if counts[fate]) + "."
    elif found.preview.succeeded:
        yield "No property changes." if found.losses else wording.nothing


def _warnings(found: Findings) -> Iterator[str]:
    lost = len({step.urn for step, loss in found.losses if loss.verdict == "lost"})
    if lost:
        yield f"{lost} {'resource loses' if lost == 1 else 'resources lose'} data"
    if found.violations:
        yield f"{len(found.violations)} policy {'violation refuses' if len(found.violations) == 1 else 'violations refuse'} the update"
    for one in found.memory:
        if one.over:
            most = max(one.after.steady, one.after.peak)
            yield f"the pods of {one.namespace} may need {mib(most)} of {mib(one.after.budget)} MiB"
        if one.uncounted:
            yield f"{len(one.uncounted)} of {one.namespace}'s workloads cannot be counted"
    if found.preview.policies is not None and not found.preview.packs:
        yield "no policy pack ran"


def _errors(found: Findings) -> Iterator[Section]:
    if found.preview.errors and not (found.violations and found.preview.complete):
        yield Section("Errors", (Verbatim("\n".join(found.preview.errors)),))


def _data(found: Findings) -> Iterator[Section]:
    """Yield the fate of all data; resources with the same fate and reason share a row."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for step, loss in sorted(found.losses, key=lambda pair: tuple(_WORDS).index(pair[1].verdict)):
        key = (_WORDS[loss.verdict], _DONE.get(step.fate, step.fate), step.kind, loss.what, loss.why)
        rows.setdefault(key, []).append(step.title.partition(" ")[2])
    blocks: list[Block] = []
    if rows:
        lines = tuple((verdict, (f"{kind} ", *_listed(names)), done, what, why) for (verdict, done, kind, what, why), names in rows.items())
        blocks.append(Table(("data", "resource", "is", "holds", "because"), lines, texts=5, first=3))
    if found.unjudged:
        kinds = Counter(step.type for step in found.unjudged)
        told = (piece for kind, count in sorted(kinds.items()) for piece in (", ", f"{count} ", Code(kind)))
        blocks.append(Paragraph(("Not judged, since this command does not know the type: changes in place of ", *[*told][1:], ".")))
    if blocks:
        yield Section("Data", tuple(blocks))


def _listed(names: list[str]) -> tuple[str, ...]:
    shown = [piece for name in names[:_NAMES_SHOWN] for piece in (", ", Code(name))][1:]
    return (*shown, f" and {len(names) - _NAMES_SHOWN} more") if len(names) > _NAMES_SHOWN else tuple(shown)


def _others(found: Findings) -> Iterator[Section]:
    """Yield the replaced and deleted resources without data, counted by type: the diff has their names."""
    named = {step.urn for step, _ in found.losses}
    groups: dict[tuple[str, tuple[str, ...]], Counter[str]] = {}
    for step in found.preview.changed:
        if step.fate in ("replace", "delete", "forget") and step.urn not in named and step.state.custom:
            groups.setdefault((_DONE[step.fate], step.reasons), Counter())[step.kind] += 1
    if groups:
        rows = tuple(
            (done, ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()), _reasons(done, reasons))
            for (done, reasons), kinds in sorted(groups.items())
        )
        table = Table(("is", "resources", "because of"), rows, texts=3, first=1)
        yield Section("Also replaced or deleted, without data", (table,))


def _reasons(done: str, reasons: tuple[str, ...]) -> Cell:
    if not reasons:
        return "the replacement of another" if done == _DONE["replace"] else ""
    return tuple(piece for reason in reasons for piece in (", ", Code(reason)))[1:]


def _policies(found: Findings) -> Iterator[Section]:
    if found.preview.policies is None:
        unknown = "This form of the preview leaves policies out; set PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1."
        yield Section("Policies", (Paragraph(unknown),))
        return
    if not found.preview.packs:
        yield Section("Policies", (Paragraph("No policy pack ran: set PULUMI_OPTION_POLICY_PACK=policy."),))
        return
    many = len(found.violations)
    verdict = f"{many} {'violation refuses' if many == 1 else 'violations refuse'} the update" if many else "No violation"
    verdict += "" if found.preview.complete else " before the preview failed"
    blocks: list[Block] = [Paragraph(f"{verdict} ({', '.join(found.preview.packs)}).")]
    for before, results in ((None, found.violations), ("Warnings:", found.warnings), ("Exceptions in use:", found.exceptions)):
        if results:
            blocks += [Paragraph(before)] if before else []
            blocks.append(Verbatim("\n".join(_messages(results))))
    yield Section("Policies", tuple(blocks))


def _messages(results: Iterable[PolicyResult]) -> Iterator[str]:
    """Yield the messages of each rule under its name."""
    by_rule: dict[str, list[PolicyResult]] = {}
    for result in results:
        by_rule.setdefault(result.rule, []).append(result)
    for rule, grouped in by_rule.items():
        if rule != EXCEPTIONS:
            yield rule
        yield from (f"  {line}" for result in grouped for line in result.message.splitlines())


def _keys(title: str, keys: tuple[Key, ...]) -> Iterator[Section]:
    """Yield one row for each change; resources with the same change share a row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for key in keys:
        rows.setdefault((key.key, *changed_pair(key.old, key.new)), []).append(key.where)
    if rows:
        lines = tuple((_listed(places), Code(name), Code(old), Code(new)) for (name, old, new), places in rows.items())
        yield Section(title, (Table(("where", "key", "old", "new"), lines, texts=4, first=2, unit="changed keys"),), cuttable=True)


def _all_changes(found: Findings) -> Iterator[Section]:
    changed = [step for step in found.preview.changed if step.state.custom or step.fate == "delete"]
    if changed:
        yield Section(f"All changes ({len(changed)})", (resource_diff(changed),), cuttable=True, folded=True)
