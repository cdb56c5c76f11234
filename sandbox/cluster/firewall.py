"""The packet filter: a guard that keeps the sandbox's packets on this machine, and the removal of every rule the sandbox made."""

from __future__ import annotations

import re
import shutil
import subprocess

from sandbox import addresses
from sandbox.cluster.errors import NodeError

GUARD = "SANDBOX-GUARD"
PODS = "SANDBOX-PODS"
_OURS = ("SANDBOX-", "KUBE-")
_HOOKS = ("INPUT", "FORWARD", "OUTPUT")


def guard_rules(*, route_others: bool) -> str:
    """Return the guard for ``iptables-restore --noflush``.

    It is in the filter table, so after the translation of service addresses: what still carries one, or is for a pod, but would leave by an
    interface of the outside has no place to go. Without it such packets follow the default route until kube-proxy has its rules.

    Args:
        route_others: Whether the host was a router before; if not, it must not become one for others by having pods.
    """
    bridge = addresses.BRIDGE
    refuse = "-j REJECT --reject-with icmp-port-unreachable"
    rules = [
        "*filter",
        f":{GUARD}-INPUT - [0:0]",
        f":{GUARD}-FORWARD - [0:0]",
        f":{GUARD}-OUTPUT - [0:0]",
        f":{PODS} - [0:0]",
        f"-A {GUARD}-INPUT -i lo -j RETURN",
        f"-A {GUARD}-INPUT -i {bridge} -j RETURN",
        f"-A {GUARD}-INPUT -d {addresses.NODE}/32 {refuse}",
        f"-A {GUARD}-INPUT -d {addresses.PODS} {refuse}",
        f"-A {GUARD}-FORWARD -i {bridge} -o {bridge} -j RETURN",
        f"-A {GUARD}-FORWARD -i {bridge} {refuse}",
        f"-A {GUARD}-FORWARD -o {bridge} {refuse}",
        *([] if route_others else [f"-A {GUARD}-FORWARD {refuse}"]),
        f"-A {GUARD}-OUTPUT -o lo -j RETURN",
        f"-A {GUARD}-OUTPUT -o {bridge} -j RETURN",
        *(f"-A {GUARD}-OUTPUT -d {target} {refuse}" for target in (addresses.PODS, addresses.SERVICES)),
        f"-A {PODS} -i {bridge} -o {bridge} -j ACCEPT",
    ]
    return "\n".join([*rules, "COMMIT", ""])


def raise_guard(*, route_others: bool) -> None:
    """Put the guard in force, in front of all other rules; a guard that is there already is renewed without a gap.

    Behind all other rules pods may reach pods, also where the host's policy is to forward nothing, as Docker sets it.
    """
    _restore("iptables", guard_rules(route_others=route_others))
    for place, hook, chain in (*(("-I", hook, f"{GUARD}-{hook}") for hook in _HOOKS), ("-A", "FORWARD", PODS)):
        jump = [hook, "-j", chain]
        if _iptables("-w", "-C", *jump).returncode != 0:
            added = _iptables("-w", place, *jump)
            if added.returncode != 0:
                message = f"iptables refuses the rule that keeps packets on this machine: {added.stderr.strip()}"
                raise NodeError(message)


def removal(saved: str) -> str:
    """Return what undoes the sandbox's and Kubernetes' rules, for ``iptables-restore --noflush``, or nothing if there are none.

    Args:
        saved: Output of ``iptables-save``.
    """
    out: list[str] = []
    for table, body in re.findall(r"^\*(\w+)\n(.*?)^COMMIT", saved, re.MULTILINE | re.DOTALL):
        chains = [name for name in re.findall(r"^:(\S+)", body, re.MULTILINE) if name.startswith(_OURS)]
        jumps = [
            line.replace("-A", "-D", 1)
            for line in body.splitlines()
            if line.startswith("-A")
            and not line.split()[1].startswith(_OURS)
            and any(target in chains for target in re.findall(r"-[jg] (\S+)", line))
        ]
        if chains:
            out += [f"*{table}", *(f":{chain} - [0:0]" for chain in chains), *jumps, *(f"-X {chain}" for chain in chains), "COMMIT"]
    return "\n".join([*out, ""]) if out else ""


def remove_rules() -> None:
    """Remove every rule and chain that the sandbox, kube-proxy or the kubelet made, for both versions of the protocol."""
    for family in ("iptables", "ip6tables"):
        if shutil.which(f"{family}-save") is None:
            continue
        saved = subprocess.run([f"{family}-save"], check=False, capture_output=True, text=True).stdout
        undo = removal(saved)
        if undo:
            _restore(family, undo)


def tables() -> list[str]:
    """Return the tables that exist in the kernel's packet filter, as ``family name``."""
    listed = subprocess.run(["nft", "list", "tables"], check=False, capture_output=True, text=True).stdout
    return [line.removeprefix("table ") for line in listed.splitlines()]


def remove_empty_tables(before: list[str]) -> None:
    """Remove the tables that the sandbox's rules brought into being, if nobody else has put a rule into them since.

    Args:
        before: The tables that existed before.
    """
    for table in tables():
        if table in before or table.split()[0] not in {"ip", "ip6"}:
            continue
        listed = subprocess.run(["nft", "list", "table", *table.split()], check=False, capture_output=True, text=True).stdout
        if is_empty(listed):
            subprocess.run(["nft", "delete", "table", *table.split()], check=False, capture_output=True)


def is_empty(listed: str) -> bool:
    """Tell whether a table, as ``nft list table`` shows it, holds nothing but built-in chains that let everything pass."""
    chains = re.findall(r"chain (\S+) \{(.*?)\n\t\}", listed, re.DOTALL)
    rules = [line for _, body in chains for line in body.splitlines() if line.strip() and "policy accept;" not in line]
    return not rules and all("hook" in body for _, body in chains)


def _restore(family: str, rules: str) -> None:
    done = subprocess.run([f"{family}-restore", "--wait", "5", "--noflush"], input=rules, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        message = f"{family}-restore refuses the sandbox's rules: {done.stderr.strip()}"
        raise NodeError(message)


def _iptables(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["iptables", *arguments], check=False, capture_output=True, text=True)
