"""A condition is sent as it was understood: comparisons of the table's columns, and no other SQL."""

from __future__ import annotations

import pytest

from pipeline.backfill.condition import ConditionError, parsed
from stack.settings.tables import Column, Table

TABLE = Table(
    name="books",
    columns=(
        Column(name="id", type="bigint"),
        Column(name="title", type="varchar(40)"),
        Column(name="price", type="numeric(10,2)"),
        Column(name="sold", type="boolean"),
        Column(name="sold_at", type="timestamptz"),
        Column(name="range", type="uuid"),
    ),
)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("id between 1 and 1000", '"id" BETWEEN 1 AND 1000'),
        ("ID >= -5 AND id < 10", '"id" >= -5 AND "id" < 10'),
        ("title = 'O''Reilly; DROP TABLE books'", "\"title\" = 'O''Reilly; DROP TABLE books'"),
        ("price != 4.50", '"price" != 4.50'),
        ("sold = true", "\"sold\" = 'true'"),
        ("sold_at < '2026-01-01T00:00:00Z'", "\"sold_at\" < '2026-01-01T00:00:00Z'"),
        ("range = '00000000-0000-0000-0000-000000000000'", "\"range\" = '00000000-0000-0000-0000-000000000000'"),
        ("id between 1 and 5 and price > 2", '"id" BETWEEN 1 AND 5 AND "price" > 2'),
    ],
)
def test_comparisons_are_written_anew(text: str, sent: str) -> None:
    assert parsed(text, TABLE) == sent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "true",
        "1 = 1",
        "id = id",
        "id = 1 or 1 = 1",
        "id = 1) or (1 = 1",
        "id = 1; delete from books",
        "id = 1 -- the rest",
        "id = 1 /* the rest */",
        "id in (1, 2)",
        "id = (select max(id) from users)",
        "id = pg_sleep(10)",
        "other = 1",
        "books.id = 1",
        '"id" = 1',
        "id = '1'",
        "id = 1.5",
        "id = 99999999999999999999",
        "id",
        "id between 1",
        "id between 1 and",
        "title = 5",
        "title = -'a'",
        "title = 'a' 'b'",
        "title = E'a'",
        r"title = '\''",
        "title = 'x' || version()",
        "title = 'longer than forty characters, which is what the column takes'",
        "title like 'a%'",
        "price = 1e400",
        "sold = 2",
        "sold = pg_sleep",
        "sold_at > 'whenever'",
        "sold_at > now()",
        "id = 1 and",
        "id = 1 id = 2",
        "id = \x00",
    ],
)
def test_everything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConditionError, match=r"(?s)no simple comparison on the columns of public.books .*; write COLUMN SIGN VALUE"):
        parsed(text, TABLE)
