"""Faults of the network, inside the pods' own: packets between two pods vanish, some of them or all, one way or both; names; refusals.

A rule is in the network of the pod that receives: there a packet has the address of the pod that sent it, and the rule goes with the pod.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from sandbox.cloud.workload import PORT as STORE_PORT
from sandbox.faults.ground import BROKERS, CONNECT, EVERY, NAME_SERVER, POSTGRES, REGISTRY, STORE, Ground, GroundError, Network, Target
from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

    Way = Callable[[Ground, random.Random], contextlib.AbstractContextManager[str]]

_MARK: Final = "data-ingestion-faults"
_MARKED: Final = ("-m", "comment", "--comment", _MARK)
_REFUSING_PORT: Final = 5999
_TABLES: Final = ("filter", "nat")
_LOSS: Final = 0.3

PAIRS: Final = {
    "brokers": (BROKERS, BROKERS),
    "worker and broker": ((CONNECT,), BROKERS),
    "worker and database": ((CONNECT,), (POSTGRES,)),
    "worker and registry": ((CONNECT,), (REGISTRY,)),
    "worker and object store": ((CONNECT,), (STORE,)),
    "registry and broker": ((REGISTRY,), BROKERS),
}
"""Pairs of pods that talk to each other, of each group one."""


def cut(pair: str, *, one_way: bool = False, loss: float = 1.0) -> Way:
    """Return a fault that takes packets between a pair of pods.

    Args:
        pair: Which pair.
        one_way: Whether one direction is left, by chance.
        loss: Share of the packets that vanish.
    """

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        left, right = _ends(pair, chance)
        lost = [(left, right), (right, left)]
        if one_way:
            lost = [chance.choice(lost)]
        share = [] if loss >= 1 else ["-m", "statistic", "--mode", "random", "--probability", str(loss)]
        with contextlib.ExitStack() as stack:
            for sender, receiver in lost:
                stack.enter_context(deaf(ground, receiver, "-s", ground.address(sender), *share))
            yield ", ".join(f"{sender} to {receiver}" for sender, receiver in lost)

    return strike


def lossy(pair: str) -> Way:
    """Return a fault that loses a part of the packets of a pair, so that everything between them is slow."""
    return cut(pair, loss=_LOSS)


def _ends(pair: str, chance: random.Random) -> tuple[Target, Target]:
    left = chance.choice(PAIRS[pair][0])
    return left, chance.choice([target for target in PAIRS[pair][1] if target != left])


@contextlib.contextmanager
def deaf(ground: Ground, receiver: Target, *which: str) -> Iterator[None]:
    """Drop packets that come to a pod, for as long as the block lasts or the pod lives.

    Args:
        ground: The sandbox.
        receiver: The pod.
        which: Which packets, as iptables tells them apart.
    """
    with ground.network(receiver) as network, _rules(network, [("filter", "INPUT", *which, "-j", "DROP")]):
        yield


@contextlib.contextmanager
def names_away(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Let the name server hear no question."""
    del chance
    rules = [("filter", "INPUT", "-p", protocol, "--dport", "53", "-j", "DROP") for protocol in ("udp", "tcp")]
    with ground.network(NAME_SERVER) as network, _rules(network, rules):
        yield "name server"


@contextlib.contextmanager
def store_refuses(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Answer the worker's requests to the object store with 503, those on open connections by ending these."""
    del chance
    worker = ["-s", ground.address(CONNECT), "-p", "tcp", "--dport", str(STORE_PORT)]
    rules = [
        ("nat", "PREROUTING", *worker, "-j", "REDIRECT", "--to-ports", str(_REFUSING_PORT)),
        ("filter", "INPUT", *worker, "-j", "REJECT", "--reject-with", "tcp-reset"),
    ]
    with ground.network(STORE) as network:
        serve = network.command(sys.executable, "-c", f"from sandbox.faults.refusing import serve; serve({_REFUSING_PORT})")
        server = subprocess.Popen(serve, cwd=CHECKOUT, pass_fds=[network.handle], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(network)
            with _rules(network, rules):
                yield "object store"
        finally:
            server.kill()
            server.wait()


def _wait_for(network: Network) -> None:
    deadline = time.monotonic() + 20
    while f":{_REFUSING_PORT} " not in network.run("ss", "--listening", "--tcp", "--numeric").stdout:
        if time.monotonic() > deadline:
            message = "what answers with 503 has not started"
            raise GroundError(message)
        time.sleep(0.1)


@contextlib.contextmanager
def _rules(network: Network, rules: Sequence[tuple[str, ...]]) -> Iterator[None]:
    try:
        for table, chain, *rule in rules:
            done = network.run(
                "iptables", "-w", "5", "-t", table, "-I", chain, "1", *rule[: -_verdict(rule)], *_MARKED, *rule[-_verdict(rule) :]
            )
            if done.returncode != 0:
                message = f"iptables refuses a rule: {done.stderr.strip()}"
                raise GroundError(message)
        yield
    finally:
        withdraw(network)


def _verdict(rule: Sequence[str]) -> int:
    return len(rule) - rule.index("-j")


def withdraw(network: Network) -> int:
    """Remove every rule of a fault from a pod's network and return how many there were."""
    found = 0
    for table in _TABLES:
        for line in network.run("iptables", "-w", "5", "-t", table, "-S").stdout.splitlines():
            if _MARK in line:
                network.run("iptables", "-w", "5", "-t", table, *shlex.split(line.replace("-A", "-D", 1)))
                found += 1
    return found


def left(ground: Ground) -> list[str]:
    """Remove what an earlier run has left in the pods' networks, and name it."""
    found = []
    for target in EVERY:
        with ground.network(target) as network:
            if withdraw(network):
                found.append(f"rules in the network of {target}")
    return found
