"""Each table has one sink, the sink of all others keeps a table, and a table stays with the sink that it has got."""

from __future__ import annotations

from typing import Any

import pytest

from providers.iceberg.rules import losses
from stack.judgement.stack import SettingsError, specify

ARCHIVE: dict[str, Any] = {"bucket": "archive", "tasks": 2, "catalog": "jdbc"}
EVERY = ["public.users", "public.products", "public.orders", "public.order_items"]


def refusal(sinks: dict[str, Any], **archive: Any) -> str:
    """Return the message about a stack with sinks; empty without one."""
    try:
        specify({"archive": {**ARCHIVE, **archive, "sinks": sinks}, "streaming": {"connect": {"memoryMib": 1024}}})
    except SettingsError as error:
        return str(error)
    return ""


def test_tables_with_a_sink_of_their_own_are_accepted() -> None:
    assert refusal({"sales": ["public.orders", "public.order_items"]}) == ""


@pytest.mark.parametrize(
    ("sinks", "told"),
    [
        ({"sales": ["public.order"]}, "archive.sinks.sales: public.order is no captured table; did you mean public.orders?"),
        ({"a": ["public.orders"], "b": ["public.orders"]}, "archive.sinks.b: public.orders has the sink a already"),
        ({"sales": []}, "archive.sinks.sales: has no table"),
        ({"all": EVERY}, "archive.sinks: names every captured table"),
        ({"sales-coord": ["public.orders"]}, "do not end with coord"),
        ({"a-epoch2": ["public.orders"]}, "do not end with coord or epoch"),
        ({"Sales": ["public.orders"]}, "is no name of a sink"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(sinks: dict[str, Any], told: str) -> None:
    assert told in refusal(sinks)


def test_plain_files_have_one_sink() -> None:
    assert "archive.sinks: is set and archive.format is parquet" in refusal({"sales": ["public.orders"]}, format="parquet", catalog=None)


def test_a_sink_more_needs_memory_of_the_worker() -> None:
    sinks = {name: [f"public.{name.replace('x', '_')}"] for name in ("users", "products", "orders")}
    assert "streaming.connect.jvm.heapMib" in refusal(sinks, tasks=12) + refusal(sinks, tasks=6)


@pytest.mark.parametrize(("before", "after", "refused"), [("", "a", False), ("a", "a", False), ("a", "b", True), ("a", "", True)])
def test_a_table_goes_from_the_sink_of_all_tables_to_its_own_and_stays_there(before: str, after: str, *, refused: bool) -> None:
    old, new = (
        {"namespace": "archive", "name": "users", "columns": [], "properties": {"data-ingestion.sink": sink} if sink else {}}
        for sink in (before, after)
    )
    told = [str(problem) for problem in losses(old, new, old_is_complete=True)]
    assert bool(told) is refused
    assert all("would archive again what this one has archived" in one and "archive.sinks.a" in one for one in told)
    # whoever declares a table anew, whose brokers and positions are gone, may choose
    assert losses(old, new, old_is_complete=False) == []
