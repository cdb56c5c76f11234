"""What the sink could not read is refused before it is put back, and nothing of a row is shown unless it is asked for."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.neutral import neutral
from pipeline.dlq import report
from pipeline.dlq.avro import AvroError, decoded, schema_id
from pipeline.dlq.causes import cause
from pipeline.dlq.ledger import State, ledger, marks_for
from pipeline.dlq.letter import REPLAYS_HEADER, Letter, letter
from pipeline.dlq.soundness import MOST_REPLAYS, refusal, side, sides
from tests.dead_letters.letters import SINK, TOPIC, VALUE, VALUE_SCHEMA, Known, dead, errors, record

SECRET = "10 Downing Street"


def refused(one: Letter, *, again: bool = False) -> str:
    return refusal(one, Known(), {SINK: {TOPIC}}, again=again)


def test_a_sound_letter_is_not_refused() -> None:
    assert refused(dead(1)) == ""
    assert refused(dead(1, key=None, value=None)) == ""


def of_a_column(exception: str, kind: str) -> tuple[tuple[str, bytes], ...]:
    """Return the headers of a row that the sink's own transform has refused."""
    return errors(
        stage="TRANSFORMATION",
        exception_class_name=f"dataingestion.connect.{exception}",
        exception_message=f"Column seen of {TOPIC} holds {kind}, {SECRET}",
        exception_stacktrace="",
    )


def test_a_row_that_fits_a_widened_column_by_now_is_not_refused() -> None:
    assert refused(dead(1, headers=of_a_column("UnfittingValueException", "more digits before the point"))) == ""


def test_a_row_that_breaks_a_rule_is_told_by_the_rules_and_passes_once_they_are_others() -> None:
    headers = errors(
        stage="TRANSFORMATION",
        exception_class_name="dataingestion.connect.BrokenRuleException",
        exception_message="Row of public.orders breaks shipping_address.maxLength total_amount.min",
        exception_stacktrace="",
    )
    one = dead(1, headers=headers)
    assert cause(one).words == "it breaks a rule of its table: shipping_address.maxLength total_amount.min"
    assert "correct the row in the database" in cause(one).step
    assert refused(one) == ""


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (dead(1, headers=()), "no headers of Connect"),
        (dead(1, headers=errors(topic="connect-configs")), "its topic connect-configs is none that the sink reads"),
        (dead(1, headers=errors(connector_name="another-sink")), "set aside by another-sink, not by this stack's s3-sink-connector"),
        (dead(1, headers=of_a_column("SpecialValueException", "infinity")), "column seen holds a value that the archive has no place for"),
        (dead(1, value=b"poison"), "its value holds bytes that are no Avro"),
        (dead(1, value=b""), "its value holds bytes that are no Avro"),
        (dead(1, key=b"poison"), "its key holds bytes that are no Avro"),
        (dead(1, value=b"\0\0\0\0\x07" + VALUE[5:]), "its value holds schema id 7, which the registry does not know"),
        (dead(1, value=b"\0\0\0\0\x08" + VALUE[5:]), "schema id 8, which is not registered under postgres.public.orders-value"),
        (dead(1, key=VALUE), "schema id 6, which is not registered under postgres.public.orders-key"),
        (dead(1, value=VALUE[:-1]), "no value of schema id 6: the value ends too early"),
        (dead(1, value=b"\0\0\0\0\x09\x02a"), "schema id 9 describes no record"),
    ],
)
def test_a_letter_that_would_only_come_back_is_refused_with_the_reason(letter: Letter, reason: str) -> None:
    assert reason in refused(letter)
    assert SECRET not in refused(letter)


@pytest.mark.parametrize("times", [MOST_REPLAYS - 1, MOST_REPLAYS, MOST_REPLAYS + 5])
def test_a_letter_that_came_back_three_times_is_refused_unless_asked_for(times: int) -> None:
    one = dead(1, headers=((REPLAYS_HEADER, str(times).encode()), *errors()))
    assert bool(refused(one)) == (times >= MOST_REPLAYS)
    assert refused(one, again=True) == ""


def described(one: Letter, *, values: bool) -> str:
    found = {name: side(data, f"{TOPIC}-{name}", Known()) for name, data in sides(one)}
    return "\n".join(report.letter_lines(one, ledger([one.record]), found, values=values))


SHOWN_LETTERS = [
    dead(1),
    dead(1, value=b"poison 10 Downing Street"),
    dead(1, key=b"10 Downing Street"),
    dead(1, value=b"\0\0\0\0\x07" + VALUE[5:]),
    dead(1, value=b"\0\0\0\0\x08" + VALUE[5:]),
    dead(1, value=VALUE[:-1]),
    dead(1, headers=((SECRET, SECRET.encode()), *errors())),
    dead(1, headers=((SECRET, SECRET.encode()),)),
    dead(1, headers=errors(exception_class_name=SECRET, stage=SECRET, connector_name=SECRET)),
    dead(1, headers=errors(topic=SECRET)),
]


