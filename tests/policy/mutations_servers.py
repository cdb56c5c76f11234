"""Databases and caches of others beside the pipeline, with settings above a container's memory or below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.policy.workbench import pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

ABOVE: Final = (
    ["redis-server", "--maxmemory", "9gb"],
    ["mysqld", "--innodb-buffer-pool-size=9G"],
    ["mongod", "--wiredTigerCacheSizeGB", "9"],
    ["memcached", "-m", "9216"],
    ["etcd", "--quota-backend-bytes=9663676416"],
)
BELOW: Final = (
    ["redis-server", "--maxmemory", "8mb"],
    ["mysqld", "--innodb-buffer-pool-size=8M"],
    ["mongod", "--oplogSize", "9216"],
    ["memcached", "-m", "8"],
    ["etcd", "--quota-backend-bytes=8388608"],
)


def types(bench: Workbench) -> Iterator[Made]:
    """Yield labels and files with a value that is no text."""
    for name in bench.workloads():
        yield f"types: a label of {name}", "fields-typed", bench.changed(name, lambda i: i["metadata"]["labels"].update(tier=5))
    for name in bench.of_kind("ConfigMap"):
        yield f"types: a file of {name}", "fields-typed", bench.changed(name, lambda i: i["data"].update(PORT=8080))
        yield f"types: a text of {name}", None, bench.changed(name, lambda i: i["data"].update(PORT="8080"))


def servers(bench: Workbench) -> Iterator[Made]:
    """Yield containers of the pipeline that run a server of others instead."""
    for workload in bench.workloads():
        for place, at, one in bench.containers(workload):
            if one["name"] != "exporter":
                continue
            for number, (commands, rule) in enumerate((commands, rule) for commands, rule in ((ABOVE, "server-fits"), (BELOW, None))):
                for command in commands:
                    yield (
                        f"servers: {workload} {one['name']} {number} runs {command}",
                        rule,
                        bench.changed(workload, lambda i, n=at, p=place, c=command: pod_of(i)[p][n].update(command=c, args=[])),
                    )
