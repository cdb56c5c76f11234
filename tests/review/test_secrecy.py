"""No comment shows a secret: neither one that Pulumi masks nor one in plain text."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.terminal import plain as shown
from pipeline.review.digest import PREVIEW, digest
from pipeline.review.findings import Findings
from pipeline.review.markdown import markdown
from pipeline.review.plain import plain
from pipeline.review.reading import read
from pipeline.review.secrecy import Hidden, cleaned
from pipeline.review.texts import message_without_secrets, text_without_secrets
from stack.unknown import UNKNOWN
from tests.review.previews import FILES, comment, document, text

MARKER = "marker-secret"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
UNKNOWN_ON_THE_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_the_stored_output_has_secrets_in_clear() -> None:
    """Otherwise the tests below would prove nothing."""
    found = set(re.findall(rf"{MARKER}-in-[a-z-]+", text("secrets.jsonl")))
    assert found >= {f"{MARKER}-in-{place}" for place in ("a-variable", "a-command", "a-url", "a-file", "json")}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.adversary("secrets")
def test_no_comment_has_one_in_any_form(name: str) -> None:
    for written in (comment(name), shown(plain(document(name)))):
        assert MARKER not in written
        assert "4dabf18193072939515e22adb298388d" not in written


def test_a_password_put_into_an_existing_deployment_is_not_shown_either() -> None:
    """An update shows old and new values; a creation shows only a name."""
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
@pytest.mark.adversary("secrets")
def test_a_credential_is_hidden_wherever_it_is_put(place: str) -> None:
    kind, properties = CLEAR[place]
    written = repr(cleaned(kind, properties))
    assert MARKER not in written
    assert "900100200" not in written
    assert "AKIA" not in written
    assert "[secret]" in written


IN_A_TEXT = {
    "a block": f"user: me\npassword: |\n  {MARKER}\n\n  # {MARKER}\nhost: db",
    "a block in a list": f"- password: >-\n    {MARKER}\n  host: db",
    "the line after its key": f"user: me\npassword:\n  {MARKER}\nhost: db",
    "a list under its key": f"passwords:\n- {MARKER}\n- {MARKER}\nhost: db",
    "a list in JSON": f'{{\n  "tokens": [\n    "{MARKER}"\n  ],\n  "host": "db"\n}}',
    "a value over two lines": f"password=\\\n  {MARKER}\nhost=db",
    "several words": f"- password: two {MARKER}\n  host: db",
    "an element": f"<password>{MARKER}</password><host>db</host>",
    "an element over lines": f'<password type="plain">\n  {MARKER}\n</password>\n<host>db</host>',
    "a property of Hadoop": f"<name>db.password</name>\n<value>{MARKER}</value><host>db</host>",
    "attributes": f'<add key="password" value="{MARKER}"/><add key="host" value="db"/>',
    "a variable in YAML": f"- name: DB_PASSWORD\n  value: two {MARKER}\n- name: HOST\n  value: db",
    "a login of curl": f"curl -u me:{MARKER} http://db",
    "a quoted login": f'curl --user "me:{MARKER} {MARKER}" http://db',
    "a login without a space": f"curl -ume:{MARKER} http://db",
    "a header": f"curl -H 'Authorization: Bearer {MARKER}' http://db",
    "a header of another scheme": f"Authorization: Own {MARKER}\nHost: db",
    "a header in JSON": f'{{"Authorization": "Basic {MARKER}", "host": "db"}}',
    "a short flag": f"mysql -p {MARKER} -h db",
    "arguments in JSON": f'args: ["-p", "{MARKER}", "-h", "db"]',
    "arguments in YAML": f"args:\n  - --password\n  - {MARKER}\n  - -u\n  - me:{MARKER}\n  - db",
    "an argument on the next line": f"tool --password \\\n  {MARKER} --host db",
    "SQL": f"ALTER ROLE me PASSWORD 'two {MARKER}'; -- db",
    "the query of a URL": f"url=jdbc:postgresql://db/x?password={MARKER}&user=me",
    "a later part of a query": f"url=jdbc:postgresql://db/x?user=me&password={MARKER}",
    "a password with signs in it": f"tool --host=db --password=a,b;c&{MARKER}",
    "JSON in JSON": f'{{\\"host\\": \\"db\\", \\"password\\": \\"two {MARKER}\\"}}',
}


@pytest.mark.parametrize("place", IN_A_TEXT)
@pytest.mark.adversary("secrets")
def test_a_credential_in_a_text_is_hidden_and_the_rest_of_it_stays(place: str) -> None:
    written = text_without_secrets(IN_A_TEXT[place])
    assert MARKER not in written
    assert "[secret]" in written
    assert "db" in written
    assert text_without_secrets(written) == written


WORDS = (["-p", MARKER], ["-u", f"me:{MARKER}"], ["--password", f"{MARKER}="], ["-H", f"Authorization: Bearer {MARKER}"])


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words[0])
@pytest.mark.adversary("secrets")
def test_a_credential_among_the_words_of_a_command_is_hidden(words: list[str]) -> None:
    written = repr(cleaned("kubernetes:core/v1:Pod", {"spec": {"args": ["run", *words, "db"]}}))
    assert MARKER not in written
    assert "'db'" in written


def test_a_header_and_a_list_of_credentials_are_hidden_too() -> None:
    headers = [{"name": "Authorization", "value": f"Bearer {MARKER}"}, {"name": "Host", "value": "db"}]
    assert MARKER not in repr(cleaned("kubernetes:core/v1:Pod", {"httpHeaders": headers, "passwords": [MARKER]}))


STAYS = (
    "credentials:\n  user: me\n  password: ${dir:/etc/connect/secrets/source:password}\nhost: db",
    "imagePullSecrets:\n  - name: pull\n",
    "password: ${env:PASSWORD}\n  # ends here\nhost: db",
    "curl -H 'Authorization: Bearer $(TOKEN)' -u $(USER):$(PASSWORD) http://db:80",
    "mkdir -p data && pg_isready -h db",
    "url=jdbc:postgresql://db/x?user=me&password=${dir:/etc/connect/secrets/source:password}&ssl=true",
    "ALTER TABLE public.users ADD COLUMN IF NOT EXISTS password text;",
    "<host>db</host>",
)


@pytest.mark.parametrize("given_text", STAYS)
@pytest.mark.adversary("harmless")
def test_a_text_without_a_credential_stays_as_it_is(given_text: str) -> None:
    assert text_without_secrets(given_text) == given_text


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
@pytest.mark.adversary("harmless")
def test_other_values_stay_unchanged(place: str) -> None:
    assert cleaned("kubernetes:apps/v1:Deployment", OPEN[place]) == OPEN[place]


def test_values_unknown_until_deployment_are_marked() -> None:
    assert cleaned("aws:iam/role:Role", {"arn": UNKNOWN_ON_THE_WIRE}) == {"arn": UNKNOWN}


def test_two_hidden_values_are_distinguishable_without_being_shown() -> None:
    assert Hidden("a") == Hidden("a")
    assert Hidden("a") != Hidden("b")
    assert f"{Hidden('a')} {Hidden('b')!r}" == "[secret] [secret]"


PASSWORDS = st.text(alphabet=st.characters(codec="ascii", exclude_characters="$"), min_size=4).filter(re.compile("[A-Za-z0-9]").search)


@given(PASSWORDS)
def test_any_value_of_a_password_is_hidden(value: str) -> None:
    shown = cleaned("kafkaconnect:index:Connector", {"config": {"database.password": value}})
    assert repr(shown) == "{'config': {'database.password': [secret]}}"


def test_a_message_loses_its_credentials_and_keeps_its_prose() -> None:
    assert message_without_secrets("password=hunter2 is refused") == "password=[secret] is refused"
    assert message_without_secrets("take it from a Secret: valueFrom.secretKeyRef") == "take it from a Secret: valueFrom.secretKeyRef"
    assert "hunter2" not in message_without_secrets("cannot connect to postgresql://me:hunter2@db/x")
    assert "hunter2" not in text_without_secrets("password: hunter2")


MESSAGES = (
    "cannot connect to jdbc:postgresql://h/db?user=a&password={}",
    "password = {} is refused",
    "password = '{} {}' is refused",
    'the body was {{"user": "me", "password": "{}"}}',
    "curl -u me:{} failed",
    "sent Authorization: Bearer {}",
    "<password>{}</password> is refused",
    "ran with ['-p', '{}']",
)


@pytest.mark.parametrize("form", MESSAGES)
@pytest.mark.adversary("secrets")
def test_a_message_shows_no_credential_in_any_form(form: str) -> None:
    written = message_without_secrets(form.format("hunter2hunter2", "hunter2hunter2"))
    assert "hunter2" not in written
    assert "[secret]" in written


def test_a_message_that_hides_its_value_already_is_left_alone() -> None:
    told = "database.password = (not shown): it is a reference such as ${dir:/etc/connect/secrets/source:password}"
    assert message_without_secrets(told) == told
