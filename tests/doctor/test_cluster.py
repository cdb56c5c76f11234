"""Requirements of a cluster, and the report of one that does not answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from pipeline.checks.check import Level, Refused
from pipeline.checks.tool import Answer
from pipeline.doctor import cluster, cluster_rules, namespace
from pipeline.doctor.facts import Cluster, ClusterRequirements, NamespaceContents, Node
from pipeline.doctor.namespace import without_owner
from pipeline.doctor.stack import checks
from pipeline.doctor.stack_settings import Stack
from pipeline.recording.recorder import ROOT
from sandbox import lifecycle
from sandbox.paths import CHECKOUT, KUBECONFIG
from stack.settings.cluster import ClusterSettings
from stack.specification.stack import Specification
from tests.declared import STACKS, Declared, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.checks.check import Finding

IMAGE = "localhost/data-ingestion/kafka:1"
WORKER = Node(name="worker", ready=True, schedulable=True, memory=8 * 2**30, images=frozenset({IMAGE}))
CONTROL = replace(WORKER, name="control-plane", schedulable=False, images=frozenset())
KIND = Cluster(
    server="https://127.0.0.1:6443",
    version="v1.34.0",
    nodes=(CONTROL, WORKER, replace(WORKER, name="worker2")),
    provisioners={"standard": "rancher.io/local-path"},
    drivers=frozenset(),
    denied=(),
    daemons={"kindnet": "docker.io/kindest/kindnetd:v20250512-df8de77b", "kube-proxy": "registry/kube-proxy:v1.34.0"},
    has_namespace=True,
    secrets={"source-database": frozenset({"username", "password"})},
    reclaims={"standard": "Delete"},
    inside=NamespaceContents(),
)
SETTINGS = ClusterSettings()
ZONES = tuple(replace(WORKER, name=zone, zone=zone) for zone in ("a", "b", "c"))


def place(*, existing: bool = True, **secrets: str) -> ClusterRequirements:
    """Return a stack's requirements: Secrets with their keys, separated by spaces."""
    settings = SETTINGS.model_copy(update={"existing_namespace": existing})
    return ClusterRequirements(settings, "ns", {name.replace("_", "-"): frozenset(keys.split()) for name, keys in secrets.items()}, "prod")


