"""Specification of the archive layer."""
