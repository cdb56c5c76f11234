"""Dashboards: queries that Prometheus understands over figures that exist, limits of the stack, and nothing that one Grafana has only."""

from __future__ import annotations

import functools
import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import click
import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.models import units

from pipeline.command_line import main, root
from pipeline.dashboards.files import PROVISIONING, dashboards, files
from pipeline.dashboards.grafana import uid
from pipeline.dashboards.panels import above, below
from pipeline.dashboards.stack import Stack, quoted
from pipeline.recording.recorder import ROOT
from pipeline.status.metrics import METRICS
from stack.capacity.quantity import MIB
from stack.specification.stack import Specification
from tests.dashboards.known_metrics import NAMES
from tests.declared import STACKS, settings_of, variant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.dashboards.panels import Panel

_SCRAPES = ROOT / "tests" / "monitoring" / "scrapes"
_RATE = re.compile(r"\b(rate|increase|irate|changes)\(")
_UNITS = {value for name, value in vars(units).items() if not name.startswith("_") and isinstance(value, str)}


@functools.cache
def stack(name: str) -> Stack:
    """Return one of the stacks of the tests."""
    return Stack(name, Specification.of(settings_of(name)))


@functools.cache
def made(name: str) -> dict[str, Any]:
    """Return the dashboards of a stack, by file."""
    return {file: json.loads(text) for file, text in files(stack(name)).items() if file != PROVISIONING}


def panels(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every panel of a stack that is no heading, with its dashboard's file."""
    for file, dashboard in made(name).items():
        yield from ((file, panel) for panel in dashboard["panels"] if panel["type"] != "row")


def modelled(name: str) -> Iterator[Panel]:
    """Yield every panel of a stack as it is modelled."""
    for dashboard in dashboards(stack(name)):
        for section in dashboard.sections:
            yield from section.panels


def expressions(name: str) -> list[str]:
    """Return every query of a stack, as Grafana sends it."""
    found = [target["expr"] for _, panel in panels(name) for target in panel["targets"]]
    assert len(found) > 60
    return [expression.replace("$__rate_interval", "1m") for expression in found]


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics of a query."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name, f"{expression} selects figures without a name"
            found.add(node.name)
        for part in ("expr", "lhs", "rhs", "vector_selector"):
            child = getattr(node, part, None)
            if child is not None:
                walk(child)
        for argument in getattr(node, "args", None) or []:
            walk(argument)

    walk(promql_parser.parse(expression))
    return found


def scraped() -> set[str]:
    """Return the names of the metrics in kept scrapes."""
    lines = [line for path in sorted(_SCRAPES.glob("*")) for line in path.read_text(encoding="utf-8").splitlines()]
    return {re.split(r"[{ ]", line, maxsplit=1)[0] for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("name", STACKS)
def test_every_query_is_promql_over_figures_that_exist(name: str) -> None:
    known = {metric.name for metric in METRICS} | NAMES | scraped()
    used = {metric for expression in expressions(name) for metric in metrics_in(expression)}
    assert len(used) > 50
    assert used - known == set()


def test_the_list_of_known_metrics_has_none_that_no_query_uses() -> None:
    """A name that stays behind would hide a misspelt one."""
    used = {metric for name in STACKS for expression in expressions(name) for metric in metrics_in(expression)}
    assert NAMES - used == set()


def test_a_reader_of_queries_finds_every_metric() -> None:
    assert metrics_in("1 - min(a{x='1'} / on (y) b) > bool sum(rate(c[5m]))") == {"a", "b", "c"}


@pytest.mark.parametrize("name", STACKS)
def test_a_rate_looks_back_as_far_as_grafana_says_or_a_whole_hour(name: str) -> None:
    """A fixed range shorter than four scrapes shows gaps, and a longer one hides what is between two points."""
    for _, panel in panels(name):
        for target in panel["targets"]:
            ranges = re.findall(r"\[(\$\w+|\d+[smhd])\]", target["expr"])
            assert len(ranges) == len(_RATE.findall(target["expr"])), target["expr"]
            assert set(ranges) <= {"$__rate_interval", "1h", "15m"}


@pytest.mark.parametrize("name", STACKS)
def test_no_panel_is_bound_to_one_grafana(name: str) -> None:
    for dashboard in made(name).values():
        assert [variable["type"] for variable in dashboard["templating"]["list"]] == ["datasource"]
        assert "id" not in dashboard
        assert "__inputs" not in dashboard
    for _, panel in panels(name):
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert sources == [{"type": "prometheus", "uid": "${datasource}"}] * len(sources)


def test_uids_and_titles_are_unique_over_all_stacks_and_stay_the_same() -> None:
    every = [dashboard for name in STACKS for dashboard in made(name).values()]
    for key in ("uid", "title"):
        assert len({dashboard[key] for dashboard in every}) == len(every)
    assert made("prod")["overview.json"]["uid"] == "prod-overview"
    assert made("prod")["overview.json"]["title"] == "Pipeline overview (prod)"


def test_a_long_name_of_a_stack_still_gives_a_uid_that_grafana_takes() -> None:
    long = ["a-very-long-name-of-a-stack-in-a-region-1", "a-very-long-name-of-a-stack-in-a-region-2"]
    uids = [uid(name, slug) for name in long for slug in ("overview", "source")]
    assert len(set(uids)) == 4
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", one) for one in uids)


@pytest.mark.parametrize("name", STACKS)
def test_a_dashboard_has_the_parts_that_grafana_reads(name: str) -> None:
    for dashboard in made(name).values():
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert ids == list(range(1, len(ids) + 1))
        titles = [panel["title"] for panel in dashboard["panels"]]
        assert len(set(titles)) == len(titles)
        assert dashboard["schemaVersion"] >= 39
        assert dashboard["tags"] == ["data-ingestion", name]
    for file, panel in panels(name):
        where = f"{file}: {panel['title']}"
        assert panel["targets"], where
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references), where
        assert all(target["legendFormat"] for target in panel["targets"]), where
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] in _UNITS, where
        steps = defaults["thresholds"]["steps"]
        assert steps[0]["value"] is None, where
        values = [step["value"] for step in steps[1:]]
        assert values == sorted(set(values)), where


