"""Extracts the known settings from the real jars and the real PostgreSQL, and writes them as tables for the program."""
