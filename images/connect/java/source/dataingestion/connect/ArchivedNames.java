package dataingestion.connect;

import io.debezium.document.Document;
import io.debezium.document.DocumentReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Gives a row the names that the archive has for its table and its columns, and takes the default away from columns that allow NULL.
 *
 * <p>Avro and topics know fewer names than PostgreSQL, and the archive keeps some for itself. A converter writes the default of a column
 * where a row has NULL; without the default it writes NULL.
 *
 * <p>Rows come as ExtractNewRecordState makes them, with schema and table of the source in {@code __source_schema} and
 * {@code __source_table}. Other records pass as they are.
 *
 * <p>Key: {@code tables}, a JSON object from the table in the database to {@code topic} and {@code columns}, both optional:
 * {@code {"public.User": {"topic": "shop.public.user", "columns": {"firstName": "first_name"}}}}.
 */
public class ArchivedNames<R extends ConnectRecord<R>> implements Transformation<R> {
  private static final String TABLES = "tables";

  // A table has few schemas at a time; after so many changes of tables, all are made again
  private static final int MOST_SCHEMAS = 10_000;

  private final Map<String, Renamed> tables = new HashMap<>();
  private final Map<Schema, Schema> known = new IdentityHashMap<>();

  /** Names of one table in the archive. */
  private static final class Renamed {
    static final Renamed NOT = new Renamed(null, Map.of());

    final String topic;
    final Map<String, String> columns;

    Renamed(String topic, Map<String, String> columns) {
      this.topic = topic;
      this.columns = columns;
    }

    String column(String name) {
      return columns.getOrDefault(name, name);
    }
  }

  /** {@inheritDoc} Throws ConfigException for a text of another form. */
  @Override
  public void configure(Map<String, ?> config) {
    Object text = config.get(TABLES);
    if (text == null) {
      return;
    }
    try {
      Document read = DocumentReader.defaultReader().read(text.toString());
      read.forEach(entry -> tables.put(entry.getName().toString(), renamed(entry.getValue().asDocument())));
    } catch (IOException | RuntimeException error) {
      throw new ConfigException(TABLES, text, "It must be a JSON object from tables to their names");
    }
  }

  private static Renamed renamed(Document names) {
    Map<String, String> columns = new HashMap<>();
    Document listed = names.getDocument("columns");
    if (listed != null) {
      listed.forEach(entry -> columns.put(entry.getName().toString(), entry.getValue().asString()));
    }
    return new Renamed(names.getString("topic"), columns);
  }

  @Override
  public R apply(R record) {
    if (!(record.value() instanceof Struct)) {
      return record;
    }
    Struct row = (Struct) record.value();
    if (row.schema().field("__source_table") == null || row.schema().field("__source_schema") == null) {
      return record;
    }
    Renamed names = tables.getOrDefault(row.getString("__source_schema") + "." + row.getString("__source_table"), Renamed.NOT);
    Struct value = copied(row, names, ".Value");
    Object key = record.key() instanceof Struct ? copied((Struct) record.key(), names, ".Key") : record.key();
    if (value == row && key == record.key() && names.topic == null) {
      return record;
    }
    String topic = names.topic == null ? record.topic() : names.topic;
    Schema keySchema = key instanceof Struct ? ((Struct) key).schema() : record.keySchema();
    return record.newRecord(
        topic, record.kafkaPartition(), keySchema, key, value.schema(), value, record.timestamp(), record.headers());
  }

  private Struct copied(Struct row, Renamed names, String end) {
    Schema schema = schema(row.schema(), names, end);
    if (schema == row.schema()) {
      return row;
    }
    Struct copy = new Struct(schema);
    for (Field field : row.schema().fields()) {
      Object value = row.getWithoutDefault(field.name());
      // a NULL where the column has a default and allows none is the default's, as before
      if (value != null) {
        copy.put(names.column(field.name()), value);
      }
    }
    return copy;
  }

  private synchronized Schema schema(Schema old, Renamed names, String end) {
    if (known.size() >= MOST_SCHEMAS) {
      known.clear();
    }
    return known.computeIfAbsent(old, schema -> changed(schema, names, end));
  }

  private static Schema changed(Schema old, Renamed names, String end) {
    boolean same = names.topic == null && names.columns.isEmpty();
    if (same && old.fields().stream().noneMatch(field -> field.schema().isOptional() && field.schema().defaultValue() != null)) {
      return old;
    }
    SchemaBuilder builder = SchemaBuilder.struct().name(names.topic == null ? old.name() : names.topic + end).version(old.version()).doc(old.doc());
    if (old.isOptional()) {
      builder.optional();
    }
    if (old.parameters() != null) {
      builder.parameters(old.parameters());
    }
    old.fields().forEach(field -> builder.field(names.column(field.name()), withoutDefault(field.schema())));
    return builder.build();
  }

  private static Schema withoutDefault(Schema schema) {
    if (!schema.isOptional() || schema.defaultValue() == null) {
      return schema;
    }
    SchemaBuilder builder = new SchemaBuilder(schema.type()).name(schema.name()).version(schema.version()).doc(schema.doc()).optional();
    if (schema.parameters() != null) {
      builder.parameters(schema.parameters());
    }
    if (schema.type() == Schema.Type.STRUCT) {
      schema.fields().forEach(field -> builder.field(field.name(), field.schema()));
    }
    return builder.build();
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef();
  }

  @Override
  public void close() {}
}