@pytest.mark.parametrize(
    ("change", "judge", "level"),
    [
        ({}, cluster_rules.answers, Level.FINE),
        ({"version": "v1.26.15-eks-1"}, cluster_rules.answers, Level.FAILURE),
        ({"version": "v1.27.0"}, cluster_rules.answers, Level.FINE),
        ({"nodes": (CONTROL, replace(WORKER, ready=False))}, lambda seen: cluster_rules.nodes(seen, "kind-x"), Level.FAILURE),
        ({"nodes": (CONTROL, replace(WORKER, ready=False))}, lambda seen: cluster_rules.nodes(seen, "eks"), Level.WARNING),
        ({"nodes": (replace(WORKER, ready=False),)}, lambda seen: cluster_rules.nodes(seen, "eks"), Level.FAILURE),
        ({}, lambda seen: cluster_rules.nodes(seen, "eks"), Level.FINE),
        ({}, lambda seen: cluster_rules.memory(seen, 16 * 1024, 1024), Level.FINE),
        ({}, lambda seen: cluster_rules.memory(seen, 16 * 1024 + 1, 1024), Level.FAILURE),
        ({}, lambda seen: cluster_rules.memory(seen, 4096, 9 * 1024), Level.FAILURE),
        ({"nodes": (CONTROL,)}, lambda seen: cluster_rules.memory(seen, 4096, 1024), Level.FAILURE),
        ({}, lambda seen: cluster_rules.storage(seen, SETTINGS, "dev"), Level.FINE),
        ({"provisioners": {"gp2": "ebs.csi.aws.com"}}, lambda seen: cluster_rules.storage(seen, SETTINGS, "dev"), Level.FAILURE),
        ({"provisioners": {}}, lambda seen: cluster_rules.storage(seen, SETTINGS, "dev"), Level.WARNING),
        (
            {"provisioners": {}, "drivers": frozenset({"rancher.io/local-path"})},
            lambda seen: cluster_rules.storage(seen, SETTINGS, "dev"),
            Level.FINE,
        ),
        ({}, lambda seen: cluster_rules.rights(seen, "x"), Level.FINE),
        ({"denied": ("namespaces",)}, lambda seen: cluster_rules.rights(seen, "x"), Level.FAILURE),
        ({"denied": ("namespaces",)}, lambda seen: cluster_rules.rights(seen, "x", frozenset({"namespaces"})), Level.FINE),
        ({"nodes": ZONES}, cluster_rules.zones, Level.FINE),
        ({"nodes": ZONES[:2]}, cluster_rules.zones, Level.FAILURE),
        ({"nodes": (*ZONES[:2], replace(ZONES[2], schedulable=False))}, cluster_rules.zones, Level.FAILURE),
        ({}, lambda seen: cluster_rules.named_class(seen, "standard", keep=False), Level.FINE),
        ({}, lambda seen: cluster_rules.named_class(seen, "standard", keep=True), Level.WARNING),
        ({"reclaims": {"standard": "Retain"}}, lambda seen: cluster_rules.named_class(seen, "standard", keep=True), Level.FINE),
        ({}, lambda seen: cluster_rules.named_class(seen, "gp3", keep=True), Level.FAILURE),
        ({}, lambda seen: namespace.alone(seen, place()), Level.FINE),
        ({"inside": NamespaceContents(strangers=("web-0",))}, lambda seen: namespace.alone(seen, place()), Level.FAILURE),
        ({}, lambda seen: namespace.leftovers(seen, place()), Level.FINE),
        ({"inside": NamespaceContents(claims=("data-kafka-0",))}, lambda seen: namespace.leftovers(seen, place()), Level.WARNING),
        ({}, lambda seen: cluster_rules.namespace(seen, place()), Level.FINE),
        ({"has_namespace": False}, lambda seen: cluster_rules.namespace(seen, place()), Level.FAILURE),
        ({"has_namespace": False}, lambda seen: cluster_rules.namespace(seen, place(existing=False)), Level.FINE),
        ({}, lambda seen: cluster_rules.namespace(seen, place(existing=False)), Level.WARNING),
        ({}, lambda seen: cluster_rules.secrets(seen, place(source_database="username password")), Level.FINE),
        ({}, lambda seen: cluster_rules.secrets(seen, place(source_database="username password ca.crt")), Level.FAILURE),
        ({}, lambda seen: cluster_rules.secrets(seen, place(kafka="username")), Level.FAILURE),
        ({}, lambda seen: cluster_rules.images(seen, [IMAGE], "make images"), Level.FINE),
        ({"nodes": (WORKER, replace(WORKER, images=frozenset()))}, lambda seen: cluster_rules.images(seen, [IMAGE], "m"), Level.FAILURE),
        ({"nodes": (CONTROL,)}, lambda seen: cluster_rules.images(seen, ["registry.example.com/kafka:1"], "m"), Level.FINE),
    ],
)
def test_a_cluster_is_judged_by_what_it_offers(change: dict[str, object], judge: Callable[[Cluster], Finding], level: Level) -> None:
    found = judge(replace(KIND, **change))  # type: ignore[arg-type]
    assert found.level is level
    assert bool(found.cure) == (level is not Level.FINE)


