"""Configurations of the cluster's name server that answer the pipeline's names by something else, and everyday ones."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from stack.unknown import UNKNOWN
from tests.policy.workbench import NAMESPACE, extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

_INSIDE = f"{NAMESPACE}.svc.cluster.local"
_DOTS = _INSIDE.replace(".", "\\.")
_NAMES = tuple(
    f"{name}.{_INSIDE}"
    for name in ("postgresql", "kafka-headless", "kafka-0.kafka-headless", "kafka-2.kafka-headless", "schema-registry", "connect")
)
_ROOT = (
    ".:53 {{\n    errors\n    health\n{more}\n    kubernetes cluster.local in-addr.arpa ip6.arpa {{\n        pods insecure\n    }}\n"
    "    forward . /etc/resolv.conf\n    cache 30\n}}\n"
)


def _lines(name: str) -> Iterator[str]:
    """Yield lines of the root's block that answer a name by another one, or by an address."""
    first, _, rest = name.partition(".")
    for kind in ("", "exact "):
        yield f"rewrite name {kind}{name} thief.example.com"
    yield f"rewrite stop name {name}. thief.example.com."
    yield f"rewrite name prefix {first} thief"
    yield f"rewrite name suffix .{rest} .web.svc.cluster.local"
    yield f"rewrite name substring {rest} web.svc.cluster.local"
    yield f"rewrite name regex ^{first}\\.(.*)$ thief.{{1}}"
    yield f"rewrite name regex (.*)\\.{_DOTS} {{1}}.web.svc.cluster.local"
    yield f"rewrite name regex ((a+)+|{first}).* thief.example.com"
    yield f"rewrite continue {{\n        name regex (.*)\\.{_DOTS} {{1}}.web.svc.cluster.local\n        answer auto\n    }}"
    yield f"hosts {{\n        203.0.113.7 other.example.com {name.upper()}\n        fallthrough\n    }}"
    yield f"hosts /etc/hosts {{\n        2001:db8::7 {name}\n        fallthrough\n    }}"
    yield f'template IN A {_INSIDE} {{\n        answer "{{{{ .Name }}}} 60 IN A 203.0.113.7"\n    }}'
    yield f'template ANY ANY . {{\n        match "^{first}[.].*"\n        answer "{{{{ .Name }}}} 60 IN CNAME thief.example.com."\n    }}'
    yield f"template IN A {name} {{\n        rcode NXDOMAIN\n    }}"
    yield "route53 cluster.local.:Z0123456789"


def _blocks() -> Iterator[str]:
    """Yield server blocks for a part of the cluster's names, which Kubernetes does not answer."""
    for zone in ("cluster.local", "svc.cluster.local", _INSIDE, f"postgresql.{_INSIDE}"):
        yield f"{zone}:53 {{\n    errors\n    forward . 203.0.113.7\n}}\n"
        yield f"dns://{zone} {{\n    file /etc/coredns/zone.db\n}}\n"
    yield f"{_INSIDE} {{\n    forward . 10.0.0.7\n}}\n"
    yield f"example.com:53, {_INSIDE}:53 {{\n    hosts {{\n        10.0.0.7 postgresql.{_INSIDE}\n    }}\n}}\n"


def _everyday_lines() -> Iterator[str]:
    yield from ("log", "rewrite class CH IN", "autopath @kubernetes", "import /etc/coredns/custom/*.override", "ttl 5")
    for name in _NAMES[:2]:
        yield f"rewrite name database.example.com {name}"
        yield f"rewrite name exact {name} {name}"
    yield "rewrite name suffix .svc.cluster.example .svc.cluster.local"
    yield "rewrite stop {\n        name regex (.*)\\.web\\.svc\\.cluster\\.local {1}.shop.svc.cluster.local\n        answer auto\n    }"
    yield "hosts {\n        10.0.0.7 db.corp.example.com\n        fallthrough\n    }"
    yield "hosts /etc/coredns/NodeHosts {\n        ttl 60\n        reload 15s\n        fallthrough\n    }"
    yield "template IN AAAA . {\n        rcode NOERROR\n    }"
    yield "template ANY ANY corp.example.com {\n        rcode NXDOMAIN\n    }"
    yield f"template ANY ANY svc.cluster.local.{_INSIDE} {{\n        rcode NXDOMAIN\n    }}"
    yield f"# rewrite name {_NAMES[0]} thief.example.com"


