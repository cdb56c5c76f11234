"""PersistentVolumes that open a node, or hold the pipeline's data where it can be lost or read, are refused."""

from __future__ import annotations

from typing import Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import NAMESPACE, extra

LIMITS = Limits(memory={NAMESPACE: 2**34}, volumes={NAMESPACE: 2**44}, own=NAMESPACE)
RULE = "volume-source"
NODE = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]}]}]}}
OURS = {"claimRef": {"namespace": NAMESPACE, "name": "data-kafka-0"}}
CLAIM = {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}


def refused(spec: Any, *others: Declared, kind: str = "PersistentVolume") -> bool:
    """Return whether plan and pack refuse a volume by the rule."""
    made = extra(kind, "v", spec)
    if kind.endswith("List"):
        made.inputs["items"] = [{"spec": spec}]  # type: ignore[index]
    declared = [*others, made]
    told = RULE in {violation.rule for violation in by_plan(declared, LIMITS)}
    for order in (declared, declared[::-1]):
        assert told == (RULE in {rule for rule, _message in by_pack(order, LIMITS)})
    return told


SYSTEM: tuple[object, ...] = (
    *("/", "/etc", "/etc/kubernetes", "/var/lib/kubelet/pods", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/mnt/../etc"),
    *("//etc", "/var/lib", "/proc/1/root", "/root/.ssh", "/home/admin", "/var/log", "/usr/local/bin", "", "/opt", UNKNOWN),
)


@pytest.mark.parametrize("path", SYSTEM)
@pytest.mark.parametrize("key", ["hostPath", "local"])
def test_a_system_folder_of_a_node_is_refused(key: str, path: object) -> None:
    for kind in ("PersistentVolume", "PersistentVolumePatch", "PersistentVolumeList"):
        assert refused({key: {"path": path}, "nodeAffinity": NODE}, kind=kind)


@pytest.mark.parametrize(
    "path", ["/mnt/data", "/srv/volumes/a", "/data", "/opt/local-path-provisioner/a", "/var/lib/rook", "/media/disk1", "/etcd"]
)
def test_a_folder_for_data_is_accepted(path: str) -> None:
    assert not refused({"hostPath": {"path": path}, "storageClassName": "manual"})
    assert not refused({"local": {"path": path}, "storageClassName": "local", "nodeAffinity": NODE})
    assert not refused({"local": {"path": path}, "nodeAffinity": NODE, **OURS})
    assert not refused({"hostPath": {"path": path}, "nodeAffinity": NODE, **OURS})


def test_data_of_the_pipeline_on_one_node_names_the_node() -> None:
    assert refused({"hostPath": {"path": "/mnt/a"}, **OURS})
    assert refused({"local": {"path": "/mnt/a"}})
    claim = extra("PersistentVolumeClaim", "c", CLAIM)
    assert refused({"hostPath": {"path": "/mnt/a"}, "storageClassName": "fast"}, claim)
    assert not refused({"hostPath": {"path": "/mnt/a"}, "storageClassName": "slow"}, claim)
    assert not refused({"hostPath": {"path": "/mnt/a"}, "storageClassName": "fast", "claimRef": {"namespace": "web", "name": "c"}}, claim)
    sets = extra("StatefulSet", "s", {"volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": CLAIM}]}, "apps/v1")
    assert refused({"hostPath": {"path": "/mnt/a"}, "storageClassName": "fast"}, sets)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"nfs": {"server": "10.0.0.4", "path": "/exports/web"}}, False),
        ({"nfs": {"server": "files.internal", "path": "/"}}, False),
        ({"nfs": {"server": "files.internal", "path": "/exports"}, **OURS}, True),
        ({"nfs": {"server": "8.8.8.8", "path": "/exports"}}, True),
        ({"csi": {"driver": "nfs.csi.k8s.io", "volumeAttributes": {"server": "8.8.8.8", "share": "/a"}}}, True),
        ({"csi": {"driver": "nfs.csi.k8s.io", "volumeAttributes": {"server": "10.0.0.4"}}, **OURS}, True),
        ({"csi": {"driver": "smb.csi.k8s.io", "volumeAttributes": {"source": "//8.8.8.8/share"}}}, True),
        ({"csi": {"driver": "smb.csi.k8s.io", "volumeAttributes": {"source": "//10.0.0.9/share"}}}, False),
        ({"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}, **OURS}, False),
        ({"csi": {"driver": "efs.csi.aws.com", "volumeHandle": "fs-1"}}, False),
        ({"awsElasticBlockStore": {"volumeID": "vol-1"}}, False),
    ],
)
def test_a_file_server_is_in_the_network_and_holds_other_data(spec: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a parameter
    assert refused({"capacity": {"storage": "1Gi"}, **spec}) is told


def test_a_source_that_is_not_known_is_refused() -> None:
    assert refused(UNKNOWN)


def test_a_class_of_a_file_server_is_in_the_network_and_serves_other_claims() -> None:
    claim = extra("PersistentVolumeClaim", "c", CLAIM)
    for name, server, told in (("slow", "10.0.0.4", False), ("fast", "10.0.0.4", True), ("slow", "8.8.8.8", True)):
        made = extra("StorageClass", name, {}, "storage.k8s.io/v1")
        made.inputs.update(provisioner="nfs.csi.k8s.io", parameters={"server": server, "share": "/a"})  # type: ignore[attr-defined]
        found = {violation.rule for violation in by_plan([claim, made], LIMITS)}
        assert (RULE in found) is told
