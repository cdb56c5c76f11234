"""Changes of the host outside the node's own folder, noted before the first one so that all of them can be undone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.checks import whole_file
from providers.waiting import Patience
from sandbox import addresses, mounts
from sandbox.cluster import firewall
from sandbox.cluster.errors import NodeError
from sandbox.paths import STATE

# seen: more than 10 s, for the emulator after hours of load, with other work on both cores
_KILL_S = 60.0
_POLL_S = 0.05
_NOTES = STATE / "host.json"

# Set by us, by the kubelet, by kube-proxy or by the bridge plugin.
_SETTINGS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/route_localnet": None,
    "net/ipv4/conf/default/route_localnet": None,
    "net/ipv6/conf/all/forwarding": None,
    "net/bridge/bridge-nf-call-iptables": "1",
    "net/bridge/bridge-nf-call-ip6tables": None,
    "vm/overcommit_memory": None,
    "vm/panic_on_oom": None,
    "kernel/panic": None,
    "kernel/panic_on_oops": None,
    "kernel/keys/root_maxkeys": None,
    "kernel/keys/root_maxbytes": None,
}

PACKAGES = ("containerd", "runc", "containernetworking-plugins", "iptables", "nftables", "iproute2", "mount")
"""The Debian packages with the programs that the node and this code call."""

_PROGRAMS = ("containerd", "ctr", "runc", "iptables-restore", "iptables-save", "nft", "ip", "umount")
_CNI = ("/usr/lib/cni/bridge", "/usr/lib/cni/host-local", "/usr/lib/cni/loopback")

# Places that containerd, its shims, the CNI library and the kubelet use in spite of their configuration.
_PLACES = (
    "/run/containerd",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
    "/etc/cni",
    "/opt/cni",
    "/run/netns",
)


def check() -> None:
    """Refuse a host on which the node cannot run, before anything is changed.

    Raises:
        NodeError: If a program is missing, or the pods of another Kubernetes run here.
    """
    missing = [name for name in (*_PROGRAMS, *_CNI) if shutil.which(name) is None]
    if missing:
        message = f"the node needs {', '.join(missing)} (is /usr/sbin on PATH?): apt-get install {' '.join(PACKAGES)}"
        raise NodeError(message)
    refuse_others()


def refuse_others() -> None:
    """Look for another Kubernetes, whose packet filter and ours would mix. Raises NodeError where its pods run here."""
    if not _NOTES.exists() and not has_bridge() and (_pod_processes() or _systemds_pods()):
        message = "pods of another Kubernetes run on this machine (control group kubepods); the sandbox needs a machine without one"
        raise NodeError(message)


def prepare() -> None:
    """Note the host's state, once, then set what pods need: kernel modules, forwarding, filtered bridges, the node's address, the guard."""
    for module in ("br_netfilter", "overlay"):
        if shutil.which("modprobe"):
            subprocess.run(["modprobe", "--quiet", module], check=False)
    if not _NOTES.exists():
        notes = {
            "settings": {name: value for name in _SETTINGS if (value := _setting(name)) is not None},
            "tables": firewall.tables(),
            "absent": [place for place in _PLACES if not Path(place).exists()],
        }
        whole_file.write(_NOTES, json.dumps(notes, indent=2) + "\n")
    for name, wanted in _SETTINGS.items():
        if wanted is not None and _setting(name) != wanted:
            (Path("/proc/sys") / name).write_text(wanted)
    _ip("address", "replace", f"{addresses.NODE}/32", "dev", "lo")
    firewall.raise_guard(route_others=_noted()["settings"].get("net/ipv4/ip_forward") == "1")


def put_back() -> None:
    """Undo everything that ``prepare`` and the components did to the host. May be called again."""
    firewall.remove_rules()
    mounts.release(STATE, itself=True)
    _remove_cgroups()
    for interface in _interfaces():
        _ip("link", "delete", interface)
    _ip("address", "delete", f"{addresses.NODE}/32", "dev", "lo")
    notes = _noted()
    firewall.remove_empty_tables(notes["tables"])
    for name, value in notes["settings"].items():
        if _setting(name) not in (None, value):
            (Path("/proc/sys") / name).write_text(value)
    for log in Path("/var/log/containers").glob("*.log"):
        if log.is_symlink() and log.readlink().is_relative_to(STATE):
            log.unlink()
    for address in (STATE / "containerd" / "run").glob("io.containerd.runtime.v2.task/*/*/address"):
        Path(address.read_text().removeprefix("unix://")).unlink(missing_ok=True)  # a shim's socket, outside like the rest of these
    for place in notes["absent"]:
        mounts.release(Path(place), itself=True)
        shutil.rmtree(place, ignore_errors=True)


def has_bridge() -> bool:
    """Tell whether the pods' bridge exists, which a node that was not removed leaves."""
    return bool(_interfaces())


def kill_pods() -> None:
    """Kill every process in the pods' control groups and return when they are gone."""
    patience = Patience(_KILL_S)
    while victims := _pod_processes():
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not patience.go_on("the containers' processes to end", _POLL_S):
            message = f"these containers' processes do not end even when killed: {sorted(victims)}"
            raise NodeError(message)


def _noted() -> dict[str, Any]:
    """Return what was noted before the first change; what was not noted was not changed, or by another version, and is not put back."""
    nothing: dict[str, Any] = {"settings": {}, "tables": firewall.tables(), "absent": []}
    return nothing | json.loads(_NOTES.read_text()) if _NOTES.exists() else nothing


def _pod_processes() -> set[int]:
    found: set[int] = set()
    for root in _cgroups():
        for folder, _, files in os.walk(root):
            if "cgroup.procs" in files:
                with suppress(OSError):
                    found.update(int(line) for line in (Path(folder) / "cgroup.procs").read_text().split())
    return found


def _systemds_pods() -> bool:
    """Tell whether a kubelet whose control groups systemd makes has pods here; ours makes its own."""
    return any(Path("/sys/fs/cgroup").glob("kubepods.slice/*")) or any(Path("/sys/fs/cgroup").glob("*/kubepods.slice/*"))


def _cgroups() -> list[Path]:
    """Return the pods' control groups in each hierarchy of either version."""
    hierarchies = (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir())
    return [root for hierarchy in hierarchies if (root := hierarchy / "kubepods").is_dir()]


def _remove_cgroups() -> None:
    """Remove the pods' control groups, children first."""
    for root in _cgroups():
        for folder, _, _ in os.walk(root, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()


def _interfaces() -> list[str]:
    """Return the bridge and the host's ends of the pods' cables: these are the ones plugged into it."""
    bridge = Path("/sys/class/net") / addresses.BRIDGE
    if not bridge.exists():
        return []
    return [*(port.name for port in (bridge / "brif").iterdir()), addresses.BRIDGE]


def _setting(name: str) -> str | None:
    path = Path("/proc/sys") / name
    return path.read_text().strip() if path.exists() else None


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=arguments[1] == "replace", capture_output=True)
