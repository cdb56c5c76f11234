"""Audit of a running stack: every change accounted for, from the database's log over Kafka to the archive."""
