"""Destinations of generated secrets. Each generated value is recognisable in a recording, so it can be followed through every input."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from stack.settings.names import CONNECT_SECRETS
from tests.declared import CONNECTOR, Declared, containers, where_made

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATED = {
    "random:index/randomPassword:RandomPassword": "sample-{name}",
    "tls:index/privateKey:PrivateKey": "sample private key of {name}",
    "aws:iam/accessKey:AccessKey": "sample-secret-of-{name}",
}
# secrets of the cluster, the providers' own logins, and the certificates that a key signs
MAY_HOLD = {
    "kubernetes:core/v1:Secret",
    "pulumi:providers:kafkaconnect",
    "pulumi:providers:iceberg",
    "tls:index/selfSignedCert:SelfSignedCert",
    "tls:index/certRequest:CertRequest",
    "tls:index/locallySignedCert:LocallySignedCert",
}

REFERENCE = re.compile(r"\$\{dir:([^:}]+):([^}]+)\}")


def generated(declared: Declared) -> dict[str, str]:
    """Return every generated secret: resource name to value."""
    made = [resource for resource in declared.recording.resources if resource.type in GENERATED]
    return {resource.name: GENERATED[resource.type].format(name=resource.name) for resource in made}


def texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text inside an input with its path, spelled as secret paths are."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value


def finds(declared: Declared) -> Iterator[tuple[Any, str, str]]:
    """Yield each occurrence of a generated secret: resource, path, name of the secret."""
    values = generated(declared)
    for resource in declared.recording.resources:
        for path, text in texts(dict(resource.inputs), ""):
            for name, value in values.items():
                if re.search(rf"{re.escape(value)}(?![\w-])", text):
                    yield resource, path, name


def secret_folders(declared: Declared) -> dict[str, str]:
    """Return the Secret mounted at each folder of the worker: folder to object name."""
    pod = declared.pods["connect"]
    volumes = {volume["name"]: volume["secret"]["secretName"] for volume in pod["spec"]["volumes"] if "secret" in volume}
    mounts = containers(pod)[0]["volumeMounts"]
    return {mount["mountPath"]: volumes[mount["name"]] for mount in mounts if mount["name"] in volumes}


def test_every_generated_secret_is_used(declared: Declared) -> None:
    assert {name for _, _, name in finds(declared)} == set(generated(declared))


def test_generated_secrets_appear_only_in_resources_that_may_hold_them(declared: Declared) -> None:
    """Never in a ConfigMap, an environment variable, a command line or a connector's configuration, which Kafka stores in plain text."""
    assert {resource.type for resource, _, _ in finds(declared)} <= MAY_HOLD


def test_inputs_that_carry_a_secret_are_secret(declared: Declared) -> None:
    """Otherwise the value is readable in the state file and in every preview."""
    for resource, path, name in finds(declared):
        assert any(path == secret or path.startswith((f"{secret}.", f"{secret}[")) for secret in resource.secret_paths), (
            f"{name} stands in clear in {resource.name}.{path}"
        )


def test_exported_passwords_are_secret(declared: Declared) -> None:
    for path, text in texts(dict(declared.recording.outputs), ""):
        if any(value in text for value in generated(declared).values()):
            assert path.split(".")[0] in declared.recording.secret_outputs, path


def test_generated_passwords_need_no_quoting_anywhere(declared: Declared) -> None:
    """They appear in property files, a curl configuration, a JAAS user list and a connection address."""
    for resource in declared.recording.of_type("random:index/randomPassword:RandomPassword"):
        assert resource.inputs["special"] is False
        assert resource.inputs["length"] >= 24


@where_made("database")
def test_no_two_roles_share_a_password(declared: Declared) -> None:
    roles = declared.secret("postgresql-roles")
    assert len(set(roles.values())) == len(roles)


@where_made("registry")
def test_worker_and_operator_have_a_password_of_their_own_for_the_registry(declared: Declared) -> None:
    assert declared.secret("schema-registry-client")["password"] != declared.recording.outputs["registry"]["password"]


