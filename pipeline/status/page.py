"""Page of one look for a browser: one file without script and without anything from outside; pure."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.dlq.ledger import State as LetterState
from pipeline.epoch.facts import Unanswered
from pipeline.status import screen
from pipeline.status.figures import slot_of
from pipeline.status.levels import Level
from pipeline.status.markup import Markup, element, joined
from pipeline.status.page_style import STYLE
from pipeline.status.totals import backlog, oldest
from pipeline.status.words import byte_rate, bytes_, command, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.status.facts import Snapshot
    from pipeline.status.view import View

_UNKNOWN: Final = "not known"
# Form and word beside the colour, which not everybody sees
_SIGNS: Final = {Level.HEALTHY: "✓", Level.LATE: "▲", Level.LOST: "✕", Level.SILENT: "?"}
_WORDS: Final = {level: word.partition(":")[0].capitalize() for level, word in screen.WORDS.items()}


@dataclass(frozen=True, slots=True)
class _Headline:
    """Most important figure of a hop: its text, what it is, and a share of something that may run out."""

    figure: str
    label: str
    share: float | None = None


def page(view: View, refresh_s: float | None = None) -> str:
    """Return the page as HTML.

    Args:
        view: The look.
        refresh_s: Seconds after which a browser reads the file again; None for a look that no other follows.
    """
    snapshot = view.snapshot
    at = dt.datetime.fromtimestamp(snapshot.taken, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    style = Markup(STYLE)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(STYLE)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="refresh", content=f"{refresh_s:.0f}") if refresh_s is not None else None,
        element("title", f"{_WORDS[view.level]}: {snapshot.stack}"),
        element("style", style),
    )
    body = element(
        "body",
        element(
            "header",
            element("h1", f"Stack {snapshot.stack}"),
            _badge(view.level),
            element("p", f"epoch {snapshot.epoch}, looked at {at}", class_="faint"),
        ),
        element("main", _hops(view), *_sections(view)),
        element("footer", "Made by ", element("code", command("status --html FILE", snapshot.stack)), "; nothing here comes from outside."),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _policy(style: str) -> Markup:
    """Return a policy by which a browser loads nothing and runs nothing, and takes this style only.

    It is markup: as text, its digest would be hidden like a credential.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Markup(f"default-src 'none'; style-src 'sha256-{digest}'")


def _badge(level: Level) -> Markup:
    return element("span", f"{_SIGNS[level]} {_WORDS[level]}", class_=f"badge {level.name.lower()}")


def _sections(view: View) -> list[Markup]:
    sections = [_concerns(view), _alerts(view), _left(view), _rates(view), _tables(view.snapshot), _model(view)]
    return [joined(element("h2", title), content) for title, content in sections if content]


def _hops(view: View) -> Markup:
    headlines = {
        "Database": _of_slot(view),
        "Kafka": _of_backlog(view.snapshot),
        "Archive": _of_waiting(view.snapshot),
        "Schemas": _of_schemas(view.snapshot),
    }
    lines = screen.hop_lines(view)
    cards = [_card(view, name, headline, lines[name]) for name, headline in headlines.items()]
    return element("ol", *cards, class_="hops")


def _card(view: View, name: str, headline: _Headline, lines: Sequence[str]) -> Markup:
    level = max((one.level for one in view.concerns if one.hop == name), default=Level.HEALTHY)
    share = headline.share
    return element(
        "li",
        element("div", element("h3", name), _badge(level), class_="hop"),
        element("p", headline.figure, class_="figure"),
        element("p", headline.label, class_="faint"),
        None
        if share is None
        else element("meter", f"{share:.0%}", min=0, max=1, low=0.5, high=0.75, optimum=0, value=f"{share:.3f}", title=f"{share:.0%} used"),
        element("ul", *(element("li", line) for line in lines), class_="hop-lines"),
        class_=level.name.lower(),
    )


def _of_slot(view: View) -> _Headline:
    slot = slot_of(view)
    if slot is None:
        return _Headline(_UNKNOWN if isinstance(view.snapshot.database, Unanswered) else "no slot", "replication slot")
    if slot.is_lost:
        return _Headline("lost", "replication slot")
    if slot.safe is None or slot.retained is None:
        return _Headline(slot.wal_status, "replication slot")
    return _Headline(bytes_(slot.safe), "of log until the slot is lost", slot.retained / max(1, slot.retained + slot.safe))


