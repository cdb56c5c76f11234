"""The laptop's cluster agrees with the settings' defaults, and the checks of Kind."""

from __future__ import annotations

import pytest

from pipeline.laptop import kind
from pipeline.laptop.kind import KindError
from pipeline.recording.recorder import ROOT
from sandbox.cluster import components
from stack.settings import yaml_file
from stack.settings.cluster import ClusterSettings, HostSettings

CLUSTER = kind.parse(kind.CONFIG.read_text(encoding="utf-8"))
TOLD = (
    "\n".join(f"{mapping.node}/tcp -> {mapping.address}:{mapping.host}" for mapping in CLUSTER.mappings) + "\n6443/tcp -> 127.0.0.1:40001\n"
)


def test_every_published_port_of_the_stack_is_mapped_and_no_other() -> None:
    host = HostSettings()
    published = {(pair.host, pair.node) for pair in (host.postgres, *host.kafka, host.registry, host.connect)}
    assert {(mapping.host, mapping.node) for mapping in CLUSTER.mappings} == published
    assert {mapping.address for mapping in CLUSTER.mappings} == {host.address}


def test_the_stacks_context_is_the_clusters() -> None:
    assert ClusterSettings().context == CLUSTER.context


def test_there_are_two_nodes_for_pods() -> None:
    assert CLUSTER.nodes == 3


@pytest.mark.parametrize(
    "told", ["kind v0.24.0 go1.22.6 linux/amd64", "kind v0.30.0 go1.26.8 darwin/arm64\n", "0.31.0", "kind v1.0.0 go1.30"]
)
def test_a_kind_that_enforces_network_policies_is_taken(told: str) -> None:
    kind.check_version(told)


@pytest.mark.parametrize("told", ["kind v0.23.0 go1.22.6 linux/amd64", "0.9.0", "?"])
def test_an_older_kind_is_refused_with_the_reason(told: str) -> None:
    with pytest.raises(KindError, match=r"Kind 0\.24 or newer is needed, got '.+': older versions ignore network policies"):
        kind.check_version(told)


def test_a_cluster_with_the_required_ports_is_accepted_with_any_others() -> None:
    kind.check_ports(CLUSTER, TOLD)


@pytest.mark.parametrize("told", [TOLD.replace("127.0.0.1:5432", "0.0.0.0:5432"), TOLD.replace("30432/tcp -> 127.0.0.1:5432\n", "")])
def test_a_cluster_that_lacks_a_port_is_refused_with_the_way_out(told: str) -> None:
    with pytest.raises(KindError, match=r"does not publish 127\.0\.0\.1:5432 -> 30432, .* `make cluster-down cluster`"):
        kind.check_ports(CLUSTER, told)


def test_the_nodes_image_is_kinds_own_unless_one_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert kind.create("") == ["kind", "create", "cluster", "--config", "pipeline/laptop/kind.yaml"]
    assert kind.create("an/image:1")[-2:] == ["--image", "an/image:1"]


def test_every_node_and_the_volume_provisioner_are_waited_for() -> None:
    commands = [" ".join(command) for command in kind.waits(CLUSTER)]
    assert any("wait --for=condition=Ready nodes --all" in command for command in commands)
    assert any("rollout status deployment/local-path-provisioner" in command for command in commands)
    assert ClusterSettings().provisioner == "rancher.io/local-path"


def test_the_api_server_finds_the_rules_of_its_trail_and_has_a_place_for_it() -> None:
    """A path that is not mounted would stop the API server, and with it the cluster."""
    (control_plane,) = (
        node for node in yaml_file.parse(kind.CONFIG.read_text(encoding="utf-8"))["nodes"] if node["role"] == "control-plane"
    )
    (mount,) = control_plane["extraMounts"]
    rules = ROOT / mount["hostPath"]
    assert rules.is_file()
    (patch,) = (yaml_file.parse(text)["apiServer"] for text in control_plane["kubeadmConfigPatches"])
    flags, volumes = patch["extraArgs"], {volume["mountPath"]: volume for volume in patch["extraVolumes"]}
    assert flags["audit-policy-file"] == mount["containerPath"]
    for path in (flags["audit-policy-file"], flags["audit-log-path"]):
        folder = path.rpartition("/")[0]
        assert volumes[folder]["hostPath"] == folder
    assert all(isinstance(value, str) for value in flags.values()), "kubeadm takes words only"
    assert components.TRAIL_POLICY.read_text(encoding="utf-8") == rules.read_text(encoding="utf-8")


def test_no_rule_of_the_trail_writes_what_a_secret_or_a_pod_holds() -> None:
    rules = yaml_file.parse(components.TRAIL_POLICY.read_text(encoding="utf-8"))["rules"]
    with_content = {group["group"] for rule in rules if rule["level"] not in {"None", "Metadata"} for group in rule["resources"]}
    assert with_content == {"rbac.authorization.k8s.io", "networking.k8s.io", "admissionregistration.k8s.io"}
    assert not [rule for rule in rules if rule["level"] == "RequestResponse"]
