"""Asks the real jars and the real PostgreSQL which settings they know, and writes the answers as tables for the program."""
