"""Names of ConfigMaps and Secrets that one part creates and another mounts."""

from __future__ import annotations

POSTGRES_CONFIG = "postgresql-config"
POSTGRES_ROLES = "postgresql-roles"
POSTGRES_TLS = "postgresql-tls"
KAFKA_CONFIG = "kafka-config"
KAFKA_CLUSTER = "kafka-cluster"
KAFKA_CLUSTER_ID = "cluster-id"
REGISTRY_CONFIG = "schema-registry-config"
REGISTRY_LOGIN = "schema-registry-login"
REGISTRY_CLIENT = "schema-registry-client"
CONNECT_CONFIG = "connect-config"
CONNECT_LOGIN = "connect-rest"
