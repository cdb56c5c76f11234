package dataingestion.connect;

import io.debezium.connector.postgresql.PgOid;
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
import java.util.Set;
import java.util.TimeZone;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.errors.DataException;

/**
 * Values that Debezium itself would change: {@code timestamp}, which it cuts to milliseconds, days before the year 1 and infinite ones in
 * {@code date}, NaN in {@code numeric}, and all types that it cuts, respells or leaves out.
 *
 * <p>A {@code timestamp} becomes text, as {@code timestamptz} is already. The types of the others stay, and what they have no value for
 * becomes one that PostgreSQL never sends: the first and the last day of 32 bits, and in {@code numeric(p,s)} the number with a one and p
 * zeros. SoundValues in the sink knows them, so that such a row is a dead letter. All other types become text; see ExactText.
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

  // Decimals of Iceberg and Parquet end there; the driver says a greater number of a numeric without digits
  private static final int MOST_DIGITS = 38;

  // exact as Debezium has them: bool, bytea, int8, int2, int4, text, oid, float4, float8, varchar, timestamptz, uuid;
  // not archived: point, lseg, path, box, polygon, line, circle, money
  private static final Set<Integer> DEBEZIUMS =
      Set.of(16, 17, 20, 21, 23, 25, 26, 700, 701, 1043, 1184, 2950, 600, 601, 602, 603, 604, 628, 718, 790);

  /** {@inheritDoc} Throws ConfigException in a worker of another time zone than UTC: the driver would make it that of its sessions. */
  @Override
  public void configure(Properties properties) {
    TimeZone zone = TimeZone.getDefault();
    if (!zone.hasSameRules(TimeZone.getTimeZone("UTC"))) {
      String rule = ", and times within values need UTC: start it with -Duser.timezone=UTC";
      throw new ConfigException("The worker's time zone is " + zone.getID() + rule);
    }
  }

  /**
   * {@inheritDoc} A column of a domain counts as one of the domain's base type, as its values do. Types that Debezium gives exactly stay
   * with it, and so do those that are not archived; every other type becomes PostgreSQL's own text of its values.
   */
  @Override
  public void converterFor(RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
    int type = column.nativeType();
    if (type == PgOid.TIMESTAMP) {
      registration.register(SchemaBuilder.string().name(LOCAL_TIMESTAMP).version(1), ExactValues::timestamp);
    } else if (type == PgOid.DATE) {
      registration.register(org.apache.kafka.connect.data.Date.builder(), ExactValues::date);
    } else if (type == PgOid.NUMERIC && isSized(column)) {
      int digits = column.length().getAsInt();
      int scale = column.scale().orElse(0);
      registration.register(SpecialValueDecimal.builder(DecimalMode.PRECISE, digits, scale), value -> numeric(value, digits, scale));
    } else if (!DEBEZIUMS.contains(type)) {
      int length = column.length().orElse(0);
      registration.register(SchemaBuilder.string(), value -> ExactText.of(value, length));
    }
  }

  /** Return whether a decimal of the archive holds every finite value of a column. */
  private static boolean isSized(RelationalColumn column) {
    int digits = column.length().orElse(0);
    int scale = column.scale().orElse(0);
    return digits > 0 && digits <= MOST_DIGITS && scale >= 0 && scale <= digits;
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
