"""The pack's configuration in the plan: honoured as the engine does, or refused with a reason, never ignored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.command_line import main
from pipeline.plan.violations import violations
from policy.catalogue import RULES
from policy.configuration import Configuration
from policy.declared import Limits, Record
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from pathlib import Path

WRONG: dict[str, tuple[str, str]] = {
    "an unknown rule": ('{"memory-budjet": {"budgets": {}}}', "did you mean memory-budget?"),
    "a rule far from any": ('{"xyzzy": "mandatory"}', "docs/policies.md lists the rules"),
    "an unknown level": ('{"memory-limit": "off"}', "write one of mandatory, remediate, advisory, disabled"),
    "a level of another type": ('{"memory-limit": 1}', "write one of"),
    "no level": ('{"memory-limit": null}', "write one of"),
    "a list": ('{"memory-limit": []}', "write one of"),
    "a level within, unknown": ('{"memory-limit": {"enforcementLevel": "Mandatory"}}', "write one of"),
    "a level for all, unknown": ('{"all": "none"}', "write one of"),
    "an unknown key": ('{"memory-budget": {"budget": {}}}', "possible are enforcementLevel, budgets"),
    "a key of another rule": ('{"pod-restricted": {"nodes": 3}}', "possible are enforcementLevel"),
    "budgets as a list": ('{"memory-budget": {"budgets": ["1Gi"]}}', "write an object"),
    "budgets as null": ('{"memory-budget": {"budgets": null}}', "write an object"),
    "a budget as a number": ('{"memory-budget": {"budgets": {"a": 5}}}', "write a size"),
    "a budget below nothing": ('{"memory-budget": {"budgets": {"a": "-5Gi"}}}', "write a size"),
    "a budget in words": ('{"disk-volumes": {"volumes": {"a": "much"}}}', "is not a Kubernetes quantity"),
    "a budget beyond numbers": ('{"disk-volumes": {"volumes": {"a": "1e999999999"}}}', "is not a Kubernetes quantity"),
    "nodes as text": ('{"memory-limit": {"nodes": "3"}}', "write a whole number from 1"),
    "nodes as yes": ('{"memory-limit": {"nodes": true}}', "write a whole number from 1"),
    "nodes in parts": ('{"memory-limit": {"nodes": 2.5}}', "write a whole number from 1"),
    "nodes without number": ('{"memory-limit": {"nodes": NaN}}', "write a whole number from 1"),
    "nodes without end": ('{"memory-limit": {"nodes": Infinity}}', "write a whole number from 1"),
    "no nodes": ('{"memory-limit": {"nodes": 0}}', "write a whole number from 1"),
    "a rule twice": ('{"memory-limit": "mandatory", "memory-limit": "disabled"}', "has memory-limit twice"),
    "a list of rules": ("[]", "must be an object"),
    "a word": ('"mandatory"', "must be an object"),
    "no JSON": ("memory-limit: disabled", "is not JSON"),
    "nothing": ("", "is not JSON"),
    "a bomb": ("[" * 100_000, "is not JSON"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_the_pack_would_ignore_is_refused(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, reason = WRONG[what]
    file = tmp_path / "policies.json"
    file.write_text(content)
    assert main(["plan", "--stack", "dev", "--brief", "--policy-config", str(file)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"the policy configuration {file} " in told.err
    assert reason in told.err
    assert len(told.err.splitlines()) == 2


def levels(configuration: dict[str, Any]) -> dict[str, str]:
    """Return the level of each rule that a pod without a limit and a privileged container break."""
    record = Record(Limits(memory={"data-ingestion": 2**40}))
    record.add(extra("Pod", "bare", pod(container(memory=None, securityContext={"privileged": True}))))
    return {one.rule: one.level for one in violations(record, Configuration.read(json.dumps(configuration)))}


def test_levels_are_those_of_the_engine() -> None:
    own = levels({})
    assert own["memory-limit"] == own["pod-restricted"] == "mandatory"
    assert levels({"memory-limit": "advisory"}) == {**own, "memory-limit": "advisory"}
    assert levels({"memory-limit": {"enforcementLevel": "advisory", "nodes": 3}}) == {**own, "memory-limit": "advisory"}
    assert levels({"memory-limit": "disabled"}) == {name: level for name, level in own.items() if name != "memory-limit"}
    assert levels({"all": "disabled"}) == {}
    assert levels({"all": "disabled", "memory-limit": "remediate"}) == {"memory-limit": "mandatory"}
    assert set(levels({"all": "mandatory"}).values()) == {"mandatory"}


def test_every_rule_can_be_configured() -> None:
    for rule in RULES:
        assert Configuration.read(json.dumps({rule.name: "disabled"})).level(rule.name, rule.level) is None
