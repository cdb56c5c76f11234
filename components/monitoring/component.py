"""Monitoring: a namespace with a budget, the exporters, and Prometheus and Alertmanager, or what the Prometheus Operator reads.

No other layer waits for it. Its own pods wait for what they mount; a part that does not answer yet is an alert, not a failed update.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components.archive.identity import IdentityFactory
from components.foundation.namespace import GuardFactory
from components.logins import connect_login, database_login, registry_login
from components.objects import ObjectFactory
from stack.specification.monitoring import exporter, grafana, ports
from stack.specification.monitoring.operator import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.foundation.component import FoundationResources
    from components.source.component import SourceResources
    from components.streaming.component import StreamingResources
    from stack.specification.monitoring.layer import Monitoring


class MonitoringComponent(pulumi.ComponentResource):
    """Namespace, logins and workloads of the monitoring.

    Attributes:
        grafana_password: Password of Grafana's user ``admin``, or None without Grafana.
    """

    def __init__(
        self,
        name: str,
        spec: Monitoring,
        foundation: FoundationResources,
        source: SourceResources,
        stream: StreamingResources,
        dashboards: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the monitoring; ``dashboards`` are Grafana's, as JSON by file name."""
        super().__init__("cdc:monitoring:Monitoring", name, None, opts)
        self._name, self._spec = name, spec
        self.grafana_password: pulumi.Output[str] | None = None
        self._settled = GuardFactory.fenced(self, name, spec)
        self._scraped(foundation)
        # of the role that both exporters use
        database = database_login(self._objects(ports.POSTGRES_EXPORTER), exporter.DATABASE_LOGIN, spec.database, source)
        ready: dict[str, list[pulumi.Resource]] = {
            ports.EXPORTER: [*database, *self._exporter_logins(stream)],
            ports.POSTGRES_EXPORTER: database,
            ports.PROMETHEUS: self._nodes(),
            ports.GRAFANA: self._of_grafana(dashboards),
        }
        for workload in spec.workloads:
            component = workload.component
            objects = self._objects(component)
            mounted = [
                objects.account(),
                objects.headless(ports.service(component), {"web": spec.ports[component]}, before_ready=True),
                *(objects.files(file, files) for file, files in workload.files.items()),
                *ready.get(component, ()),
            ]
            objects.workload(workload, mounted)
        self._read_by_operator()
        self.register_outputs({"namespace": self._settled})

    def _objects(self, component: str) -> ObjectFactory:
        return ObjectFactory(parent=self, prefix=self._name, namespace=self._settled, component=component)

    def _scraped(self, foundation: FoundationResources) -> None:
        """Declare the names by which Prometheus finds pods of the pipeline."""
        for service, (component, port) in self._spec.scraped.items():
            objects = ObjectFactory(parent=self, prefix=self._name, namespace=foundation.namespace, component=component)
            objects.headless(service, {"metrics": port}, before_ready=True)

    def _read_by_operator(self) -> None:
        """Declare the objects by which an existing Prometheus finds pods and rules."""
        objects = self._objects(ports.PROMETHEUS)
        for one in self._spec.objects:
            metadata = {**objects.metadata(one.name), "labels": dict(one.labels)}
            k8s.apiextensions.CustomResource(
                f"{self._name}-{one.name}",
                api_version=API_VERSION,
                kind=one.kind,
                metadata=metadata,
                spec=one.spec,
                opts=objects.options(),
            )

    def _of_grafana(self, dashboards: Mapping[str, str]) -> list[pulumi.Resource]:
        """Declare password and dashboards of Grafana, if it is there."""
        if ports.GRAFANA not in self._spec.ports:
            return []
        objects = self._objects(ports.GRAFANA)
        secret = random.RandomPassword(f"{self._name}-grafana-password", length=32, special=False, opts=objects.options()).result
        self.grafana_password = secret
        return [objects.secret(grafana.LOGIN, {grafana.PASSWORD: secret}), objects.files(grafana.DASHBOARDS, dashboards)]

    def _exporter_logins(self, stream: StreamingResources) -> list[pulumi.Resource]:
        """Declare the further logins of the exporter for the pipeline."""
        spec, objects = self._spec, self._objects(ports.EXPORTER)
        identity = IdentityFactory(parent=self, prefix=self._name, spec=spec.reader, namespace=self._settled).declare()
        return [
            *connect_login(objects, exporter.CONNECT_LOGIN, stream),
            *registry_login(objects, exporter.REGISTRY_LOGIN, spec.registry, stream),
            *identity.ready,
        ]

    def _nodes(self) -> list[pulumi.Resource]:
        """Declare the right to list nodes and to read their figures, if Prometheus asks kubelets."""
        if not self._spec.finds_nodes:
            return []
        objects = self._objects(ports.PROMETHEUS)
        name = f"{self._spec.namespace}-nodes"
        labels: Any = {"name": name, "labels": objects.metadata(name)["labels"]}
        rules: list[Any] = [
            {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
        ]
        role = k8s.rbac.v1.ClusterRole(f"{self._name}-nodes", metadata=labels, rules=rules, opts=objects.options())
        subjects: list[Any] = [{"kind": "ServiceAccount", "name": ports.PROMETHEUS, "namespace": self._settled}]
        reference: Any = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role.metadata["name"]}
        binding = k8s.rbac.v1.ClusterRoleBinding(
            f"{self._name}-nodes-binding", metadata=labels, subjects=subjects, role_ref=reference, opts=objects.options()
        )
        return [binding]