@where_made("database")
def test_server_and_clients_of_the_database_hold_the_same_passwords(declared: Declared) -> None:
    server = declared.secret("postgresql-roles")
    assert declared.secret("postgresql-debezium")["password"] == server["debezium"]
    assert declared.recording.outputs["postgres"]["password"] == server["app"]
    if "catalog" in server:
        assert declared.secret("postgresql-catalog")["password"] == server["catalog"]
        assert declared.only("pulumi:providers:iceberg").inputs["password"] == server["catalog"]


@where_made("registry")
def test_server_and_clients_of_the_registry_hold_the_same_passwords(declared: Declared) -> None:
    registry = declared.secret("schema-registry-login")["users.properties"]
    client = declared.secret("schema-registry-client")
    for user, password in ((client["username"], client["password"]), ("operator", declared.recording.outputs["registry"]["password"])):
        assert re.search(rf"(^|\.){user}[=:] ?{password}(,|$)", registry, re.MULTILINE)


def test_worker_and_program_hold_the_same_password(declared: Declared) -> None:
    rest = declared.secret("connect-rest")
    login = declared.recording.outputs["connect"]
    assert f"{login['user']}={login['password']}" in rest["users.properties"].splitlines()
    assert f'"{login["user"]}:{login["password"]}"' in rest["curl.conf"]
    assert declared.only("pulumi:providers:kafkaconnect").inputs["password"] == login["password"]


def test_every_reference_in_a_connector_finds_a_mounted_key(declared: Declared) -> None:
    mounted = secret_folders(declared)
    references = {found for config in declared.connectors.values() for found in REFERENCE.findall(json.dumps(config))}
    assert references
    for folder, key in references:
        assert key in declared.keys_of_secret(mounted[folder]), f"{folder}:{key}"


def test_every_file_that_a_connector_reads_is_a_mounted_key(declared: Declared) -> None:
    """The database's certificate authority, with which both the source and the catalog verify the server."""
    mounted = secret_folders(declared)
    settings = [value for config in declared.connectors.values() for value in config.values() if not REFERENCE.search(value)]
    paths = {path for value in settings for path in re.findall(rf"{CONNECT_SECRETS}/[\w./-]+", value)}
    assert paths
    for path in paths:
        folder, _, key = path.rpartition("/")
        assert key in declared.keys_of_secret(mounted[folder])


def test_the_worker_reads_secrets_from_its_mounts_and_nowhere_else(declared: Declared) -> None:
    """Without the allow-list a connector could read any file of the worker into a topic."""
    properties = declared.properties("connect-config", "worker.properties")
    providers = properties["config.providers"].split(",")
    assert set(providers) == {"env", "dir"}
    assert properties["config.providers.dir.param.allowed.paths"] == CONNECT_SECRETS
    (variable,) = re.findall(r"\$\{env:(\w+)\}", json.dumps(properties))
    pattern = re.compile(properties["config.providers.env.param.allowlist.pattern"])
    names = {item["name"] for item in containers(declared.pods["connect"])[0]["env"]}
    assert variable in names
    assert {name for name in names if pattern.search(name)} == {variable}


def test_the_rest_login_is_out_of_reach_of_connectors(declared: Declared) -> None:
    """It is mounted outside the folder that configurations may refer to."""
    (folder,) = [folder for folder, secret in secret_folders(declared).items() if secret == "connect-rest"]
    assert not f"{folder}/".startswith(f"{CONNECT_SECRETS}/")


@pytest.mark.parametrize("word", ["password", "secret", "token", "user.info"])
def test_connectors_name_credentials_only_by_reference(declared: Declared, word: str) -> None:
    for resource in declared.recording.of_type(CONNECTOR):
        for key, value in resource.inputs["config"].items():
            if key.endswith(word):
                assert REFERENCE.sub("", value) in {"", ":"}, key


@where_made("role")
def test_the_archive_key_is_mounted_only_at_the_path_configured_for_the_sdk(declared: Declared) -> None:
    environment = {item["name"]: item.get("value") for item in containers(declared.pods["connect"])[0]["env"]}
    secret = declared.secret("connect-archive")
    for variable, key in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        folder, _, name = str(environment[variable]).rpartition("/")
        assert (folder, name) == (f"{CONNECT_SECRETS}/archive", key)
        assert key in secret
    assert f"[profile {environment['AWS_PROFILE']}]" in secret["config"]
    assert not any(name.startswith(("AWS_ACCESS", "AWS_SECRET")) for name in environment)
