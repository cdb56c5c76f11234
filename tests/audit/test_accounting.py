"""Each planted fault is found by the name of its row, and nothing else is; a clean table is clean, with counts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from pipeline.audit.accounting import Accounts
from pipeline.audit.options import Options
from pipeline.audit.records import TOMBSTONE, TRUNCATE, UNREADABLE
from pipeline.audit.report import Kind
from pipeline.audit.table_account import Sides, account
from pipeline.checks.progress import Progress
from tests.audit.conftest import SUBJECT, TOPIC, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.audit.questions import Found
    from tests.audit.conftest import Hops

LATE = 10**9


def asked(hops: Hops) -> list[Found]:
    """Ask every question and return the answers that found something."""
    accounts = hops.accounts()
    answers = [
        accounts.missing_in_kafka(LATE),
        accounts.without_origin_in_kafka(0),
        accounts.altered_in_kafka(),
        accounts.repeated_in_kafka(),
        accounts.missing_in_archive(),
        accounts.altered_in_archive(),
        accounts.without_origin_in_archive(),
        accounts.twice_in_archive(),
        accounts.in_two_epochs(),
        accounts.repeated_in_archive(),
        accounts.disordered_in_archive(),
        *hops.side.files(0, 10)[1],
    ]
    return [answer for answer in answers if answer.number]


def named(hops: Hops) -> list[tuple[str, str, int | None, str | None]]:
    """Return kind, hop, offset and key of all findings."""
    return [
        (finding.kind.value, finding.hop.value, finding.offset, finding.key.get("id"))
        for answer in asked(hops)
        for finding in answer.findings
    ]


def files(hops: Hops) -> list[str]:
    """Return the archive's current data files."""
    return [task.file.file_path for task in hops.archive.table("products").scan().plan_files()]


def test_a_clean_table_is_clean_with_its_counts(hops: Hops) -> None:
    assert asked(hops) == []
    accounts = hops.accounts()
    counts = {"offsets": 12, "rows": 10, "tombstones": 0, "unreadable": 0, "set aside": 0, "aborted": 1, "control": 1, "not comparable": 0}
    assert accounts.kafka_counts() == counts
    assert accounts.archive_counts() == {"rows": 10, "inserted": 10}
    assert accounts.older_than_kafka() == 0


@pytest.mark.full
def test_the_next_table_can_be_read_after_every_question(hops: Hops) -> None:
    """DuckDB refuses to register files on a connection with an answer that was not read to its end."""
    for question in (Accounts.older_than_kafka, Accounts.gaps_in_archive, Accounts.kafka_counts, Accounts.archive_counts):
        question(hops.accounts())
        hops.archive.append([row(20)])
        hops.side.read()


