package dataingestion.connect;

import io.debezium.document.Document;
import io.debezium.document.DocumentReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
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
 * <p>A column that KeptNulls has marked allows no NULL, except in a row that has one, from before the column was NOT NULL: the schema of
 * that row is the one of then, and the registry judges it as any other. A deletion that has nothing but its key, since its table was
 * without replica identity FULL, has the values of a truncate mark there.
 *
 * <p>Rows come as ExtractNewRecordState makes them, with schema and table of the source in {@code __source_schema} and
 * {@code __source_table}. Other records pass as they are.
 *
 * <p>Key: {@code tables}, a JSON object from the table in the database to {@code topic} and {@code columns}, both optional:
 * {@code {"public.User": {"topic": "shop.public.user", "columns": {"firstName": "first_name"}}}}.
 */
public class ArchivedNames<R extends ConnectRecord<R>> implements Transformation<R> {
  private static final String TABLES = "tables";
  private static final String OPERATION = "__op";
  private static final String DELETION = "d";

  // A table has few schemas at a time; after so many changes of tables, all are made again
  private static final int MOST_SCHEMAS = 10_000;

  private final Map<String, Renamed> tables = new HashMap<>();
  private final Map<Schema, Map<Set<String>, Schema>> known = new IdentityHashMap<>();

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
    Struct value = copied(row, names, ".Value", hasKeyOnly(row, record.key()));
    Object key = record.key() instanceof Struct ? copied((Struct) record.key(), names, ".Key", false) : record.key();
    if (value == row && key == record.key() && names.topic == null) {
      return record;
    }
    String topic = names.topic == null ? record.topic() : names.topic;
    Schema keySchema = key instanceof Struct ? ((Struct) key).schema() : record.keySchema();
    return record.newRecord(
        topic, record.kafkaPartition(), keySchema, key, value.schema(), value, record.timestamp(), record.headers());
  }

  private Struct copied(Struct row, Renamed names, String end, boolean filled) {
    Set<String> nulls = filled ? Set.of() : nulls(row);
    Schema schema = schema(row.schema(), nulls, names, end);
    if (schema == row.schema()) {
      return row;
    }
    Struct copy = new Struct(schema);
    for (Field field : row.schema().fields()) {
      Object value = row.getWithoutDefault(field.name());
      if (value == null && filled && KeptNulls.isMarked(field.schema())) {
        value = TruncateMarks.zero(field.schema());
      }
      if (value != null) {
        String name = names.column(field.name());
        copy.put(name, value instanceof Struct ? moved((Struct) value, schema.field(name).schema()) : value);
      }
    }
    return copy;
  }

  /** Return a value of several fields, such as a point, with another schema of the same fields. */
  private static Struct moved(Struct value, Schema schema) {
    Struct copy = new Struct(schema);
    value.schema().fields().forEach(field -> copy.put(field.name(), value.getWithoutDefault(field.name())));
    return copy;
  }

  /** Return the columns that are NULL in a row, and NOT NULL in the database. */
  private static Set<String> nulls(Struct row) {
    Set<String> found = Set.of();
    for (Field field : row.schema().fields()) {
      if (row.getWithoutDefault(field.name()) == null && KeptNulls.isMarked(field.schema())) {
        found = found.isEmpty() ? new HashSet<>() : found;
        found.add(field.name());
      }
    }
    return found;
  }

  /** Return whether a row is a deletion of which the log has the key alone. */
  private static boolean hasKeyOnly(Struct row, Object key) {
    if (!(key instanceof Struct) || row.schema().field(OPERATION) == null || !DELETION.equals(row.getString(OPERATION))) {
      return false;
    }
    Schema keys = ((Struct) key).schema();
    return row.schema().fields().stream()
        .filter(field -> !field.name().startsWith("__") && keys.field(field.name()) == null)
        .allMatch(field -> row.getWithoutDefault(field.name()) == null);
  }

  private synchronized Schema schema(Schema old, Set<String> nulls, Renamed names, String end) {
    if (known.size() >= MOST_SCHEMAS) {
      known.clear();
    }
    return known.computeIfAbsent(old, schema -> new HashMap<>()).computeIfAbsent(nulls, columns -> changed(old, columns, names, end));
  }

  private static Schema changed(Schema old, Set<String> nulls, Renamed names, String end) {
    boolean same = names.topic == null && names.columns.isEmpty();
    if (same && old.fields().stream().noneMatch(field -> allowing(field.schema(), nulls.contains(field.name())) != field.schema())) {
      return old;
    }
    SchemaBuilder builder = SchemaBuilder.struct().name(names.topic == null ? old.name() : names.topic + end).version(old.version()).doc(old.doc());
    if (old.isOptional()) {
      builder.optional();
    }
    if (old.parameters() != null) {
      builder.parameters(old.parameters());
    }
    old.fields().forEach(field -> builder.field(names.column(field.name()), allowing(field.schema(), nulls.contains(field.name()))));
    return builder.build();
  }

  /** Return the schema of a column with no mark, and with a default or with NULL but not both. */
  private static Schema allowing(Schema schema, boolean isNull) {
    boolean marked = KeptNulls.isMarked(schema);
    boolean optional = schema.isOptional() && (isNull || !marked);
    boolean bare = optional && schema.defaultValue() != null;
    if (!marked && !bare) {
      return schema;
    }
    SchemaBuilder builder = ofType(schema).name(schema.name()).version(schema.version()).doc(schema.doc());
    if (optional) {
      builder.optional();
    }
    Map<String, String> parameters = KeptNulls.unmarked(schema);
    if (parameters != null) {
      builder.parameters(parameters);
    }
    return (bare || schema.defaultValue() == null ? builder : builder.defaultValue(schema.defaultValue())).build();
  }

  private static SchemaBuilder ofType(Schema schema) {
    switch (schema.type()) {
      case ARRAY:
        return SchemaBuilder.array(schema.valueSchema());
      case MAP:
        return SchemaBuilder.map(schema.keySchema(), schema.valueSchema());
      case STRUCT:
        SchemaBuilder builder = SchemaBuilder.struct();
        schema.fields().forEach(field -> builder.field(field.name(), field.schema()));
        return builder;
      default:
        return new SchemaBuilder(schema.type());
    }
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef();
  }

  @Override
  public void close() {}
}
