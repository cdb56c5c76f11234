"""Components of the node: command lines and configuration files, as plain values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox import addresses
from sandbox.cluster import configs
from sandbox.paths import CHECKOUT, STATE

if TYPE_CHECKING:
    from pathlib import Path

BINARY = STATE / "bin" / "node"
PKI = STATE / "pki"
ADMIN = PKI / "admin.kubeconfig"
CONTAINERD_SOCKET = STATE / "containerd" / "run" / "containerd.sock"
TRAIL_POLICY = CHECKOUT / "pipeline" / "laptop" / "audit-policy.yaml"
"""Rules of the API server's trail, which are the laptop's too."""
TRAIL = STATE / "log" / "audit.log"
"""The trail: a line of JSON for each request."""


_FRUGAL = {"GOGC": "50"}  # half the heap for a little more CPU


@dataclass(frozen=True)
class Component:
    """One process of the node.

    Attributes:
        name: Its name, also that of its log.
        argv: The command.
        files: Path to content of the configuration files that it reads.
        environment: Variables it gets.
    """

    name: str
    argv: tuple[str, ...]
    files: dict[Path, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: _FRUGAL)

    def fingerprint(self, binary_digest: str) -> str:
        """Return a hash of all that decides how the process behaves; another one means that it must be restarted."""
        told = [binary_digest, self.argv, sorted((str(path), text) for path, text in self.files.items()), sorted(self.environment.items())]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def every() -> list[Component]:
    """Return all components in the order of their start."""
    return [containerd(), etcd(), api_server(), *of_kubernetes(), *of_the_sandbox()]


def of_kubernetes() -> list[Component]:
    """Return the components that need an API server only."""
    return [controller_manager(), scheduler(), proxy(), kubelet()]


def of_the_sandbox() -> list[Component]:
    """Return the components that also need rights which the sandbox grants them."""
    return [network_policies(), volume_provisioner()]


def containerd() -> Component:
    """Return the container runtime, with a place and a socket of its own."""
    config = STATE / "config" / "containerd.toml"
    cni = STATE / "config" / "cni" / "10-sandbox.conflist"
    files = {config: configs.containerd(STATE / "containerd"), cni: configs.cni()}
    # Images are imported, never pulled: a wrong name must fail at once here, not be asked for outside.
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:1")
    return Component("containerd", ("containerd", "--config", str(config)), files, _FRUGAL | nowhere)


def etcd() -> Component:
    """Return the store of the API server."""
    return _applet(
        "etcd",
        **{
            "data-dir": STATE / "etcd",
            "listen": addresses.ETCD,
            "peer": addresses.ETCD_PEER,
            "cert": PKI / "etcd.crt",
            "key": PKI / "etcd.key",
            "ca": PKI / "ca.crt",
        },
    )


def api_server() -> Component:
    """Return the API server, which writes the trail of changes as the laptop's does.

    Admission is Kubernetes' default set, Pod Security among it, plus the limits of a node's credential.
    """
    policy = STATE / "config" / "audit-policy.yaml"
    return _applet(
        "kube-apiserver",
        {policy: TRAIL_POLICY.read_text(encoding="utf-8")},
        **{
            "audit-policy-file": policy,
            "audit-log-path": TRAIL,
            "audit-log-maxsize": 20,
            "audit-log-maxbackup": 2,
            "advertise-address": addresses.NODE,
            "bind-address": addresses.NODE,
            "secure-port": addresses.API_PORT,
            "service-cluster-ip-range": addresses.SERVICES,
            "service-node-port-range": addresses.NODE_PORTS,
            "authorization-mode": "Node,RBAC",
            "anonymous-auth": "false",
            "enable-admission-plugins": "NodeRestriction",
            "profiling": "false",
            "client-ca-file": PKI / "ca.crt",
            # No extension server is in front of anything here, but every component that delegates to this one asks for these.
            "requestheader-client-ca-file": PKI / "ca.crt",
            "requestheader-allowed-names": "nobody",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "tls-cert-file": PKI / "kube-apiserver.crt",
            "tls-private-key-file": PKI / "kube-apiserver.key",
            "etcd-servers": addresses.ETCD,
            "etcd-cafile": PKI / "ca.crt",
            "etcd-certfile": PKI / "kube-apiserver.crt",
            "etcd-keyfile": PKI / "kube-apiserver.key",
            "kubelet-certificate-authority": PKI / "ca.crt",
            "kubelet-client-certificate": PKI / "kubelet-client.crt",
            "kubelet-client-key": PKI / "kubelet-client.key",
            "kubelet-preferred-address-types": "InternalIP",
            "service-account-issuer": f"https://kubernetes.default.svc.{addresses.DOMAIN}",
            "service-account-key-file": PKI / "service-accounts.pub",
            "service-account-signing-key-file": PKI / "service-accounts.key",
        },
    )


def controller_manager() -> Component:
    """Return the controllers of Kubernetes."""
    return _applet(
        "kube-controller-manager",
        **_delegating("kube-controller-manager"),
        **{
            "flex-volume-plugin-dir": STATE / "kubelet" / "volume-plugins",  # else it makes one outside
            "root-ca-file": PKI / "ca.crt",
            "service-account-private-key-file": PKI / "service-accounts.key",
            "use-service-account-credentials": "true",
        },
    )


def scheduler() -> Component:
    """Return the scheduler."""
    return _applet("kube-scheduler", **_delegating("kube-scheduler"))


def kubelet() -> Component:
    """Return the agent that runs the pods."""
    config = STATE / "config" / "kubelet.json"
    resolver = STATE / "config" / "resolv.conf"
    return _applet(
        "kubelet",
        {config: configs.kubelet(resolver, CONTAINERD_SOCKET, PKI), resolver: configs.RESOLVER},
        **{
            "config": config,
            "kubeconfig": PKI / "kubelet.kubeconfig",
            "root-dir": STATE / "kubelet",
            "hostname-override": addresses.NODE_NAME,
            "node-ip": addresses.NODE,
        },
    )


def proxy() -> Component:
    """Return what turns service addresses and node ports into pod addresses."""
    config = STATE / "config" / "kube-proxy.json"
    return _applet("kube-proxy", {config: configs.proxy(PKI / "kube-proxy.kubeconfig")}, config=config)


def network_policies() -> Component:
    """Return the enforcement of NetworkPolicies."""
    return _applet("network-policies", kubeconfig=PKI / "network-policies.kubeconfig")


def volume_provisioner() -> Component:
    """Return the maker of volumes; their data stays under the state directory until the sandbox is taken down."""
    return _applet("volume-provisioner", kubeconfig=PKI / "volume-provisioner.kubeconfig", root=STATE / "volumes")


def _delegating(name: str) -> dict[str, object]:
    kubeconfig = PKI / f"{name}.kubeconfig"
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": addresses.NODE,
        "leader-elect": "false",
        "profiling": "false",
        # The default of 20 a second makes the controllers start one after the other for four seconds.
        "kube-api-qps": "200",
        "kube-api-burst": "300",
    }


def _applet(name: str, files: dict[Path, str] | None = None, /, **flags: object) -> Component:
    return Component(name, (str(BINARY), name, *(f"--{flag}={value}" for flag, value in flags.items())), files or {})
