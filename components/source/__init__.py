"""Source layer: PostgreSQL."""
