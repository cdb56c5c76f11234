"""The worker, its logins, and Debezium's configuration, except where it must agree with other parts."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.recording.recorder import ROOT
from stack.settings.names import CONNECT_SECRETS, Names
from stack.settings.shop import TABLES
from stack.settings.streaming import ConnectSettings
from stack.specification.services import Address
from stack.specification.stack import Specification
from stack.specification.streaming import connect
from stack.specification.streaming.debezium import source_config
from tests.declared import _settings

NAMES = Names()
SOURCE = source_config(NAMES, TABLES, Address(host="database", port=5432), "http://registry")
IMAGES = ROOT / "images"
WORKER = connect.worker_properties(NAMES)


@given(st.text("abcXYZ0189", min_size=1, max_size=40))
def test_a_generated_password_stands_unchanged_in_both_files(password: str) -> None:
    files = connect.login_files({"operator": password})
    assert files["users.properties"] == f"operator={password}\n"
    assert shlex.split(files["curl.conf"])[-1] == f"operator:{password}"
    assert files["password"] == password


@pytest.mark.parametrize("password", ['quo"te', "back\\slash", "co:lon", "two\nlines", "ha#sh", "spa ce"])
def test_a_password_that_would_be_changed_is_refused_unseen(password: str) -> None:
    with pytest.raises(ValueError, match="must consist of letters and digits") as caught:
        connect.login_files({"operator": password})
    assert password not in str(caught.value)


def test_the_rest_interface_asks_for_a_login_and_reads_it_from_the_mounted_file() -> None:
    assert WORKER["rest.extension.classes"].split(",")[0].endswith(".BasicAuthSecurityRestExtension")
    files = connect.login_files({"operator": "secret"})
    (module,) = re.findall(r"^(\w+) \{", files["jaas.conf"], re.MULTILINE)
    assert module == "KafkaConnect", "the extension looks for this section"
    (path,) = re.findall(r'file="([^"]+)"', files["jaas.conf"])
    folder, _, name = path.rpartition("/")
    assert folder == connect.REST_LOGIN
    assert name in files
    assert any(f"={folder}/jaas.conf" in word for word in connect.worker_command(ConnectSettings()))


def test_the_user_who_may_only_read_is_the_one_that_the_images_extension_knows() -> None:
    java = (IMAGES / "connect/java/rest/dataingestion/connect/RestTrail.java").read_text(encoding="utf-8")
    assert re.findall(r'READER = "(\w+)"', java) == [connect.READER_USER]
    assert WORKER["rest.extension.classes"].split(",")[1] == "dataingestion.connect.RestAccess"


def test_the_monitoring_has_a_login_of_its_own_and_the_operators_stays_first() -> None:
    assert connect.users(is_read=True) == ("operator", "reader")
    assert connect.users(is_read=False) == ("operator",)
    files = connect.login_files({"operator": "one", "reader": "two"})
    assert files["users.properties"] == "operator=one\nreader=two\n"
    assert "two" not in {**files, "users.properties": ""}.values()


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox"])
def test_connectors_override_what_the_worker_lets_them_and_no_login_is_among_it(stack: str) -> None:
    specification = Specification.of(_settings(stack, {}))
    listed = specification.streaming.connect.properties["connector.client.config.override.allowlist"].split(",")
    connectors = (specification.streaming.source_connector, *specification.archive.connectors)
    used = {key.partition(".override.")[2] for one in connectors for key in one.config if ".override." in key}
    assert used
    assert used <= set(listed)
    assert not [key for key in listed if key.startswith(("sasl.", "ssl.key", "security.", "config.providers", "interceptor", "bootstrap"))]


def test_the_worker_is_in_utc_which_the_images_converter_asks_for() -> None:
    assert "-Duser.timezone=UTC" in connect.worker_command(ConnectSettings())


def test_the_probe_shows_no_password_in_the_process_list() -> None:
    command = connect.health_command()
    config = command[command.index("--config") + 1]
    assert config.rpartition("/")[2] in connect.login_files({"operator": "secret"})
    assert not {"-u", "--user"} & set(command)
    assert int(command[command.index("--max-time") + 1]) < 5, "the probe itself ends after five seconds"
    assert "--fail" in command


def test_a_secret_reference_is_one_that_the_worker_resolves() -> None:
    provider, path, key = re.fullmatch(r"\$\{(\w+):([^:]+):([^}]+)\}", connect.secret_reference("source", "password")).groups()  # type: ignore[union-attr]
    assert f"config.providers.{provider}.class" in WORKER
    assert path.startswith(f"{WORKER[f'config.providers.{provider}.param.allowed.paths']}/")
    assert key == "password"


def test_every_named_provider_of_secrets_has_its_class() -> None:
    for name in WORKER["config.providers"].split(","):
        assert WORKER[f"config.providers.{name}.class"].startswith("org.apache.kafka.common.config.provider.")


def test_the_server_of_the_database_is_verified_by_a_mounted_authority() -> None:
    assert SOURCE["database.sslmode"] == "verify-full"
    assert SOURCE["database.sslrootcert"].startswith(f"{CONNECT_SECRETS}/")


def test_no_value_is_rounded_or_invented_on_its_way() -> None:
    assert SOURCE["decimal.handling.mode"] == "precise"
    assert SOURCE["transforms.unwrap.replace.null.with.default"] == "false"
    assert SOURCE["transforms.unwrap.delete.tombstone.handling.mode"] == "rewrite"
    assert SOURCE["tombstones.on.delete"] == "false"


def test_options_that_debezium_no_longer_knows_are_not_used() -> None:
    """It silently ignores them."""
    gone = {
        "database.server.name",
        "heartbeat.topics.prefix",
        "transforms.unwrap.drop.tombstones",
        "transforms.unwrap.delete.handling.mode",
    }
    assert not gone & SOURCE.keys()
    assert not any(key.startswith("errors.deadletterqueue") for key in SOURCE), "a source has none"


def test_rows_never_appear_in_the_workers_log() -> None:
    assert SOURCE["errors.log.include.messages"] == "false"


def test_a_wide_row_cannot_fill_the_heap() -> None:
    """By default the queue is bounded by count only."""
    assert 0 < int(SOURCE["max.queue.size.in.bytes"]) <= ConnectSettings().jvm.heap_mib * 2**20 / 8


def test_every_value_is_text() -> None:
    for properties in (SOURCE, WORKER):
        assert all(isinstance(value, str) for value in properties.values())
