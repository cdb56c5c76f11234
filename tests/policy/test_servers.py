"""What sizes the memory of a database, cache or broker of others fits its container, wherever it is said."""

from __future__ import annotations

import itertools
import shlex
from typing import Any

import pytest

from policy.declared import Declared, Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import NAMESPACE, container, extra, pod

LIMITS = Limits(memory={NAMESPACE: 2**34}, volumes={NAMESPACE: 2**34})
RULE = "server-fits"
# image, words with a setting of 4 GiB, the same of 64 MiB
COMMANDS: list[tuple[str, list[str], list[str]]] = [
    ("redis:7.4.1", ["redis-server", "--maxmemory", "4gb"], ["redis-server", "--maxmemory", "64mb"]),
    ("redis:7.4.1", ["redis-server", "--maxmemory", "4294967296"], ["redis-server", "--maxmemory", "0"]),
    ("redis:7.4.1", ["sh", "-c", "exec redis-server /etc/redis.conf --maxmemory 4g"], ["sh", "-c", "exec redis-server --maxmemory 64m"]),
    ("valkey:8.0.1", ["valkey-server", "--repl-backlog-size", "4gb"], ["valkey-server", "--repl-backlog-size", "1mb"]),
    ("redis:7.4.1", ["docker-entrypoint.sh", "redis-server", "--maxmemory", "4gb"], ["redis-cli", "config", "set", "maxmemory", "4gb"]),
    ("dragonfly:1.25", ["dragonfly", "--maxmemory=4gb"], ["dragonfly", "--maxmemory=64mb"]),
    ("mysql:8.4.3", ["mysqld", "--innodb-buffer-pool-size=4G"], ["mysqld", "--innodb-buffer-pool-size=64M"]),
    ("mysql:8.4.3", ["mysqld", "--innodb_buffer_pool_size", "4096M"], ["mysqldump", "--innodb_buffer_pool_size=4G"]),
    ("mariadb:11.4.4", ["mariadbd", "--key-buffer-size=4G"], ["mariadbd", "--max-allowed-packet=1G"]),
    ("mariadb:11.4.4", ["mariadbd", "--loose-innodb-buffer-pool-size=4G"], ["mariadbd", "--innodb-log-file-size=4G"]),
    ("mongo:8.0.3", ["mongod", "--wiredTigerCacheSizeGB", "4"], ["mongod", "--wiredTigerCacheSizeGB=0.25"]),
    ("mongo:8.0.3", ["mongod", "--wiredTigerEngineConfigString=eviction=(x),cache_size=4G"], ["mongod", "--oplogSize", "4096"]),
    ("memcached:1.6.32", ["memcached", "-m", "4096"], ["memcached", "-m", "64"]),
    ("memcached:1.6.32", ["memcached", "-m4096"], ["memcached", "-c", "4096"]),
    ("memcached:1.6.32", ["memcached", "-vvm", "4096"], ["memcached", "-I", "2m"]),
    ("memcached:1.6.32", ["memcached", "--memory-limit=4096"], ["memcached", "--conn-limit=4096"]),
    ("etcd:3.5.17", ["etcd", "--quota-backend-bytes=4294967296"], ["etcd", "--quota-backend-bytes=67108864"]),
    ("clickhouse-server:24.8.4", ["clickhouse-server", "--", "--max_server_memory_usage=4294967296"], ["clickhouse-server"]),
    ("cockroach:v24.2.4", ["cockroach", "start", "--cache=4GiB"], ["cockroach", "start", "--cache=.25", "--max-sql-memory=25%"]),
    ("redpanda:v24.2.7", ["rpk", "redpanda", "start", "--memory", "4G"], ["rpk", "redpanda", "start", "--memory=128M", "--smp", "1"]),
    ("scylla:6.2.1", ["scylla", "--memory", "4G"], ["scylla", "--memory", "128M"]),
    ("varnish:7.6.1", ["varnishd", "-s", "malloc,4G"], ["varnishd", "-s", "default=malloc,64m"]),
    ("victoria-metrics:v1.106.0", ["victoria-metrics-prod", "-memory.allowedBytes=4GiB"], ["victoria-metrics-prod", "-retentionPeriod=4"]),
    ("nats:2.10.22", ["nats-server", "--max_mem", "4GB"], ["nats-server", "--max_payload", "1MB"]),
    (
        "couchbase:7.6.4",
        ["couchbase-cli", "cluster-init", "--cluster-ramsize", "4096"],
        ["couchbase-cli", "cluster-init", "--cluster-ramsize=256"],
    ),
    ("loki:3.2.1", ["loki", "-store.chunks-cache.embedded-cache.max-size-mb=4096"], ["loki", "-config.file=/etc/loki/a.yaml"]),
    ("mimir:2.14.1", ["mimir", "-blocks-storage.bucket-store.index-cache.inmemory.max-size-bytes=4294967296"], ["mimir", "-target=all"]),
    ("yugabyte:2.23", ["yb-tserver", "--memory_limit_hard_bytes=4294967296"], ["yb-tserver", "--default_memory_limit_to_ram_ratio=0.6"]),
    (
        "risingwave:v2.1.0",
        ["risingwave", "compute-node", "--total-memory-bytes=4294967296"],
        ["risingwave", "--total-memory-bytes=67108864"],
    ),
    ("dask:2024.11", ["dask", "worker", "--memory-limit", "4GiB"], ["dask", "worker", "--memory-limit", "100MiB"]),
]
# Command lines of RabbitMQ, and of MySQL by the memory of the machine, each with one that fits
BY_TERMS: list[tuple[str, str, str]] = [
    ("rabbitmq:4.0.3", "-rabbit vm_memory_high_watermark {absolute,4294967296}", "-rabbit vm_memory_high_watermark {absolute,67108864}"),
    ("rabbitmq:4.0.3", """-rabbit vm_memory_high_watermark '{absolute,"4GB"}'""", "-rabbit vm_memory_high_watermark 0.6"),
    ("rabbitmq:4.0.3", "-rabbit total_memory_available_override_value 4294967296", "-rabbit disk_free_limit 4294967296"),
    ("rabbitmq:4.0.3", "-rabbit vm_memory_high_watermark {relative,4.0}", "+S 4:4 -rabbit vm_memory_high_watermark {relative,0.4}"),
]
SWITCHES: list[tuple[list[str], bool]] = [
    (["mysqld", "--innodb-dedicated-server"], True),
    (["mysqld", "--innodb_dedicated_server=ON"], True),
    (["mysqld", "--innodb-dedicated-server=1"], True),
    (["mysqld", "--loose-innodb-dedicated-server=true"], True),
    (["mysqld", "--innodb-dedicated-server=OFF"], False),
    (["mysqld", "--innodb-dedicated-server=ON", "--innodb-dedicated-server=0"], False),
    (["mysqld", "--skip-innodb-dedicated-server"], False),
    (["mysql", "--innodb-dedicated-server"], False),
    (["mysqld", "--innodb-buffer-pool-size=64M"], False),
]
SCRIPTS: list[tuple[str, str]] = [
    ("redis-server & redis-cli config set maxmemory 4gb; wait", "redis-server & redis-cli config set maxmemory 64mb; wait"),
    ("echo maxmemory 4gb | redis-server -", "echo maxmemory 64mb | redis-server -"),
    ('printf "maxmemory 4gb" > /tmp/r.conf && exec redis-server /tmp/r.conf', "exec redis-server /tmp/r.conf # maxmemory"),
    ("mysqld & mysql -e 'SET GLOBAL innodb_buffer_pool_size=4294967296'; wait", "mysqld & mysql -e 'SET GLOBAL x=4294967296'; wait"),
    ("mysqld --innodb-buffer-pool-s=4G", "mysqld --innodb-buffer-pool-size=64M"),
    ("mongod --wiredTigerCacheSizePct 300", "mongod --wiredTigerCacheSizePct 30"),
    ("vmstorage-prod -memory.allowedPercent=300", "vmstorage-prod -memory.allowedPercent=60"),
    ("thanos store --index-cache-size=4GB", "thanos store --index-cache-size=64MB"),
    ("rabbitmq-server & rabbitmqctl set_vm_memory_high_watermark absolute 4GB; wait", "rabbitmq-server & rabbitmqctl status; wait"),
    (
        "couchbase-server & couchbase-cli setting-cluster --cluster-index-ramsize 4096",
        "couchbase-server & couchbase-cli --fts-ramsize 4096",
    ),
    ("php -d memory_limit=4G a.php", "php -d memory_limit=-1 a.php"),
    ("solr start -f -m 4g", "solr start -f -m 256m"),
]
# image, and arguments behind its entry point
ARGUMENTS: list[tuple[str, list[str]]] = [
    ("docker.io/library/mysql:8.4.3", ["--innodb-buffer-pool-size=4G"]),
    ("mysql:8.4.3", ["mysqld", "--innodb-buffer-pool-size=4G"]),
    ("docker.io/memcached:1.6.32", ["-m", "4096"]),
    ("scylladb/scylla:6.2.1", ["--smp", "1", "--memory", "4G"]),
    ("cockroachdb/cockroach:v24.2.4", ["start", "--cache=4GiB"]),
]
VARIABLES: list[tuple[str, str, str, str]] = [
    ("bitnami/redis:7.4.1", "REDIS_EXTRA_FLAGS", "--maxmemory 4gb", "--maxmemory 64mb"),
    ("bitnami/mariadb:11.4.4", "MARIADB_EXTRA_FLAGS", "--innodb-buffer-pool-size=4G", "--skip-name-resolve"),
    ("bitnami/memcached:1.6.32", "MEMCACHED_CACHE_SIZE", "4096", "64"),
    ("bitnami/etcd:3.5.17", "ETCD_QUOTA_BACKEND_BYTES", "4294967296", "67108864"),
    ("mcr.microsoft.com/mssql/server:2022-CU15", "MSSQL_MEMORY_LIMIT_MB", "4096", "200"),
    ("neo4j:5.25.1", "NEO4J_server_memory_pagecache_size", "4G", "64m"),
    ("varnish:7.6.1", "VARNISH_SIZE", "4G", "100M"),
    ("influxdb:2.7.10", "INFLUXD_STORAGE_CACHE_MAX_MEMORY_SIZE", "4294967296", "67108864"),
]
# image, path, text with a setting of 4 GiB, the same of little
FILES: list[tuple[str, str, str, str]] = [
    (
        "redis:7.4.1",
        "/etc/redis/redis.conf",
        "port 6379\nmaxmemory 4gb\n",
        "# maxmemory 4gb\nmaxmemory-policy allkeys-lru\nmaxmemory 64mb\n",
    ),
    ("mysql:8.4.3", "/etc/mysql/conf.d/my.cnf", "[mysqld]\ninnodb_buffer_pool_size = 4G\n", "[mysqld]\n#innodb_buffer_pool_size=4G\n"),
    (
        "mongo:8.0.3",
        "/etc/mongod.conf",
        "storage:\n  wiredTiger:\n    engineConfig:\n      cacheSizeGB: 4\n",
        "storage:\n  dbPath: /data/db\n",
    ),
    ("mongo:8.0.3", "/etc/mongod.conf", "storage.wiredTiger.engineConfig.cacheSizeGB: 4\n", "net:\n  maxIncomingConnections: 4096\n"),
    (
        "clickhouse/clickhouse-server:24.8.4",
        "/etc/clickhouse-server/config.d/memory.xml",
        "<clickhouse>\n  <max_server_memory_usage>4294967296</max_server_memory_usage>\n</clickhouse>",
        "<clickhouse>\n  <max_server_memory_usage>0</max_server_memory_usage>\n  <max_connections>4096</max_connections></clickhouse>",
    ),
    (
        "clickhouse/clickhouse-server:24.8.4",
        "/etc/clickhouse-server/config.d/ratio.yaml",
        "max_server_memory_usage_to_ram_ratio: 8\n",
        "max_server_memory_usage_to_ram_ratio: 0.8\n",
    ),
    ("quay.io/coreos/etcd:v3.5.17", "/etc/etcd.yaml", "quota-backend-bytes: 4294967296\n", "quota-backend-bytes: 0\n"),
    (
        "rabbitmq:4.0.3",
        "/etc/rabbitmq/rabbitmq.conf",
        "vm_memory_high_watermark.absolute = 4GB\n",
        "vm_memory_high_watermark.relative = 0.4\n",
    ),
    (
        "rabbitmq:4.0.3",
        "/etc/rabbitmq/advanced.config",
        '[{rabbit, [\n  {vm_memory_high_watermark, {absolute, "4GB"}}\n]}].\n',
        "[{rabbit, [\n  {vm_memory_high_watermark, 0.4}, {heartbeat, 4096}\n]}].\n",
    ),
    (
        "grafana/loki:3.2.1",
        "/etc/loki/loki.yaml",
        "query_range:\n  results_cache:\n    cache:\n      embedded_cache:\n        enabled: true\n        max_size_mb: 4096\n",
        "limits_config:\n  max_query_series: 4096\n",
    ),
    (
        "grafana/mimir:2.14.1",
        "/etc/mimir/mimir.yaml",
        "blocks_storage:\n  bucket_store:\n    index_cache:\n      inmemory:\n        max_size_bytes: 4294967296\n",
        "blocks_storage:\n  tsdb:\n    series_hash_cache_max_size_bytes: 67108864\n",
    ),
    ("mysql:8.4.3", "/etc/mysql/conf.d/my.cnf", "[mysqld]\ninnodb_dedicated_server = ON\n", "[mysqld]\n# innodb_dedicated_server = ON\n"),
    ("nats:2.10.22", "/etc/nats/nats.conf", "jetstream {\n  max_memory_store: 4Gi\n}\n", "max_payload: 8MB\n"),
    ("elasticsearch:8.15.3", "/usr/share/elasticsearch/config/jvm.options.d/heap.options", "-Xms4g\n-Xmx4g\n", "-Xms64m\n-Xmx64m\n"),
    ("opensearchproject/opensearch:2.18.0", "/usr/share/opensearch/config/jvm.options", "## heap\n17-:-Xmx4g\n", "## -Xmx4g\n"),
    ("trinodb/trino:464", "/etc/trino/jvm.config", "-server\n-Xmx4G\n", "-server\n-XX:+ExitOnOutOfMemoryError\n"),
    ("cassandra:5.0.2", "/etc/cassandra/jvm17-server.options", "-Xmx4G\n", "#-Xmx4G\n"),
]


