"""Reading of rows again while the stream goes on: a whole table, or a part of it, by Debezium's incremental snapshots."""
