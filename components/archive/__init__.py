"""The archive layer: bucket, identity, tables and the sink."""