@pytest.mark.parametrize(
    ("daemons", "level"),
    [
        ({"kindnet": "kindest/kindnetd:v20250512-df8de77b"}, Level.FINE),
        ({"kindnet": "kindest/kindnetd:v20240513-cd2ac642"}, Level.WARNING),
        ({"calico-node": "calico/node:v3.30"}, Level.FINE),
        ({"cilium": "cilium/cilium:v1.18"}, Level.FINE),
        ({"kube-flannel-ds": "flannel/flannel:v0.27"}, Level.WARNING),
        ({"aws-node": "amazon-k8s-cni:v1.20"}, Level.WARNING),
        ({}, Level.WARNING),
    ],
)
def test_only_a_plug_in_that_is_known_to_enforce_network_policies_is_trusted(daemons: dict[str, str], level: Level) -> None:
    found = cluster_rules.network_policies(replace(KIND, daemons=daemons), "x")
    assert found.level is level
    assert bool(found.cure) == (level is Level.WARNING)


def test_a_secret_is_asked_for_without_its_values_on_the_command_line() -> None:
    found = cluster_rules.secrets(KIND, place(source_database="username password ca.crt", kafka="username"))
    assert found.found == "Secret source-database has no ca.crt; Secret kafka does not exist"
    assert found.cure.splitlines()[1].endswith("--namespace ns create secret generic kafka --from-file=username=<file>")


def test_other_pods_are_named_and_many_are_counted() -> None:
    found = namespace.alone(replace(KIND, inside=NamespaceContents(strangers=tuple(f"web-{number}" for number in range(7)))), place())
    assert found.found.startswith("web-0, web-1, web-2, web-3, web-4 and 2 more in ns: ")
    assert "names.namespace in Pulumi.prod.yaml" in found.cure


def test_old_volumes_are_deleted_in_their_namespace() -> None:
    found = namespace.leftovers(replace(KIND, inside=NamespaceContents(claims=("data-kafka-0", "data-kafka-1"))), place())
    assert found.cure.endswith("--namespace ns delete pvc data-kafka-0 data-kafka-1")


def test_only_claims_that_a_future_stateful_set_would_use_count_as_left_over() -> None:
    claims = ["data-kafka-2", "data-kafka-0", "data-kafka-ui-0", "data-kafka", "logs-kafka-0", "data-postgresql-0"]
    assert without_owner(claims, ["kafka"]) == ("data-kafka-0", "data-kafka-2")
    assert without_owner(claims, ["kafka", "postgresql"]) == ("data-kafka-0", "data-kafka-2", "data-postgresql-0")
    assert without_owner(claims, []) == ()


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_the_claims_that_are_looked_for_are_those_that_the_stack_makes(stack: str) -> None:
    sets = Declared.of(stack).objects("StatefulSet")
    claims = [
        f"{claim['metadata']['name']}-{name}-0" for name, made in sets.items() for claim in made.inputs["spec"]["volumeClaimTemplates"]
    ]
    wanted = Stack(STACKS[stack][0], Specification.of(settings_of(stack)), ROOT).place.sets
    assert set(wanted) == set(sets)
    assert without_owner(claims, wanted) == tuple(sorted(claims))


def test_only_an_existing_namespace_is_inspected() -> None:
    asked = [
        {check.name for check in checks(Stack(STACKS[stack][0], Specification.of(settings_of(stack)), ROOT))}
        for stack in ("dev", "endpoint")
    ]
    assert [{"other pods", "old volumes", "sidecars", "limits and quotas"} <= names for names in asked] == [False, True]


def test_kubectl_is_for_people() -> None:
    assert cluster_rules.kubectl(None).level is Level.WARNING
    assert cluster_rules.kubectl(Answer(0, "Client Version: v1.34.2\n", "")).found == "1.34.2"


def kubeconfig(folder: Path, server: str, context: str = "kind-x") -> str:
    """Write a kubeconfig with one context and return its path."""
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        "current-context": context,
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def refused(settings: ClusterSettings) -> Refused:
    """Return the reason why this cluster gives no answer."""
    seen = cluster.look(ClusterRequirements(settings, "data-ingestion", {}, "dev"))
    assert isinstance(seen, Refused)
    assert "secret-token" not in f"{seen}"
    return seen


