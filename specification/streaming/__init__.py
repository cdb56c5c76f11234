"""Specification of the streaming layer."""
