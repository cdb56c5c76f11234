"""The provider `kafkaconnect` driven by the real engine, against a worker that answers by script: what a healthy worker rarely does."""

from __future__ import annotations

import json
import shutil
import textwrap
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pipeline.recording.recorder import ROOT
from tests.engine.project import STACK, Project, cli
from tests.providers.connect_worker import GOOD, REBALANCING, Worker, serving, status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.full]

PASSWORD = "correct-horse-battery-staple"
PLUGIN = f"""\
name: tiny
runtime: {{name: python, options: {{virtualenv: {ROOT}/.venv}}}}
plugins:
  providers: [{{name: kafkaconnect, path: {ROOT}/providers/kafkaconnect}}]
"""
PROGRAM = """\
import sys
sys.path.insert(0, {root!r})
import pulumi
import pulumi_random as random
from providers.kafkaconnect.sdk import Connector, Provider, Removal

worker = Provider("worker", url={url!r}, username="admin", password={password!r}, timeout_seconds={timeout})
config = {{"connector.class": "a.b.PresentSink", "topics": "t"}}
{lines}
"""
ONE = 'Connector("it", name="c", config=config, opts=pulumi.ResourceOptions(provider=worker))'
STATUS = "GET /connectors/c/status"


class Tiny(Project):
    """A program with one connector."""

    def write(self, worker: Worker, lines: str = ONE, *, timeout: int = 20) -> None:
        """Write the program."""
        text = PROGRAM.format(root=str(ROOT), url=worker.url, password=PASSWORD, timeout=timeout, lines=textwrap.dedent(lines))
        (self.folder / "__main__.py").write_text(text)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Return a worker without connectors."""
    with serving(Worker()) as double:
        yield double


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """Return an empty stack; policies are not its subject."""
    environment = cli(tmp_path)
    del environment["PULUMI_OPTION_POLICY_PACK"]
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PLUGIN)
    made = Tiny(folder, environment)
    begun = made.pulumi("stack", "init", STACK)
    assert begun.returncode == 0, begun.stderr
    return made


def test_a_connector_is_made_kept_and_removed(tiny: Tiny, worker: Worker) -> None:
    tiny.write(worker)
    assert tiny.up().returncode == 0
    assert worker.live["c"]["topics"] == "t"
    puts = len(worker.requests("PUT"))
    assert tiny.up("--expect-no-changes").returncode == 0
    assert tiny.refresh().returncode == 0
    assert len([path for path in worker.requests("PUT")[puts:] if path.endswith("/config")]) == 0
    assert tiny.destroy().returncode == 0
    assert worker.live == {}
    assert tiny.resources() in ([], [item for item in tiny.resources() if item["type"] == "pulumi:pulumi:Stack"])


def test_a_value_that_is_not_known_yet_is_no_mistake_in_a_preview(tiny: Tiny, worker: Worker) -> None:
    tiny.write(
        worker,
        """
        word = random.RandomString("word", length=8).result
        Connector("it", name="c", config={**config, "consumer.override.client.id": word}, opts=pulumi.ResourceOptions(provider=worker))
        """,
    )
    previewed = tiny.pulumi("preview", "--stack", STACK, "--diff", "--color", "never")
    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    assert worker.calls == [], "nothing that is incomplete is shown to the worker"
    assert tiny.up().returncode == 0
    assert worker.live["c"]["consumer.override.client.id"] == tiny.resources()[-1]["outputs"]["config"]["consumer.override.client.id"]


def test_a_secret_stays_one_in_the_plan_the_state_and_a_refresh(tiny: Tiny, worker: Worker) -> None:
    word = "hush-nobody-may-read-this"
    tiny.write(
        worker,
        f"""
        config["consumer.override.client.id"] = pulumi.Output.secret({word!r})
        Connector("it", name="c", config=config, opts=pulumi.ResourceOptions(provider=worker))
        """,
    )
    for command in (["preview", "--diff"], ["preview", "--json"]):
        assert tiny.pulumi(*command, "--stack", STACK).returncode == 0
    assert tiny.up().returncode == 0
    worker.live["c"]["topics"] = "changed-by-hand"
    assert tiny.refresh().returncode != 0
    assert tiny.up("--refresh").returncode == 0
    assert worker.live["c"] == {"connector.class": "a.b.PresentSink", "topics": "t", "consumer.override.client.id": word, "name": "c"}
    said = "".join(tiny.said)
    assert "changed-by-hand" in said
    assert word not in said
    assert PASSWORD not in said
    exported = tiny.pulumi("stack", "export", "--stack", STACK, keep=False).stdout
    assert word not in exported
    assert PASSWORD not in exported


def test_a_worker_that_rebalances_or_restarts_is_waited_for(tiny: Tiny, worker: Worker) -> None:
    tiny.write(worker)
    worker.script["PUT /connectors/c/config"] = [REBALANCING, (503, {"message": "starting"}), (500, {"message": "Request timed out"}), GOOD]
    worker.script[STATUS] = [REBALANCING, status("RUNNING"), status("UNASSIGNED", "UNASSIGNED"), status("RUNNING", "RUNNING")]
    done = tiny.up()
    assert done.returncode == 0, done.stdout
    assert worker.requests("PUT").count("/connectors/c/config") == 4


def test_a_worker_that_is_away_for_a_moment_is_waited_for(tiny: Tiny) -> None:
    with serving(Worker()) as first:
        port = int(first.url.rpartition(":")[2])
        tiny.write(first)
    later = Worker()
    back, over = threading.Event(), threading.Event()

    def serve() -> None:
        time.sleep(6)
        with serving(later, port):
            back.set()
            over.wait(60)

    thread = threading.Thread(target=serve)
    thread.start()
    done = tiny.up()
    over.set()
    thread.join()
    assert back.is_set()
    assert done.returncode == 0, done.stdout
    assert later.live["c"]["topics"] == "t"


def test_a_connector_that_misses_its_time_limit_is_recorded_and_repaired_by_the_next_up(tiny: Tiny, worker: Worker) -> None:
    tiny.write(worker, timeout=2)
    worker.script[STATUS] = [status("UNASSIGNED")]
    failed = tiny.up()
    assert failed.returncode != 0
    assert "connector c does not run after 2 s: connector UNASSIGNED, no task yet" in failed.stdout
    assert "Traceback" not in failed.stdout.partition("pulumi:pulumi:Stack")[0]
    assert "c" in {item.get("id") for item in tiny.resources()}, "what was made is known, or nobody would ever remove it"
    worker.script.clear()
    assert tiny.up().returncode == 0


def test_a_worker_that_never_answers_fails_an_up_with_its_address(tiny: Tiny, worker: Worker) -> None:
    tiny.write(worker, timeout=2)
    worker.url = "http://127.0.0.1:1"
    tiny.write(worker, timeout=2)
    previewed = tiny.pulumi("preview", "--stack", STACK)
    assert previewed.returncode == 0, "a preview needs no worker"
    failed = tiny.up()
    assert failed.returncode != 0
    assert "no answer from http://127.0.0.1:1 (connection refused); check that Kafka Connect runs, and its address" in failed.stdout


def test_an_existing_connector_is_imported(tiny: Tiny, worker: Worker) -> None:
    worker.live["c"] = {"connector.class": "a.b.PresentSink", "topics": "t", "name": "c"}
    tiny.write(worker, "")
    assert tiny.up().returncode == 0
    imported = ["import", "kafkaconnect:index:Connector", "it", "c", "--provider", f"worker={tiny.urn('worker')}"]
    done = tiny.pulumi(*imported, "--stack", STACK, "--yes", "--protect=false", "--generate-code=false", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    tiny.write(worker)
    puts = len(worker.requests("PUT"))
    unchanged = tiny.up("--expect-no-changes")
    assert unchanged.returncode == 0, unchanged.stdout
    assert not [path for path in worker.requests("PUT")[puts:] if path.endswith("/config")]


def test_an_import_of_what_is_not_there_is_refused(tiny: Tiny, worker: Worker) -> None:
    tiny.write(worker, "")
    assert tiny.up().returncode == 0
    imported = ["import", "kafkaconnect:index:Connector", "it", "absent", "--provider", f"worker={tiny.urn('worker')}"]
    done = tiny.pulumi(*imported, "--stack", STACK, "--yes", "--generate-code=false", "--skip-preview")
    assert done.returncode != 0
    assert "resource 'absent' does not exist" in done.stdout + done.stderr


@pytest.mark.parametrize("other", ['name="d", config=config', 'name="c", config={**config, "connector.class": "a.b.OtherSink"}'])
def test_a_new_name_or_class_replaces_the_connector_old_one_first(tiny: Tiny, worker: Worker, other: str) -> None:
    tiny.write(worker)
    assert tiny.up().returncode == 0
    tiny.write(worker, f'Connector("it", {other}, opts=pulumi.ResourceOptions(provider=worker))')
    assert tiny.steps()["it"] in {"replace", "create-replacement", "delete-replaced"}
    done = tiny.up()
    assert done.returncode == 0, done.stdout
    name = "d" if 'name="d"' in other else "c"
    assert set(worker.live) == {name}
    order = [(method, path) for method, path, _body, _login in worker.calls if path in {"/connectors/c", f"/connectors/{name}/config"}]
    assert order.index(("DELETE", "/connectors/c")) < max(place for place, call in enumerate(order) if call[0] == "PUT")


def test_the_logical_name_may_change_with_an_alias_and_nothing_else_does(tiny: Tiny, worker: Worker) -> None:
    tiny.write(worker)
    assert tiny.up().returncode == 0
    before = len(worker.requests("PUT")), len(worker.requests("DELETE"))
    alias = 'pulumi.ResourceOptions(provider=worker, aliases=[pulumi.Alias(name="it")])'
    tiny.write(worker, f'Connector("renamed", name="c", config=config, opts={alias})')
    assert tiny.up().returncode == 0
    assert (len([path for path in worker.requests("PUT") if path.endswith("/c/config")]), len(worker.requests("DELETE"))) == (1, before[1])


HOLDS = """
end = Removal(config={"slot.drop.on.stop": "true"}, otherwise="SELECT what_to_do_by_hand();")
Connector("it", name="c", config=config, removal=end, opts=pulumi.ResourceOptions(provider=worker))
"""


def test_a_connector_that_holds_something_gives_it_back_before_it_goes(tiny: Tiny, worker: Worker) -> None:
    """It runs once more with its last configuration, stops, forgets how far it had come, and only then is removed."""
    tiny.write(worker, HOLDS)
    assert tiny.up().returncode == 0
    worker.calls.clear()
    done = tiny.destroy()
    assert done.returncode == 0, done.stdout
    acts = [(method, path, (body or {}).get("slot.drop.on.stop")) for method, path, body, _login in worker.calls if method != "GET"]
    assert acts == [
        ("PUT", "/connectors/c/resume", None),
        ("PUT", "/connectors/c/config", "true"),
        ("PUT", "/connectors/c/stop", None),
        ("DELETE", "/connectors/c/offsets", None),
        ("DELETE", "/connectors/c", None),
    ]
    assert "what_to_do_by_hand" not in done.stdout


def test_one_that_has_failed_is_removed_at_once_and_the_rest_is_said(tiny: Tiny, worker: Worker) -> None:
    tiny.write(worker, HOLDS)
    assert tiny.up().returncode == 0
    worker.live_status["c"] = status("RUNNING", "FAILED", trace="gone wrong")
    done = tiny.destroy()
    assert done.returncode == 0, done.stdout
    assert "SELECT what_to_do_by_hand();" in done.stdout
    assert worker.live == {}


@pytest.mark.parametrize("given_up", ["true", ""])
def test_a_worker_that_is_gone_stops_a_destroy_unless_it_is_given_up(tiny: Tiny, given_up: str) -> None:
    with serving(Worker()) as worker:
        tiny.write(worker, HOLDS)
        assert tiny.up().returncode == 0
    tiny.environment["PULUMI_K8S_DELETE_UNREACHABLE"] = given_up
    done = tiny.destroy()
    assert "SELECT what_to_do_by_hand();" in done.stdout if given_up else "PULUMI_K8S_DELETE_UNREACHABLE=true" in done.stdout
    assert (done.returncode == 0) is bool(given_up)
    kept = [item for item in tiny.resources() if item["type"].endswith(":Connector")]
    assert (kept == []) is bool(given_up)


def test_the_stored_configuration_is_json_that_holds_no_password(tiny: Tiny, worker: Worker) -> None:
    """A credential in clear is refused by the preview, and not printed."""
    tiny.write(worker, ONE.replace("config=config", f'config={{**config, "x.password": {PASSWORD!r}}}'))
    done = tiny.pulumi("preview", "--stack", STACK)
    assert done.returncode != 0
    assert "is a credential in plain text" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    assert json.loads(tiny.pulumi("stack", "export", "--stack", STACK, keep=False).stdout)["deployment"].get("resources") is None


@pytest.fixture(autouse=True)
def _tidy(tiny: Tiny) -> Iterator[None]:
    yield
    shutil.rmtree(tiny.folder.parent / "state", ignore_errors=True)
