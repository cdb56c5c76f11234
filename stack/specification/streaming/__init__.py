"""Specification of the streaming layer: Kafka, schema registry, Connect and Debezium."""
