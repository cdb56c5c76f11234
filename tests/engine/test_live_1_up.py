"""`pulumi up` on the sandbox's cluster: right at the first try, still at the second, drift repaired, no change wider than it is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from pipeline.reading.archive import Archive
from sandbox import cloud, outputs, reader
from sandbox.equality import connect, wait_until_equal
from stack.judgement.stack import parse_text
from stack.settings.shop import TABLES
from tests import change_log
from tests.engine.project import MORE_PARTITIONS, STACK, add_a_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.change_log import Writer
    from tests.engine.conftest import Live

pytestmark = pytest.mark.engine

SOURCE, SINK = "postgres-cdc-connector", "s3-sink-connector"
# More than the five minutes after which a consumer looks for new partitions by itself.
TIMEOUT_S = 420.0
USERS = "postgres.public.users"


def config_and_pod(part: str) -> set[str]:
    """Return the logical names of a part of the monitoring that a changed file rolls."""
    return {f"monitoring-{part}-config", f"monitoring-{part}"}


# What reads the stack by a description of it
READERS = {"audit-audit-config", "audit-audit", *config_and_pod("exporter")}


def ask(live: Live, method: str, path: str, **more: Any) -> requests.Response:
    """One request to the worker."""
    worker = live.outputs()["connect"]
    return requests.request(method, f"{worker['url']}{path}", auth=(worker["user"], worker["password"]), timeout=60, **more)


def states(live: Live, connector: str) -> set[str]:
    """Return the states of a connector and of its tasks."""
    found = ask(live, "GET", f"/connectors/{connector}/status").json()
    return {found["connector"]["state"], *(task["state"] for task in found["tasks"])}


def reached(live: Live) -> dict[str, Any]:
    """Return the stack's outputs as the sandbox's own checks read them."""
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in _config(live).items()}
    settings, known = parse_text(values), cloud.known()
    assert known is not None
    return outputs.collect(live.outputs(), reader.ensure(known, settings.archive.bucket, None))


def _config(live: Live) -> dict[str, Any]:
    shown = live.pulumi("config", "--stack", STACK, "--json").stdout
    return {key: item.get("objectValue", item["value"]) for key, item in json.loads(shown).items()}


def arrives(live: Live, mark: str) -> None:
    """Insert, update and delete rows: the archive comes to hold what the database holds, and each of these changes once, in its order."""
    found = reached(live)
    with change_log.application(found) as execute:
        writer = change_log.written(execute, mark)
    proven(live, writer)


def proven(live: Live, writer: Writer) -> None:
    """Wait until the archive holds what the database holds, and of a writer's rows each change once, in its order."""
    found = reached(live)
    archive = Archive(found)
    wait_until_equal(found, archive, TABLES, TIMEOUT_S)
    change_log.prove(archive, writer, TIMEOUT_S)


def test_the_first_up_is_right_at_the_first_try(live: Live, first_up: float, figure: Callable[[str], None]) -> None:
    figure(f"pulumi up on an empty cluster: {first_up:.0f} s")
    assert states(live, SOURCE) == states(live, SINK) == {"RUNNING"}
    arrives(live, "first-")


def test_a_second_up_changes_nothing(live: Live) -> None:
    assert live.steps() == {}
    done = live.up("--expect-no-changes")
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.full
def test_a_refresh_of_what_nobody_touched_finds_no_drift(live: Live) -> None:
    done = live.refresh()
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.full
def test_drift_by_hand_is_shown_by_a_refresh_and_repaired(live: Live) -> None:
    """A paused connector, a reconfigured one, a topic's configuration; rows are written all the while."""
    with change_log.application(reached(live)) as execute, change_log.writing(execute, "drift-") as writer:
        _drift_is_repaired(live)
    proven(live, writer)