def test_a_missing_context_is_reported_with_the_existing_ones(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", "minikube")
    seen = refused(ClusterSettings(context="kind-data-ingestion", kubeconfig=path))
    assert "no context 'kind-data-ingestion' (existing: minikube)" in seen.why
    assert seen.cure == "make cluster"
    assert "cluster.context in Pulumi.dev.yaml" in refused(ClusterSettings(context="eks", kubeconfig=path)).cure


def test_a_missing_kubeconfig_is_reported(tmp_path: Path) -> None:
    assert "existing: none" in refused(ClusterSettings(context="kind-x", kubeconfig=str(tmp_path / "none"))).why


def test_a_stopped_cluster_is_reported_with_the_command_that_starts_it(tmp_path: Path) -> None:
    seen = refused(ClusterSettings(context="kind-x", kubeconfig=kubeconfig(tmp_path, "https://127.0.0.1:1")))
    assert "nothing answers at https://127.0.0.1:1" in seen.why
    assert "docker start" in seen.cure
    assert "io.x-k8s.kind.cluster=x" in seen.cure


@pytest.mark.sandbox
def test_a_real_cluster_answers_every_question() -> None:
    stack = lifecycle.settings()
    wanted = {"postgresql-debezium": frozenset({"username"}), "no-such-secret": frozenset({"username"})}
    seen = cluster.look(ClusterRequirements(stack.cluster, stack.names.namespace, wanted, "sandbox"))
    assert isinstance(seen, Cluster)
    assert seen.has_namespace
    assert seen.secrets == {"postgresql-debezium": frozenset({"username", "password", "ca.crt"})}
    assert seen.denied == ()
    assert [node.ready for node in seen.nodes] == [True]
    assert stack.images.kafka in seen.nodes[0].images
    assert stack.cluster.provisioner in seen.provisioners.values()
    assert set(seen.reclaims.values()) <= {"Retain", "Delete"}
    assert seen.reclaims.keys() == seen.provisioners.keys()


@pytest.mark.sandbox
def test_strangers_and_old_volumes_are_seen_in_a_real_namespace() -> None:
    """The pipeline's own pods do not count, nor do its volumes while it runs; those of the object store do."""
    there = lifecycle.settings().cluster.model_copy(update={"existing_namespace": True})
    seen = {}
    for name in ("data-ingestion", "object-store", "no-such-namespace"):
        found = cluster.look(ClusterRequirements(there, name, {}, "sandbox", ("kafka", "postgresql")))
        assert isinstance(found, Cluster)
        seen[name] = found.inside
    assert seen["data-ingestion"] == seen["no-such-namespace"] == NamespaceContents()
    assert seen["object-store"].strangers


def with_token(token: str, folder: Path) -> ClusterSettings:
    """Return the sandbox's cluster with a token as login."""
    real = yaml.safe_load(Path(KUBECONFIG).read_text(encoding="utf-8"))
    real["users"][0]["user"] = {"token": token}
    path = folder / "kubeconfig"
    path.write_text(json.dumps(real), encoding="utf-8")
    return lifecycle.settings().cluster.model_copy(update={"kubeconfig": str(path)})


@pytest.mark.sandbox
def test_a_real_cluster_refuses_strangers(tmp_path: Path) -> None:
    assert "refuses these credentials (401)" in refused(with_token("secret-token", tmp_path)).why


@pytest.mark.sandbox
def test_missing_read_rights_are_reported_in_the_clusters_words(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "sandbox", "kubectl", "--", "create", "token", "default", "--namespace", "data-ingestion"]
    token = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    seen = refused(with_token(token, tmp_path))
    assert re.search(r'forbidden: User "system:serviceaccount:data-ingestion:default" cannot list resource "\w+"', seen.why)
    assert token not in f"{seen}"
