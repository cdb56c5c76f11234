"""A machine without Docker, AWS or the Pulumi CLI made able to run the whole pipeline."""
