"""Archive layer: bucket, AWS identity, Iceberg tables and sink connector."""
