"""The cluster's name server answers the pipeline's names by Kubernetes alone; everyday configurations are accepted."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING

import pytest

from policy.corefiles import blocks
from policy.declared import Record
from policy.rule import judge_end
from policy.service_rules import RULES
from tests.policy import mutations_dns
from tests.policy.judging import judged

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared


@functools.cache
def services() -> Record:
    """Return the Services of a stack."""
    resources, limits = judged("dev")
    made = Record(limits)
    for one in resources:
        if one.kind in {"Service", "StatefulSet", "Deployment"}:
            made.add(one)
    return made


def told(one: Declared) -> list[str]:
    """Return what the rule says of an object beside a stack."""
    made = Record(services().limits)
    for other in (*services().resources.values(), one):
        made.add(other)
    found = [violation.message for violation in judge_end(RULES[0], made)]
    assert not any("could not run" in message for message in found)
    return found


def test_no_name_of_the_pipeline_leads_elsewhere(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = list(mutations_dns.harmful()), list(mutations_dns.everyday())
    assert [one.inputs["data"] for one in harmful if not told(one)] == []
    assert [(one.inputs["data"], told(one)) for one in harmless if told(one)] == []
    tally("names of the pipeline", "harmful", len(harmful), 0)
    tally("names of the pipeline", "harmless", len(harmless), 0)


def test_the_message_names_the_name_and_the_answer() -> None:
    (message,) = told(next(mutations_dns.harmful()))
    assert "answers postgresql.data-ingestion.svc.cluster.local, a name of the pipeline, by the name thief.example.com" in message


@pytest.mark.parametrize("text", ["{\n" * 20_000, "a {\n" * 20_000, "}\n" * 20_000, '"' * 40_000, ". {\n" + "log\n" * 20_000])
def test_files_of_any_form_are_read_in_time(text: str) -> None:
    begin = time.process_time()
    blocks(text)
    assert time.process_time() - begin < 1