def test_files_are_read_a_few_at_a_time_with_every_row_once(hops: Hops, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB would keep the description of every file of one query."""
    monkeypatch.setattr("pipeline.audit.archived._FILES", 2)
    for offset in range(12, 17):
        hops.archive.append([row(offset)])
    assert hops.accounts().archive_counts() == {"rows": 15, "inserted": 15}
    assert len(list(hops.folder.glob("products-rows-*"))) == 4


def test_a_row_that_kafka_has_and_the_archive_has_not_is_missing(hops: Hops) -> None:
    lost = row(12)
    hops.kafka.append(lost)
    hops.logged.append((LATE, lost))
    assert named(hops) == [("missing", "archive", 12, "12")]


def test_a_row_that_was_deleted_from_the_archive_is_missing(hops: Hops) -> None:
    hops.archive.table("products").delete("__kafka_offset = 4")
    assert named(hops) == [("missing", "archive", 4, "4")]


def test_a_dead_letter_is_set_aside_and_not_missing(hops: Hops) -> None:
    hops.kafka.append(row(12))
    hops.logged.append((LATE, row(12)))
    hops.aside.append(12)
    assert named(hops) == []
    assert hops.accounts().kafka_counts()["set aside"] == 1


def test_a_poison_record_without_a_dead_letter_is_missing_by_its_offset(hops: Hops) -> None:
    hops.kafka.append(row(12))
    hops.forms[12] = UNREADABLE
    assert named(hops) == [("missing", "archive", 12, None)]
    hops.aside.append(12)
    assert named(hops) == []


def test_a_tombstone_is_no_row(hops: Hops) -> None:
    hops.kafka.append(row(12))
    hops.forms[12] = TOMBSTONE
    assert named(hops) == []
    assert hops.accounts().kafka_counts()["tombstones"] == 1


def test_a_file_that_was_appended_twice_has_each_row_twice(hops: Hops) -> None:
    file = files(hops)[0]
    rows = pq.read_table(file.removeprefix("file://"))
    hops.archive.table("products").add_files([file], check_duplicate_files=False)
    found = named(hops)
    assert found == [("twice", "archive", offset, str(offset)) for offset in sorted(rows["__kafka_offset"].to_pylist())]


def test_a_row_that_was_written_to_two_files_is_twice_and_both_are_named(hops: Hops) -> None:
    hops.archive.append([row(5)])
    (answer,) = asked(hops)
    assert named(hops) == [("twice", "archive", 5, "5")]
    assert str(answer.findings[0].file).count(" and ") == 1
    assert answer.findings[0].lsn == "0/41A"


def test_an_altered_value_is_found_by_the_name_of_its_column(hops: Hops) -> None:
    hops.archive.table("products").delete("__kafka_offset = 4")
    hops.archive.append([row(4, price=Decimal("1.51"))])
    assert named(hops) == [("altered", "archive", 4, "4")]
    (answer,) = asked(hops)
    finding = answer.findings[0]
    assert finding.topic == TOPIC
    assert hops.side.rows.altered_columns(str(finding.file), 0, 4) == ("price",)


@pytest.mark.parametrize("value", [None, ""])
def test_null_is_no_value_and_an_empty_text_is_one(hops: Hops, value: str | None) -> None:
    hops.kafka.append(row(12, name=value))
    hops.logged.append((LATE, row(12, name=value)))
    hops.archive.append([row(12, name="" if value is None else None)])
    assert named(hops) == [("altered", "archive", 12, "12")]


def test_a_change_that_the_source_wrote_again_is_twice_on_both_hops(hops: Hops) -> None:
    again = row(12, id=5, name="name 5", __source_lsn=1050)
    hops.kafka.append(again)
    hops.archive.append([again])
    assert named(hops) == [("twice", "kafka", 12, "5"), ("twice", "archive", 12, "5")]


def test_a_row_that_a_snapshot_reads_again_is_not_twice(hops: Hops) -> None:
    for offset in (12, 13):
        read = row(offset, id=50, __op="r", __source_lsn=2000)
        hops.kafka.append(read)
        hops.archive.append([read])
    assert named(hops) == []


def test_changes_of_one_copy_share_a_position_and_are_not_twice(hops: Hops) -> None:
    for offset in (12, 13):
        copied = row(offset, __source_lsn=2000)
        hops.kafka.append(copied)
        hops.logged.append((2005, copied))
        hops.archive.append([copied])
    assert named(hops) == []


def test_an_older_change_at_a_later_offset_is_out_of_order_for_its_key_alone(hops: Hops) -> None:
    late = row(12, id=7, __op="u", __source_lsn=1069)
    other_key = row(13, id=99, __op="u", __source_lsn=1001)
    for one in (late, other_key):
        hops.kafka.append(one)
        hops.logged.append((LATE, one))
    hops.archive.append([late, other_key])
    assert named(hops) == [("out of order", "archive", 12, "7")]


def test_an_insert_that_waited_for_a_deletion_is_later_in_spite_of_its_position(hops: Hops) -> None:
    """PostgreSQL writes it to the log before it waits for the transaction that holds the key; seen on a server."""
    deleted = row(12, id=7, __op="d", __source_lsn=1205, __source_sequence='["1195","1205"]')
    inserted = row(13, id=7, __source_lsn=1201, __source_sequence='["1206","1201"]')
    late = row(14, id=7, __op="u", __source_lsn=1204, __source_sequence='["1195","1204"]')
    for one in (deleted, inserted, late):
        hops.kafka.append(one)
        hops.logged.append((LATE, one))
    hops.archive.append([deleted, inserted])
    assert [one for one in named(hops) if one[0] == "out of order"] == []
    hops.archive.append([late])
    assert named(hops) == [("out of order", "archive", 14, "7")]


def test_a_dead_letter_that_was_put_back_is_not_out_of_order(hops: Hops) -> None:
    late = row(12, id=7, __op="u", __source_lsn=1069)
    hops.kafka.append(late)
    hops.logged.append((LATE, late))
    hops.archive.append([late])
    hops.again.add(12)
    assert named(hops) == []


def mark(offset: int, **other: Any) -> dict[str, Any]:
    """Return the mark of a TRUNCATE, whose values stand for none."""
    return row(offset, id=0, name="", price=Decimal(0), __op=TRUNCATE, **other)


def test_the_mark_of_a_truncate_is_that_of_the_log_whatever_its_values(hops: Hops) -> None:
    hops.kafka.append(mark(12))
    hops.logged.append((LATE, mark(12)))
    hops.archive.append([mark(12)])
    assert asked(hops) == []
    assert hops.accounts().archive_counts()["truncates"] == 1


def test_a_truncate_that_left_no_mark_is_missing(hops: Hops) -> None:
    hops.logged.append((LATE, mark(12)))
    assert [(kind, hop) for kind, hop, _offset, _key in named(hops)] == [("missing", "kafka")]


def test_a_mark_without_a_truncate_has_no_origin(hops: Hops) -> None:
    hops.kafka.append(mark(12))
    hops.archive.append([mark(12)])
    assert named(hops) == [("without origin", "kafka", 12, None)]


def test_a_mark_has_no_order_with_the_row_whose_key_it_seems_to_have(hops: Hops) -> None:
    late = row(13, id=0, __source_lsn=1001)
    hops.kafka += [mark(12), late]
    hops.logged += [(LATE, mark(12)), (LATE, late)]
    hops.archive.append([mark(12), late])
    assert asked(hops) == []


def test_a_row_that_a_backfill_has_read_is_no_change_and_has_no_order(hops: Hops) -> None:
    for offset in (12, 13):
        read = row(offset, id=7, __op="r", __source_lsn=None, __source_sequence='["900","900"]')
        hops.kafka.append(read)
        hops.archive.append([read])
    assert named(hops) == []


def test_a_row_of_an_aborted_transaction_has_no_origin(hops: Hops) -> None:
    hops.archive.append([row(6)])
    assert named(hops) == [("without origin", "archive", 6, "6")]


def test_rows_that_kafka_has_deleted_since_are_older_and_have_no_fault(hops: Hops) -> None:
    hops.kafka, hops.begin = [one for one in hops.kafka if one["__kafka_offset"] >= 5], 5
    hops.logged = []
    accounts = hops.accounts()
    assert accounts.without_origin_in_archive().number == 0
    assert accounts.older_than_kafka() == 4


def test_rows_behind_the_end_of_what_was_read_are_not_judged(hops: Hops) -> None:
    hops.archive.append([row(12)])
    hops.end = 12
    assert named(hops) == []


def test_a_committed_change_that_kafka_lacks_is_missing_there(hops: Hops) -> None:
    hops.logged.append((3000, row(77)))
    (answer,) = asked(hops)
    finding = answer.findings[0]
    assert (finding.kind, finding.hop.value, finding.lsn, finding.op, finding.key) == (Kind.MISSING, "kafka", "0/6EA", "c", {"id": "77"})
    assert hops.accounts().missing_in_kafka(2999).number == 0, "a transaction that ended later is not yet awaited"


def test_a_record_that_the_log_does_not_have_has_no_origin(hops: Hops) -> None:
    invented = row(12)
    hops.kafka.append(invented)
    hops.archive.append([invented])
    assert named(hops) == [("without origin", "kafka", 12, "12")]
    assert hops.accounts().without_origin_in_kafka(invented["__source_lsn"]).number == 0, "the log was read from a position on"


def test_a_value_that_differs_between_log_and_kafka_is_altered_there(hops: Hops) -> None:
    commit, one = hops.logged[4]
    hops.logged[4] = (commit, {**one, "price": Decimal("9.99")})
    assert named(hops) == [("altered", "kafka", one["__kafka_offset"], str(one["id"]))]


def test_an_orphan_is_found_by_its_name_and_harms_nobody(hops: Hops) -> None:
    file = Path(files(hops)[0].removeprefix("file://"))
    orphan = file.with_name("orphan.parquet")
    orphan.write_bytes(file.read_bytes())
    (answer,) = asked(hops)
    assert (answer.kind, answer.findings[0].file) == (Kind.ORPHAN_FILE, f"file://{orphan}")
    assert not answer.kind.is_fault
    counts, _ = hops.side.files(0, 10)
    assert counts["bytes of orphan files"] == orphan.stat().st_size
    counts, found = hops.side.files(3600, 10)
    assert [one.number for one in found] == [0, 0], "a young one may be of the next commit"
    assert counts["not yet committed"] == 1
    assert "bytes of orphan files" not in counts


def test_a_file_that_is_named_and_does_not_exist_is_lost(hops: Hops) -> None:
    file = files(hops)[0]
    Path(file.removeprefix("file://")).unlink()
    lost = [answer for answer in asked(hops) if answer.kind is Kind.LOST_FILE]
    assert [finding.file for answer in lost for finding in answer.findings] == [file]


def test_a_file_that_only_an_earlier_snapshot_names_is_no_orphan(hops: Hops) -> None:
    hops.archive.table("products").delete("__kafka_offset = 4")
    hops.archive.append([row(4)])
    assert asked(hops) == []
    assert hops.side.files(0, 10)[0]["of earlier snapshots"] == 1


def test_offline_a_gap_of_one_fits_a_control_record_and_a_longer_one_is_named(hops: Hops) -> None:
    hops.archive.append([row(20)])
    answer, single = hops.accounts().gaps_in_archive()
    assert [(finding.offset, finding.number) for finding in answer.findings] == [(12, 8)]
    assert single == 2
    assert not answer.kind.is_fault


def test_the_archive_alone_is_accounted_for_without_any_view_of_kafka(hops: Hops) -> None:
    hops.archive.append([row(12, id=5, __source_lsn=1)])
    report = account(hops.subject, Sides(hops.database, hops.side, None, None), Options(settle_s=0), Progress(quiet=True).begin(""))
    assert report.undecided == ()
    assert [(one.kind.value, one.offset) for one in report.findings if one.kind.is_fault] == [("out of order", 12)]
    assert report.counts["archive"]["rows"] == 11


EPOCHS: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]], int]] = [
    ("brokers built anew: the same place is another row", lambda one: {**one, "name": "of the first epoch"}, 10),
    ("brokers that outlived it: the same place is the same row", lambda one: one, 0),
]


@pytest.mark.parametrize(("earlier", "missing"), [case[1:] for case in EPOCHS], ids=[case[0] for case in EPOCHS])
def test_a_row_of_an_earlier_epoch_stands_for_kafkas_only_if_it_is_the_same(
    hops: Hops, earlier: Callable[[dict[str, Any]], dict[str, Any]], missing: int
) -> None:
    accounts = hops.accounts()
    hops.database.execute("CREATE TEMP TABLE before AS SELECT * FROM archived")
    accounts.earlier = accounts.earlier.replace(f"< {SUBJECT.epoch}", "= 1").replace("archived", "of_before")
    accounts.present = accounts.present.replace(f"= {SUBJECT.epoch}", "= 2")
    altered = earlier({"name": "x"})["name"] != "x"
    values = 'SELECT * REPLACE (hash("@hash") AS "@hash") FROM before' if altered else "SELECT * FROM before"
    hops.database.execute(f"CREATE TEMP VIEW of_before AS {values}")
    assert accounts.missing_in_archive().number == missing
