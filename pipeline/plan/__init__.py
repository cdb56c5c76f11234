"""Command that prints a stack's resources, memory and policy violations."""
