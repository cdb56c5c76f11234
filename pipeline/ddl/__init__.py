"""Verdicts on statements before they are run on the source database: pure functions, and one command that prints the verdicts."""
