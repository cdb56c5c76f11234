"""The configuration files of the components, rendered; JSON wherever YAML is read, since JSON is YAML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox import addresses
from sandbox.paths import STATE

if TYPE_CHECKING:
    from pathlib import Path

RESOLVER = "# Pods that ask for the node's resolver get none: names from outside are not looked up.\n"
"""Content of the resolver file that the kubelet hands to pods."""


PAUSE_IMAGE = "localhost/data-ingestion/pause:1"
"""Name of the image that holds a pod's namespaces; imported before the first pod."""


def containerd(home: Path) -> str:
    """Return the runtime's configuration: everything under its home, cgroups by runc itself.

    ``restrict_oom_score_adj`` is for machines whose root may not lower the score, which otherwise start no guaranteed pod.
    """
    return f"""\
version = 2
root = "{home}/root"
state = "{home}/run"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{home}/run/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
  path = "{home}/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "{addresses.NODE}"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "{STATE}/config/cni"

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  Root = "{home}/run/runc"
  SystemdCgroup = false
"""


def cni() -> str:
    """Return the pods' network: one bridge with the range's first address, no address translation, no ports of the host."""
    bridge = {
        "type": "bridge",
        "bridge": addresses.BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(STATE / "cni"),
            "ranges": [[{"subnet": addresses.PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return _json({"cniVersion": "0.4.0", "name": "sandbox", "plugins": [bridge]})


def kubelet(resolver: Path, runtime_socket: Path, pki: Path) -> str:
    """Return the kubelet's configuration.

    A sync every 10 s instead of every minute lets an optional Secret appear in running pods soon after it is made. Images are not
    collected, as they could not be had again. Both versions of cgroups are accepted.
    """
    return _json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": addresses.NODE,
            "healthzBindAddress": addresses.NODE,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(pki / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(pki / "kubelet.crt"),
            "tlsPrivateKeyFile": str(pki / "kubelet.key"),
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "failSwapOn": False,
            "containerRuntimeEndpoint": f"unix://{runtime_socket}",
            "clusterDNS": [addresses.DNS],
            "clusterDomain": addresses.DOMAIN,
            "resolvConf": str(resolver),
            "podLogsDir": str(STATE / "log" / "pods"),
            "volumePluginDir": str(STATE / "kubelet" / "volume-plugins"),
            "syncFrequency": "10s",
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi"},
            "serializeImagePulls": False,
            "makeIPTablesUtilChains": False,
            "oomScoreAdj": 0,
        },
    )


def proxy(kubeconfig: Path) -> str:
    """Return kube-proxy's configuration: node ports on the loopback interface only, connection tracking left as the machine has it."""
    return _json(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "bindAddress": addresses.NODE,
            "healthzBindAddress": f"{addresses.NODE}:10256",
            "metricsBindAddress": f"{addresses.NODE}:10249",
            "hostnameOverride": addresses.NODE_NAME,
            "clusterCIDR": addresses.PODS,
            "clientConnection": {"kubeconfig": str(kubeconfig)},
            "nodePortAddresses": ["127.0.0.0/8"],
            "iptables": {"localhostNodePorts": True},
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "oomScoreAdj": 0,
        },
    )


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
