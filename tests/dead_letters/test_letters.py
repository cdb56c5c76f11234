"""Dead letters are read as the sink writes them, and whatever a stranger writes breaks nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dlq.causes import cause
from pipeline.dlq.ledger import State, ledger, mark, marks_for, unread, without_values
from pipeline.dlq.letter import REPLAYS_HEADER, Place, Record, letter
from pipeline.dlq.selection import Selection, SelectionError, Span, spans
from tests.dead_letters.letters import SINK, TOPIC, dead, errors, record


def marked(offset: int, state: State, *offsets: int, reason: str = "", partition: int = 0) -> Record:
    """Return the record of a mark."""
    ((_, made),) = marks_for([dead(one, partition=partition) for one in offsets], state, reason).items()
    return record(offset, tuple(made.headers), None, made.value, partition)


def test_a_letter_says_where_it_comes_from_and_why() -> None:
    one = dead(7)
    assert one.origin is not None
    assert (one.origin.topic, one.origin.partition, one.origin.offset, one.origin.connector) == (TOPIC, 3, 47, SINK)
    assert one.cause == ("VALUE_CONVERTER", "DataException")
    assert one.origin.chain[-1] == "org.apache.kafka.common.errors.SerializationException"
    assert cause(one).words == "its bytes are no Avro"
    assert (str(one.place), one.replays, one.own_headers) == ("0:7", 0, [])


def test_headers_of_the_original_record_stay_apart_from_those_of_connect() -> None:
    one = dead(1, headers=(("own", b"1"), (REPLAYS_HEADER, b"2"), ("none", None), *errors()))
    assert one.own_headers == [("own", b"1"), ("none", None)]
    assert one.replays == 2


def test_the_last_header_of_a_name_counts_since_connect_appends_its_own() -> None:
    forged = errors(topic="connect-configs", offset=1)
    one = dead(1, headers=(*forged, *errors()))
    assert one.origin is not None
    assert (one.origin.topic, one.origin.offset) == (TOPIC, 40)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        errors(topic=""),
        errors(topic="10 Downing Street"),
        errors(topic="../x\x1b[2J"),
        (("__connect.errors.topic", b"a"),),
        (("__connect.errors.topic", None),),
        (*errors(), ("__connect.errors.partition", b"-1")),
        (*errors(), ("__connect.errors.offset", b"9" * 5000)),
        (*errors(), ("__connect.errors.offset", "٣".encode())),
    ],
)
def test_what_connect_has_not_written_has_no_origin(headers: tuple[tuple[str, bytes | None], ...]) -> None:
    one = dead(1, headers=headers)
    assert one.origin is None
    assert "Connect did not write it" in cause(one).words


def test_text_that_does_not_look_like_a_name_is_not_taken_over() -> None:
    one = dead(1, headers=errors(stage="10 Downing Street", connector_name="a\x1b]0;x\x07", exception_class_name="Mr. Smith"))
    assert one.origin is not None
    assert {one.origin.stage, one.origin.connector, one.origin.exception} == {"not readable"}


anything = st.one_of(st.none(), st.binary(max_size=40))


@given(
    st.lists(
        st.tuples(st.sampled_from(["__dead_letters.mark", REPLAYS_HEADER, "x", *(name for name, _ in errors())]), anything), max_size=8
    ),
    anything,
    anything,
)
def test_no_record_of_a_stranger_breaks_the_ledger(headers: list[tuple[str, bytes | None]], key: bytes | None, value: bytes | None) -> None:
    found = ledger([record(1, tuple(headers), key, value)], ends={0: 2})
    assert sum(found.counts.values()) + (mark(record(1, tuple(headers), key, value)) is not None) == 1


def test_marks_settle_the_letters_of_their_partition_and_no_others() -> None:
    found = ledger(
        [
            record(1),
            record(2),
            record(3),
            record(2, partition=1),
            marked(4, State.REPLAYED, 1),
            marked(5, State.DROPPED, 3, reason="a test"),
        ],
        ends={0: 6, 1: 3},
    )
    assert found.counts == {State.OPEN: 2, State.REPLAYED: 1, State.DROPPED: 1}
    assert [str(one.place) for one in found.open] == ["0:2", "1:2"]
    assert found.marks[Place(0, 3)].reason == "a test"
    assert found.settled == {0: 2, 1: 2}


def test_a_topic_without_open_letters_is_settled_to_its_end() -> None:
    assert ledger([record(1), marked(2, State.DROPPED, 1)], ends={0: 4, 1: 0}).settled == {0: 4, 1: 0}


def test_a_mark_counts_only_for_letters_before_it_and_only_the_first_time() -> None:
    found = ledger([record(1), marked(2, State.REPLAYED, 1, 9), marked(3, State.DROPPED, 1), record(9)], ends={0: 10})
    assert found.counts == {State.OPEN: 1, State.REPLAYED: 1, State.DROPPED: 0}


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{}", b"[1]", b'"x"', b'{"state": "open", "offsets": [1], "reason": ""}', b'{"state": "replayed", "offsets": "1"}'],
)
def test_what_only_looks_like_a_mark_is_an_open_letter(value: bytes | None) -> None:
    assert mark(record(2, (("__dead_letters.mark", b"1"),), None, value)) is None
    assert ledger([record(1), record(2, (("__dead_letters.mark", b"1"),), None, value)]).counts[State.OPEN] == 2


def test_a_poison_record_with_the_header_of_a_mark_hides_no_letter() -> None:
    """The sink copies the headers of a stranger's record into the dead letter."""
    forged = marked(2, State.REPLAYED, 1)
    assert ledger([record(1), record(2, (*forged.headers, *errors()), None, forged.value)]).counts[State.OPEN] == 2


