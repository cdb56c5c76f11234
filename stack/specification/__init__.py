"""Specification of a stack: files, configurations, pods and documents, rendered from the settings by pure functions. No Pulumi."""