def refused(one: dict[str, Any], *others: Declared, volumes: list[Any] | None = None) -> bool:
    """Return whether plan and pack refuse a container by the rule, alone or beside its files."""
    declared = [*others, extra("Pod", "x", pod(one, volumes=volumes or []))]
    plan = RULE in {violation.rule for violation in by_plan(declared, LIMITS)}
    for order in (declared, declared[::-1]):
        assert plan == (RULE in {rule for rule, _message in by_pack(order, LIMITS)})
    return plan


@pytest.mark.parametrize(("image", "large", "small"), COMMANDS)
def test_a_command_line_counts(image: str, large: list[str], small: list[str]) -> None:
    assert refused(container(image=image, command=large, memory="1Gi"))
    assert refused(container(image="tool:1", command=large, memory="1Gi"))
    assert not refused(container(image=image, command=large, memory="8Gi"))
    assert not refused(container(image=image, command=small, memory="1Gi"))


@pytest.mark.parametrize(("large", "small"), SCRIPTS)
def test_what_a_script_writes_or_sets_counts(large: str, small: str) -> None:
    assert refused(container(command=["sh", "-c", large], memory="1Gi"))
    assert not refused(container(command=["sh", "-c", small], memory="1Gi"))
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "redis-cli config set maxmemory 4gb"]}}}
    assert refused(container(command=["redis-server"], lifecycle=hook, memory="1Gi"))