@pytest.mark.parametrize("name", STACKS)
def test_a_legend_names_only_labels_that_its_query_keeps(name: str) -> None:
    for file, panel in panels(name):
        for target in panel["targets"]:
            kept = {label.strip() for group in re.findall(r"\b(?:by|on) \(([^)]+)\)", target["expr"]) for label in group.split(",")}
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= kept, f"{file}: {target['expr']}"


@pytest.mark.parametrize("name", STACKS)
def test_panels_fill_the_width_and_never_overlap(name: str) -> None:
    for file, dashboard in made(name).items():
        cells: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            own = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            assert place["x"] + place["w"] <= 24
            assert not own & cells, f"{file}: {panel['title']}"
            cells |= own


@pytest.mark.parametrize("name", STACKS)
def test_a_panel_says_what_it_shows_what_is_bad_and_which_command_is_next(name: str) -> None:
    for panel in modelled(name):
        assert all(text.endswith(".") and text[0].isupper() for text in (panel.shows, panel.bad)), panel.title
        words = shlex.split(panel.command)
        if words[:3] == [".venv/bin/python", "-m", "pipeline"] and "kubectl" not in words:
            understood(words[3:])
            assert words[words.index("--stack") + 1] == name
        else:
            assert words[words.index("--namespace") + 1] == stack(name).namespace
        assert panel.description.endswith(f"Next: `{panel.command}`")


def understood(words: list[str]) -> None:
    """Take a command line apart as the program does."""
    context, command, name = click.Context(root), root, ""
    while isinstance(command, click.Group):
        found_name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, name = found, str(found_name)
    command.make_context(name, words, parent=context)


def shown(name: str, file: str) -> str:
    """Return everything that a dashboard of a stack asks."""
    return "\n".join(target["expr"] for found, panel in panels(name) for target in panel["targets"] if found == file)


