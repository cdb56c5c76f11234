"""The components' configurations agree with each other, stay on this machine, and decide when a component is restarted."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
import tomllib
from pathlib import Path

from sandbox import addresses
from sandbox.cluster import components, configs, manifests
from sandbox.paths import STATE

_OUTSIDE = ("/var/lib/kubelet", "/etc/cni", "/opt/cni", "/run/containerd", "/var/lib/containerd")


def test_the_ranges_do_not_overlap_and_hold_their_fixed_addresses() -> None:
    pods, services = ipaddress.ip_network(addresses.PODS), ipaddress.ip_network(addresses.SERVICES)
    assert not pods.overlaps(services)
    assert ipaddress.ip_address(addresses.NODE) not in pods
    assert services[1] == ipaddress.ip_address(addresses.API_SERVICE)
    assert ipaddress.ip_address(addresses.DNS) in services


def test_containerd_keeps_everything_under_the_state_directory() -> None:
    config = tomllib.loads(configs.containerd(STATE / "containerd"))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    places = [
        config["root"],
        config["state"],
        config["grpc"]["address"],
        cri["cni"]["conf_dir"],
        config["plugins"]["io.containerd.internal.v1.opt"]["path"],
    ]
    assert all(Path(place).is_relative_to(STATE) for place in places)
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False


def test_no_component_is_configured_with_a_path_outside_the_sandbox() -> None:
    told = [text for component in components.every() for text in (*component.argv, *component.files.values())]
    assert [(place, text) for place in _OUTSIDE for text in told if re.search(rf"(?<![\w-]){place}", text)] == []


def test_no_image_name_can_be_asked_for_outside() -> None:
    environment = components.containerd().environment
    assert environment["HTTPS_PROXY"] == environment["HTTP_PROXY"] == "http://127.0.0.1:1"


def test_every_component_listens_on_the_node_address_only() -> None:
    told = " ".join(text for component in components.every() for text in (*component.argv, *component.files.values()))
    assert re.search(r"0\.0\.0\.0(?!/0)", told) is None
    assert json.loads(configs.proxy(Path("k")))["nodePortAddresses"] == ["127.0.0.0/8"]


def test_a_components_fingerprint_changes_with_its_binary_files_flags_and_environment() -> None:
    kubelet = components.kubelet()
    first = kubelet.fingerprint("digest")
    path = next(iter(kubelet.files))
    changed = [
        kubelet.fingerprint("other"),
        dataclasses.replace(kubelet, files={**kubelet.files, path: "{}"}).fingerprint("digest"),
        dataclasses.replace(kubelet, argv=(*kubelet.argv, "--v=4")).fingerprint("digest"),
        dataclasses.replace(kubelet, environment={}).fingerprint("digest"),
    ]
    assert components.kubelet().fingerprint("digest") == first
    assert len({first, *changed}) == len(changed) + 1


def test_names_from_outside_do_not_exist_and_are_not_forwarded() -> None:
    corefile = manifests.corefile()
    assert "rcode NXDOMAIN" in corefile
    assert "forward" not in corefile
    # in one block the template would answer before the lookup of the cluster's names
    assert corefile.index("kubernetes") < corefile.index("}\n.:") < corefile.index("template")


def test_the_provisioner_of_the_storage_classes_is_the_one_that_runs() -> None:
    source = Path(__file__).parents[2] / "sandbox" / "node" / "volumes" / "volumes.go"
    assert f'const Provisioner = "{manifests.PROVISIONER}"' in source.read_text()
