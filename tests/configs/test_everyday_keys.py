"""Keys that users of these connectors set every day are accepted, in a stack and by the rules for whatever is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.allowed import fixed_problems, further_problems
from stack.configs.kafka_rules import broker_problems, topic_problems
from stack.configs.spelling import spelling_problems
from stack.configs.verdict import connector_problems
from stack.configs.worker_rules import worker_problems
from tests.connector_configs import RENDERED, changed
from tests.everyday_keys import EVERYDAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.configs.keys import Kind
    from stack.problem import Problem

CASES = [(kind, key) for kind, keys in EVERYDAY.items() for key in keys]


def judged(kind: Kind, config: dict[str, str]) -> list[Problem]:
    """Return the problems of a configuration that anyone declares."""
    if kind in {"debezium", "s3", "iceberg"}:
        return connector_problems(config)
    alone = spelling_problems(kind, config)
    rules = {"worker": worker_problems, "broker": broker_problems}
    return [*alone, *(rules[kind](config) if kind in rules else topic_problems("postgres.public.users", config))]


@pytest.mark.parametrize(("kind", "key"), CASES, ids=[f"{kind}-{key}" for kind, key in CASES])
def test_an_everyday_key_is_accepted(kind: Kind, key: str) -> None:
    value = EVERYDAY[kind][key]
    # a larger batch alone would not fit the default queue
    together = {"max.queue.size": "16384"} if key == "max.batch.size" else {}
    config = changed(RENDERED[kind], **together, **{key: value})
    assert judged(kind, config) == []
    assert fixed_problems(kind, {key: value}, config) == []
    assert further_problems(kind, {key: value}, config) == []


def test_all_of_them_together_are_accepted(tally: Callable[[str, str, int, int], None]) -> None:
    for kind, keys in EVERYDAY.items():
        config = changed(RENDERED[kind], **keys)
        assert judged(kind, config) == []
        assert further_problems(kind, keys, config) == []
    tally("further keys", "harmless", len(CASES), 0)
