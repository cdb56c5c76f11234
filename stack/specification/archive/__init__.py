"""Specification of the archive layer: bucket, IAM documents, Iceberg tables and sink."""
