"""Small Pulumi providers of our own: ``kafkaconnect`` (connectors as resources) and ``iceberg`` (tables as resources)."""
