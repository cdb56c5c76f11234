package dataingestion.connect;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;

/**
 * Type of a column of the archive, which knows the values that Iceberg's sink writes into it unchanged.
 *
 * <p>That sink converts more than these, and loses something on the way: a number of microseconds counts as milliseconds, a decimal is
 * rounded, a day takes the date of a time. Where a source's type is wider (int, float), it widens the column.
 */
final class ArchiveType {
  private static final Pattern DECIMAL = Pattern.compile("decimal\\((\\d+),(\\d+)\\)");
  private static final Set<String> PLAIN =
      Set.of("int", "long", "float", "double", "boolean", "string", "binary", "date", "timestamp", "timestamptz");
  private static final String OTHER = "a value of another type";

  private final String name;
  private final int precision;
  private final int scale;

  private ArchiveType(String name, int precision, int scale) {
    this.name = name;
    this.precision = precision;
    this.scale = scale;
  }

  static ArchiveType of(String name) {
    Matcher decimal = DECIMAL.matcher(name);
    if (decimal.matches()) {
      return new ArchiveType(name, Integer.parseInt(decimal.group(1)), Integer.parseInt(decimal.group(2)));
    }
    if (!PLAIN.contains(name)) {
      throw new DataException("The archive has no type '" + name + "'");
    }
    return new ArchiveType(name, 0, 0);
  }

  boolean isTime() {
    return name.startsWith("timestamp");
  }

  /** Return what is wrong with a value as a phrase, or null. Throws a RuntimeException for text that cannot be read. */
  String fault(Schema schema, Object value) {
    return precision > 0 ? ofDecimal(value) : takes(schema, value) ? null : OTHER;
  }

  private String ofDecimal(Object value) {
    if (isWhole(value)) {
      return digits(BigDecimal.valueOf(((Number) value).longValue()));
    }
    return value instanceof BigDecimal ? digits((BigDecimal) value) : OTHER;
  }

  private String digits(BigDecimal number) {
    BigDecimal plain = number.stripTrailingZeros();
    if (plain.scale() > scale) {
      return "more digits after the point";
    }
    boolean isTooLarge = plain.signum() != 0 && plain.precision() - plain.scale() > precision - scale;
    return isTooLarge ? "more digits before the point" : null;
  }

  private boolean takes(Schema schema, Object value) {
    switch (name) {
      case "int":
      case "long":
        return isWhole(value);
      case "float":
      case "double":
        return value instanceof Float || value instanceof Double;
      case "boolean":
        return value instanceof Boolean;
      case "string":
        return value instanceof String || isText(value);
      case "binary":
        return value instanceof ByteBuffer || value instanceof byte[];
      case "date":
        return Date.LOGICAL_NAME.equals(schema.name()) || (value instanceof String && LocalDate.parse((String) value) != null);
      default:
        return Timestamp.LOGICAL_NAME.equals(schema.name()) || (value instanceof String && isTime((String) value));
    }
  }

  private static boolean isText(Object value) {
    return value instanceof Number || value instanceof Boolean || value instanceof Map || value instanceof List || value instanceof Struct;
  }

  private static boolean isWhole(Object value) {
    return value instanceof Integer || value instanceof Long || value instanceof Short || value instanceof Byte;
  }

  private boolean isTime(String text) {
    boolean zoned = name.equals("timestamptz");
    return (zoned ? DateTimeFormatter.ISO_OFFSET_DATE_TIME : DateTimeFormatter.ISO_LOCAL_DATE_TIME).parse(text) != null;
  }

  @Override
  public String toString() {
    return name;
  }
}
