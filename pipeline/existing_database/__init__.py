"""Existing databases: checks of the prerequisites for capture, and the typed model of the tables."""
