"""Figures for Prometheus: work at intervals, and a scrape gets what the last one has shown without waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from prometheus_client.registry import Collector


def serve(shown: Iterable[Collector], work: Callable[[], None], port: int, address: str, every_s: float, ended: threading.Event) -> None:
    """Serve figures, and work until the event is set.

    Args:
        shown: Collectors of the figures.
        work: Function that makes the figures anew.
        port: TCP port to listen at.
        address: Address to listen at, without a login.
        every_s: Seconds between the beginnings of two works.
        ended: Ends the work.

    Raises:
        OSError: If the address cannot be listened at.
    """
    registry = CollectorRegistry()
    for collector in shown:
        registry.register(collector)
    server, _ = start_http_server(port, address, registry)
    try:
        at_intervals(work, every_s, ended)
    finally:
        server.shutdown()
        server.server_close()


def at_intervals(work: Callable[[], None], every_s: float, ended: threading.Event) -> None:
    """Work until the event is set.

    Args:
        work: What is done each time; the next time waits for its end.
        every_s: Seconds between the beginnings of two works.
        ended: Ends the work.
    """
    while not ended.is_set():
        began = time.monotonic()
        work()
        ended.wait(max(0.0, every_s - (time.monotonic() - began)))
