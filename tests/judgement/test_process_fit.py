"""Processes in their pods: each parameter or key that takes memory is refused by name, and each cure leads to a stack that fits."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stack.judgement.stack import SettingsError, parse
from tests.capacity.test_postgres_parameters import COSTS
from tests.configs.test_postgres_allowed import GUIDE


def refusal(**source: Any) -> str:
    """Return the refusal of a stack with these settings of the database, or an empty text."""
    try:
        parse({"archive": {"bucket": "archive"}, "source": source, "budget": {"memoryMib": 65_536, "diskMib": 65_536}})
    except SettingsError as error:
        return str(error)
    return ""


# refused for another reason, or controlled by another setting
ELSEWHERE = {"logging_collector", "max_parallel_workers"}


@pytest.mark.parametrize("name", sorted(set(COSTS) - ELSEWHERE))
def test_each_parameter_that_does_not_fit_is_named_and_the_cures_hold(name: str) -> None:
    value = COSTS[name][0]
    further = {name: value, **({"max_wal_senders": "200000"} if name == "max_replication_slots" else {})}
    told = refusal(parameters=further)
    assert f"{name} ({value})" in told or "max_wal_senders (200000)" in told, told
    assert "sharedBuffersMib" not in told
    raised = re.search(r"raise source\.memoryMib by (\d+)", told)
    assert raised, told
    assert refusal(parameters=further, memoryMib=512 + int(raised[1])) == ""


@pytest.mark.parametrize("source", [{"sharedBuffersMib": 256}, {"maxConnections": 60}, {"maxConnections": 60, "sharedBuffersMib": 200}])
def test_settings_that_do_not_fit_are_named_and_each_cure_holds(source: dict[str, int]) -> None:
    told = refusal(**source)
    cures = re.findall(r"(sharedBuffersMib|maxConnections) \((\d+)\) by (\d+)", told)
    assert cures, told
    for key, now, less in cures:
        assert refusal(**{**source, key: int(now) - int(less)}) == ""


def test_what_tuning_guides_set_fits_a_pod_with_room_for_it() -> None:
    guide = {name: value for name, value in GUIDE.items() if name != "shared_buffers"}
    told = refusal(parameters=guide, storageMib=10_240)
    raised = re.search(r"raise source\.memoryMib by (\d+)", told)
    assert raised, told
    assert refusal(parameters=guide, memoryMib=512 + int(raised[1]), storageMib=10_240) == ""


@pytest.mark.parametrize("memory", [512, 8192])
def test_a_parallel_query_that_does_not_fit_the_pods_shared_memory_is_refused(memory: int) -> None:
    told = refusal(memoryMib=memory, parameters={"max_parallel_workers_per_gather": "4", "work_mem": "32MB"})
    assert "/dev/shm" in told  # noqa: S108 - a path in pods
    assert refusal(memoryMib=8192, parameters={"max_parallel_workers_per_gather": "4", "work_mem": "4MB"}) == ""
    mapped = {"max_parallel_workers_per_gather": "4", "work_mem": "32MB", "dynamic_shared_memory_type": "mmap"}
    assert refusal(memoryMib=8192, parameters=mapped) == ""


@pytest.mark.parametrize(
    "extra",
    [
        {"num.io.threads": "128"},
        {"num.network.threads": "64"},
        {"num.replica.fetchers": "32"},
        {"background.threads": "64"},
        {"num.recovery.threads.per.data.dir": "64"},
    ],
)
def test_threads_of_the_brokers_need_room(extra: dict[str, str]) -> None:
    (key,) = extra
    with pytest.raises(SettingsError) as refused:
        parse({"archive": {"bucket": "archive"}, "streaming": {"kafka": {"extra": extra}}})
    told = str(refused.value)
    assert f"{key} (adds " in told
    raised = re.search(r"raise streaming\.kafka\.memoryMib by (\d+)", told)
    assert raised, told
    kafka = {"extra": extra, "memoryMib": 682 + int(raised[1])}
    parse({"archive": {"bucket": "archive"}, "streaming": {"kafka": kafka}, "budget": {"memoryMib": 65_536}})
