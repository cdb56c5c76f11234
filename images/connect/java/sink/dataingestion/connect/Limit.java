package dataingestion.connect;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Date;
import java.util.function.Function;

/**
 * Least or greatest value of a rule: a number, a day, or a time with or without an offset, as its text says.
 *
 * <p>A value is compared as PostgreSQL would: NaN is greater than every number, and infinity than every time.
 */
final class Limit {
  private static final long DAY = 86_400_000L;

  private final Function<Object, Integer> order;

  private Limit(Function<Object, Integer> order) {
    this.order = order;
  }

  /** Read a limit. Throws DateTimeParseException for text that is none. */
  static Limit of(String text) {
    try {
      return against(new BigDecimal(text), Limit::number);
    } catch (NumberFormatException noNumber) {
      // a day or a time
    }
    if (!text.contains("T")) {
      return against(LocalDate.parse(text), Limit::day);
    }
    try {
      return against(LocalDateTime.parse(text), Limit::local);
    } catch (DateTimeParseException withOffset) {
      return against(OffsetDateTime.parse(text).toInstant(), Limit::instant);
    }
  }

  private static <T> Limit against(Comparable<? super T> limit, Function<Object, T> read) {
    return new Limit(value -> -limit.compareTo(read.apply(value)));
  }

  /** Return a negative number for a value below the limit, 0 for the limit itself. Throws a RuntimeException for one of another type. */
  int compare(Object value) {
    switch (String.valueOf(value)) {
      case "NaN":
      case "Infinity":
      case "infinity":
        return 1;
      case "-Infinity":
      case "-infinity":
        return -1;
      default:
        return order.apply(value);
    }
  }

  private static BigDecimal number(Object value) {
    // of a float its shortest text, as PostgreSQL shows it: 0.1 and not 0.10000000149
    return value instanceof BigDecimal ? (BigDecimal) value : new BigDecimal(value.toString());
  }

  private static LocalDate day(Object value) {
    return value instanceof Date ? LocalDate.ofEpochDay(Math.floorDiv(((Date) value).getTime(), DAY)) : LocalDate.parse((String) value);
  }

  private static LocalDateTime local(Object value) {
    return value instanceof Date
        ? LocalDateTime.ofInstant(((Date) value).toInstant(), ZoneOffset.UTC)
        : LocalDateTime.parse((String) value);
  }

  private static Instant instant(Object value) {
    return value instanceof Date ? ((Date) value).toInstant() : OffsetDateTime.parse((String) value).toInstant();
  }
}