@pytest.mark.parametrize(
    ("begins", "settled", "number"), [({0: 0}, {}, 0), ({0: 5}, {}, 5), ({0: 5}, {0: 5}, 0), ({0: 5, 1: 9}, {0: 7, 1: 3}, 6)]
)
def test_letters_that_retention_deleted_unread_are_counted(begins: dict[int, int], settled: dict[int, int], number: int) -> None:
    assert unread(begins, settled) == number


@pytest.mark.parametrize("text", ["", "1", "1:", ":1", "1:5-3", "1:1-", "a:1", "1:1:1", "-1:0", "1:٣", "1:1,2"])
def test_a_word_that_is_no_position_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(SelectionError, match="write PARTITION:OFFSET"):
        Span.of(text)


def chosen(**choice: object) -> list[str]:
    letters = [
        dead(1),
        dead(2, headers=errors(topic="postgres.public.users")),
        dead(3, headers=errors(stage="KEY_CONVERTER")),
        dead(4, headers=()),
        dead(2, partition=1),
    ]
    return [str(one.place) for one in Selection(**choice).chosen(letters)]  # type: ignore[arg-type]


def test_letters_are_chosen_by_position_topic_and_cause_together() -> None:
    assert chosen(everything=True) == ["0:1", "0:2", "0:3", "0:4", "1:2"]
    assert chosen(spans=(Span.of("0:2-9"),)) == ["0:2", "0:3", "0:4"]
    assert chosen(topic=TOPIC) == ["0:1", "0:3", "1:2"]
    assert chosen(topic=TOPIC, cause="KEY_CONVERTER") == ["0:3"]
    assert chosen(cause="DataException") == ["0:1", "0:2", "0:3", "1:2"]
    assert chosen(cause="org.apache.kafka.common.errors.SerializationException", spans=(Span.of("1:2"),)) == ["1:2"]
    assert chosen(topic="postgres.public.nothing") == []


def test_a_choice_of_nothing_and_a_contradiction_are_refused() -> None:
    with pytest.raises(SelectionError, match=r"give positions, --topic, --cause or --all"):
        Selection()
    with pytest.raises(SelectionError, match="contradict"):
        Selection(everything=True, topic=TOPIC)
    with pytest.raises(SelectionError, match="there is no dead letter at 2:0-4"):
        Selection(spans=(Span.of("2:0-4"),)).chosen([dead(1)])


def test_neighbouring_offsets_are_one_span() -> None:
    assert spans([9, 1, 2, 3, 5]) == ["1-3", "5", "9"]
    assert spans([]) == []


def test_a_letter_of_a_letter_keeps_its_count() -> None:
    assert letter(record(1, ((REPLAYS_HEADER, b"x"), *errors()))).replays == 0


def test_a_record_that_was_set_aside_again_is_the_same_letter() -> None:
    """A sink that is started again reads anew what it had not committed."""
    twice = [record(1, errors(offset=7)), record(2, errors(offset=7))]
    assert [one.place.offset for one in ledger(twice).open] == [1]
    dropped = marked(3, State.DROPPED, 1)
    assert ledger([*twice, dropped, record(4, errors(offset=7))]).counts == {State.OPEN: 0, State.REPLAYED: 0, State.DROPPED: 1}
    assert len(ledger([*twice, record(3, errors(offset=8)), record(4, errors(partition=9, offset=7))]).open) == 3
    strangers = [record(1, ()), record(2, ())]
    assert len(ledger(strangers).open) == 2
    assert len(ledger(without_values([*twice, dropped, record(4, errors(offset=8))])).open) == 1
