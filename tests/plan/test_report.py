"""What `python -m plan` prints, and its exit code."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from plan.__main__ import main
from plan.judgement import recorded
from plan.report import Paint, judgement, memory, memory_table, tree
from policy.budget_rules import namespace_total
from policy.declared import Limits
from policy.rule import Violation
from recording import record

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(memory={"default": 2048 * 2**20})
PAINT = Paint(colours=False)


def deployment(name: str, memory: str, **strategy: Any) -> None:
    """Declare a Deployment of one pod."""
    container = {"name": name, "image": "i:1", "resources": {"limits": {"memory": memory}}}
    kubernetes.apps.v1.Deployment(
        name,
        metadata={"name": name},
        spec={
            "replicas": 1,
            "strategy": {"type": "RollingUpdate" if strategy else "Recreate", **strategy},
            "selector": {"match_labels": {"a": name}},
            "template": {"metadata": {"labels": {"a": name}}, "spec": {"containers": [container]}},
        },
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: sample\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("")
    return tmp_path


def test_the_tree_shows_children_under_their_component(root: Path) -> None:
    def declare() -> None:
        layer = pulumi.ComponentResource("test:index:Layer", "layer")
        kubernetes.core.v1.Namespace("space", metadata={"name": "space"}, opts=pulumi.ResourceOptions(parent=layer))
        kubernetes.Provider("cluster", kubeconfig="/nowhere")

    assert tree(record("dev", root=root, declare=declare), PAINT).splitlines() == [
        "sample-dev: 3 resources",
        "├─ layer  Layer",
        "│  └─ space  Namespace",
        "└─ cluster  provider",
    ]


def test_memory_is_summed_when_calm_and_at_the_peak_of_a_rollout(root: Path) -> None:
    def declare() -> None:
        deployment("big", "1Gi")
        deployment("rolling", "512Mi", rollingUpdate={"maxSurge": 1})

    sums = memory(recorded(record("dev", root=root, declare=declare), LIMITS))
    assert memory_table(sums, PAINT).splitlines() == [
        "Memory in MiB",
        "workload            pods  each  steady  peak",
        "Deployment big         1  1024    1024  1024",
        "Deployment rolling     1   512     512  1024",
        "all                               1536  2048",
        "budget                            2048  2048",
        "free                               512     0",
    ]


def test_a_pod_on_every_node_is_in_the_table_once_the_nodes_are_known(root: Path) -> None:
    """As in the sum that the policies judge, else table and verdict differ."""

    def declare() -> None:
        container = {"name": "agent", "image": "i:1", "resources": {"limits": {"memory": "64Mi"}}}
        template = {"metadata": {"labels": {"a": "agent"}}, "spec": {"containers": [container]}}
        kubernetes.apps.v1.DaemonSet(
            "agent", metadata={"name": "agent"}, spec={"selector": {"match_labels": {"a": "agent"}}, "template": template}
        )

    recording = record("dev", root=root, declare=declare)
    known = recorded(recording, dataclasses.replace(LIMITS, nodes=3))
    assert memory_table(memory(known), PAINT).splitlines()[2].split() == ["DaemonSet", "agent", "3", "64", "192", "192"]
    assert memory(known).steady == namespace_total(known, "default").steady == 3 * 64 * 2**20
    assert memory(recorded(recording, LIMITS)).workloads == ()


@pytest.mark.parametrize(("stack", "budget"), [("dev", 4096), ("sandbox", 4096), ("prod", 23552)])
def test_the_projects_own_stacks_are_accepted(stack: str, budget: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", stack]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"data-ingestion-{stack}: ")
    assert re.search(rf"^budget +{budget} +{budget}$", printed, re.MULTILINE)


def test_an_unknown_stack_is_refused_with_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "nowhere"]) == 1
    assert "Pulumi.nowhere.yaml does not exist" in capsys.readouterr().err


def test_a_violation_is_shown_with_its_rule_and_the_stack_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "budgets.json"
    config.write_text('{"memory-budget": {"budgets": {"data-ingestion": "4000Mi"}}}')
    assert main(["--stack", "sandbox", "--brief", "--policy-config", str(config)]) == 1
    printed = capsys.readouterr()
    assert "refused memory-budget\n  Deployment connect: the pods of namespace data-ingestion may use 4094 MiB, 94 more" in printed.out
    assert "warning exceptions-shown\n  Bucket archive-bucket: is excepted from bucket-tls-only" in printed.out
    assert "Policies: 1 violation, 1 warning" in printed.out
    assert printed.err == "The stack sandbox is refused.\n"


def test_the_plan_says_what_one_more_table_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--brief"]) == 0
    assert re.search(r"^One more table costs [\d.]+; \d+ more fit\.$", capsys.readouterr().out, re.MULTILINE)


def test_a_picture_is_written_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--brief", "--picture", str(tmp_path / "m.svg")]) == 0
    assert (tmp_path / "m.svg").read_text().startswith("<svg ")
    assert f"Picture: {tmp_path / 'm.svg'}" in capsys.readouterr().out


def test_violations_stand_out_in_colour_on_a_terminal() -> None:
    violation = Violation(rule="memory-limit", level="mandatory", urn="", resource="Pod x", message="Pod x: no limit\nset one")
    shown = judgement([violation], Paint(colours=True))
    assert "\x1b[31m\x1b[1mrefused" in shown
    assert "\x1b" not in judgement([violation], PAINT)
    assert judgement([], PAINT) == "Policies: 0 violations, 0 warnings"