@pytest.mark.parametrize("one", SHOWN_LETTERS, ids=range(len(SHOWN_LETTERS)))
def test_values_keys_headers_and_messages_are_masked_unless_asked_for(one: Letter) -> None:
    assert SECRET not in described(one, values=False)
    assert SECRET in described(one, values=True)


def test_a_masked_letter_shows_fields_position_and_kind_of_the_change() -> None:
    text = described(dead(1), values=False)
    for line in ("id = ***", "shipping_address = ***", "__op = c", "__source_lsn = 100", "Avro, schema id 6", "next step "):
        assert line in text
    assert "id = 7" in described(dead(1), values=True)


def test_a_column_that_is_called_like_a_harmless_field_shows_only_harmless_values() -> None:
    fields = [{"name": "__op", "type": "string"}]
    known = Known()
    known.schemas[6] = {"type": "record", "name": "Value", "fields": fields}
    one = dead(1, value=b"\0\0\0\0\x06\x2210 Downing Street")
    found = {"value": side(one.record.value or b"", f"{TOPIC}-value", known)}
    assert SECRET not in "\n".join(report.letter_lines(one, ledger([one.record]), found, values=False))


NASTY = b"\x1b[2J\r\n::set-output name=x::y\x00\xff\xe2\x80\xae"


@pytest.mark.parametrize("size", [1, 100_000])
def test_whatever_a_stranger_writes_is_harmless_and_short_on_the_screen(size: int) -> None:
    nasty = NASTY * size
    one = letter(
        record(1, ((nasty[:200].decode(errors="replace"), nasty), *errors(exception_message=nasty.decode(errors="replace"))), nasty, nasty)
    )
    text = described(one, values=True)
    assert neutral(text) == text
    assert len(text) < 20_000


def test_the_table_and_json_count_by_topic_and_cause() -> None:
    done = marks_for([dead(2)], State.DROPPED, "why")[0]
    other = record(3, errors(stage="KEY_CONVERTER"))
    found = ledger([record(1), record(2), other, record(4), record(5, tuple(done.headers), None, done.value)])
    assert report.summary(found) == "Dead letters: 3 open, 0 replayed, 1 dropped"
    text = report.as_json("dev", "s3-sink-dlq", found)
    assert '"positions": [\n        "0:1",\n        "0:4"\n      ]' in text
    assert SECRET not in text


SCHEMAS: list[tuple[Any, bytes, Any]] = [
    ("null", b"", None),
    ("boolean", b"\1", True),
    ("long", b"\xc8\x01", 100),
    ("int", b"\x01", -1),
    ("double", b"\0\0\0\0\0\0\xf8?", 1.5),
    ("float", b"\0\0\xc0?", 1.5),
    ("bytes", b"\x04ab", b"ab"),
    ("string", b"\x04ab", "ab"),
    ({"type": "bytes", "logicalType": "decimal", "scale": 2, "precision": 10}, b"\x04\x04\xd2", Decimal("12.34")),
    ({"type": "fixed", "name": "F", "size": 2}, b"ab", b"ab"),
    ({"type": "enum", "name": "E", "symbols": ["a", "b"]}, b"\x02", "b"),
    ({"type": "array", "items": "int"}, b"\x04\x02\x04\x00", [1, 2]),
    ({"type": "array", "items": "int"}, b"\x03\x04\x02\x04\x02\x06\x00", [1, 2, 3]),
    ({"type": "map", "values": "int"}, b"\x02\x02a\x02\x00", {"a": 1}),
    (["null", "string"], b"\x02\x02a", "a"),
    ({"type": {"type": "string", "connect.default": "x"}}, b"\x02a", "a"),
    (
        {
            "type": "record",
            "name": "R",
            "namespace": "n",
            "fields": [{"name": "a", "type": {"type": "fixed", "name": "F", "size": 1}}, {"name": "b", "type": ["null", "F"]}],
        },
        b"x\x02y",
        {"a": b"x", "b": b"y"},
    ),
]


@pytest.mark.parametrize(("schema", "data", "value"), SCHEMAS)
def test_values_of_each_kind_are_decoded(schema: Any, data: bytes, value: Any) -> None:
    assert decoded(b"\0\0\0\0\1" + data, schema) == value


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ("boolean", b"\2"),
        ("string", b"\x02\xff"),
        ("string", b"\x01"),
        ("long", b"\xff" * 11),
        (["null"], b"\x02"),
        ({"type": "enum", "name": "E", "symbols": ["a"]}, b"\x01"),
        ({"type": "array", "items": "null"}, b"\xfe\xff\xff\xff\x0f"),
        ({"type": "unheard-of"}, b""),
        ({}, b""),
        ({"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}, b""),
        (VALUE_SCHEMA, bytes(3)),
    ],
)
def test_bytes_that_are_no_value_of_their_schema_are_told(schema: Any, data: bytes) -> None:
    with pytest.raises(AvroError):
        decoded(b"\0\0\0\0\1" + data, schema)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    schema_id(data)
    for schema, _, _ in SCHEMAS:
        with contextlib.suppress(AvroError):
            decoded(b"\0\0\0\0\1" + data, schema)
