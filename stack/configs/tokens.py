"""Pulumi type tokens of the resources that providers, policies, review and pictures know by name."""

from __future__ import annotations

CONNECTOR = "kafkaconnect:index:Connector"
CLUSTER_READY = "kafkaconnect:index:ClusterReady"
GROUP_POSITION = "kafkaconnect:index:GroupPosition"
ICEBERG_TABLE = "iceberg:index:Table"
TOPIC = "kafka:index/topic:Topic"
ACL = "kafka:index/acl:Acl"
QUOTA = "kafka:index/quota:Quota"
