"""The Kubernetes Pod Security Standards, profile ``restricted`` (which contains ``baseline``), as of Kubernetes 1.34."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_VOLUME_TYPES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_SELINUX = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_SYSCTLS = {
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
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def violations(spec: Any) -> list[str]:
    """Return what admission would refuse in a pod specification."""
    found = [*_pod(spec)]
    for container in [*spec.get("initContainers", []), *spec.get("containers", []), *spec.get("ephemeralContainers", [])]:
        found += [f"{container['name']}: {rule}" for rule in _container(container, spec.get("securityContext") or {})]
    return found


def _pod(spec: Any) -> Iterator[str]:
    context = spec.get("securityContext") or {}
    for flag in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(flag):
            yield flag
    for volume in spec.get("volumes", []):
        if not set(volume) - {"name"} <= _VOLUME_TYPES:
            yield f"volume {volume['name']}"
    if any(sysctl["name"] not in _SYSCTLS for sysctl in context.get("sysctls", [])):
        yield "sysctls"
    yield from _shared(context)


def _shared(context: Any) -> Iterator[str]:
    """Yield the violations of rules that apply to a pod's context and to each container's."""
    if context.get("runAsUser") == 0:
        yield "runAsUser"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield "hostProcess"
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type") not in _SELINUX or selinux.get("user") or selinux.get("role"):
        yield "seLinuxOptions"
    if (context.get("appArmorProfile") or {}).get("type", "RuntimeDefault") not in _SECCOMP:
        yield "appArmorProfile"
    if (context.get("seccompProfile") or {}).get("type", "RuntimeDefault") not in _SECCOMP:
        yield "seccompProfile"


def _container(container: Any, pod_context: Any) -> Iterator[str]:
    context = container.get("securityContext") or {}
    yield from _shared(context)
    if context.get("privileged"):
        yield "privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    capabilities = context.get("capabilities") or {}
    if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities"
    if context.get("procMount", "Default") != "Default":
        yield "procMount"
    if context.get("runAsNonRoot", pod_context.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot"
    if "seccompProfile" not in context and "seccompProfile" not in pod_context:
        yield "seccompProfile"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "hostPort"
    handlers = [container.get(probe) or {} for probe in _PROBES]
    handlers += [handler or {} for handler in (container.get("lifecycle") or {}).values()]
    if any((handler.get(kind) or {}).get("host") for handler in handlers for kind in ("httpGet", "tcpSocket")):
        yield "probe host"
