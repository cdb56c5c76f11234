"""Cases of the alerts about Java."""

from __future__ import annotations

from typing import Final

from tests.monitoring.cases.case import fires, silent

_POD: Final = 'job="connect",instance="10.0.0.7:9404"'
_USED: Final = f'jvm_memory_pool_collection_used_bytes{{{_POD},pool="Tenured Gen"}}'
_MOST: Final = f'jvm_memory_pool_max_bytes{{{_POD},pool="Tenured Gen"}}'
_SPENT: Final = f'jvm_gc_collection_seconds_sum{{{_POD},gc="Copy"}}'
_PAUSE: Final = f'jvm_gc_last_pause_seconds{{{_POD},gc="Copy"}}'

CASES: Final = (
    fires(
        "HeapFull",
        "open files of the sink",
        "12m",
        {_USED: "340e6x20", _MOST: "358e6x20"},
        "94.97% of the old generation of connect (10.0.0.7:9404) have been in use after collections for 10 minutes",
        job="connect",
        instance="10.0.0.7:9404",
        pool="Tenured Gen",
    ),
    fires(
        "HeapFull",
        "of Apicurio's registry",
        "12m",
        {'jvm_memory_usage_after_gc{job="registry",instance="r:9000",area="heap",pool="long-lived"}': "0.9x20"},
        "90% of the old generation of registry (r:9000) have been in use after collections for 10 minutes",
        job="registry",
        instance="r:9000",
        pool="long-lived",
    ),
    silent("HeapFull", "full before a collection, empty after it", "12m", {_USED: "90e6x20", _MOST: "358e6x20"}),
    fires(
        "GcShare",
        "a heap that is too small",
        "18m",
        {_SPENT: "0+12x60"},
        "connect (10.0.0.7:9404) has spent 20% of its time on collections for 10 minutes",
        job="connect",
        instance="10.0.0.7:9404",
    ),
    silent("GcShare", "a start", "18m", {_SPENT: "0 30 60 61x60"}),
    fires(
        "GcPauseLong",
        "80 ms",
        "20m",
        {_PAUSE: "0.08x60"},
        "A young collection of connect (10.0.0.7:9404) took 80ms",
        job="connect",
        instance="10.0.0.7:9404",
        gc="Copy",
    ),
    silent("GcPauseLong", "one long pause", "20m", {_PAUSE: "0.01 0.09 0.01x60"}),
    silent("GcPauseLong", "a full collection takes longer in any heap", "20m", {_PAUSE.replace("Copy", "MarkSweepCompact"): "0.08x60"}),
    silent("HeapFull", "an hour's files are open", "20m", {_USED: "340e6x8 90e6x20", _MOST: "358e6x30"}),
    silent("HeapFull", "Apicurio's registry", "20m", {'jvm_memory_usage_after_gc{job="registry",area="heap",pool="long-lived"}': "0.5x30"}),
)
