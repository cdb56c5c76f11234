package dataingestion.connect;

import io.debezium.connector.postgresql.PostgresValueConverter;
import io.debezium.connector.postgresql.connection.DateTimeFormat;
import io.debezium.data.SpecialValueDecimal;
import io.debezium.jdbc.JdbcValueConverters.DecimalMode;
import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Calendar;
import java.util.GregorianCalendar;
import java.util.Properties;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.errors.DataException;

/**
 * Values that Debezium itself would change: {@code timestamp}, which it cuts to milliseconds, days before the year 1 and infinite ones in
 * {@code date}, and NaN in {@code numeric}.
 *
 * <p>A {@code timestamp} becomes text, as {@code timestamptz} is already. The types of the others stay, and what they have no value for
 * becomes one that PostgreSQL never sends: the first and the last day of 32 bits, and in {@code numeric(p,s)} the number with a one and p
 * zeros. SoundValues in the sink knows them, so that such a row is a dead letter.
 */
public class ExactValues implements CustomConverter<SchemaBuilder, RelationalColumn> {
  static final String LOCAL_TIMESTAMP = "dataingestion.connect.LocalTimestamp";

  private static final DateTimeFormatter SIX_DIGITS =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .appendPattern("'T'HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 6, 6, true)
          .toFormatter();
  private static final long DAY = 86_400_000L;

  // What the driver says of a numeric without digits
  private static final int NO_DIGITS = 131_089;

  @Override
  public void configure(Properties properties) {}

  /** {@inheritDoc} Columns of other types stay with Debezium. */
  @Override
  public void converterFor(RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
    switch (column.typeName()) {
      case "timestamp":
        registration.register(SchemaBuilder.string().name(LOCAL_TIMESTAMP).version(1), ExactValues::timestamp);
        break;
      case "date":
        registration.register(org.apache.kafka.connect.data.Date.builder(), ExactValues::date);
        break;
      case "numeric":
        int digits = column.length().orElse(0);
        int scale = column.scale().orElse(0);
        if (digits > 0 && digits != NO_DIGITS && scale >= 0) {
          registration.register(SpecialValueDecimal.builder(DecimalMode.PRECISE, digits, scale), value -> numeric(value, digits, scale));
        }
        break;
      default:
    }
  }

  private static Object timestamp(Object value) {
    if (value == null) {
      return null;
    }
    Object read = value instanceof String ? parsed((String) value) : value;
    if (read instanceof java.util.Date) {
      // a default, in milliseconds
      long time = ((java.util.Date) read).getTime();
      String infinite = infinite(time);
      read = infinite == null ? Instant.ofEpochMilli(time) : infinite;
    }
    if (PostgresValueConverter.POSITIVE_INFINITY_INSTANT.equals(read) || PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE_TIME.equals(read)) {
      return PostgresValueConverter.POSITIVE_INFINITY_TIMESTAMP_PG_STRING;
    }
    if (PostgresValueConverter.NEGATIVE_INFINITY_INSTANT.equals(read) || PostgresValueConverter.NEGATIVE_INFINITY_LOCAL_DATE_TIME.equals(read)) {
      return PostgresValueConverter.NEGATIVE_INFINITY_TIMESTAMP_PG_STRING;
    }
    if (read instanceof Instant) {
      read = LocalDateTime.ofInstant((Instant) read, ZoneOffset.UTC);
    }
    if (read instanceof LocalDateTime) {
      return SIX_DIGITS.format((LocalDateTime) read);
    }
    return known(read, String.class);
  }

  private static Object parsed(String text) {
    return text.endsWith("infinity") ? text : DateTimeFormat.get().timestampToInstant(text);
  }

  private static Object date(Object value) {
    if (value instanceof java.sql.Date) {
      long time = ((java.sql.Date) value).getTime();
      String infinite = infinite(time);
      return infinite == null ? ofDays(shown(time).toEpochDay()) : ofDays(infinite.startsWith("-") ? Integer.MIN_VALUE : Integer.MAX_VALUE);
    }
    if (PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE.equals(value)) {
      return ofDays(Integer.MAX_VALUE);
    }
    if (PostgresValueConverter.NEGATIVE_INFINITY_LOCAL_DATE.equals(value)) {
      return ofDays(Integer.MIN_VALUE);
    }
    return value instanceof LocalDate ? ofDays(((LocalDate) value).toEpochDay()) : known(value, java.util.Date.class);
  }

  /** Return the day that the driver has put into a Date, by the era, year, month and day that this one shows. */
  private static LocalDate shown(long time) {
    Calendar calendar = new GregorianCalendar();
    calendar.setTimeInMillis(time);
    int year = calendar.get(Calendar.YEAR);
    boolean before = calendar.get(Calendar.ERA) == GregorianCalendar.BC;
    return LocalDate.of(before ? 1 - year : year, calendar.get(Calendar.MONTH) + 1, calendar.get(Calendar.DAY_OF_MONTH));
  }

  private static java.util.Date ofDays(long days) {
    return new java.util.Date(days * DAY);
  }

  private static String infinite(long time) {
    if (time == PostgresValueConverter.POSITIVE_INFINITY_DATE.getTime()) {
      return PostgresValueConverter.POSITIVE_INFINITY_TIMESTAMP_PG_STRING;
    }
    boolean negative = time == PostgresValueConverter.NEGATIVE_INFINITY_DATE.getTime();
    return negative ? PostgresValueConverter.NEGATIVE_INFINITY_TIMESTAMP_PG_STRING : null;
  }

  private static Object numeric(Object value, int digits, int scale) {
    Object number = value;
    if (value instanceof SpecialValueDecimal) {
      SpecialValueDecimal special = (SpecialValueDecimal) value;
      // numeric(p,s) has no infinity, so this is NaN
      number = special.getDecimalValue().orElseGet(() -> new BigDecimal(BigInteger.TEN.pow(digits), scale));
    }
    // the server has rounded to the column's scale; where more digits come all the same, this throws
    return number instanceof BigDecimal ? ((BigDecimal) number).setScale(scale) : known(number, BigDecimal.class);
  }

  private static Object known(Object value, Class<?> type) {
    if (value == null || type.isInstance(value)) {
      return value;
    }
    throw new DataException("Debezium gave a " + value.getClass().getName());
  }
}
