"""The project's own Pulumi providers: ``kafkaconnect`` (connectors as resources) and ``iceberg`` (tables as resources)."""
