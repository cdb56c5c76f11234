"""Variables in which images of Java programs take the size of their heap, without a flag of Java."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stack.capacity.commands import environment, image_name, words
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

# Solr, Spark, Hadoop, HBase, ZooKeeper, Elasticsearch, OpenSearch, Logstash, Neo4j and their usual images.
_HEAPS = re.compile(
    r"SOLR_HEAP|SPARK_(DRIVER|EXECUTOR|DAEMON)_MEMORY"
    r"|(HADOOP|YARN|HDFS|HBASE|MAPRED|HIVE|JSVC)_?([A-Z]+_)?HEAPSIZE(_MAX)?|HADOOP_CLIENT_HEAPSIZE"
    r"|ZK_SERVER_HEAP|ZK_CLIENT_HEAP|ZOO_HEAP_SIZE|(ELASTICSEARCH|OPENSEARCH|LOGSTASH|ES)_HEAP_SIZE"
    r"|DRUID_XM[XS]|NIFI_JVM_HEAP_(MAX|INIT)|KC_HEAP_(MAX|INIT)"
    r"|NEO4J_(server|dbms)_memory_heap_(max|initial)__size"
)
# Variables that say a heap in MiB or a share of the limit in the images of Atlassian, of Red Hat and of itzg's Minecraft
_OF_IMAGES = {"JVM_MAXIMUM_MEMORY": (), "MEMORY": ("minecraft-server",), "MAX_MEMORY": ("minecraft-server",)}
# Names that other programs use too.
_OF_CASSANDRA = {"MAX_HEAP_SIZE", "CASSANDRA_MAX_HEAP_SIZE", "DSE_MAX_HEAP_SIZE"}
_CASSANDRA = ("cassandra", "dse-server", "k8ssandra")
_SIZE = re.compile(r"\s*([0-9]{1,12})(\.[0-9]+)?\s*([kmgt]?)(i?b)?\s*", re.IGNORECASE)


def heap_variables(container: Mapping[str, Any]) -> dict[str, str]:
    """Return each variable of a container that sets a heap, with the size as Java writes it; what cannot be read stays as it is."""
    name = image_name(container)[1]
    is_cassandra = any(part in text for part in _CASSANDRA for text in (name, *words(container)))
    return {
        key: _as_size(value)
        for key, value in environment(container).items()
        if _HEAPS.fullmatch(key) or (is_cassandra and key in _OF_CASSANDRA) or (key in _OF_IMAGES and name in (_OF_IMAGES[key] or (name,)))
        if value not in (None, "")
    }


def _as_size(value: object) -> str:
    """Return a size in Java's spelling; a number without a unit counts MiB, as all these programs have it."""
    if isinstance(value, Unknown):
        return "unknown"
    found = _SIZE.fullmatch(str(value))
    return f"{found[1]}{found[3] or 'm'}" if found and not found[2] else str(value)
