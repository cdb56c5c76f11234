"""The addresses of the node: chosen so that they collide neither with usual home networks nor with Docker's."""

from __future__ import annotations

NODE_NAME = "sandbox"
"""Name the node registers itself with."""

NODE = "10.245.0.1"
"""Address of every component; an extra address of the loopback interface, so that pods can reach it and nobody outside can."""

PODS = "10.244.0.0/24"
"""Range of pod addresses, 253 of them; the bridge takes the first."""

SERVICES = "10.96.0.0/16"
"""Range of service addresses."""

API_SERVICE = "10.96.0.1"
"""Service address of the API server: Kubernetes always takes the first of the range."""

DNS = "10.96.0.10"
"""Service address of the cluster's name server."""

DOMAIN = "cluster.local"
"""Domain of the cluster's names."""

BRIDGE = "sandbox0"
"""Network interface that the pods are attached to."""

API_PORT = 6443
API_SERVER = f"https://{NODE}:{API_PORT}"
"""Address of the API server."""

ETCD_PORT = 2379
ETCD = f"https://{NODE}:{ETCD_PORT}"
ETCD_PEER = f"https://{NODE}:2380"
"""Addresses of etcd for the API server and for peers, of which it has none."""

NODE_PORTS = "1024-32767"
"""Node ports may be the well-known ports of the services, such as 5432: the sandbox's node ports are the host's ports."""
