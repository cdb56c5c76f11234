"""What a stack declares, in the words of the tests: pods, services, connectors, files, reached by the names that others use for them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Final

import plan
from plan.recorder import ROOT
from plan.stackfile import stack_config
from settings import Settings, parse_text

STACKS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "dev": ("dev", {}),
    "sandbox": ("sandbox", {}),
    "prod": ("prod", {}),
    "guest": (
        "prod",
        {
            "host": {"exposure": "internal", "sources": ["10.0.0.0/8"]},
            "source": {
                "kind": "external",
                "external": {"host": "db.internal", "port": 6432, "addresses": ["10.1.0.0/16"], "secret": "db", "catalogSecret": "catalog"},
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
                "endpointAddresses": ["10.4.0.0/16"],
            },
        },
    ),
    "glue": ("dev", {"archive": {"bucket": "warehouse", "format": "iceberg"}, "streaming": {"registry": {"kind": "apicurio"}}}),
}
"""Every combination of format, catalog, registry and object store that differs: the stack file and what overrides it."""

CONNECTOR: Final = "kafkaconnect:index:Connector"
TOPIC: Final = "kafka:index/topic:Topic"
ICEBERG_TABLE: Final = "iceberg:index:Table"
GATE: Final = "kafkaconnect:index:ClusterReady"
CERTIFICATE_REQUEST: Final = "tls:index/certRequest:CertRequest"


@dataclass(frozen=True, kw_only=True, eq=False)
class Declared:
    """A recording, with samples in place of what only a deployment knows, and the settings behind it."""

    settings: Settings
    recording: plan.Recording

    @staticmethod
    @functools.cache
    def of(stack: str) -> Declared:
        """Record one of STACKS, once."""
        file, overrides = STACKS[stack]
        recording = plan.record(file, overrides, preview=False)
        values = stack_config(ROOT, file).values
        merged = {**values, **plan.recorder._encoded(overrides, recording.project)}
        return Declared(settings=parse_text(merged), recording=recording)

    def only(self, type_token: str) -> plan.Resource:
        """The one resource of a type."""
        (found,) = self.recording.of_type(type_token)
        return found

    def objects(self, kind: str) -> dict[str, plan.Resource]:
        """Kubernetes objects of a kind, by object name."""
        found = [resource for resource in self.recording.resources if resource.type.endswith(f":{kind}") and resource.custom]
        return {item.inputs["metadata"]["name"]: item for item in found if item.type.startswith("kubernetes:")}

    def manifest(self, kind: str, name: str) -> Any:
        """One Kubernetes object as it is sent to the cluster."""
        return self.objects(kind)[name].inputs

    @property
    def workloads(self) -> dict[str, plan.Resource]:
        """StatefulSets and Deployments by name."""
        return {**self.objects("StatefulSet"), **self.objects("Deployment")}

    @property
    def pods(self) -> dict[str, Any]:
        """Pod templates (``metadata`` and ``spec``) by workload name."""
        return {name: resource.inputs["spec"]["template"] for name, resource in self.workloads.items()}

    def files(self, config_map: str) -> dict[str, str]:
        """The files in a ConfigMap."""
        data: dict[str, str] = self.manifest("ConfigMap", config_map)["data"]
        return data

    def properties(self, config_map: str, file: str) -> dict[str, str]:
        """A property file in a ConfigMap."""
        return dict(line.split("=", 1) for line in self.files(config_map)[file].splitlines() if line)

    def secret(self, name: str) -> dict[str, str]:
        """What a Secret holds, by key."""
        data: dict[str, str] = self.manifest("Secret", name)["stringData"]
        return data

    @property
    def connectors(self) -> dict[str, dict[str, str]]:
        """The configuration of each connector."""
        return {item.inputs["name"]: item.inputs["config"] for item in self.recording.of_type(CONNECTOR)}

    @property
    def source_config(self) -> dict[str, str]:
        """What Debezium is told."""
        return self.connectors[self.settings.names.source_connector]

    @property
    def sink_config(self) -> dict[str, str]:
        """What the sink is told."""
        return self.connectors[self.settings.names.sink_connector]

    @property
    def topics(self) -> dict[str, plan.Resource]:
        """Declared topics by name."""
        return {item.inputs["name"]: item for item in self.recording.of_type(TOPIC)}

    @property
    def iceberg_tables(self) -> dict[str, plan.Resource]:
        """Declared Iceberg tables as the sink names them, ``namespace.name``."""
        return {f"{item.inputs['namespace']}.{item.inputs['name']}": item for item in self.recording.of_type(ICEBERG_TABLE)}


def containers(pod: Any) -> list[Any]:
    """All containers of a pod template, init containers first."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def main_container(pod: Any) -> Any:
    """The container that does the pod's work; others stand beside it."""
    return pod["spec"]["containers"][0]