def _drift_is_repaired(live: Live) -> None:
    assert ask(live, "PUT", f"/connectors/{SOURCE}/pause").status_code == 202
    config = ask(live, "GET", f"/connectors/{SINK}/config").json()
    kept = config["consumer.override.max.poll.records"]
    assert ask(live, "PUT", f"/connectors/{SINK}/config", json={**config, "consumer.override.max.poll.records": "77"}).ok
    admin = AdminClient({"bootstrap.servers": live.outputs()["kafka"]["bootstrapServers"]})
    entry = ConfigEntry("retention.ms", "1234567", incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource(ResourceType.TOPIC, USERS, incremental_configs=[entry])
    next(iter(admin.incremental_alter_configs([change]).values())).result(30)
    until(lambda: states(live, SOURCE) == {"PAUSED"})

    shown = live.refresh()
    assert shown.returncode != 0
    for sign in ('"604800000" => "1234567"', f'"{kept}" => "77"', f"connector {SOURCE} does not run: connector PAUSED"):
        assert sign in shown.stdout + shown.stderr, sign
    assert "3 to update" in shown.stdout

    repaired = live.up("--refresh")
    assert repaired.returncode == 0, repaired.stdout[-4000:]
    until(lambda: states(live, SOURCE) == states(live, SINK) == {"RUNNING"})
    assert ask(live, "GET", f"/connectors/{SINK}/config").json() == config
    assert live.refresh().returncode == 0


@pytest.mark.full
@pytest.mark.long
def test_an_edited_deployment_is_shown_by_a_refresh_and_repaired(live: Live, kubectl: Callable[..., str]) -> None:
    """The registry rolls twice while rows are written.

    The sink's tasks know the schemas by then. One that starts while the registry is down sends good rows to the dead letters (README).
    """
    edit = json.dumps([{"op": "replace", "path": "/spec/template/spec/terminationGracePeriodSeconds", "value": 31}])
    with change_log.application(reached(live)) as execute, change_log.writing(execute, "edit-") as writer:
        kubectl("--namespace", "data-ingestion", "patch", "deployment", "schema-registry", "--type=json", f"--patch={edit}")
        shown = live.refresh()
        assert shown.returncode != 0
        assert "30 => 31" in shown.stdout
        assert "1 to update" in shown.stdout
        repaired = live.up("--refresh")
        assert repaired.returncode == 0, repaired.stdout[-4000:]
        assert live.refresh().returncode == 0
    proven(live, writer)


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        pytest.param("source.debezium.pollIntervalMs", "60", {"streaming-source-connector"}, marks=pytest.mark.long),
        pytest.param(
            "archive.commitIntervalMs", "8000", {"archive-sink-connector", *READERS, *config_and_pod("prometheus")}, marks=pytest.mark.long
        ),
        pytest.param(
            "streaming.registry.memoryMib", "504", {"registry-schema-registry", *config_and_pod("prometheus")}, marks=pytest.mark.long
        ),
        (
            "streaming.connect.memoryMib",
            "1020",
            {
                "connect-connect",
                "foundation-container-memory",
                "streaming-source-connector",
                "archive-sink-connector",
                # the rules know every container's limit
                *config_and_pod("prometheus"),
            },
        ),
        # dead letters are kept for 30 days more than the changes
        pytest.param(
            "streaming.topics.retentionDays",
            "6",
            # an alert tells of dead letters that are about to go
            {*(f"kafka-topic-postgres.{table.qualified}" for table in TABLES), "kafka-topic-s3-sink-dlq", *config_and_pod("prometheus")},
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_changed_setting_updates_exactly_the_resources_that_use_it(live: Live, path: str, value: str, changed: set[str]) -> None:
    live.set(path, value)
    assert live.steps() == dict.fromkeys(changed, "update")
    done = live.up()
    assert done.returncode == 0, done.stdout[-4000:]
    assert live.steps() == {}
    until(lambda: states(live, SOURCE) == states(live, SINK) == {"RUNNING"})


@pytest.mark.full
def test_another_table_replaces_nothing_and_is_captured(live: Live) -> None:
    add_a_table(live.folder)
    steps = live.steps()
    made = {"kafka-topic-postgres.public.reviews", "archive-table-reviews"}
    assert {name for name, operation in steps.items() if operation == "create"} == made
    assert {name: operation for name, operation in steps.items() if name not in made} == dict.fromkeys(
        {"source-postgresql-config", "source-postgresql", "kafka-ready", "streaming-source-connector", "archive-sink-connector", *READERS},
        "update",
    )
    done = live.up()
    assert done.returncode == 0, done.stdout[-4000:]
    found = reached(live)
    with connect(found) as database:
        database.execute("INSERT INTO reviews (product_id, stars) SELECT min(id), 5 FROM products")
    archive = Archive(found)
    until(lambda: archive.query("reviews", "SELECT stars FROM changes") == [{"stars": 5}], TIMEOUT_S)
    assert live.steps() == {}


@pytest.mark.full
def test_more_partitions_are_added_in_place(live: Live) -> None:
    """One of the cures that the configuration names where the heap has no room for them: a smaller queue of the source."""
    for path, value in MORE_PARTITIONS.items():
        live.set(path, value)
    names = {item["urn"].rpartition("::")[2] for item in live.resources()}
    topics = {name for name in names if name.startswith("kafka-topic-postgres.")}
    assert live.steps() == dict.fromkeys({*topics, "kafka-ready", "streaming-source-connector", *READERS}, "update")
    done = live.up()
    assert done.returncode == 0, done.stdout[-4000:]
    admin = AdminClient({"bootstrap.servers": live.outputs()["kafka"]["bootstrapServers"]})
    assert len(admin.list_topics(timeout=10).topics[USERS].partitions) == 9
    assert live.steps() == {}


@pytest.mark.full
@pytest.mark.long
def test_existing_connectors_tables_and_topics_are_imported_into_a_state(live: Live) -> None:
    """Connectors and a table that the state has forgotten are imported by type and id, and nothing is to change; so is a topic."""
    if not live.resources():
        assert live.up().returncode == 0
    lost = ["archive-sink-connector", "streaming-source-connector", "archive-table-users"]
    known = {item["urn"].rpartition("::")[2]: item for item in live.resources()}
    for name in lost:
        gone = live.pulumi("state", "delete", known[name]["urn"], "--stack", STACK, "--yes")
        assert gone.returncode == 0, gone.stderr
    assert live.steps() == dict.fromkeys(lost, "create")
    for name in reversed(lost):
        table = {"parent": known[name]["parent"], "provider": known[name]["provider"].rpartition("::")[0]}
        wanted = {"type": known[name]["type"], "name": name, "id": known[name]["id"], "parent": "parent", "provider": "provider"}
        file = live.folder / "import.json"
        file.write_text(json.dumps({"nameTable": table, "resources": [wanted]}))
        options = ["--yes", "--skip-preview", "--protect=false", "--generate-code=false"]
        done = live.pulumi("import", "--file", str(file), "--stack", STACK, *options)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert set(live.steps().values()) <= {"update"}
    done = live.up()
    assert done.returncode == 0, done.stdout[-3000:]
    assert live.steps() == {}
    assert live.refresh().returncode == 0
    arrives(live, "imported-")

    topic = known[f"kafka-topic-{USERS}"]
    table = {"provider": topic["provider"].rpartition("::")[0]}
    file.write_text(
        json.dumps({"nameTable": table, "resources": [{"type": topic["type"], "name": "again", "id": USERS, "provider": "provider"}]})
    )
    done = live.pulumi("import", "--file", str(file), "--stack", STACK, *options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    (imported,) = [item for item in live.resources() if item["urn"].endswith("::again")]
    assert imported["inputs"]["partitions"] == topic["inputs"]["partitions"]
    assert imported["inputs"]["config"] == topic["inputs"]["config"]
    assert live.pulumi("state", "delete", imported["urn"], "--stack", STACK, "--yes").returncode == 0
    assert live.steps() == {}


@pytest.mark.full
def test_fewer_partitions_are_refused_by_the_preview(live: Live) -> None:
    live.set("streaming.topics.partitions", "6")
    try:
        done = live.pulumi("preview", "--stack", STACK)
    finally:
        # The tests after this one use the same stack: what fails here must not fail there.
        live.set("streaming.topics.partitions", "9")
    assert done.returncode != 0
    assert "6 partitions are fewer than the existing 9" in done.stdout
    assert "keep 9" in done.stdout


def until(true: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Wait until a condition holds; a failure after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.5)
