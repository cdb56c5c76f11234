"""Text of the queries that read the current state of a table, or an earlier one, from the archive's log of changes."""
