"""Ways to the disk of a node beside volumes of pods: FlexVolumes, and provisioners that make folders on a node."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import yaml

from policy.lists import listed
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

# Folders of a node that hold its own programs, settings, credentials or the pods of others, with all below them.
_SYSTEM: Final = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/home", "/var/run"),
    *("/var/lib/kubelet", "/var/lib/etcd", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/rancher"),
    *("/var/lib/cni", "/var/lib/k0s", "/var/lib/minikube", "/var/log", "/var/spool/cron", "/opt/cni", "/var/lib/cloud"),
)
# Where distributions keep the folders of their own provisioners
_FOR_DATA: Final = ("/var/lib/rancher/k3s/storage", "/var/lib/k0s/storage", "/var/lib/minikube/hostpath-provisioner")
# Folders that contain one of them
_ABOVE: Final = {"/", "/var", "/var/lib", "/opt", "/var/spool"}
# Provisioners and drivers whose volumes are folders of a node
_OF_FOLDERS: Final = re.compile(r".*(host-?path|local).*", re.IGNORECASE)
# A path among the settings of a provisioner
_PATH: Final = re.compile(r"(?m)(?:^|[\s\"'=:])(/[^\s\"',}\]]*)")
_CONFIG: Final = "config.json"
_POD: Final = "helperPod.yaml"
_CURE: Final = "name a folder for data, such as one below /mnt or /srv"


def is_system(path: str) -> bool:
    """Return whether a path is a folder of the node's own system, or contains one."""
    clean = posixpath.normpath(f"/{path.strip()}").replace("//", "/")
    if any(clean == one or clean.startswith(f"{one}/") for one in _FOR_DATA):
        return False
    return clean in _ABOVE or any(clean == one or clean.startswith(f"{one}/") for one in _SYSTEM)


def flexible(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """Judge a PersistentVolume by a driver that the kubelet runs as a program of the node, or by one that hands out its folders."""
    flex, csi = spec.get("flexVolume"), spec.get("csi")
    if flex is not None:
        yield Problem(
            key="spec.flexVolume",
            rule="runs a program of the node as root, with options that the volume gives it",
            cure="use a driver of CSI, which runs in a pod of its own",
        )
    if isinstance(csi, Mapping) and _OF_FOLDERS.fullmatch(str(csi.get("driver"))):
        yield from _paths("spec.csi", [*_texts(csi.get("volumeAttributes")), csi.get("volumeHandle")])


def of_class(resource: Declared) -> Iterator[Problem]:
    """Judge a class whose volumes are folders of a node: where they are, and who says so."""
    provisioner, parameters = resource.inputs.get("provisioner"), resource.inputs.get("parameters")
    if not _OF_FOLDERS.fullmatch(str(provisioner)):
        return
    metadata = resource.inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    said = parameters if isinstance(parameters, Mapping) else {}
    yield from _paths("parameters", [*_texts(parameters), *_texts(annotations)])
    pattern = str(said.get("pathPattern") or "")
    if ".." in pattern or ".Annotations" in pattern or str(said.get("allowUnsafePathPattern")).lower() == "true":
        yield Problem(
            key="parameters.pathPattern",
            value=repr(pattern),
            rule="leaves the folder for data, or lets whoever makes a claim name a folder of the node",
            cure="write it from the names of namespace and claim, without ..",
        )


def of_config(resource: Declared) -> Iterator[Problem]:
    """Judge the ConfigMap of a provisioner of local paths: the folders of each node, and the pod that makes them."""
    data = resource.inputs.get("data")
    text = data.get(_CONFIG) if isinstance(data, Mapping) else None
    if isinstance(text, str) and ("nodePathMap" in text or "sharedFileSystemPath" in text):
        yield from _paths(f"data.{_CONFIG}", list(_folders(_read(text))))
        pod = _read(data.get(_POD)) if isinstance(data, Mapping) else None
        for volume in listed(spec.get("volumes")) if isinstance(pod, Mapping) and isinstance(spec := pod.get("spec"), Mapping) else ():
            host = volume.get("hostPath") if isinstance(volume, Mapping) else None
            yield from _paths(f"data.{_POD}", [host.get("path") if isinstance(host, Mapping) else None])


def _read(text: object) -> object:
    """Return a document of JSON or YAML; None where it is neither."""
    try:
        return json.loads(str(text))
    except ValueError:
        pass
    try:
        return yaml.safe_load(str(text))
    except (yaml.YAMLError, RecursionError):
        return None


def _folders(config: object) -> Iterator[object]:
    """Yield the folders of a provisioner's configuration, of its own and of each class."""
    if isinstance(config, Mapping):
        yield config.get("sharedFileSystemPath")
        for one in listed(config.get("nodePathMap")):
            yield from listed(one.get("paths")) if isinstance(one, Mapping) else ()
        classes = config.get("storageClassConfigs")
        for inner in classes.values() if isinstance(classes, Mapping) else ():
            yield from _folders(inner)


def _texts(said: object) -> list[object]:
    """Return the paths within the values of a mapping."""
    values = said.values() if isinstance(said, Mapping) else ()
    return [path for value in values if isinstance(value, str) for path in _PATH.findall(value)]


def _paths(key: str, paths: list[object]) -> Iterator[Problem]:
    for path in paths:
        if isinstance(path, Unknown) or (isinstance(path, str) and path.startswith("/") and is_system(path)):
            yield Problem(
                key=key,
                value=str(path),
                rule="is a folder of the node's own system, which every pod with a claim may then read or change",
                cure=_CURE,
            )
            return
