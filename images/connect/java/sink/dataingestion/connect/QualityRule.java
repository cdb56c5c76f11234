package dataingestion.connect;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.data.Struct;

/** One rule of one column, and how many rows have broken it. NULL, and a column that a row lacks, break {@code notNull} alone. */
final class QualityRule {
  final String name;
  final LongAdder broken = new LongAdder();

  private final String column;
  private final boolean takesNull;
  private final Predicate<Object> isValid;

  private QualityRule(String column, String kind, Predicate<Object> isValid) {
    this.name = column + "." + kind;
    this.column = column;
    this.takesNull = !kind.equals("notNull");
    this.isValid = isValid;
  }

  /** Read a rule. Throws ConfigException for a kind or a text that is none. */
  static QualityRule of(String column, String kind, String text) {
    try {
      return new QualityRule(column, kind, predicate(kind, text));
    } catch (RuntimeException error) {
      throw new ConfigException("rule " + column + "." + kind, text, error.getMessage());
    }
  }

  private static Predicate<Object> predicate(String kind, String text) {
    switch (kind) {
      case "notNull":
        return value -> true;
      case "min":
        Limit least = Limit.of(text);
        return value -> least.compare(value) >= 0;
      case "max":
        Limit most = Limit.of(text);
        return value -> most.compare(value) <= 0;
      case "oneOf":
        Set<String> values =
            Arrays.stream(text.split(",", -1)).map(one -> URLDecoder.decode(one, StandardCharsets.UTF_8)).collect(Collectors.toSet());
        return value -> values.contains(value.toString());
      case "pattern":
        Pattern pattern = Pattern.compile(text);
        return value -> pattern.matcher(value.toString()).matches();
      case "maxLength":
        int length = Integer.parseInt(text);
        return value -> value.toString().codePointCount(0, value.toString().length()) <= length;
      default:
        throw new IllegalArgumentException("It is no kind of a rule");
    }
  }

  /** Return whether a row breaks the rule; so does one that cannot be judged. */
  boolean isBrokenBy(Struct row) {
    if (row.schema().field(column) == null) {
      return !takesNull;
    }
    Object value = row.getWithoutDefault(column);
    if (value == null) {
      return !takesNull;
    }
    try {
      return !isValid.test(value);
    } catch (RuntimeException | StackOverflowError unjudged) {
      return true;
    }
  }
}
