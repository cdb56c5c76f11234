"""Specification of the source layer: PostgreSQL, its SQL and its pod."""
