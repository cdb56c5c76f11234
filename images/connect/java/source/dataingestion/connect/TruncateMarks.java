package dataingestion.connect;

import io.debezium.data.Envelope;
import io.debezium.data.Uuid;
import io.debezium.time.ZonedTimestamp;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Gives the event of a TRUNCATE a row, so that it becomes a mark in the table's own history: ExtractNewRecordState drops an event without
 * one.
 *
 * <p>The row says nothing: NULL where the column allows it, and elsewhere zero, the empty text or list, or the first second of 1970; a
 * value of several fields, such as a point, has these in each. It is the row from before the event, so that the mark counts as deleted
 * for whoever knows no marks. The operation stays {@code t}, and the key stays absent. Other records pass as they are.
 *
 * <p>It stands before ExtractNewRecordState. It has no keys.
 */
public class TruncateMarks<R extends ConnectRecord<R>> implements Transformation<R> {
  private static final String FIRST_SECOND = "1970-01-01T00:00:00.000000";
  private static final String NO_UUID = "00000000-0000-0000-0000-000000000000";

  @Override
  public void configure(Map<String, ?> config) {}

  /** {@inheritDoc} A column of any type has such a value: a TRUNCATE that threw would stop the source for good. */
  @Override
  public R apply(R record) {
    if (!(record.value() instanceof Struct) || !isTruncate((Struct) record.value())) {
      return record;
    }
    Struct event = (Struct) record.value();
    Struct marked = new Struct(event.schema());
    event.schema().fields().forEach(field -> marked.put(field, event.getWithoutDefault(field.name())));
    marked.put(Envelope.FieldName.BEFORE, empty(event.schema().field(Envelope.FieldName.BEFORE).schema()));
    return record.newRecord(
        record.topic(),
        record.kafkaPartition(),
        record.keySchema(),
        record.key(),
        record.valueSchema(),
        marked,
        record.timestamp(),
        record.headers());
  }

  private static boolean isTruncate(Struct event) {
    Schema schema = event.schema();
    return schema.field(Envelope.FieldName.OPERATION) != null
        && schema.field(Envelope.FieldName.BEFORE) != null
        && Envelope.Operation.TRUNCATE.code().equals(event.getString(Envelope.FieldName.OPERATION));
  }

  private static Struct empty(Schema row) {
    Struct values = new Struct(row);
    for (Field field : row.fields()) {
      if (!field.schema().isOptional() || KeptNulls.isMarked(field.schema())) {
        values.put(field, zero(field.schema()));
      }
    }
    return values;
  }

  /** Return the value that stands for none in a column that allows no NULL. */
  static Object zero(Schema schema) {
    switch (String.valueOf(schema.name())) {
      case Decimal.LOGICAL_NAME:
        return BigDecimal.ZERO.setScale(Integer.parseInt(schema.parameters().get(Decimal.SCALE_FIELD)));
      case org.apache.kafka.connect.data.Date.LOGICAL_NAME:
      case org.apache.kafka.connect.data.Timestamp.LOGICAL_NAME:
        return new Date(0);
      case ExactValues.LOCAL_TIMESTAMP:
        return FIRST_SECOND;
      case ZonedTimestamp.SCHEMA_NAME:
        return FIRST_SECOND + "Z";
      case Uuid.LOGICAL_NAME:
        return NO_UUID;
      default:
        return plain(schema);
    }
  }

  private static Object plain(Schema schema) {
    switch (schema.type()) {
      case STRING:
        return "";
      case BOOLEAN:
        return false;
      case INT8:
        return (byte) 0;
      case INT16:
        return (short) 0;
      case INT32:
        return 0;
      case INT64:
        return 0L;
      case FLOAT32:
        return 0f;
      case FLOAT64:
        return 0d;
      case BYTES:
        return ByteBuffer.allocate(0);
      case ARRAY:
        return List.of();
      case MAP:
        return Map.of();
      default:
        return empty(schema);
    }
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef();
  }

  @Override
  public void close() {}
}
