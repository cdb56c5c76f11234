"""A comment over the limit loses the end of its diff first, and never its beginning."""

from __future__ import annotations

import json
import re

import pytest

from pipeline.review.digest import digest
from pipeline.review.document import Code, Diff, Document, Paragraph, Section, Table
from pipeline.review.findings import Findings
from pipeline.review.markdown import LeadTooLongError, markdown
from pipeline.review.reading import read
from tests.review.previews import comment, document, section, text


def lead(written: str) -> str:
    return written.partition("### Connector keys")[0].partition("<details>")[0]


def test_the_diff_is_cut_with_a_count_and_the_lead_is_whole() -> None:
    whole, cut = comment("namespace-renamed.json"), comment("namespace-renamed.json", limit=20_000)
    assert len(whole) > 20_000 >= len(cut)
    assert lead(cut) == lead(whole)
    assert section(cut, "Connector keys") == section(whole, "Connector keys")
    (left, all_of_them) = re.findall(r"\*\*(\d+) of (\d+) resources left out\*\*", cut)[0]
    assert cut.count("\n! replace ") + cut.count("\n! update ") == int(all_of_them) - int(left)


def test_nothing_is_left_out_where_everything_fits() -> None:
    assert "left out" not in comment("namespace-renamed.json", limit=1_000_000)


def test_as_much_is_kept_as_fits() -> None:
    """One more resource would exceed the limit."""
    sizes = {limit: len(comment("empty.jsonl", limit=limit)) for limit in range(3_000, 9_000, 500)}
    assert all(size <= limit for limit, size in sizes.items())
    assert all(limit - size < 300 for limit, size in sizes.items()), sizes


@pytest.mark.full
def test_a_huge_change_stays_within_the_limit_and_keeps_its_losses() -> None:
    """The removal of a real table, together with two hundred config maps."""
    lines = text("table-removed.jsonl").splitlines()
    (made,) = [line for line in lines if "::source-postgresql-config" in line and '"resourcePreEvent"' in line]
    many = [made.replace("source-postgresql-config", f"source-postgresql-config-{number}") for number in range(200)]
    found = Findings.of(read("\n".join([*lines[:-1], *many, lines[-1]])))
    written = markdown(digest(found, "p/s"))
    assert len(written) <= 65_536
    assert "2 resources lose data" in written
    assert section(written, "Data") == section(comment("table-removed.jsonl"), "Data")
    assert re.search(r"\*\*\d+ of 207 resources left out\*\*", written)
    json.loads(made)


def test_keys_are_cut_only_when_the_whole_diff_is_gone() -> None:
    written = comment("namespace-renamed.json", limit=len(lead(comment("namespace-renamed.json"))) + 1200)
    assert re.search(r"\*\*(\d+) of \1 resources left out\*\*", written)
    assert "changed keys left out" in written


def test_a_lead_that_does_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(LeadTooLongError, match="raise --limit"):
        comment("namespace-renamed.json", limit=1000)


def made_of(*sections: Section) -> Document:
    return Document(marker="<!-- m -->", title="T", headline=(), sections=sections)


def test_a_value_cannot_end_its_table_its_fence_or_its_span() -> None:
    table = Table(("a", "b"), ((Code("x | y ` z"), "<b>|@someone*"),), texts=2)
    written = markdown(made_of(Section("S", (table,)), Section("D", (Diff(("+ ```", "- b")),), cuttable=True)))
    (row,) = [line for line in written.splitlines() if line.startswith("| ``")]
    assert row == "| ``x \\| y ` z`` | &lt;b&gt;\\|@<!-- -->someone\\* |"
    assert "````diff\n+ ```\n- b\n````" in written


def test_an_empty_document_is_its_marker_and_its_heading() -> None:
    assert markdown(made_of(Section("S", (Paragraph("nothing"),)))) == "<!-- m -->\n\n## T\n\n### S\n\nnothing\n"


def test_a_document_of_the_stored_table_has_its_parts_in_order() -> None:
    titles = [part.title for part in document("table-removed.jsonl").sections]
    assert titles == ["Data", "Memory of data-ingestion in MiB", "Policies", "Connector keys", "All changes (7)"]
