"""Databases, caches and brokers of others, with the settings that size their memory (from the documents of each, 2026-11-30)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a number without a unit means, and which unit of letters is a power of 1000: a ratio is a share of the container's memory.
Unit = Literal["bytes", "decimal", "redis", "MiB", "GiB", "ratio", "percent"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a server's memory that a setting sizes.

    Attributes:
        names: Names of the setting, separated by blanks, as flags and files have them; hyphens and underscores are one.
        unit: Unit of its number.
        short: Letter of the flag that sets it too.
    """

    names: str
    unit: Unit = "bytes"
    short: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A server whose memory settings bound.

    Attributes:
        name: Name for messages.
        programs: Names of its program.
        images: Last parts of the names of images whose entry point starts it, or with the folder before.
        parts: Parts of its memory, which add up.
        variables: Variables that set a part, each with the first name of the part.
        flags: Variables that hold further flags, in the order of the command line.
        by_machine: Names of switches that size its memory by that of the machine, whatever the container has.
    """

    name: str
    programs: str
    images: str
    parts: tuple[Part, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    by_machine: str = ""


SERVERS: Final = (
    Server(
        "Redis",
        "redis-server valkey-server keydb-server",
        "redis valkey keydb redis-stack redis-stack-server redis-cluster valkey-cluster redis-sentinel",
        (Part("maxmemory", "redis"), Part("repl-backlog-size", "redis")),
        flags=("REDIS_ARGS", "REDIS_EXTRA_FLAGS", "VALKEY_EXTRA_FLAGS", "KEYDB_EXTRA_FLAGS"),
    ),
    Server("Dragonfly", "dragonfly", "dragonfly", (Part("maxmemory", "redis"),), {"DFLY_maxmemory": "maxmemory"}),
    Server(
        "MySQL",
        "mysqld mariadbd mysqld_safe mariadbd-safe",
        "mysql mariadb percona percona-server mysql-server mariadb-galera percona-xtradb-cluster",
        (
            # a beginning that fits one option alone is enough
            Part("innodb-buffer-pool-size innodb-buffer-pool-siz innodb-buffer-pool-si innodb-buffer-pool-s loose-innodb-buffer-pool-size"),
            Part("key-buffer-size"),
            Part("aria-pagecache-buffer-size"),
            Part("rocksdb-block-cache-size"),
            Part("query-cache-size"),
            Part("innodb-log-buffer-size"),
            Part("temptable-max-ram"),
        ),
        flags=("MYSQL_EXTRA_FLAGS", "MARIADB_EXTRA_FLAGS"),
        by_machine="innodb-dedicated-server loose-innodb-dedicated-server",
    ),
    Server(
        "MongoDB",
        "mongod",
        "mongo mongodb mongodb-community-server mongodb-enterprise-server percona-server-mongodb",
        (
            Part("wiredTigerCacheSizeGB cacheSizeGB", "GiB"),
            Part("wiredTigerCacheSizePct cacheSizePct", "percent"),
            Part("inMemorySizeGB", "GiB"),
            # within --wiredTigerEngineConfigString
            Part("cache_size"),
        ),
        flags=("MONGODB_EXTRA_FLAGS",),
    ),
    Server(
        "memcached",
        "memcached",
        "memcached",
        (Part("memory-limit", "MiB", short="m"),),
        {"MEMCACHED_CACHE_SIZE": "memory-limit"},
        ("MEMCACHED_EXTRA_FLAGS",),
    ),
    Server(
        "ClickHouse",
        "clickhouse-server clickhouse",
        "clickhouse-server clickhouse",
        (Part("max_server_memory_usage"), Part("max_server_memory_usage_to_ram_ratio", "ratio")),
    ),
    Server("etcd", "etcd", "etcd", (Part("quota-backend-bytes"),), {"ETCD_QUOTA_BACKEND_BYTES": "quota-backend-bytes"}),
    Server(
        "RabbitMQ",
        "rabbitmq-server",
        "rabbitmq rabbitmq-server",
        (
            Part("vm_memory_high_watermark.absolute total_memory_available_override_value", "decimal"),
            Part("vm_memory_high_watermark.relative vm_memory_high_watermark", "ratio"),
        ),
        {"RABBITMQ_VM_MEMORY_HIGH_WATERMARK": "vm_memory_high_watermark.relative"},
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "RABBITMQ_SERVER_ERL_ARGS", "RABBITMQ_SERVER_START_ARGS"),
    ),
    Server("NATS", "nats-server", "nats nats-server", (Part("max_memory_store max_mem_store max_mem max_memory"),)),
    Server("CockroachDB", "cockroach", "cockroach", (Part("cache", "decimal"), Part("max-sql-memory", "decimal"))),
    Server("Redpanda", "redpanda rpk", "redpanda", (Part("memory", "decimal"),)),
    Server("ScyllaDB", "scylla", "scylla", (Part("memory"),)),
    Server(
        "VictoriaMetrics",
        "victoria-metrics victoria-metrics-prod vmstorage vmstorage-prod vmselect vmselect-prod vminsert vminsert-prod vmsingle "
        "victoria-logs victoria-logs-prod",
        "victoria-metrics vmstorage vmselect vminsert victoria-logs",
        (Part("memory.allowedBytes", "decimal"), Part("memory.allowedPercent", "percent")),
    ),
    Server(
        "Neo4j",
        "neo4j",
        "neo4j",
        (
            Part("server.memory.heap.max_size dbms.memory.heap.max_size"),
            Part("server.memory.pagecache.size dbms.memory.pagecache.size"),
        ),
        {
            f"NEO4J_{group}_memory_{name}": f"server.memory.{part}"
            for group in ("server", "dbms")
            for name, part in (("heap_max__size", "heap.max_size"), ("pagecache_size", "pagecache.size"))
        },
    ),
    Server("Thanos", "thanos", "thanos", (Part("index-cache-size", "decimal"), Part("chunk-pool-size", "decimal"))),
    Server("Pgpool", "pgpool", "pgpool", (Part("memqcache_total_size"),), {"PGPOOL_MEMQCACHE_TOTAL_SIZE": "memqcache_total_size"}),
    Server("PHP", "php php-fpm", "php", (Part("memory_limit"),), {"PHP_MEMORY_LIMIT": "memory_limit"}),
    Server("Solr", "solr", "solr", (Part("memory", short="m"),)),
    Server("Varnish", "varnishd", "varnish", (Part("malloc"),), {"VARNISH_SIZE": "malloc"}),
    Server("Squid", "squid", "squid", (Part("cache_mem"),)),
    Server("Aerospike", "asd", "aerospike-server aerospike-server-enterprise", (Part("memory-size"),)),
    Server("TiKV", "tikv-server", "tikv", (Part("capacity"),)),
    Server(
        "ArangoDB",
        "arangod",
        "arangodb",
        (Part("rocksdb.block-cache-size"), Part("rocksdb.total-write-buffer-size")),
    ),
    Server(
        "SQL Server",
        "sqlservr",
        "mssql/server",
        (Part("memorylimitmb", "MiB"),),
        {"MSSQL_MEMORY_LIMIT_MB": "memorylimitmb"},
    ),
    Server(
        "Tarantool",
        "tarantool",
        "tarantool",
        (Part("memtx_memory"),),
        {"TARANTOOL_MEMTX_MEMORY": "memtx_memory", "TT_MEMTX_MEMORY": "memtx_memory"},
    ),
    Server(
        "InfluxDB",
        "influxd",
        "influxdb",
        (Part("storage-cache-max-memory-size cache-max-memory-size"),),
        {
            "INFLUXD_STORAGE_CACHE_MAX_MEMORY_SIZE": "storage-cache-max-memory-size",
            "INFLUXDB_DATA_CACHE_MAX_MEMORY_SIZE": "storage-cache-max-memory-size",
        },
    ),
    Server(
        "Meilisearch",
        "meilisearch",
        "meilisearch",
        (Part("max-indexing-memory"),),
        {"MEILI_MAX_INDEXING_MEMORY": "max-indexing-memory"},
    ),
    *(
        Server(
            f"Flink's {role}",
            f"{program} {program}.sh{further}",
            "flink",
            (
                Part(f"{program}.memory.process.size"),
                Part(f"{program}.memory.flink.size"),
                Part(f"{program}.memory.{'task.heap' if program == 'taskmanager' else 'heap'}.size"),
                Part(f"{program}.memory.managed.size"),
            ),
            flags=("FLINK_PROPERTIES",),
        )
        for role, program, further in (
            ("TaskManager", "taskmanager", ""),
            ("JobManager", "jobmanager", " standalone-job standalone-job.sh"),
        )
    ),
    Server(
        "Spark",
        "spark-submit spark-shell spark-sql pyspark spark-class",
        "",
        (Part("driver-memory spark.driver.memory", "MiB"), Part("driver-memory-overhead spark.driver.memoryOverhead", "MiB")),
    ),
    Server("Ray", "ray", "ray ray-ml", (Part("object-store-memory"),)),
    Server("Dask", "dask dask-worker", "dask", (Part("memory-limit", "decimal"),)),
    Server("Dgraph", "dgraph", "dgraph", (Part("size-mb", "MiB"),)),
    Server(
        "Couchbase",
        "couchbase-server couchbase-cli",
        "couchbase couchbase/server",
        (
            Part("cluster-ramsize memoryQuota", "MiB"),
            Part("cluster-index-ramsize indexMemoryQuota", "MiB"),
            Part("cluster-fts-ramsize ftsMemoryQuota", "MiB"),
            Part("cluster-eventing-ramsize eventingMemoryQuota", "MiB"),
            Part("cluster-analytics-ramsize cbasMemoryQuota", "MiB"),
        ),
    ),
    Server(
        "Loki",
        "loki",
        "loki enterprise-logs",
        (
            Part("max_size_mb store.chunks-cache.embedded-cache.max-size-mb frontend.embedded-cache.max-size-mb", "MiB"),
            Part("max_size_bytes store.chunks-cache.fifocache.max-size-bytes frontend.fifocache.max-size-bytes", "decimal"),
            Part("ballast_bytes config.ballast-bytes"),
        ),
    ),
    Server(
        "Mimir",
        "mimir cortex",
        "mimir cortex enterprise-metrics",
        (Part("max_size_bytes blocks-storage.bucket-store.index-cache.inmemory.max-size-bytes"),),
    ),
    Server("YugabyteDB", "yb-tserver yb-master", "", (Part("memory_limit_hard_bytes"), Part("default_memory_limit_to_ram_ratio", "ratio"))),
    Server("FoundationDB", "fdbserver", "", (Part("memory", "decimal", short="m"), Part("cache-memory cache_memory", "decimal"))),
    Server("Doris", "doris_be starrocks_be be", "", (Part("mem_limit"),)),
    Server("RisingWave", "risingwave", "risingwave", (Part("total-memory-bytes"),), {"RW_TOTAL_MEMORY_BYTES": "total-memory-bytes"}),
    Server("TiDB", "tidb-server", "tidb", (Part("server-memory-quota tidb_server_memory_limit", "bytes"),)),
)
