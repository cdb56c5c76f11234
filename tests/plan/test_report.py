"""The output of ``python -m pipeline plan``, and its exit code."""

from __future__ import annotations

import dataclasses
import io
import re
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from pipeline.checks.terminal import console, plain
from pipeline.command_line import main
from pipeline.plan.report import further_memory, judgement, memory, memory_table, not_judged, tree
from pipeline.plan.violations import recorded
from pipeline.recording import record
from policy.budget_rules import namespace_total
from policy.declared import Limits
from policy.limits import of_stack
from policy.rule import Violation
from sandbox.stack_settings import settings
from stack.judgement.effects import assumed_tables
from stack.judgement.stack import SettingsError, parse
from stack.problem import Problem
from stack.settings.shop import TABLES

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(memory={"default": 2048 * 2**20})


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

    assert plain(tree(record("dev", root=root, declare=declare))).splitlines() == [
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
    assert plain(memory_table(sums)).splitlines() == [
        "Memory in MiB",
        "workload            pods  each  steady  peak",
        "Deployment big         1  1024    1024  1024",
        "Deployment rolling     1   512     512  1024",
        "all                               1536  2048",
        "budget                            2048  2048",
        "free                               512     0",
    ]


def test_what_only_the_engine_knows_is_told(root: Path) -> None:
    chart = record("dev", root=root, declare=lambda: kubernetes.helm.v4.Chart("cache", chart="redis") and None)
    assert plain(*not_judged(chart)).splitlines() == [
        "Not judged offline, only by pulumi preview with the policy pack:",
        "  the resources inside of cache (kubernetes:helm.sh/v4:Chart), which only the engine knows",
    ]
    assert [*not_judged(record("dev", root=root, declare=lambda: None))] == []


def test_a_pod_on_every_node_is_in_the_table_once_the_nodes_are_known(root: Path) -> None:
    """As in the sum that the policies check; otherwise table and verdict differ."""

    def declare() -> None:
        container = {"name": "agent", "image": "i:1", "resources": {"limits": {"memory": "64Mi"}}}
        template = {"metadata": {"labels": {"a": "agent"}}, "spec": {"containers": [container]}}
        kubernetes.apps.v1.DaemonSet(
            "agent", metadata={"name": "agent"}, spec={"selector": {"match_labels": {"a": "agent"}}, "template": template}
        )

    recording = record("dev", root=root, declare=declare)
    known = recorded(recording, dataclasses.replace(LIMITS, nodes=3))
    assert plain(memory_table(memory(known))).splitlines()[2].split() == ["DaemonSet", "agent", "3", "64", "192", "192"]
    assert memory(known).steady == namespace_total(known, "default").steady == 3 * 64 * 2**20
    assert memory(recorded(recording, LIMITS)).workloads == ()


def test_audit_and_monitoring_have_tables_of_their_own_and_take_nothing_of_the_pipelines() -> None:
    known = recorded(record("sandbox"), of_stack(settings()))
    own = further_memory(known)
    assert set(own) == {"data-ingestion-audit", "data-ingestion-monitoring"}
    watching, sums = own["data-ingestion-monitoring"], own["data-ingestion-audit"]
    assert (watching.steady, watching.budget) == (432 * 2**20, 432 * 2**20)
    assert [(part.kind, part.steady, part.peak) for part in sums.workloads] == [("CronJob", 0, 1024 * 2**20)]
    assert (sums.budget, memory(known).budget) == (1024 * 2**20, 4096 * 2**20)
    assert "CronJob" not in {part.kind for part in memory(known).workloads}
    table = plain(memory_table(sums, "Memory of data-ingestion-audit in MiB")).splitlines()
    assert table[0] == "Memory of data-ingestion-audit in MiB"
    assert further_memory(recorded(record("dev"), LIMITS)) == {}


@pytest.mark.parametrize(("stack", "budget"), [("dev", 4096), ("sandbox", 4096), ("prod", 23552)])
def test_the_projects_own_stacks_are_accepted(stack: str, budget: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--stack", stack]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"data-ingestion-{stack}: ")
    assert re.search(rf"^budget +{budget} +{budget}$", printed, re.MULTILINE)


@pytest.mark.parametrize("stack", ["nowhere", "../dev", "", "dev\n"])
@pytest.mark.parametrize("command", ["plan", "doctor", "sql", "tables"])
def test_an_unknown_stack_is_exit_code_2_of_every_command(command: str, stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--stack", stack]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.endswith(" The stacks of this project are: dev, prod, sandbox.\n")


def test_a_violation_is_shown_with_its_rule_and_the_stack_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "budgets.json"
    config.write_text('{"memory-budget": {"budgets": {"data-ingestion": "4000Mi"}}}')
    assert main(["plan", "--stack", "sandbox", "--brief", "--policy-config", str(config)]) == 1
    printed = capsys.readouterr()
    assert "refused memory-budget\n  Deployment connect: the pods of namespace data-ingestion may use 4094 MiB, 94 more" in printed.out
    assert "warning exceptions-shown\n  Bucket archive-bucket: is excepted from bucket-tls-only" in printed.out
    assert "Policies: 1 violation, 1 warning" in printed.out
    assert printed.err == "The stack sandbox is refused.\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ('{"memory-budget": 5}', "an object for each"),
    ],
)
def test_an_unusable_policy_configuration_is_named(
    text: str | None, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "budgets.json"
    if text is not None:
        config.write_text(text)
    assert main(["plan", "--stack", "sandbox", "--brief", "--policy-config", str(config)]) == 1
    printed = capsys.readouterr().err
    assert f"the policy configuration {config} " in printed
    assert reason in printed


def test_a_picture_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--stack", "dev", "--brief", "--picture", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"error: the picture cannot be written to {tmp_path}: Is a directory\n"


def test_the_plan_says_what_one_more_table_costs_and_as_many_as_it_says_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--stack", "dev", "--brief"]) == 0
    printed = capsys.readouterr().out
    (fitting,) = re.findall(
        r"^One more table costs [\d.]+ MiB of it; (\d+) more fit, in heap and on the brokers' disks\.$", printed, re.MULTILINE
    )
    tables = [table.model_dump(by_alias=True) for table in TABLES]
    more = [{**tables[-1], "name": f"more_{number}"} for number in range(int(fitting) + 1)]
    values = {"archive": {"bucket": "archive"}}
    assert parse({**values, "source": {"tables": [*tables, *more[:-1]]}})
    with pytest.raises(SettingsError):
        parse({**values, "source": {"tables": [*tables, *more]}})


def test_a_picture_is_written_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--stack", "dev", "--brief", "--picture", str(tmp_path / "m.svg")]) == 0
    assert (tmp_path / "m.svg").read_text().startswith("<svg ")
    assert f"Picture: {tmp_path / 'm.svg'}" in capsys.readouterr().out


class Screen(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def test_violations_stand_out_in_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    violation = Violation(
        rule="memory-limit", level="mandatory", urn="", resource="Pod x", problem=Problem(rule="no limit:\nnone", cure="set one")
    )
    monkeypatch.setenv("TERM", "xterm")
    console(screen := Screen()).print(judgement([violation]))
    assert "\x1b[1;31mrefused\x1b[0m" in screen.getvalue()
    assert plain(judgement([violation])).splitlines()[:3] == ["refused memory-limit", "  no limit:", "    none"]
    assert plain(judgement([])) == "Policies: 0 violations, 0 warnings\n"


@pytest.mark.parametrize("command", [["plan", "--brief"], ["sql"]])
def test_an_existing_database_without_tables_of_its_own_is_warned_of(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--stack", "prod"]) == 0
    told = capsys.readouterr().err
    assert told.startswith("warning: source.tables is not set, so the existing database is taken to have the shop's tables (public.users, ")
    assert "make tables STACK=prod" in told


def test_a_database_of_ones_own_or_tables_that_are_named_are_no_warning() -> None:
    external = {"kind": "external", "external": {"host": "db.internal", "addresses": ["10.1.0.0/16"], "secret": "db"}}
    table = {"name": "things", "columns": [{"name": "id", "type": "bigint"}], "primaryKey": ["id"]}
    archive = {"archive": {"bucket": "archive"}, "cluster": {"existingNamespace": True}}
    assert assumed_tables(parse({**archive, "source": external}), "x")
    assert assumed_tables(parse({**archive, "source": {**external, "tables": [table]}}), "x") is None
    assert assumed_tables(parse({"archive": {"bucket": "archive"}}), "x") is None
