"""Java classes that the program names in more than one place."""

from __future__ import annotations

# Debezium's connector, which goes on in silence on a database that went back in time
DEBEZIUM = "io.debezium.connector.postgresql.PostgresConnector"
# The image's own around it, with the same keys, which refuses such a database
GUARDED_DEBEZIUM = "dataingestion.connect.GuardedPostgresConnector"
S3_SINK = "io.confluent.connect.s3.S3SinkConnector"
# Iceberg's sink, with the same keys as the image's own around it
PLAIN_ICEBERG_SINK = "org.apache.iceberg.connect.IcebergSinkConnector"
ICEBERG_SINK = "dataingestion.connect.GuardedIcebergSink"
ICEBERG_SINKS = (ICEBERG_SINK, PLAIN_ICEBERG_SINK)
# Who may use the worker's REST interface: Kafka's own, which asks for a password, and the image's, which knows who may only read
BASIC_AUTH = "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"
REST_ACCESS = "dataingestion.connect.RestAccess"
# Confluent's converter, which writes and reads the same bytes as the image's own around it
CONFLUENT_AVRO_CONVERTER = "io.confluent.connect.avro.AvroConverter"
AVRO_CONVERTER = "dataingestion.connect.RetryingAvroConverter"
JSON_CONVERTER = "org.apache.kafka.connect.json.JsonConverter"
UNWRAP = "io.debezium.transforms.ExtractNewRecordState"
# The image's own: what Debezium would change arrives as it is, and what no archive holds is set aside
EXACT_VALUES = "dataingestion.connect.ExactValues"
ARCHIVED_NAMES = "dataingestion.connect.ArchivedNames"
# The event of a TRUNCATE as a mark in the table's history
TRUNCATE_MARKS = "dataingestion.connect.TruncateMarks"
SOUND_VALUES = "dataingestion.connect.SoundValues"
# Iceberg's reporter of commits, which counts them for the monitoring
COMMIT_COUNTERS = "dataingestion.connect.CommitCounters"
# Rows against the rules of their table
QUALITY = "dataingestion.connect.Quality"
INSERT_FIELD = "org.apache.kafka.connect.transforms.InsertField"
