package dataingestion.connect;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;

/** Values of PostgreSQL that stand for no number and no time; ExactValues in the source chooses how they travel. */
final class SpecialValues {
  private static final String PRECISION = "connect.decimal.precision";
  // Debezium's default of unavailable.value.placeholder, which no stack may change
  private static final String UNAVAILABLE = "__debezium_unavailable_value";
  private static final ByteBuffer UNAVAILABLE_BYTES = ByteBuffer.wrap(UNAVAILABLE.getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer();
  private static final long DAY = 86_400_000L;
  // 294247-01-10T04:00:54, the last whole second of 64 bits of microseconds
  private static final long LAST_SECOND = Long.MAX_VALUE / 1_000_000;

  private SpecialValues() {}

  /** Return whether a value stands for one that a change has left as it was, and that the log does not have. */
  static boolean isUnavailable(Object value) {
    return UNAVAILABLE.equals(value) || UNAVAILABLE_BYTES.equals(value instanceof byte[] ? ByteBuffer.wrap((byte[]) value) : value);
  }

  /** Return what a number or a day stands for, or null where it stands for itself. */
  static String kind(Schema schema, Object value) {
    if (Decimal.LOGICAL_NAME.equals(schema.name()) && value instanceof BigDecimal) {
      String digits = schema.parameters().get(PRECISION);
      boolean isMark = digits != null && ((BigDecimal) value).unscaledValue().equals(BigInteger.TEN.pow(Integer.parseInt(digits)));
      return isMark ? "NaN" : null;
    }
    if (Date.LOGICAL_NAME.equals(schema.name()) && value instanceof java.util.Date) {
      long days = ((java.util.Date) value).getTime() / DAY;
      return days == Integer.MAX_VALUE ? "infinity" : days == Integer.MIN_VALUE ? "-infinity" : null;
    }
    return null;
  }

  /** Return whether a time is infinite, or its microseconds need more than 64 bits. */
  static boolean isBeyondTime(Object value) {
    if (value instanceof java.util.Date) {
      return Math.abs(((java.util.Date) value).getTime() / 1000) >= LAST_SECOND;
    }
    return value instanceof String && (((String) value).endsWith("infinity") || isBeyond((String) value));
  }

  private static boolean isBeyond(String text) {
    // years of four digits have no sign, and PostgreSQL has none so long ago
    if (!text.startsWith("+")) {
      return false;
    }
    LocalDateTime time = LocalDateTime.parse(text.endsWith("Z") ? text.substring(0, text.length() - 1) : text);
    return time.toEpochSecond(ZoneOffset.UTC) >= LAST_SECOND;
  }
}
