"""The source layer: PostgreSQL."""