@pytest.mark.parametrize(("image", "arguments"), ARGUMENTS)
def test_arguments_of_a_known_image_count(image: str, arguments: list[str]) -> None:
    assert refused(container(image=image, command=None, args=arguments, memory="1Gi"))
    assert refused(container(image="localhost/tool:1", command=None, args=arguments, memory="1Gi")) is (arguments[0] == "mysqld")


@pytest.mark.parametrize(("image", "large", "small"), BY_TERMS)
def test_terms_of_erlang_count_in_variables_and_command_lines(image: str, large: str, small: str) -> None:
    for name in ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "RABBITMQ_SERVER_ERL_ARGS"):
        for value, told in ((large, True), (small, False)):
            one = container(image=image, command=None, memory="1Gi", env=[{"name": name, "value": value}])
            assert refused(one) is told, value
            assert (
                refused(container(command=["sh", "-c", f"export {name}={shlex.quote(value)}; exec rabbitmq-server"], memory="1Gi")) is told
            )
    assert not refused(container(image=image, command=None, memory="8Gi", env=[{"name": "RABBITMQ_SERVER_ERL_ARGS", "value": small}]))


@pytest.mark.parametrize(("command", "told"), SWITCHES)
def test_a_share_of_the_machine_is_no_share_of_the_container(command: list[str], told: bool) -> None:  # noqa: FBT001 - a parameter
    assert refused(container(image="mysql:8.4.3", command=command, memory="1Gi")) is told
    assert refused(container(image="mysql:8.4.3", command=command, memory="64Gi")) is told


