"""Kubernetes objects as plain dictionaries: labels, containers, probes and pods that satisfy Pod Security ``restricted``."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from stack.settings.names import PART_OF

# A JSON object in Kubernetes' spelling. The SDK's input types are nested TypedDicts, which a computed dictionary cannot satisfy.
Manifest = Any

IMAGE_PULL_POLICY = "IfNotPresent"
_TMP_MIB = 64


def labels(component: str) -> dict[str, str]:
    """Return the labels of all objects of one component; selectors use the same."""
    return {"app.kubernetes.io/part-of": PART_OF, "app.kubernetes.io/component": component}


def checksum(*parts: object) -> str:
    """Return a short digest of configuration; as a pod annotation it rolls the pods at a change."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def resources(memory_mib: int, cpu_millicores: int) -> Manifest:
    """Return memory with request = limit, so that the scheduler counts what a pod may use, and a processor request without a limit."""
    memory = f"{memory_mib}Mi"
    return {"requests": {"memory": memory, "cpu": f"{cpu_millicores}m"}, "limits": {"memory": memory}}


def container(  # noqa: PLR0913 - a container has this many independent parts
    *,
    name: str,
    image: str,
    command: list[str],
    memory_mib: int,
    cpu_millicores: int,
    env: dict[str, str] | None = None,
    env_from: dict[str, Manifest] | None = None,
    ports: dict[str, int] | None = None,
    mounts: list[Manifest] | None = None,
    probes: dict[str, Manifest] | None = None,
) -> Manifest:
    """Return one container of a restricted pod.

    Args:
        name: Container name.
        image: Image reference with a fixed tag or digest.
        command: Executable and arguments; they replace the image's entry point.
        memory_mib: Memory request and limit in MiB.
        cpu_millicores: Processor request in thousandths of a core.
        env: Plain environment variables.
        env_from: Environment variables by reference: name to ``valueFrom``.
        ports: Port name to number.
        mounts: Volume mounts; ``/tmp`` is added.
        probes: ``startupProbe``, ``readinessProbe`` and ``livenessProbe``.
    """
    variables: list[Manifest] = [{"name": key, "value": value} for key, value in sorted((env or {}).items())]
    variables += [{"name": key, "valueFrom": value} for key, value in sorted((env_from or {}).items())]
    # $(NAME) in a value may only refer to an earlier variable
    variables.sort(key=lambda variable: "$(" in str(variable.get("value", "")))
    built: Manifest = {
        "name": name,
        "image": image,
        "imagePullPolicy": IMAGE_PULL_POLICY,
        "command": command,
        "resources": resources(memory_mib, cpu_millicores),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [*(mounts or []), {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a volume of the pod
        **(probes or {}),
    }
    if variables:
        built["env"] = variables
    if ports:
        built["ports"] = [{"name": key, "containerPort": port, "protocol": "TCP"} for key, port in ports.items()]
    return built


def pod(
    *,
    service_account: str,
    uid: int,
    containers: list[Manifest],
    init_containers: list[Manifest] | None = None,
    volumes: list[Manifest] | None = None,
    grace_s: int = 60,
) -> Manifest:
    """Return a pod specification that satisfies Pod Security ``restricted``.

    Args:
        service_account: Service account of the pod, without a token in the pod.
        uid: User, group and file-system group of all containers.
        containers: The containers.
        init_containers: Containers that run earlier, one after the other, within the same memory.
        volumes: Volumes; ``/tmp`` is added.
        grace_s: Seconds between SIGTERM and SIGKILL.
    """
    built: Manifest = {
        "serviceAccountName": service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace_s,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": uid,
            "runAsGroup": uid,
            "fsGroup": uid,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": containers,
        "volumes": [*(volumes or []), {"name": "tmp", "emptyDir": {"sizeLimit": f"{_TMP_MIB}Mi"}}],
    }
    if init_containers:
        built["initContainers"] = init_containers
    return built


def template(component: str, spec: Manifest, config_checksum: str) -> Manifest:
    """Return a pod template; a changed ``config_checksum`` rolls the pods."""
    return {
        "metadata": {"labels": labels(component), "annotations": {"data-ingestion/config-checksum": config_checksum}},
        "spec": spec,
    }


def exec_probe(command: list[str], *, period_s: int, failures: int, timeout_s: int = 5) -> Manifest:
    """Return a probe that runs a command in the container; it fails after ``period_s * failures`` seconds."""
    return {"exec": {"command": command}, "periodSeconds": period_s, "failureThreshold": failures, "timeoutSeconds": timeout_s}


def tcp_probe(port: str, *, period_s: int, failures: int) -> Manifest:
    """Return a probe that connects to a named port."""
    return {"tcpSocket": {"port": port}, "periodSeconds": period_s, "failureThreshold": failures, "timeoutSeconds": 3}


def http_probe(path: str, port: str, *, period_s: int, failures: int) -> Manifest:
    """Return a probe that expects a 2xx or 3xx answer to GET ``path``."""
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": period_s, "failureThreshold": failures, "timeoutSeconds": 5}


def mount(volume: str, path: str, *, read_only: bool = True, **extra: str) -> Manifest:
    """Return a volume mount; ``extra`` may contain ``subPath`` or ``subPathExpr``."""
    return {"name": volume, "mountPath": path, "readOnly": read_only, **extra}


def secret_volume(name: str, secret: str, *, optional: bool = False, mode: int = 0o440) -> Manifest:
    """Return a volume with the files of a Secret; with ``optional`` the pod can start before the Secret exists."""
    return {"name": name, "secret": {"secretName": secret, "optional": optional, "defaultMode": mode}}


def config_volume(name: str, config_map: str, *, mode: int = 0o444) -> Manifest:
    """Return a volume with the files of a ConfigMap."""
    return {"name": name, "configMap": {"name": config_map, "defaultMode": mode}}


def volume_claim(name: str, storage_class: str, size_mib: int) -> Manifest:
    """Return a volume claim template of a StatefulSet."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": f"{size_mib}Mi"}},
        },
    }
