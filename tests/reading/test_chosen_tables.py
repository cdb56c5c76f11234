"""Tables that a command line names: with their schema, or without it where that is unambiguous."""

from __future__ import annotations

import pytest

from pipeline.reading.chosen_tables import NoTableError, chosen
from stack.settings.tables import Column, Table

_COLUMNS = (Column(name="id", type="integer"),)
USERS, ORDERS, OF_SALES = (
    Table(name=name, columns=_COLUMNS, database_schema=schema)
    for schema, name in (("public", "users"), ("public", "orders"), ("sales", "orders"))
)
CAPTURED = (USERS, ORDERS, OF_SALES)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), CAPTURED),
        (("users",), (USERS,)),
        (("public.users",), (USERS,)),
        (("sales.orders", "users"), (OF_SALES, USERS)),
        (("users", "public.users", "users"), (USERS,)),
    ],
)
def test_a_table_has_either_name(names: tuple[str, ...], found: tuple[Table, ...]) -> None:
    assert chosen(CAPTURED, names) == found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("orders", "the stack captures 2 tables orders; write one of public.orders, sales.orders"),
        ("usres", "the stack captures no table usres; write public.users"),
        ("sales.order", "the stack captures no table sales.order; write sales.orders"),
        ("ledger", "the stack captures no table ledger; write one of public.users, public.orders, sales.orders"),
    ],
)
def test_a_name_of_no_table_or_of_two_is_refused_with_what_to_write(name: str, told: str) -> None:
    with pytest.raises(NoTableError) as caught:
        chosen(CAPTURED, [name])
    assert str(caught.value) == told
