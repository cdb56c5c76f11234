"""No comment shows a secret: not one that Pulumi masks, nor one that somebody has put in clear."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.known import UNKNOWN
from plan.report import Paint
from review.digest import PREVIEW, digest
from review.findings import Findings
from review.markdown import markdown
from review.plain import plain
from review.reading import read
from review.secrecy import Hidden, cleaned, message_without_secrets, text_without_secrets
from tests.review.previews import FILES, comment, document, text

MARKER = "marker-secret"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
UNKNOWN_ON_THE_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_the_stored_output_has_secrets_in_clear() -> None:
    """Else the tests below would prove nothing."""
    found = set(re.findall(rf"{MARKER}-in-[a-z-]+", text("secrets.jsonl")))
    assert found >= {f"{MARKER}-in-{place}" for place in ("a-variable", "a-command", "a-url", "a-file", "json")}


@pytest.mark.parametrize("name", FILES)
def test_no_comment_has_one_in_any_form(name: str) -> None:
    for written in (comment(name), plain(document(name), Paint(colours=False))):
        assert MARKER not in written
        assert "4dabf18193072939515e22adb298388d" not in written


def test_a_password_put_into_an_existing_deployment_is_not_shown_either() -> None:
    """An update shows old and new values, where a creation only shows a name."""
    lines = [json.loads(line) for line in text("memory.jsonl").splitlines()]
    for event in lines:
        step = event.get("resourcePreEvent", {}).get("metadata", {})
        if step.get("urn", "").endswith("::connect-connect"):
            container = step["new"]["inputs"]["spec"]["template"]["spec"]["containers"][0]
            container["env"].append({"name": "DB_PASSWORD", "value": f"{MARKER}-1"})
            container["env"].append({"name": "DB_URL", "value": f"postgresql://u:{MARKER}-2@db/x"})
            container["command"] += ["--password", f"{MARKER}-3", f"--token={MARKER}-4"]
            step.pop("detailedDiff")
        if step.get("urn", "").endswith("::archive-sink-connector"):
            config = step["new"]["inputs"]["config"]
            config["iceberg.catalog.password"] = f"{MARKER}-5"
            config |= {"basic.auth.user.info": f"me:{MARKER}-6", "sasl.jaas.config": f"{MARKER} 7"}
            config["consumer.override.ssl.truststore.password"] = "${dir:/etc/connect/secrets/x:password}"
            step.pop("detailedDiff", None)
    found = Findings.of(read("\n".join(json.dumps(event) for event in lines)))
    written = markdown(digest(found, "p/s", PREVIEW), 200_000)
    assert MARKER not in written
    assert "DB_PASSWORD" in written
    assert "| `iceberg.catalog.password` |" in written
    assert "| `(none)` | `${dir:/etc/connect/secrets/x:password}` |" in written


CLEAR = {
    "a key of a connector": ("kafkaconnect:index:Connector", {"config": {"database.password": MARKER}}),
    "a number": ("kafkaconnect:index:Connector", {"config": {"database.password": 900_100_200}}),
    "a JAAS line": ("kafkaconnect:index:Connector", {"config": {"sasl.jaas.config": f'x required username="u" password="{MARKER}";'}}),
    "a Secret": ("kubernetes:core/v1:Secret", {"stringData": {"note": MARKER}, "data": {"note": MARKER}}),
    "a variable": ("kubernetes:apps/v1:Deployment", {"spec": {"env": [{"name": "API_TOKEN", "value": MARKER}]}}),
    "the word after a flag": ("kubernetes:core/v1:Pod", {"spec": {"args": ["run", "--password", MARKER]}}),
    "a flag with its value": ("kubernetes:core/v1:Pod", {"spec": {"args": [f"--db-password={MARKER}"]}}),
    "a command in one word": ("kubernetes:core/v1:Pod", {"spec": {"command": ["sh", "-c", f"psql --password {MARKER}"]}}),
    "a line of a file": ("kubernetes:core/v1:ConfigMap", {"data": {"a.conf": f"user = me\npassword = {MARKER}\n"}}),
    "a JSON file": ("kubernetes:core/v1:ConfigMap", {"data": {"a.json": json.dumps({"user": "me", "client_secret": MARKER})}}),
    "a URL": ("aws:lambda/function:Function", {"environment": {"variables": {"DATABASE": f"postgresql://me:{MARKER}@db/x"}}}),
    "a private key": ("tls:index/certRequest:CertRequest", {"text": f"-----BEGIN PRIVATE KEY-----\n{MARKER}\n-----END PRIVATE KEY-----"}),
    "a key of an account": ("aws:lambda/function:Function", {"text": "AKIA" + "ABCDEFGHIJKLMNOP"}),
    "a property of any resource": ("aws:rds/instance:Instance", {"masterPassword": MARKER}),
    "a value that Pulumi masks": ("aws:rds/instance:Instance", {"endpoint": {**SECRET, "ciphertext": MARKER}}),
}


@pytest.mark.parametrize("place", CLEAR)
def test_a_credential_is_hidden_wherever_it_is_put(place: str) -> None:
    kind, properties = CLEAR[place]
    written = repr(cleaned(kind, properties))
    assert MARKER not in written
    assert "900100200" not in written
    assert "AKIA" not in written
    assert "[secret]" in written


OPEN = {
    "a reference": {"config": {"database.password": "${dir:/etc/connect/secrets/source:password}"}},
    "a variable taken from a Secret": {
        "env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "postgresql-roles", "key": "app"}}}]
    },
    "a limit": {"resources": {"limits": {"memory": "682Mi"}}},
    "a switch": {"automountServiceAccountToken": False},
    "a list of tables": {"config": {"table.include.list": "public.users,public.orders"}},
    "a file of settings": {"data": {"server.properties": "num.partitions=6\nmin.insync.replicas=2\n"}},
    "an image": {"image": "localhost/data-ingestion/kafka:4.3.1-1"},
    "an address": {"url": "http://schema-registry.data-ingestion.svc.cluster.local:8081/apis/ccompat/v7"},
}


@pytest.mark.parametrize("place", OPEN)
def test_what_is_no_secret_stays_as_it_is(place: str) -> None:
    assert cleaned("kubernetes:apps/v1:Deployment", OPEN[place]) == OPEN[place]


def test_what_only_the_deployment_tells_is_marked() -> None:
    assert cleaned("aws:iam/role:Role", {"arn": UNKNOWN_ON_THE_WIRE}) == {"arn": UNKNOWN}


def test_two_hidden_values_can_be_told_apart_without_being_shown() -> None:
    assert Hidden("a") == Hidden("a")
    assert Hidden("a") != Hidden("b")
    assert f"{Hidden('a')} {Hidden('b')!r}" == "[secret] [secret]"


PASSWORDS = st.text(alphabet=st.characters(codec="ascii", exclude_characters="$"), min_size=4).filter(re.compile("[A-Za-z0-9]").search)


@given(PASSWORDS)
def test_whatever_the_value_of_a_password_is_it_is_hidden(value: str) -> None:
    shown = cleaned("kafkaconnect:index:Connector", {"config": {"database.password": value}})
    assert repr(shown) == "{'config': {'database.password': [secret]}}"


def test_a_message_loses_its_credentials_and_keeps_its_prose() -> None:
    assert message_without_secrets("password=hunter2 is refused") == "password=[secret] is refused"
    assert message_without_secrets("take it from a Secret: valueFrom.secretKeyRef") == "take it from a Secret: valueFrom.secretKeyRef"
    assert "hunter2" not in message_without_secrets("cannot connect to postgresql://me:hunter2@db/x")
    assert "hunter2" not in text_without_secrets("password: hunter2")
