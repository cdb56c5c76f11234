"""The resources of a stack, in the words of the tests: pods, services, connectors, files, by their published names."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from pipeline.recording import Recording, Resource, record
from pipeline.recording.recorder import ROOT, _encoded
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import parse_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.settings.model import Settings

# Stack files of the project, without what a test on the sandbox writes beside them for a while
STACK_FILES: Final = sorted(path for path in ROOT.glob("Pulumi.*.yaml") if not path.name.startswith("Pulumi.e2e-"))

# every combination of format, catalog, registry, object store and surroundings that differs: the stack file and its overrides
STACKS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "dev": ("dev", {}),
    "sandbox": ("sandbox", {}),
    "prod": ("prod", {}),
    "guest": (
        "prod",
        {
            "cluster": {"context": "prod", "identifier": "data-ingestion-prod", "existingNamespace": True},
            "host": {"exposure": "internal", "sources": ["10.0.0.0/8"]},
            "images": {"connect": "registry.example.com/data-ingestion/connect:4.3.1-10"},
            "source": {
                "kind": "external",
                "external": {"host": "db.internal", "port": 6432, "addresses": ["10.1.0.0/16"], "secret": "db", "catalogSecret": "catalog"},
                "tables": [
                    {"name": "users", "columns": [{"name": "id", "type": "bigint"}, {"name": "email", "type": "text"}]},
                    {"name": "users", "databaseSchema": "sales", "columns": [{"name": "id", "type": "uuid"}]},
                ],
            },
            "streaming": {
                "kafka": {
                    "kind": "external",
                    "external": {"bootstrapServers": ["b-1.msk:9096", "b-2.msk:9096"], "addresses": ["10.2.0.0/16"], "secret": "msk"},
                },
                "registry": {
                    "kind": "external",
                    "external": {"url": "https://schemas.internal:8085/api", "addresses": ["10.3.0.0/16"], "secret": "schemas"},
                },
                "connect": {"memoryMib": 3072, "jvm": {"heapMib": 2048}},
            },
            "archive": {
                "bucket": "warehouse",
                "existingBucket": True,
                "format": "iceberg",
                "catalog": "jdbc",
                "awsAddresses": ["10.4.0.0/16"],
            },
        },
    ),
    "endpoint": (
        "dev",
        {
            "cluster": {"existingNamespace": True},
            "archive": {
                "bucket": "warehouse",
                "existingBucket": True,
                "format": "parquet",
                "endpoint": {"url": "http://minio.storage:9000", "addresses": ["10.96.0.0/12", "10.244.0.0/16"], "secret": "minio"},
            },
        },
    ),
    "glue": ("dev", {"archive": {"bucket": "warehouse", "catalog": "glue"}, "streaming": {"registry": {"kind": "apicurio"}}}),
    "parquet": ("dev", {"archive": {"bucket": "warehouse", "format": "parquet"}}),
}

# Secrets that the monitoring of each of STACKS needs, since it uses existing systems
_WATCHES: Final[dict[str, dict[str, str]]] = {
    "prod": {"database": "watch-db"},
    "guest": {"database": "watch-db", "kafka": "watch-msk", "registry": "watch-schemas"},
    "endpoint": {"store": "watch-store"},
}


def watched(stack: str, **monitoring: Any) -> tuple[str, dict[str, Any]]:
    """Return stack file and overrides of one of STACKS with monitoring on, and further settings of it."""
    file, overrides = STACKS[stack]
    secrets = {"secrets": _WATCHES[stack]} if stack in _WATCHES else {}
    return file, {**overrides, "monitoring": {"enabled": True, **secrets, **monitoring}}


def unwatched(stack: str) -> tuple[str, dict[str, Any]]:
    """Return stack file and overrides of one of STACKS with monitoring off."""
    file, overrides = STACKS[stack]
    images = {key: value for key, value in overrides.get("images", {}).items() if "prometheus" not in key}
    return file, {**overrides, "monitoring": {"enabled": False}, **({"images": images} if file == "sandbox" else {})}


# parts that a stack either creates or uses as existing ones
MAKES: Final[dict[str, Callable[[Settings], bool]]] = {
    "database": lambda settings: settings.source.is_managed,
    "brokers": lambda settings: settings.streaming.kafka.is_managed,
    "registry": lambda settings: settings.streaming.registry.is_managed,
    "bucket": lambda settings: not settings.archive.existing_bucket,
    "namespace": lambda settings: not settings.cluster.existing_namespace,
    "role": lambda settings: settings.archive.endpoint is None,
    "key": lambda settings: settings.archive.web_identity is None and settings.archive.endpoint is None,
    "node ports": lambda settings: settings.host.exposure == "nodePort",
}

CONNECTOR: Final = "kafkaconnect:index:Connector"
TOPIC: Final = "kafka:index/topic:Topic"
ICEBERG_TABLE: Final = "iceberg:index:Table"
GATE: Final = "kafkaconnect:index:ClusterReady"
CERTIFICATE_REQUEST: Final = "tls:index/certRequest:CertRequest"


def _settings(file: str, overrides: dict[str, Any]) -> Settings:
    config = stack_config(ROOT, file)
    return parse_text({**config.values, **_encoded(overrides, config.project)})


@functools.cache
def settings_of(stack: str) -> Settings:
    """Return the settings of one of STACKS."""
    return _settings(*STACKS[stack])


def variant(file: str, **overrides: Any) -> Declared:
    """Return the resources of a stack file with other sections in place of its own."""
    return Declared(settings=_settings(file, overrides), recording=record(file, overrides, preview=False))


def stacks_that_make(part: str) -> list[str]:
    """Return those of STACKS that create one of MAKES."""
    return [stack for stack in sorted(STACKS) if MAKES[part](settings_of(stack))]


def where_made(part: str) -> pytest.MarkDecorator:
    """Run a test with the argument ``declared`` only for the stacks that create a part."""
    return pytest.mark.parametrize("declared", stacks_that_make(part), indirect=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class Declared:
    """A recording, with samples in place of values known only after deployment, and its settings."""

    settings: Settings
    recording: Recording

    @staticmethod
    @functools.cache
    def of(stack: str) -> Declared:
        """Record one of STACKS, once."""
        file, overrides = STACKS[stack]
        return Declared(settings=settings_of(stack), recording=record(file, overrides, preview=False))

    def only(self, type_token: str) -> Resource:
        """Return the only resource of a type, those of audit and monitoring left out."""
        readers = ("::cdc:audit:Audit$", "::cdc:monitoring:Monitoring$")
        (found,) = [item for item in self.recording.of_type(type_token) if not any(reader in item.urn for reader in readers)]
        return found

    def objects(self, kind: str) -> dict[str, Resource]:
        """Return the Kubernetes objects of a kind, by object name; those of the stack's further namespaces are left out."""
        found = [resource for resource in self.recording.resources if resource.type.endswith(f":{kind}") and resource.custom]
        named = [(item.inputs["metadata"], item) for item in found if item.type.startswith("kubernetes:")]
        further = set(self.settings.further_mib)
        return {said["name"]: item for said, item in named if not further & {said.get("namespace"), said["name"]}}

    def inside(self, kind: str, namespace: str) -> dict[str, Any]:
        """Return the Kubernetes objects of a kind in any one namespace, by name, as they are sent to the cluster."""
        found = [item.inputs for item in self.recording.resources if item.custom and item.type.endswith(f":{kind}")]
        return {item["metadata"]["name"]: item for item in found if item["metadata"].get("namespace") == namespace}

    def manifest(self, kind: str, name: str) -> Any:
        """Return one Kubernetes object as it is sent to the cluster."""
        return self.objects(kind)[name].inputs

    @property
    def workloads(self) -> dict[str, Resource]:
        """StatefulSets and Deployments by name."""
        return {**self.objects("StatefulSet"), **self.objects("Deployment")}

    @property
    def pods(self) -> dict[str, Any]:
        """Pod templates (``metadata`` and ``spec``) by workload name."""
        return {name: resource.inputs["spec"]["template"] for name, resource in self.workloads.items()}

    def files(self, config_map: str) -> dict[str, str]:
        """Return the files in a ConfigMap."""
        data: dict[str, str] = self.manifest("ConfigMap", config_map)["data"]
        return data

    def properties(self, config_map: str, file: str) -> dict[str, str]:
        """Return a property file in a ConfigMap."""
        return dict(line.split("=", 1) for line in self.files(config_map)[file].splitlines() if line)

    def secret(self, name: str) -> dict[str, str]:
        """Return the content of a Secret, by key."""
        data: dict[str, str] = self.manifest("Secret", name)["stringData"]
        return data

    @property
    def found_secrets(self) -> dict[str, set[str]]:
        """Existing Secrets named by the settings, with the keys that the settings require."""
        source, streaming = self.settings.source.external, self.settings.streaming
        kafka, registry = streaming.kafka.external, streaming.registry.external
        endpoint = self.settings.archive.endpoint
        login = {"username", "password"}
        found = {
            source.secret if source else None: {*login, "ca.crt"},
            source.catalog_secret if source else None: {*login, "ca.crt"},
            kafka.secret if kafka else None: login,
            registry.secret if registry else None: login,
            endpoint.secret if endpoint else None: {"credentials"},
        }
        return {name: keys for name, keys in found.items() if name}

    def keys_of_secret(self, name: str) -> set[str]:
        """Return the keys of a Secret, declared or existing."""
        return self.found_secrets[name] if name in self.found_secrets else set(self.secret(name))

    @property
    def connectors(self) -> dict[str, dict[str, str]]:
        """Configuration of each connector."""
        return {item.inputs["name"]: item.inputs["config"] for item in self.recording.of_type(CONNECTOR)}

    @property
    def source_config(self) -> dict[str, str]:
        """Configuration of Debezium."""
        return self.connectors[self.settings.names.source_connector]

    @property
    def sink_config(self) -> dict[str, str]:
        """Configuration of the sink."""
        return self.connectors[self.settings.names.sink_connector]

    @property
    def topics(self) -> dict[str, Resource]:
        """Declared topics by name."""
        return {item.inputs["name"]: item for item in self.recording.of_type(TOPIC)}

    @property
    def iceberg_tables(self) -> dict[str, Resource]:
        """Declared Iceberg tables as the sink names them, ``namespace.name``."""
        return {f"{item.inputs['namespace']}.{item.inputs['name']}": item for item in self.recording.of_type(ICEBERG_TABLE)}


def containers(pod: Any) -> list[Any]:
    """Return all containers of a pod template, init containers first."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def main_container(pod: Any) -> Any:
    """Return the main container of a pod; the others assist it."""
    return pod["spec"]["containers"][0]
