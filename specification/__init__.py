"""Specification of a stack: every file, configuration, pod and document, rendered from the settings by pure functions. No Pulumi."""
