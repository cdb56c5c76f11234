"""Streaming layer: Kafka, schema registry, Connect and Debezium."""