def _of_backlog(snapshot: Snapshot) -> _Headline:
    found = backlog(snapshot)
    if found is None or found.age_s is None:
        return _Headline(_UNKNOWN if found is None else "nothing", "backlog of the sink")
    return _Headline(f"{found.records:,}", f"records behind, the first {span(found.age_s)} old")


def _of_waiting(snapshot: Snapshot) -> _Headline:
    found = oldest(snapshot)
    figure = _UNKNOWN if found is None else "none" if found.age_s is None else span(found.age_s)
    return _Headline(figure, "oldest change that is not archived")


def _of_schemas(snapshot: Snapshot) -> _Headline:
    subjects = snapshot.subjects
    return _Headline(_UNKNOWN if isinstance(subjects, Unanswered) else str(len(subjects)), "subjects in the registry")


def _concerns(view: View) -> tuple[str, Markup]:
    items = [
        element(
            "li",
            element("p", _badge(one.level), f" {one.hop}: {one.text}"),
            element("p", "next: ", element("code", one.next), class_="faint"),
            class_=one.level.name.lower(),
        )
        for one in view.concerns
    ]
    nothing = element("p", "Nothing is late, lost, stopped or in doubt.")
    return "What is late, lost or in doubt", element("ul", *items, class_="concerns") if items else nothing


def _left(view: View) -> tuple[str, Markup]:
    snapshot = view.snapshot
    rows = [("the replication slot", _slot_left(view))]
    if not isinstance(snapshot.certificates, Unanswered):
        ends = {name: end - snapshot.taken for name, end in snapshot.certificates.items()}
        rows += [(f"the certificate {name}", span(left) if left > 0 else f"expired {span(-left)} ago") for name, left in ends.items()]
    letters = snapshot.dead_letters
    if not isinstance(letters, Unanswered) and letters.counts.get(LetterState.OPEN, 0):
        rows.append((f"{letters.counts[LetterState.OPEN]} open dead letter(s)", "until the retention of their topic"))
    return "Time until something is lost", _table(("what", "time left"), rows)


def _slot_left(view: View) -> str:
    slot = slot_of(view)
    if slot is None or slot.is_lost:
        return _UNKNOWN if isinstance(view.snapshot.database, Unanswered) else "lost, or never there"
    if view.left_s is not None:
        return f"{span(view.left_s)} at the rate of the last two looks"
    return "not measured by one look, see --watch" if view.rates.written is None else "nothing shrinks"


def _rates(view: View) -> tuple[str, Markup]:
    between = view.rates
    figures = [
        ("log written by the database", None if between.written is None else byte_rate(between.written)),
        ("log read by the source", None if between.read is None else byte_rate(between.read)),
        ("offsets in the change topics", None if between.changes is None else f"{between.changes:,.1f}/s"),
        ("rows in the archive", None if between.archived is None else f"{between.archived:,.1f}/s"),
    ]
    rows = [(name, figure) for name, figure in figures if figure is not None]
    return "Between the last two looks", _table(("what", "rate"), rows) if rows else Markup("")


def _tables(snapshot: Snapshot) -> tuple[str, Markup]:
    rows = screen.table(snapshot)
    return "Tables", _table(rows[0], rows[1:]) if rows else Markup("")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = element("thead", element("tr", *(element("th", one, scope="col") for one in heads)))
    body = element("tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows))
    return element("div", element("table", head, body), class_="scroll")


def _alerts(view: View) -> tuple[str, Markup]:
    title, alerts = "Firing alerts", view.alerts
    if alerts is None:
        return title, Markup("")
    if isinstance(alerts, Unanswered):
        return title, element("p", alerts.reason)
    rows = [(f"{one.name} ({one.severity or 'no severity'})", one.summary) for one in alerts]
    return title, _table(("alert", "summary"), rows) if rows else element("p", "None fires.")


def _model(view: View) -> tuple[str, Markup]:
    """Return how many tables agree with the stack file; each difference stands among what is late, with its command."""
    lines = screen.hop_lines(view)["Model"]
    return "Tables against the stack file", joined(*(element("p", line) for line in lines))
