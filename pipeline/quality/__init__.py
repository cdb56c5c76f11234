"""The check of the archive: scores of each table over a window of changes (docs/quality.md)."""
