package dataingestion.connect;

import io.debezium.connector.postgresql.UnchangedToastedReplicationMessageColumn;
import io.debezium.data.SpecialValueDecimal;
import io.debezium.relational.RelationalDatabaseConnectorConfig;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.SQLXML;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.connect.errors.DataException;
import org.postgresql.jdbc.PgArray;
import org.postgresql.util.PGInterval;
import org.postgresql.util.PGobject;

/**
 * PostgreSQL's own text of a value, from what the driver makes of a row that is read and what Debezium makes of a change.
 *
 * <p>Both have the server's text inside as long as the driver asks for no binary form ({@code driver.binaryTransfer}), and the text follows
 * the settings of the session ({@code driver.options}). Only an {@code interval} and, where a row is read, an {@code hstore} are parsed on
 * the way; they are written as the server does, with {@code IntervalStyle = iso_8601} and in a database of UTF-8.
 */
final class ExactText {
  private static final long SECOND = 1_000_000L;

  private ExactText() {}

  /** Return the text of a value or of a column's default; the length is that of a column of bits. */
  static String of(Object value, int length) {
    if (value == null || value instanceof String) {
      return (String) value;
    }
    if (value instanceof PGInterval) {
      return interval((PGInterval) value);
    }
    if (value instanceof PGobject) {
      return ((PGobject) value).getValue();
    }
    if (value instanceof PgArray) {
      return value.toString();
    }
    if (value instanceof SpecialValueDecimal) {
      return decimal((SpecialValueDecimal) value);
    }
    if (value instanceof SQLXML) {
      return xml((SQLXML) value);
    }
    if (value instanceof Map) {
      return hstore((Map<?, ?>) value);
    }
    if (UnchangedToastedReplicationMessageColumn.isUnchangedToastedValue(value)) {
      // the table's replica identity is not FULL, and the log leaves the value out
      return RelationalDatabaseConnectorConfig.DEFAULT_UNAVAILABLE_VALUE_PLACEHOLDER;
    }
    return ofDefault(value, length);
  }

  private static String decimal(SpecialValueDecimal number) {
    return number.getDecimalValue().map(BigDecimal::toPlainString).orElseGet(() -> Double.toString(number.toDouble()));
  }

  private static String xml(SQLXML value) {
    try {
      return value.getString();
    } catch (SQLException error) {
      throw new DataException("The driver gave no text", error);
    }
  }

  /** Return the pairs of an {@code hstore}, which the driver parses: the server has them by the length of the key, then by its bytes. */
  private static String hstore(Map<?, ?> pairs) {
    return pairs.keySet().stream()
        .map(String.class::cast)
        .sorted(Comparator.comparing(ExactText::bytes, Comparator.<byte[]>comparingInt(key -> key.length).thenComparing(Arrays::compareUnsigned)))
        .map(key -> inQuotes(key) + "=>" + (pairs.get(key) == null ? "NULL" : inQuotes((String) pairs.get(key))))
        .collect(Collectors.joining(", "));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String inQuotes(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static String interval(PGInterval value) {
    StringBuilder text = new StringBuilder("P");
    part(text, value.getYears(), 'Y');
    part(text, value.getMonths(), 'M');
    part(text, value.getDays(), 'D');
    int date = text.append('T').length();
    part(text, value.getHours(), 'H');
    part(text, value.getMinutes(), 'M');
    long seconds = value.getWholeSeconds() * SECOND + value.getMicroSeconds();
    if (seconds != 0) {
      text.append(BigDecimal.valueOf(seconds, 6).stripTrailingZeros().toPlainString()).append('S');
    }
    if (text.length() > date) {
      return text.toString();
    }
    return date == 2 ? "PT0S" : text.substring(0, date - 1);
  }

  private static void part(StringBuilder text, int number, char unit) {
    if (number != 0) {
      text.append(number).append(unit);
    }
  }

  /** Return the text of a default, of which Debezium has made a value of its own type; nothing reads it but the registry. */
  private static String ofDefault(Object value, int length) {
    if (value instanceof Boolean) {
      return (Boolean) value ? "1" : "0";
    }
    if (value instanceof byte[]) {
      return bits((byte[]) value, length);
    }
    if (value instanceof java.util.Date) {
      Instant time = Instant.ofEpochMilli(((java.util.Date) value).getTime());
      return DateTimeFormatter.ISO_LOCAL_TIME.format(time.atOffset(ZoneOffset.UTC));
    }
    if (value instanceof Long) {
      return interval(new PGInterval(0, 0, 0, 0, 0, (Long) value / (double) SECOND));
    }
    if (value instanceof BigDecimal) {
      return ((BigDecimal) value).toPlainString();
    }
    throw new DataException("Debezium gave a " + value.getClass().getName());
  }

  private static String bits(byte[] little, int length) {
    StringBuilder text = new StringBuilder();
    for (int bit = Math.min(length, 8 * little.length) - 1; bit >= 0; bit--) {
      text.append(little[bit / 8] >> bit % 8 & 1);
    }
    return text.toString();
  }
}