def _everyday_blocks() -> Iterator[str]:
    yield "corp.example.com:53 {\n    errors\n    cache 30\n    forward . 10.0.0.10 10.0.0.11\n}\n"
    yield "consul:53 {\n    forward . 10.0.0.10\n}\n"
    yield "cluster.local:53 {\n    errors\n    kubernetes cluster.local\n}\n"
    yield "web.svc.cluster.local:53 {\n    forward . 203.0.113.7\n}\n"


def _map(name: str, namespace: str = "kube-system", /, **files: Any) -> Declared:
    made = extra("ConfigMap", name, {}, namespace=namespace)
    made.inputs["data"] = files  # type: ignore[index]
    return made


def harmful() -> Iterator[Declared]:
    """Yield ConfigMaps by which a name of the pipeline leads elsewhere: whole files, parts of managed clusters, and stubs."""
    for name in _NAMES:
        for line in _lines(name):
            yield _map("coredns", Corefile=_ROOT.format(more=f"    {line}"))
    for line in _lines(_NAMES[0]):
        yield _map("coredns-custom", **{"a.override": line})
    for block in _blocks():
        yield _map("coredns-custom", **{"a.server": block})
        yield _map("coredns", Corefile=block + _ROOT.format(more=""))
    yield _map("coredns", Corefile=_ROOT.format(more=""), NodeHosts=f"10.0.0.1 node-1\n203.0.113.7 {_NAMES[0]}\n")
    for zone in ("cluster.local", _INSIDE, f"postgresql.{_INSIDE}."):
        yield _map("kube-dns", stubDomains=json.dumps({zone: ["203.0.113.7"]}))
    yield _map("coredns", Corefile=UNKNOWN)
    # a name that is whole already is completed first, and Kubernetes has no such name
    completed = f"{_NAMES[0]}.{_INSIDE}"
    yield _map("coredns-custom", **{"a.override": f"rewrite name {completed} thief.example.com"})


def everyday() -> Iterator[Declared]:
    """Yield ConfigMaps of every day."""
    for line in _everyday_lines():
        yield _map("coredns", Corefile=_ROOT.format(more=f"    {line}"))
        yield _map("coredns-custom", **{"a.override": line})
    for block in _everyday_blocks():
        yield _map("coredns-custom", **{"a.server": block})
    for target in ("__PILLAR__CLUSTER__DNS__", "10.96.0.10"):
        cache = f"cluster.local:53 {{\n    errors\n    bind 169.254.20.10\n    forward . {target} {{\n        force_tcp\n    }}\n}}\n"
        yield _map("node-local-dns", Corefile=cache)
    yield _map("kube-dns", stubDomains=json.dumps({"corp.example.com": ["10.0.0.10"]}), upstreamNameservers='["10.0.0.11"]')
    yield _map("coredns", Corefile=_ROOT.format(more=""), NodeHosts="10.0.0.1 node-1\n")
    # a name server of another namespace answers whoever asks it, and no part of the pipeline does
    yield _map("coredns", "lab", Corefile=_ROOT.format(more=f"    rewrite name {_NAMES[0]} thief.example.com"))
    yield _map("extension-apiserver-authentication", **{"client-ca-file": "x"})


def some(bench: Workbench) -> Iterator[Made]:
    """Yield some of them beside a stack."""
    for at, one in enumerate(itertools.islice(harmful(), 0, None, 7)):
        yield f"names: {at} {one.object_name}", "service-private", bench.with_more(one)
    for at, one in enumerate(itertools.islice(everyday(), 0, None, 4)):
        yield f"names: everyday {at} {one.object_name}", None, bench.with_more(one)
