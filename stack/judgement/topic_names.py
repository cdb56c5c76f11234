"""Rules for the names of topics: Kafka refuses a name that differs from another one in dots and underscores only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.stack import Specification


def topic_name_problems(specification: Specification) -> Iterator[Problem]:
    """Yield each topic that Kafka would refuse beside another one of the stack."""
    made: dict[str, str] = {}
    for topic in specification.streaming.kafka.topics:
        other = made.setdefault(topic.name.replace(".", "_"), topic.name)
        if other != topic.name:
            yield Problem(
                path="source.tables",
                rule=f"the topics {other} and {topic.name} differ in dots and underscores only, and Kafka refuses the second of them",
                cure="capture one of the two tables, or rename one",
            )
