"""Configurations of the cluster's name server that answer the names of the pipeline's Services by something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.corefiles import Block, answered, blocks, is_in, names_of, zone
from policy.guarded import COMPONENTS
from stack.problem import Problem
from stack.settings.cluster import is_private
from stack.settings.names import BROKERS
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared, Record

    Targets = Callable[[Record, Any, str], bool]

_NAMESPACE: Final = "kube-system"
_CLUSTER: Final = "cluster.local"
_COREFILE: Final = "Corefile"
# Parts of a Corefile in ConfigMaps of managed clusters: lines of the root's block, and blocks of their own
_OVERRIDE: Final = ".override"
_SERVER: Final = ".server"
_STUBS: Final = "stubDomains"
_HEADLESS: Final = "-headless"


def renamed(record: Record, targets: Targets) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the configurations of CoreDNS, its cache on the nodes and kube-dns by which others get the pipeline's connections."""
    names: list[str] = []
    for one in record.of_kind("ConfigMap"):
        if one.namespace != _NAMESPACE and not isinstance(one.namespace, Unknown):
            continue
        data = one.inputs.get("data")
        if not _is_of_dns(one.object_name, data):
            continue
        if not isinstance(data, Mapping) or any(isinstance(text, Unknown) for text in data.values()):
            yield one, Problem(rule="what the cluster's name server answers is not known at preview", cure="set plain values")
            continue
        names = names or list(_names(record, targets))
        for key, text in data.items():
            found = next(((name, by) for name in names if (by := _answer(str(key), str(text), name))), None)
            if found:
                name, by = found
                yield (
                    one,
                    Problem(
                        about=f"file {key}",
                        rule=f"the cluster's name server answers {name}, a name of the pipeline, by {by}",
                        cure=f"leave the names of namespace {name.partition('.svc')[0].rpartition('.')[2]} to the plugin kubernetes",
                    ),
                )


def _is_of_dns(name: str, data: object) -> bool:
    keys = [str(key) for key in data] if isinstance(data, Mapping) else []
    return "dns" in name or any(key.startswith(_COREFILE) or key == _STUBS or key.endswith((_OVERRIDE, _SERVER)) for key in keys)


def _names(record: Record, targets: Targets) -> Iterator[str]:
    """Yield the names that pods of the pipeline ask for: each alone, and as a resolver completes it first."""
    own = record.limits.own
    declared = [one for one in record.of_kind("Service") if targets(record, one.namespace, one.object_name)]
    services = {(one.object_name, str(one.namespace)) for one in declared}
    services |= {(f"{name}{end}", own) for name in COMPONENTS for end in ("", _HEADLESS)} if own else set()
    for name, namespace in sorted(services):
        inside = f"{name}.{namespace}.svc.{_CLUSTER}"
        pods = [f"{name.removesuffix(_HEADLESS)}-{at}.{inside}" for at in range(BROKERS)] if name.endswith(_HEADLESS) else []
        for one in (inside, *pods):
            yield one
            yield f"{one}.{namespace}.svc.{_CLUSTER}"
            yield f"{one}.svc.{_CLUSTER}"
            yield f"{one}.{_CLUSTER}"


def _is_completed(name: str) -> bool:
    """Return whether a resolver has completed a name that was whole already; Kubernetes has no such name."""
    return name.count(_CLUSTER) > 1


def _answer(key: str, text: str, name: str) -> str:
    """Return what a file of the name server answers for a name, for messages; empty where Kubernetes answers."""
    if key == _STUBS:
        return _by_stub(text, name)
    if not (key.startswith(_COREFILE) or key.endswith((_OVERRIDE, _SERVER))):
        hosts = (line.split("#")[0].split() for line in text.splitlines() if name in line.lower())
        return next((f"the address {line[0]}" for line in hosts if line and name in names_of(line)), "")
    for block in blocks(text, is_override=key.endswith(_OVERRIDE)):
        if is_in(name, block.zones):
            by = next((by for plugin in block.plugins if (by := answered(plugin, name, block.zones))), "")
            if (by and not (by == "no address" and _is_completed(name))) or (by := _without_kubernetes(block, name)):
                return by
    return ""


def _without_kubernetes(block: Block, name: str) -> str:
    """Return who answers in a block for a part of the cluster's names; a cache on the nodes asks the cluster's server for all of them."""
    named = [one for one in block.zones if one and is_in(name, (one,))]
    if not named or _is_completed(name) or any(_has_kubernetes(one.words, name) for one in block.plugins if one.name == "kubernetes"):
        return ""
    targets = [word for one in block.plugins if one.name in {"forward", "proxy", "grpc"} for word in one.words[1:]]
    if named == [_CLUSTER] and targets and all(_is_near(one) for one in targets):
        return ""
    return f"the server {targets[0]}" if targets else f"a server block of its own for {named[0]}"


def _has_kubernetes(words: tuple[str, ...], name: str) -> bool:
    return not words or is_in(name, tuple(map(zone, words)))


def _is_near(target: str) -> bool:
    """Return whether a server is the cluster's own: an address of a private network, or the mark that a cache replaces by it."""
    address = target.rpartition("//")[2]
    return target.startswith("__PILLAR__") or is_private(address.partition(":")[0] if address.count(":") == 1 else address)


def _by_stub(text: str, name: str) -> str:
    try:
        stubs = json.loads(text)
    except ValueError:
        return ""
    told = stubs.items() if isinstance(stubs, Mapping) else ()
    return next((f"the server {servers}" for one, servers in told if one and is_in(name, (zone(str(one)),))), "")
