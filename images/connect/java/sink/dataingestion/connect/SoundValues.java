package dataingestion.connect;

import java.time.DateTimeException;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Refuses a row with a value that the archive would change or could not hold, and leaves every other row as it is.
 *
 * <p>Kafka Connect makes a dead letter of a row that a transform refuses. Where the sink itself fails at one, its task fails, and so does
 * each task that gets the row next. The error names the table, the column and the rule, never the value.
 *
 * <p>Keys: {@code types.TOPIC}, the Iceberg types of the columns as {@code id=long price=decimal(10,2)}. A column that it does not name is
 * checked only for what no archive holds.
 */
public class SoundValues implements Transformation<SinkRecord> {
  private static final String TYPES = "types.";

  private final Map<String, Map<String, ArchiveType>> types = new HashMap<>();

  /** {@inheritDoc} Throws DataException for a type that is no type of the archive. */
  @Override
  public void configure(Map<String, ?> config) {
    config.forEach(
        (key, value) -> {
          if (key.startsWith(TYPES)) {
            types.put(key.substring(TYPES.length()), columns(String.valueOf(value)));
          }
        });
  }

  private static Map<String, ArchiveType> columns(String text) {
    Map<String, ArchiveType> columns = new HashMap<>();
    for (String column : text.trim().split("\\s+")) {
      String[] parts = column.split("=", 2);
      columns.put(parts[0], ArchiveType.of(parts.length == 2 ? parts[1] : ""));
    }
    return columns;
  }

  @Override
  public SinkRecord apply(SinkRecord record) {
    if (record.value() instanceof Struct) {
      Struct row = (Struct) record.value();
      Map<String, ArchiveType> known = types.getOrDefault(record.topic(), Map.of());
      for (Field field : row.schema().fields()) {
        Object value = row.getWithoutDefault(field.name());
        if (value != null) {
          check(record.topic(), field, value, known.get(field.name()));
        }
      }
    }
    return record;
  }

  private static void check(String topic, Field field, Object value, ArchiveType type) {
    String place = "Column " + field.name() + " of " + topic + " holds ";
    if (SpecialValues.isUnavailable(value)) {
      throw new UnavailableValueException(place + "a long value that the change left as it was, and the log does not have it");
    }
    String special = SpecialValues.kind(field.schema(), value);
    if (special != null) {
      throw new SpecialValueException(place + special + ", for which the archive has no value");
    }
    String fault = type == null ? null : fault(type, field.schema(), value, place);
    if (fault != null) {
      throw new UnfittingValueException(place + fault + ", and the archive's column is " + type);
    }
  }

  private static String fault(ArchiveType type, Schema schema, Object value, String place) {
    try {
      if (type.isTime() && SpecialValues.isBeyondTime(value)) {
        throw new SpecialValueException(place + "infinity or a time after the year 294246, for which the archive has no value");
      }
      return type.fault(schema, value);
    } catch (DateTimeException error) {
      return "text of another form";
    }
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef();
  }

  @Override
  public void close() {}
}
