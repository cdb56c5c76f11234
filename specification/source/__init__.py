"""Specification of the source layer."""
