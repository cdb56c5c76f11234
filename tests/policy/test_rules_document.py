"""The rules document: complete, with examples that behave as described."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipeline.recording.recorder import ROOT
from policy.catalogue import RULES
from policy.declared import Declared, Limits, Record
from policy.rule import LEAST_REASON, judge, judge_end
from tests.policy.judging import by_plan, shipped
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from policy.rule import Violation

TEXT = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### ([a-z-]+)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
EXAMPLES = [
    pytest.param(rule, verdict, block, id=f"{rule}, {verdict}")
    for rule, section in SECTIONS.items()
    for verdict, block in re.findall(r"```yaml\n# (refused|accepted)\n(.*?)```", section, re.DOTALL)
]
GIB = 2**30
LIMITS = Limits(memory={"data-ingestion": 4 * GIB}, volumes={"data-ingestion": 15 * GIB}, own="data-ingestion")


def declared(document: dict[str, Any]) -> Declared:
    """Return the resource of an example: a Kubernetes manifest, or type, name, inputs and ignored changes."""
    if "type" in document:
        return Declared(
            urn=f"urn::{document['name']}",
            type=document["type"],
            name=document["name"],
            inputs=document["inputs"],
            ignored=tuple(document.get("ignoreChanges", ())),
        )
    version = document["apiVersion"] if "/" in document["apiVersion"] else f"core/{document['apiVersion']}"
    name = document["metadata"]["name"]
    return Declared(urn=f"urn::{name}", type=f"kubernetes:{version}:{document['kind']}", name=name, inputs=document)


def judged(rule_name: str, resources: list[Declared], limits: Limits = LIMITS) -> list[Violation]:
    """Return one rule's violations of resources that arrive one after another."""
    (rule,) = [rule for rule in RULES if rule.name == rule_name]
    record = Record(limits)
    found: list[Violation] = []
    for resource in resources:
        record.add(resource)
        found += judge(rule, resource, record)
    return found + judge_end(rule, record)


@pytest.mark.parametrize("rule", sorted(SECTIONS.keys() - {"exceptions-shown"}))
def test_every_section_says_what_its_rule_does_not_see(rule: str) -> None:
    """The warning about exceptions in use judges nothing, so that nothing escapes it."""
    assert re.search(r"(?i)\bnot seen: \S|\bdoes not see\b|\bis not judged\b", SECTIONS[rule])


def test_every_rule_has_a_section_and_every_section_a_rule() -> None:
    assert sorted(SECTIONS) == sorted(rule.name for rule in RULES)


def test_every_rule_about_resources_has_a_bad_and_a_good_example() -> None:
    shown = sorted((str(example.values[0]), str(example.values[1])) for example in EXAMPLES)
    about = [rule.name for rule in RULES if not rule.name.startswith("exceptions-")]
    assert shown == sorted((name, verdict) for name in about for verdict in ("accepted", "refused"))


@pytest.mark.parametrize(("rule", "verdict", "block"), EXAMPLES)
def test_an_example_is_what_it_says_it_is(rule: str, verdict: str, block: str) -> None:
    found = judged(rule, [declared(document) for document in yaml.safe_load_all(block)])
    assert bool(found) == (verdict == "refused"), [violation.message for violation in found]


ABOUT_SUMS = {rule.name for rule in RULES if rule.together}
BY_PATH = {rule.name for rule in RULES if rule.by_path}


@pytest.mark.parametrize(("rule", "verdict", "block"), [example for example in EXAMPLES if example.values[1] == "refused"])
def test_an_exception_needs_a_reason_and_a_rule_about_one_resource(rule: str, verdict: str, block: str) -> None:
    resources = [declared(document) for document in yaml.safe_load_all(block)]
    for reason, proper in (("tried on a machine of its own", True), ("because", False)):
        passes = proper and rule not in ABOUT_SUMS
        found = judged(rule, resources) if rule in BY_PATH else []
        paths = [f"/{violation.problem.path}" for violation in found] or [""]
        exceptions = tuple((rule, f"{resource.name}{path}", reason) for resource in resources for path in paths)
        limits = dataclasses.replace(LIMITS, exceptions=exceptions)
        assert (judged(rule, resources, limits) == []) == passes, verdict
        improper = [violation.message for violation in judged("exceptions-proper", resources, limits)]
        assert (improper == []) == passes
        shown = judged("exceptions-shown", resources, limits)
        assert [violation.level for violation in shown] == (["advisory"] * len(resources) if passes else [])


@pytest.mark.parametrize(
    ("rule", "pattern", "says"),
    [
        ("image-pinned", "*", "must name a resource"),
        ("image-pinned", "[a-z]*", "must name a resource"),
        ("image-pinned", "to*", "must name a resource"),
        ("memory-limit", "tool*", "must name one resource, without *"),
        ("memory-budget", "tool", "raise the budget instead"),
    ],
)
def test_an_exception_cannot_cover_every_resource(rule: str, pattern: str, says: str) -> None:
    limits = Limits(memory=LIMITS.memory, exceptions=((rule, pattern, "a reason that is long enough"),))
    (violation,) = judged("exceptions-proper", [], limits)
    assert says in violation.message


def test_an_exception_that_fits_no_resource_is_refused() -> None:
    reason = "x" * LEAST_REASON
    limits = Limits(exceptions=(("memory-limit", "nobody", reason), ("no-such-rule", "nobody", reason)))
    messages = [violation.message for violation in judged("exceptions-proper", [], limits)]
    assert [("matches no resource" in message, "does not exist" in message) for message in messages] == [(True, False), (False, True)]


def test_a_rule_that_raises_refuses_the_stack_and_shows_no_value() -> None:
    class Trap(dict[str, Any]):
        def get(self, key: str, *_default: Any) -> Any:
            if key == "spec":
                message = "hunter2"
                raise RuntimeError(message)

    found = judged("memory-limit", [Declared(urn="urn::x", type="kubernetes:core/v1:Pod", name="x", inputs=Trap())])
    assert found
    assert all("which counts as a violation" in violation.message for violation in found)
    assert not any("hunter2" in violation.message for violation in found)


def test_the_refusal_that_the_readme_shows_is_what_the_rules_say() -> None:
    """A console of 256 MiB beside the stack ``dev``."""
    resources, limits = shipped("dev")
    template = {"spec": pod(container("console", "256Mi"))}
    console = extra("Deployment", "console", {"strategy": {"type": "Recreate"}, "template": template}, "apps/v1")
    (violation,) = by_plan([*resources, console], limits)
    readme = [line.strip() for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()]
    assert any(line.endswith(violation.message.splitlines()[0].removeprefix(f"{violation.resource}: ")) for line in readme)
    for line in violation.message.splitlines()[1:-1]:
        assert line.strip() in readme
