"""Page of a look: one file that loads and runs nothing, says everything in words, and takes foreign text as text."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.neutral import visible
from pipeline.epoch.facts import Unanswered
from pipeline.status.alerts import Alert
from pipeline.status.facts import Lag, Snapshot, Waiting
from pipeline.status.levels import Level
from pipeline.status.markup import Markup, element, text
from pipeline.status.page import page
from pipeline.status.page_style import STYLE
from pipeline.status.watched import Compared, Side
from stack.configs.secrecy import told
from tests.status.pictured import VIEW
from tests.status.snapshots import HEALTHY, MIB, NOW, ORDERS, PLACES, SLOT, USERS, seen, snapshot, with_connector, with_slot

_VOID = {"meta"}
_WHOLLY_SILENT = Unanswered("no answer")


class Read(HTMLParser):
    """Elements of a page, with their attributes, and its text; fails where an element is not closed in its turn."""

    def __init__(self, markup: str) -> None:
        """Read a page."""
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def meta(self, name: str) -> list[str | None]:
        """Return the contents of the meta elements of a kind."""
        return [found["content"] for tag, found in self.elements if tag == "meta" and found.get("http-equiv") == name]


def attributes_of(made: Read, tag: str) -> list[dict[str, Any]]:
    """Return the attributes of the elements of a kind."""
    return [found for name, found in made.elements if name == tag]


def read(of: Snapshot, before: Snapshot | None = None) -> str:
    """Return the text of a page."""
    return " ".join(" ".join(Read(page(seen(of, before))).words).split())


LOOKS = [
    HEALTHY,
    with_slot(None),
    with_slot(replace(SLOT, wal_status="lost", invalidation="wal_removed")),
    with_slot(replace(SLOT, safe=None)),
    with_connector(0, state=None, tasks=()),
    snapshot(subjects=_WHOLLY_SILENT, certificates=_WHOLLY_SILENT, dead_letters=_WHOLLY_SILENT, backfill=_WHOLLY_SILENT),
    snapshot(worker=_WHOLLY_SILENT, database=_WHOLLY_SILENT, brokers=_WHOLLY_SILENT, lags=_WHOLLY_SILENT),
    snapshot(archive={}, waiting=dict.fromkeys((USERS, ORDERS), _WHOLLY_SILENT)),
    VIEW.snapshot,
]


@pytest.mark.parametrize("of", LOOKS)
def test_a_page_loads_nothing_and_runs_nothing(of: Snapshot) -> None:
    made = page(seen(of))
    assert made.startswith("<!DOCTYPE html>\n<html")
    found = Read(made)
    assert set(found.tags).isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form", "base", "a", "svg"})
    names = {name for _, attributes in found.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src", "href", "style", "action", "srcdoc"}
    assert not re.search(r"url\(|@import|https?://", made)
    (policy,) = found.meta("Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'"
    assert f"<style>{STYLE}</style>" in made


def test_the_four_hops_stand_in_the_way_of_a_row_with_figure_level_and_lines() -> None:
    shown = read(HEALTHY)
    places = [shown.index(name) for name in ("Database ✓", "Kafka ✓", "Archive ✓", "Schemas ✓")]
    assert places == sorted(places)
    for figure in ("1.5 GiB of log until the slot is lost", "nothing backlog of the sink", "none oldest change", "2 subjects"):
        assert figure in shown
    assert "slot reserved, active, 2.0 MiB of log kept" in shown
    assert "Nothing is late, lost, stopped or in doubt." in shown
    assert "public.orders 1,234 5 60 minutes ago nothing none" in shown


def test_what_is_late_comes_with_its_figure_and_the_next_command() -> None:
    late = snapshot(
        lags={**dict.fromkeys(PLACES, Lag(records=0)), PLACES[0]: Lag(records=40, since=NOW - 600)},
        waiting={USERS: Waiting(since=NOW - 605), ORDERS: Waiting(since=None)},
    )
    shown = read(late)
    assert "Stack prod ▲ Late or in doubt" in shown
    assert "Archive ▲ Late or in doubt 10 minutes oldest change that is not archived" in shown
    assert "40 records behind, the first 10 minutes old" in shown
    assert "a change of public.users waits for 10 minutes (limit 90 s)" in shown
    assert "next: .venv/bin/python -m pipeline status --watch --stack prod" in shown


def test_a_level_is_a_sign_and_a_word_beside_its_colour() -> None:
    failed = Read(page(seen(with_connector(1, tasks=("RUNNING", "FAILED", "RUNNING")))))
    badges = [found["class"] or "" for found in attributes_of(failed, "span")]
    assert len(badges) >= 5
    assert failed.words.count("✕ Lost or stopped") >= 2
    assert {level.name.lower() for level in Level} >= {one.removeprefix("badge ") for one in badges}


def test_the_time_until_something_is_lost_is_measured_between_two_looks_or_said_not_to_be() -> None:
    before = with_slot(replace(SLOT, retained=520 * MIB, safe=1016 * MIB))
    after = replace(with_slot(replace(SLOT, retained=536 * MIB, safe=1000 * MIB)), taken=NOW + 15)
    assert "the replication slot not measured by one look" in read(after)
    shown = read(after, before)
    assert "the replication slot 16 minutes at the rate of the last two looks" in shown
    assert "the certificate postgresql 364 days" in shown
    still = read(replace(HEALTHY, taken=NOW + 15), HEALTHY)
    assert "the replication slot nothing shrinks" in still


def test_rates_are_those_between_two_looks() -> None:
    shown = " ".join(" ".join(Read(page(VIEW)).words).split())
    for figure in ("log written by the database 2.4 MiB/s", "log read by the source 2.3 MiB/s", "offsets in the change topics 986.7/s"):
        assert figure in shown
    assert "rows in the archive 653.3/s" in shown
    assert "Between the last two looks" not in read(HEALTHY)


def test_what_is_not_known_is_never_a_number() -> None:
    shown = read(
        snapshot(worker=_WHOLLY_SILENT, database=_WHOLLY_SILENT, brokers=_WHOLLY_SILENT, lags=_WHOLLY_SILENT, subjects=_WHOLLY_SILENT)
    )
    assert shown.count("not known") >= 4
    assert "nothing backlog" not in shown


def test_a_browser_reads_a_page_again_only_if_a_look_follows() -> None:
    assert Read(page(seen(HEALTHY))).meta("refresh") == []
    assert Read(page(seen(HEALTHY), 15)).meta("refresh") == ["15"]


def test_alerts_and_differences_of_the_model_have_a_place() -> None:
    """Foreign text in an alert is text, too."""
    alert = Alert(name="SlotLost", severity="critical", summary="<b>gone</b>", since="")
    shown = [
        " ".join(" ".join(Read(page(replace(seen(HEALTHY), alerts=alerts))).words).split())
        for alerts in (None, (), (alert,), _WHOLLY_SILENT)
    ]
    assert "Firing alerts" not in shown[0]
    assert "Firing alerts None fires." in shown[1]
    assert "SlotLost (critical) <b>gone</b>" in shown[2]
    assert "Firing alerts no answer" in shown[3]
    compared = snapshot(compared=Compared({("public.users", Side.DATABASE): ()}))
    assert "Tables against the stack file no difference between 1 table(s)" in read(compared)
    assert "Tables against the stack file" not in shown[0]


def planted(said: str) -> Snapshot:
    """Return a look with foreign text wherever it may come from."""
    reason = Unanswered(said)
    failed = with_connector(1, state=said or "x", tasks=("FAILED",), reason=said)
    return replace(
        failed,
        stack=said or "x",
        subjects=reason,
        certificates=reason,
        waiting={said: reason, USERS: Waiting(since=None)},
        archive={},
        topics={},
    )


@given(
    st.one_of(st.text(max_size=60), st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=y>', "</style><b>", "&lt;", "'\""]))
)
def test_foreign_text_is_text_wherever_it_stands(said: str) -> None:
    plain, foreign = Read(page(seen(planted("x")))), Read(page(seen(planted(said))))
    assert set(foreign.tags) == set(plain.tags)
    allowed = {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "scope",
        *("min", "max", "low", "high", "optimum", "value", "title"),
    }
    assert {name for _, attributes in foreign.elements for name in attributes} <= allowed
    assert "script" not in foreign.tags


@given(st.text(max_size=200))
def test_markup_gives_the_same_text_back(said: str) -> None:
    found = Read(element("p", said, title=said))
    assert "".join(found.words) == visible(told(said)).replace("\r\n", "\n")
    assert found.elements[0][1]["title"] == visible(told(said))


def test_markup_is_not_escaped_twice_and_text_always_is() -> None:
    assert element("p", element("b", "a&b"), None, "<") == "<p><b>a&amp;b</b>&lt;</p>"
    assert element("meta", charset="utf-8", content=None) == '<meta charset="utf-8">'
    assert isinstance(text("x"), Markup)
    assert element("meter", value=0.5, http_equiv='"') == '<meter value="0.5" http-equiv="&quot;"></meter>'


@pytest.mark.parametrize("secret", ["hunter2Hunter2x9", "AKIA5J2QW7ZT4XN8LMRV", "q8Zr4kTf/Xm2VbN7yPd0sLwJ6hGc1UaEiRo3tKxB"])
def test_a_credential_in_a_reason_is_not_on_the_page(secret: str) -> None:
    for said in (f"login failed: password={secret}", f"https://user:{secret}@host/ refused", f"token: {secret}"):
        assert secret not in page(seen(planted(said)))


def test_every_word_of_a_page_has_an_ending() -> None:
    """A page without its last element would be one that was cut."""
    assert page(VIEW).endswith("</html>\n")


def test_the_bar_of_the_slot_is_as_full_as_the_slot() -> None:
    (meter,) = attributes_of(Read(page(seen(with_slot(replace(SLOT, retained=384 * MIB, safe=1152 * MIB))))), "meter")
    assert meter["value"] == "0.250"
    assert meter["title"] == "25% used"
    assert attributes_of(Read(page(seen(with_slot(None)))), "meter") == []
