"""Checks of a machine, a cluster or a database: probe, pure judgement, runner and report."""
