"""The streaming layer: Kafka, schema registry, Connect and Debezium."""
