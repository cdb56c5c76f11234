"""The namespace and the ports by which it is reached from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.declared import containers, main_container, where_made

if TYPE_CHECKING:
    from tests.declared import Declared


@where_made("namespace")
def test_the_namespace_refuses_what_is_not_restricted(declared: Declared) -> None:
    """``enforce`` refuses pods; ``audit`` and ``warn`` report a workload whose pods would be refused."""
    labels = declared.manifest("Namespace", declared.settings.names.namespace)["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


@where_made("node ports")
def test_published_ports_are_those_of_the_settings_each_used_once(declared: Declared) -> None:
    host = declared.settings.host
    node_ports = [
        port["nodePort"]
        for service in declared.objects("Service").values()
        for port in service.inputs["spec"]["ports"]
        if service.inputs["spec"].get("type") == "NodePort"
    ]
    assert sorted(node_ports) == sorted(pair.node for pair in (host.postgres, *host.kafka, host.registry, host.connect))


def test_published_services_lead_to_ports_that_a_container_opens(declared: Declared) -> None:
    for service in declared.objects("Service").values():
        spec = service.inputs["spec"]
        component = spec["selector"]["app.kubernetes.io/component"]
        ports = main_container(declared.pods[component])["ports"]
        for port in spec["ports"]:
            assert port.get("targetPort", port["port"]) in {item[key] for item in ports for key in ("name", "containerPort")}


@where_made("node ports")
def test_each_broker_advertises_the_port_by_which_its_own_service_is_reached(declared: Declared) -> None:
    """A client asks any broker and is sent to the leader's advertised address: a mix-up there silently sends it to the wrong broker."""
    host = declared.settings.host
    for ordinal in range(declared.manifest("StatefulSet", "kafka")["spec"]["replicas"]):
        pod = f"kafka-{ordinal}"
        properties = declared.properties("kafka-config", f"{pod}.properties")
        advertised = dict(item.split("://") for item in properties["advertised.listeners"].split(","))
        listening = dict(item.split("://") for item in properties["listeners"].split(","))
        (service,) = [
            item.inputs["spec"]
            for item in declared.objects("Service").values()
            if item.inputs["spec"]["selector"].get("statefulset.kubernetes.io/pod-name") == pod
        ]
        (port,) = service["ports"]
        (pair,) = [pair for pair in host.kafka if pair.node == port["nodePort"]]
        assert advertised["EXTERNAL"] == f"{host.address}:{pair.host}"
        assert listening["EXTERNAL"] == f":{port['targetPort']}"
        assert properties["node.id"] == str(ordinal)
        assert properties["controller.quorum.voters"].split(",")[ordinal].startswith(f"{ordinal}@{pod}.")


@where_made("brokers")
def test_a_broker_finds_its_file_by_its_name(declared: Declared) -> None:
    container = declared.pods["kafka"]["spec"]["containers"][0]
    (mount,) = [mount for mount in container["volumeMounts"] if "subPathExpr" in mount]
    (variable,) = [item for item in container["env"] if f"$({item['name']})" in mount["subPathExpr"]]
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    for ordinal in range(declared.manifest("StatefulSet", "kafka")["spec"]["replicas"]):
        assert mount["subPathExpr"].replace(f"$({variable['name']})", f"kafka-{ordinal}") in declared.files("kafka-config")
    assert mount["mountPath"] in container["command"]


def test_mounted_files_exist(declared: Declared) -> None:
    for pod in declared.pods.values():
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        for container in containers(pod):
            for mount in container["volumeMounts"]:
                if "subPath" in mount:
                    assert mount["subPath"] in declared.files(volumes[mount["name"]]["configMap"]["name"])


def test_files_on_command_lines_are_mounted(declared: Declared) -> None:
    """A JVM reports a missing configuration file only after it has started."""
    for pod in declared.pods.values():
        for container in containers(pod):
            places = {mount["mountPath"] for mount in container["volumeMounts"]}
            for word in container["command"]:
                path = word.rpartition("=")[2]
                if path.startswith("/etc/"):
                    assert any(path == place or path.startswith(f"{place}/") for place in places), path


def test_the_cluster_is_named_and_not_ambient(declared: Declared) -> None:
    provider, cluster = declared.only("pulumi:providers:kubernetes").inputs, declared.settings.cluster
    assert provider["context"] == cluster.context
    assert provider["clusterIdentifier"] == cluster.identifier
    assert provider.get("kubeconfig") == cluster.kubeconfig


def test_changed_files_are_an_update_and_not_a_replacement(declared: Declared) -> None:
    """Replacing a ConfigMap replaces the workload that uses it as well."""
    provider = declared.only("pulumi:providers:kubernetes").inputs
    assert provider["enableConfigMapMutable"] == provider["enableSecretMutable"] == "true"