@pytest.mark.parametrize(("image", "name", "large", "small"), VARIABLES)
def test_a_variable_counts(image: str, name: str, large: str, small: str) -> None:
    for value, told in ((large, True), (small, False), ("$(LIMIT)", False)):
        one = container(image=image, command=None, memory="1Gi", env=[{"name": name, "value": value}])
        assert refused(one) is told, value
    assert not refused(container(image="localhost/tool:1", command=None, memory="1Gi", env=[{"name": name, "value": large}]))


@pytest.mark.parametrize(("image", "path", "large", "small"), FILES)
@pytest.mark.parametrize("whole", [True, False])
def test_a_mounted_file_counts(image: str, path: str, large: str, small: str, whole: bool) -> None:  # noqa: FBT001 - a parameter
    folder, _, name = path.rpartition("/")
    mount = {"name": "files", "mountPath": folder} if whole else {"name": "files", "mountPath": path, "subPath": name}
    one = container(image=image, command=None, memory="1Gi", volumeMounts=[mount])
    for text, told in ((large, True), (small, False)):
        made = extra("ConfigMap", "files", {})
        made.inputs["data"] = {name: text}  # type: ignore[index]
        assert refused(one, made, volumes=[{"name": "files", "configMap": {"name": "files"}}]) is told, text