def test_parts_that_a_stack_does_not_have_have_no_panel() -> None:
    assert len(made("dev")) == 6
    assert "pg_database_size_bytes" in shown("dev", "source.json")
    assert set(made("guest")) == set(made("dev")) - {"brokers.json"}
    asked = "\n".join(expressions("guest"))
    for prefix in ("pg_", "kafka_server_", "kafka_log_", "kafka_controller_", "rest_requests_"):
        assert prefix not in asked
    assert "pipeline_slot_safe_bytes" in asked


def test_requests_are_shown_of_the_registry_that_counts_them() -> None:
    assert "rest_requests_seconds_count" in shown("glue", "connect.json")
    assert "rest_requests_seconds_count" not in shown("dev", "connect.json")


def test_plain_files_without_a_catalog_have_no_panels_of_commits() -> None:
    plain = files(stack("parquet"))
    assert "iceberg_" not in "".join(plain.values())
    assert "pipeline_archive_rows" not in plain["archive.json"]
    assert "kafka_connect_sink_task_sink_record_send_total" in plain["archive.json"]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_memory_of_every_container_is_drawn_against_its_own_limit(name: str) -> None:
    drawn = {panel["title"]: panel for file, panel in panels(name) if file == "memory.json"}
    for workload in stack(name).specification.workloads:
        for container in workload.pod["containers"]:
            limit = int(container["resources"]["limits"]["memory"].removesuffix("Mi")) * MIB
            panel = drawn[f"{workload.component}: {container['name']}"]
            assert [target["expr"] for target in panel["targets"]][1] == f"vector({limit})"
            assert f'container="{container["name"]}"' in panel["targets"][0]["expr"]
    assert f"vector({stack(name).settings.budget.memory_mib * MIB})" in shown(name, "memory.json")


def test_limits_follow_the_settings() -> None:
    slot = next(panel for _, panel in panels("prod") if panel["title"] == "Log kept for the slot")
    keep = stack("prod").settings.source.slot_wal_keep_mib * MIB
    assert [step["value"] for step in slot["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [None, keep / 2, keep]
    changed = variant("dev", monitoring={"enabled": True, "targetChangesPerSecond": 777, "intervalS": 30}).settings
    made_anew = files(Stack("dev", Specification.of(changed)))
    assert "vector(777)" in made_anew["overview.json"]
    assert '"interval": "30s"' in made_anew["overview.json"]
    assert 'namespace=\\"data-ingestion-monitoring\\"' in made_anew["memory.json"]


def test_a_figure_is_green_orange_or_red_on_the_right_side_of_its_limit() -> None:
    assert above(0.9) == ((None, "green"), (0.9, "orange"))
    assert above(1, 2) == ((None, "green"), (1, "orange"), (2, "red"))
    assert above(None, 1) == ((None, "green"), (1, "red"))
    assert below(0.95, 0.8) == ((None, "red"), (0.8, "orange"), (0.95, "green"))
    assert below(1) == ((None, "orange"), (1, "green"))


def test_a_name_with_quotes_stays_one_value_of_a_label() -> None:
    parsed = promql_parser.parse(f"up{{job={quoted(chr(34) + chr(92) + 'x')}}}")
    assert [matcher.value for matcher in parsed.matchers.matchers] == ['"\\x']


@pytest.mark.full
def test_the_command_writes_the_same_bytes_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("a", "b/c"):
        assert main(["dashboards", "--stack", "prod", "--out", str(tmp_path / folder)]) == 0
        told = capsys.readouterr()
        assert told.out == f"wrote 7 file(s) to {tmp_path / folder}\n"
        assert "warning: monitoring.enabled is false" in told.err
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / one).iterdir()} for one in ("a", "b/c"))
    assert first == second
    provisioning = yaml.safe_load(first[PROVISIONING])
    assert provisioning["apiVersion"] == 1
    assert provisioning["providers"][0]["options"]["path"] == "/var/lib/grafana/dashboards/prod"


def test_a_stack_that_is_not_there_and_a_folder_that_cannot_be_written_are_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboards", "--stack", "nowhere", "--out", str(tmp_path)]) == 2
    assert "nowhere" in capsys.readouterr().err
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["dashboards", "--stack", "dev", "--out", str(tmp_path / "file" / "below")]) == 1
    assert "cannot be written" in capsys.readouterr().err
