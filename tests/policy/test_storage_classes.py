"""Classes of the stack's volumes keep its data and wait for its pods; and no class, FlexVolume or provisioner opens a node's disk."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan, copied, shipped
from tests.policy.test_volume_sources import LIMITS, refused
from tests.policy.workbench import NAMESPACE, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

RULE = "volume-source"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
KEPT = {"reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer"}
LOST = {"reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}


def storage_class(name: str = "fast", provisioner: str = "ebs.csi.aws.com", default: str | None = None, **said: Any) -> Declared:
    """Return a class of volumes."""
    made = extra("StorageClass", name, {}, "storage.k8s.io/v1")
    annotations = {} if default is None else {"annotations": {DEFAULT: default}}
    inputs = {"kind": "StorageClass", "metadata": {"name": name, **annotations}, "provisioner": provisioner, **said}
    return Declared(urn=f"urn::{name}", type=made.type, name=name, inputs=inputs)


@functools.cache
def limits(stack: str = "dev") -> Limits:
    """Return the limits of a stack, whose settings keep its volumes or not."""
    return shipped(stack)[1]


def told(*declared: Declared, stack: str = "dev") -> list[str]:
    """Return what plan and pack refuse by the rule, in any order."""
    plan = [one.message for one in by_plan(declared, limits(stack)) if one.rule == RULE]
    for order in (declared, declared[::-1]):
        assert bool(plan) == (RULE in {rule for rule, _message in by_pack(order, limits(stack))})
    return plan


def claim(name: str | None, namespace: str = NAMESPACE) -> Declared:
    """Return a claim of a class, or of the default one."""
    spec = {"resources": {"requests": {"storage": "1Gi"}}, **({} if name is None else {"storageClassName": name})}
    return extra("PersistentVolumeClaim", "c", spec, namespace=namespace)


@pytest.mark.parametrize("default", [None, "true"])
def test_a_class_that_deletes_is_refused_where_the_stack_takes_it(default: str | None) -> None:
    named = None if default else "fast"
    for said in (LOST, {"volumeBindingMode": "WaitForFirstConsumer"}, {"reclaimPolicy": UNKNOWN, "volumeBindingMode": UNKNOWN}):
        assert told(claim(named), storage_class(default=default, **said))
        assert not told(claim(named, "web"), storage_class(default=default, **said))
        assert not told(claim("slow"), storage_class(default=default, **said))
    assert not told(claim(named), storage_class(default=default, **KEPT))
    assert not told(claim(named), storage_class(default="false", **KEPT))
    # this stack is made to be thrown away
    assert not told(claim(named), storage_class(default=default, **LOST), stack="sandbox")


def test_a_claim_of_no_class_by_intent_takes_no_default() -> None:
    assert not told(claim(""), storage_class(default="true", **LOST))


@pytest.mark.parametrize(
    "provisioner", ["ebs.csi.aws.com", "pd.csi.storage.gke.io", "rancher.io/local-path", "kubernetes.io/no-provisioner", "topolvm.io"]
)
def test_a_volume_in_one_place_waits_for_its_pod(provisioner: str) -> None:
    for mode in ({}, {"volumeBindingMode": "Immediate"}):
        assert told(claim("fast"), storage_class(provisioner=provisioner, reclaimPolicy="Retain", **mode))
        assert not told(claim("slow"), storage_class(provisioner=provisioner, reclaimPolicy="Retain", **mode))
        assert not told(claim("fast"), storage_class(provisioner="rbd.csi.ceph.com", reclaimPolicy="Retain", **mode))


def test_there_is_one_default_class() -> None:
    one, two = storage_class("gp2", default="true", **KEPT), storage_class("gp3", default="true", **KEPT)
    assert told(one, two)
    assert not told(storage_class("gp2", default="false"), two)
    assert not told(one, storage_class("gp3"))
    for said, wrong in (("true", True), ("false", False)):
        patch = extra("StorageClassPatch", "gp3", {}, "storage.k8s.io/v1")
        patch.inputs["metadata"]["annotations"] = {DEFAULT: said}
        assert bool(told(one, patch)) is wrong


def test_claims_of_brokers_and_databases_outlive_their_pods() -> None:
    resources, own = shipped("dev")
    for target in [one for one in resources if one.kind == "StatefulSet"]:
        for key, value, wrong in (("whenScaled", "Delete", True), ("whenDeleted", "Delete", True), ("whenScaled", "Retain", False)):
            (fresh,) = copied([target])
            fresh.inputs["spec"]["persistentVolumeClaimRetentionPolicy"][key] = value
            made = [fresh if one is target else one for one in resources]
            assert (RULE in {one.rule for one in by_plan(made, own)}) is wrong
    cache = {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete", "whenDeleted": "Delete"}}
    template = {"template": {"spec": pod(container())}, "volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {}}]}
    assert not told(extra("StatefulSet", "cache", {**cache, **template}, "apps/v1"))


def config(**said: Any) -> Declared:
    """Return the settings of a provisioner of local paths."""
    made = extra("ConfigMap", "local-path-config", {}, namespace="local-path-storage")
    made.inputs["data"] = {"config.json": json.dumps(said)}  # type: ignore[index]
    return made


SYSTEM = ("/", "/etc/kubernetes", "/var/lib/kubelet/pods", "/var/run", "/mnt/../root")
DATA = ("/opt/local-path-provisioner", "/mnt/disk1", "/var/lib/rancher/k3s/storage", "/data")


def opened(path: str) -> list[Declared]:
    """Return the settings of provisioners that make volumes in a folder of a node."""
    folders = [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [path]}]
    helper = config(nodePathMap=[])
    helper.inputs["data"]["helperPod.yaml"] = f"spec:\n  volumes:\n    - {{name: h, hostPath: {{path: {path}}}}}\n"
    openebs = storage_class(provisioner="openebs.io/local")
    value = f"- name: StorageType\n  value: hostpath\n- name: BasePath\n  value: {path}\n"
    openebs.inputs["metadata"]["annotations"] = {"cas.openebs.io/config": value}
    return [
        config(nodePathMap=folders),
        config(sharedFileSystemPath=path),
        config(storageClassConfigs={"fast": {"nodePathMap": folders}}),
        helper,
        openebs,
        storage_class(provisioner="rancher.io/local-path", parameters={"nodePath": path}),
        storage_class(provisioner="microk8s.io/hostpath", parameters={"pvDir": path}),
        extra("PersistentVolume", "v", {"csi": {"driver": "hostpath.csi.k8s.io", "volumeHandle": path}}),
    ]


def test_a_provisioner_makes_its_folders_among_data(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = [one for path in SYSTEM for one in opened(path)], [one for path in DATA for one in opened(path)]
    assert [one.inputs for one in harmful if not told(one)] == []
    assert [one.inputs for one in harmless if told(one)] == []
    tally("folders of provisioners", "harmful", len(harmful), 0)
    tally("folders of provisioners", "harmless", len(harmless), 0)


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"pathPattern": "{{ .PVC.Namespace }}/../../etc"}, True),
        ({"pathPattern": "{{ .PVC.Annotations.path }}"}, True),
        ({"pathPattern": "{{ .PVC.Namespace }}/{{ .PVC.Name }}", "allowUnsafePathPattern": "true"}, True),
        ({"pathPattern": "{{ .PVC.Namespace }}/{{ .PVC.Name }}"}, False),
        ({}, False),
    ],
)
def test_a_claim_does_not_name_the_folder(parameters: dict[str, str], wrong: bool) -> None:  # noqa: FBT001 - a parameter
    assert bool(told(storage_class(provisioner="rancher.io/local-path", parameters=parameters))) is wrong
    # the same key of another provisioner is a name of its own
    assert not told(storage_class(provisioner="efs.csi.aws.com", parameters=parameters))


def test_a_flex_volume_is_refused_and_drivers_of_csi_are_not() -> None:
    for kind in ("PersistentVolume", "PersistentVolumePatch", "PersistentVolumeList"):
        assert refused({"flexVolume": {"driver": "example.com/disk", "options": {"path": "/etc"}}}, kind=kind)
    for driver in ("ebs.csi.aws.com", "disk.csi.azure.com", "rbd.csi.ceph.com"):
        assert not refused({"csi": {"driver": driver, "volumeHandle": "/subscriptions/etc/x"}})


def test_files_of_other_programs_are_free() -> None:
    for text in ('{"paths": ["/etc"]}', "nodePathMap: [broken", '{"nodePathMap": 5}', "nodePathMap"):
        made = extra("ConfigMap", "files", {})
        made.inputs["data"] = {"config.json": text}  # type: ignore[index]
        assert not [one for one in by_plan([made], LIMITS) if one.rule == RULE]
