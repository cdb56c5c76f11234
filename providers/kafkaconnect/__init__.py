"""Kafka connectors as resources: the SDK that a Pulumi program imports is ``sdk``; everything else works without Pulumi."""
