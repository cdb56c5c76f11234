"""Fields of a pod that Pod Security ``restricted`` refuses (Pod Security Standards, Kubernetes 1.34)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

_SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_PROFILES = {"RuntimeDefault", "Localhost"}
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
# Kernel parameters that concern the pod alone.
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
_HANDLERS = ("startupProbe", "readinessProbe", "livenessProbe")
# Name of a Secret in which older clusters stored the token of a service account; the end is random, without vowels.
_TOKEN_SECRET = re.compile(r".+-token-[bcdfghjklmnpqrstvwxz2456789]{5}")
TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type


def context_problems(context: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the problems of a security context, of a pod or of a container."""
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield Problem(rule="is a process of the Windows node (windowsOptions.hostProcess)", cure="remove hostProcess")
    selinux = context.get("seLinuxOptions") or {}
    kind = selinux.get("type")
    if isinstance(kind, Unknown) or kind not in _SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield Problem(rule="changes its SELinux type, user or role", cure="remove seLinuxOptions, except level and container types")
    if (context.get("appArmorProfile") or {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield Problem(rule="runs without AppArmor's profile", cure="set appArmorProfile.type to RuntimeDefault, or remove it")


def pod_context_problems(context: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the problems of a pod's own context, which Pod Security refuses even where each container says otherwise."""
    yield from context_problems(context)
    yield from sysctl_problems(context)
    if context.get("runAsUser") == 0:
        yield Problem(rule="runs as root unless a container says otherwise", cure="set runAsUser above 0")
    if (context.get("seccompProfile") or {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield Problem(rule="has no seccomp profile unless a container says otherwise", cure="set seccompProfile.type to RuntimeDefault")


def annotation_problems(metadata: object) -> Iterator[Problem]:
    """Yield the problems of annotations by which older versions of Kubernetes set AppArmor's profile."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    for key, value in annotations.items() if isinstance(annotations, Mapping) else ():
        if str(key).startswith(_APPARMOR) and not str(value).startswith(("runtime/default", "localhost/")):
            yield Problem(rule=f"runs without AppArmor's profile ({key})", cure="remove the annotation")


def sysctl_problems(context: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the kernel parameters that change the node for others."""
    unsafe = [str(one.get("name")) for one in context.get("sysctls") or [] if one.get("name") not in _SAFE_SYSCTLS]
    if unsafe:
        yield Problem(rule=f"sets kernel parameters of the node ({', '.join(unsafe)})", cure="remove sysctls")


def probe_problems(container: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the probes and hooks that call another host than the pod itself, which the kubelet then calls from the node."""
    handlers = [container.get(name) for name in _HANDLERS] + list((container.get("lifecycle") or {}).values())
    for handler in handlers:
        if isinstance(handler, Mapping) and any((handler.get(kind) or {}).get("host") for kind in ("httpGet", "tcpSocket")):
            yield Problem(rule="has a probe or hook for another host", cure="remove host, so that the pod itself is asked")
            return


def secrets_read(spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all Secrets that a pod reads, as files or variables."""
    for volume in spec.get("volumes") or []:
        yield str((volume.get("secret") or {}).get("secretName") or "")
        for source in (volume.get("projected") or {}).get("sources") or []:
            yield str((source.get("secret") or {}).get("name") or "")
    for container in [one for place in ("initContainers", "containers") for one in spec.get(place) or []]:
        for entry in container.get("envFrom") or []:
            yield str((entry.get("secretRef") or {}).get("name") or "")
        for entry in container.get("env") or []:
            reference = (entry.get("valueFrom") or {}).get("secretKeyRef") if isinstance(entry.get("valueFrom"), Mapping) else None
            yield str((reference or {}).get("name") or "")


def is_old_token(name: str) -> bool:
    """Return whether a Secret has the name of a service account's token that older clusters created by themselves."""
    return _TOKEN_SECRET.fullmatch(name) is not None
