"""Breaks of the pipeline's history: found, measured, and closed by a new epoch."""
