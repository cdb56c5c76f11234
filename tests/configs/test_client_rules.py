"""Timeouts of one client that do not fit each other are refused, with a cure that is accepted."""

from __future__ import annotations

import re

import pytest

from stack.configs.sink_rules import sink_problems
from stack.configs.source_rules import source_problems
from stack.configs.worker_rules import worker_problems
from tests.connector_configs import ICEBERG, S3, SOURCE, WORKER, changed

ENDS = {
    "source": (source_problems, SOURCE, (), ("producer.override.",)),
    "s3": (sink_problems, S3, ("consumer.override.",), ("producer.override.",)),
    "iceberg": (sink_problems, ICEBERG, ("consumer.override.", "iceberg.kafka."), ("iceberg.kafka.",)),
    "worker": (worker_problems, WORKER, ("", "consumer."), ("producer.",)),
}
GROUPS = [(end, prefix) for end, (_rules, _config, groups, _producers) in ENDS.items() for prefix in groups]
PRODUCERS = [(end, prefix) for end, (_rules, _config, _groups, producers) in ENDS.items() for prefix in producers]


@pytest.mark.parametrize(("end", "prefix"), GROUPS)
@pytest.mark.parametrize("changes", [{"heartbeat.interval.ms": "60000"}, {"session.timeout.ms": "6000", "heartbeat.interval.ms": "6000"}])
def test_a_heartbeat_after_the_end_of_the_session_is_refused(end: str, prefix: str, changes: dict[str, str]) -> None:
    rules, config, *_ = ENDS[end]
    wrong = changed(config, **{prefix + key: value for key, value in changes.items()})
    (problem,) = rules(wrong)
    cure = re.fullmatch(r"set (\S+) to (\d+) or less", problem.cure)
    assert cure
    assert rules(changed(wrong, **{cure[1]: cure[2]})) == []


@pytest.mark.parametrize(("end", "prefix"), PRODUCERS)
def test_a_delivery_shorter_than_one_request_is_refused(end: str, prefix: str) -> None:
    rules, config, *_ = ENDS[end]
    key = f"{prefix}delivery.timeout.ms"
    wrong = changed(config, **{key: "30000", f"{prefix}request.timeout.ms": "60000"})
    (problem,) = rules(wrong)
    assert problem.key == key
    assert rules(changed(wrong, **{key: "60005"})) == []