def test_parts_of_a_server_add_up_and_the_last_flag_counts() -> None:
    words = ["mysqld", "--innodb-buffer-pool-size=700M", "--key-buffer-size=700M"]
    assert refused(container(command=words, memory="1Gi"))
    assert not refused(container(command=words[:2], memory="1Gi"))
    assert not refused(container(command=["mysqld", "--innodb-buffer-pool-size=4G", "--innodb-buffer-pool-size=64M"], memory="1Gi"))


def test_shares_of_the_memory_add_up() -> None:
    assert refused(container(command=["cockroach", "start", "--cache=.7", "--max-sql-memory=.7"], memory="1Gi"))
    assert not refused(container(command=["cockroach", "start", "--cache=.25", "--max-sql-memory=.25"], memory="1Gi"))


def test_a_flag_counts_before_a_file_and_a_variable_of_java_before_its_options() -> None:
    made = extra("ConfigMap", "files", {})
    made.inputs["data"] = {"redis.conf": "maxmemory 4gb\n", "jvm.options": "-Xmx4g\n"}  # type: ignore[index]
    volumes = [{"name": "files", "configMap": {"name": "files"}}]
    mounts = [{"name": "files", "mountPath": "/etc/redis"}]
    words = ["redis-server", "/etc/redis/redis.conf", "--maxmemory", "64mb"]
    assert not refused(
        container(command=words, memory="1Gi", volumeMounts=mounts, env=[{"name": "ES_JAVA_OPTS", "value": "-Xmx64m"}]),
        made,
        volumes=volumes,
    )


@pytest.mark.parametrize(
    ("image", "command"),
    list(
        itertools.product(
            ["redis:7.4.1", "mysql:8.4.3", "mongo:8.0.3", "memcached:1.6.32"],
            [
                ["redis-cli", "--maxmemory", "4gb"],
                ["mysql", "--key-buffer-size=4G"],
                ["mongosh", "--wiredTigerCacheSizeGB", "4"],
                ["echo", "-m", "4096"],
            ],
        )
    ),
)
def test_other_programs_of_an_image_are_free(image: str, command: list[str]) -> None:
    assert not refused(container(image=image, command=command, memory="1Gi"))
