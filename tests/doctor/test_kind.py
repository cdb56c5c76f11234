"""Kind, its cluster, and the owner of the published ports."""

from __future__ import annotations

import json

import pytest

from pipeline.checks.check import Level, Refused
from pipeline.checks.tool import Answer
from pipeline.checks.version import parsed, shown
from pipeline.doctor import kind
from pipeline.doctor.kind import Cluster, Ports
from stack.settings.names import PublishedPort

WANTED = (PublishedPort(node=30432, host=5432), PublishedPort(node=30092, host=9092))
MAPPED = {5432: 30432, 9092: 30092}
NONE: frozenset[int] = frozenset()


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ("kind v0.30.0 go1.24.6 linux/amd64\n", Level.FINE),
        ("kind v0.24.0 go1.22.6 darwin/arm64\n", Level.FINE),
        ("kind v0.23.0 go1.21.10 linux/amd64\n", Level.FAILURE),
        ("0.31.0-alpha+123\n", Level.FINE),
        ("what?\n", Level.FAILURE),
    ],
)
def test_kind_enforces_network_policies_from_its_24th_version_on(told: str, level: Level) -> None:
    assert kind.version(Answer(0, told, "")).level is level


def test_a_missing_kind_has_a_cure() -> None:
    assert "go install" in kind.version(None).cure


def test_versions_are_compared_by_number() -> None:
    assert parsed("v0.9.1") < parsed("v0.10.0")  # type: ignore[operator]
    assert shown(parsed("v1.34.2+k3s1") or ()) == "1.34.2"
    assert parsed("none") is None


def test_the_mappings_of_the_control_plane_are_read() -> None:
    bindings = {
        "30432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5432"}],
        "6443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "40123"}],
        "80/tcp": None,
    }
    assert kind.read("x", Answer(0, json.dumps(bindings), "")) == Cluster("x", {5432: 30432, 40123: 6443})


def test_a_missing_cluster_is_distinguished_from_a_missing_docker() -> None:
    assert kind.read("x", Answer(1, "", "Error response from daemon: No such container: x-control-plane")) == Cluster("x", None)
    assert kind.read("x", Answer(1, "", "error: no such object: x-control-plane")) == Cluster("x", None)
    assert isinstance(kind.read("x", Answer(1, "", "Cannot connect to the Docker daemon")), Refused)
    assert isinstance(kind.read("x", None), Refused)


def test_the_cure_for_a_missing_cluster_is_one_command() -> None:
    assert kind.exists(Cluster("x", None)).cure == "make cluster"
    assert kind.exists(Cluster("x", {})).level is Level.FINE


def test_free_ports_are_fine_before_the_cluster_exists() -> None:
    assert kind.ports(Ports(WANTED, NONE, Cluster("x", None)), "dev").level is Level.FINE


def test_ports_held_by_the_clusters_own_mappings_are_fine() -> None:
    found = kind.ports(Ports(WANTED, frozenset(MAPPED), Cluster("x", MAPPED)), "dev")
    assert found.level is Level.FINE
    assert "own mappings" in found.found


def test_ports_taken_by_other_programs_are_a_failure_and_each_is_named() -> None:
    found = kind.ports(Ports(WANTED, frozenset({5432, 9092}), Cluster("x", None)), "dev")
    assert found.level is Level.FAILURE
    assert "port 5432 on 127.0.0.1 is taken" in found.found
    assert "port 9092 on 127.0.0.1 is taken" in found.found
    assert len(found.cure.splitlines()) == 2


@pytest.mark.parametrize("mapped", [{5432: 30432}, {5432: 30432, 9092: 31111}])
def test_a_cluster_without_the_right_mapping_must_be_recreated(mapped: dict[int, int]) -> None:
    """Even when the port is free: it would lead nowhere."""
    found = kind.ports(Ports(WANTED, NONE, Cluster("x", mapped)), "dev")
    assert found.level is Level.FAILURE
    assert "port 9092 of this machine does not lead to node port 30092" in found.found
    assert "5432" not in found.found
    assert "make cluster-down cluster" in found.cure


def test_without_docker_a_taken_port_is_no_failure() -> None:
    gone = Refused("no docker", "")
    assert kind.ports(Ports(WANTED, frozenset({5432}), gone), "dev").level is Level.UNSEEN
    assert kind.ports(Ports(WANTED, NONE, gone), "dev").level is Level.FINE
