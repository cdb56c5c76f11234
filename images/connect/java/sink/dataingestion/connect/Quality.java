package dataingestion.connect;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.metrics.Gauge;
import org.apache.kafka.common.metrics.Monitorable;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Judges each row by the rules of its table. A good row passes as it is; one that breaks a rule is never dropped.
 *
 * <p>Judged are the states of rows, also those that a backfill reads again and those that are put back. A deletion and the mark of a
 * TRUNCATE pass whatever they hold: without them a reader would see rows that are gone. So do records without a row.
 *
 * <p>Keys: {@code action}, one of
 *
 * <ul>
 *   <li>{@code quarantine}: the row has the names of the broken rules in {@code rules.field}, and {@code route.suffix} behind the value of
 *       {@code route.field}, by which Iceberg's sink writes it into another table;
 *   <li>{@code mark}: every row has {@code rules.field}, which is NULL in good ones;
 *   <li>{@code deadLetter}: the row is refused with the names of the rules, and Kafka Connect makes a dead letter of it;
 * </ul>
 *
 * <p>{@code table.TOPIC}, the name of each judged table; {@code rule.TOPIC.COLUMN.KIND}, a rule (see QualityRule).
 *
 * <p>It counts by KIP-877: {@code rows-checked-total} by table, {@code rows-invalid-total} by table and rule, and under the rule {@code
 * any} the rows that break at least one. The counters begin with the task.
 */
public class Quality implements Transformation<SinkRecord>, Monitorable {
  private static final String TABLE = "table.";
  private static final String RULE = "rule.";
  private static final String OPERATION = "__op";

  // A table has few schemas at a time; after so many changes of tables, all are made again
  private static final int MOST_SCHEMAS = 10_000;

  private enum Action {
    quarantine,
    mark,
    deadLetter
  }

  /** Rules and counters of one table. */
  private static final class Judged {
    final String name;
    final List<QualityRule> rules = new ArrayList<>();
    final LongAdder checked = new LongAdder();
    final LongAdder broken = new LongAdder();

    Judged(String name) {
      this.name = name;
    }

    /** Return the names of the rules that a row breaks, with blanks between them; null for a good row. */
    String judge(Struct row) {
      checked.increment();
      StringBuilder names = null;
      for (QualityRule rule : rules) {
        if (rule.isBrokenBy(row)) {
          rule.broken.increment();
          names = names == null ? new StringBuilder() : names.append(' ');
          names.append(rule.name);
        }
      }
      if (names == null) {
        return null;
      }
      broken.increment();
      return names.toString();
    }
  }

  private final Map<String, Judged> tables = new TreeMap<>();
  private final Map<Schema, Schema> known = new IdentityHashMap<>();
  private Action action;
  private String rulesField;
  private String routeField;
  private String routeSuffix;

  /** {@inheritDoc} Throws ConfigException for an action, a rule or a topic that is none, and for a key that the action lacks. */
  @Override
  public void configure(Map<String, ?> config) {
    try {
      action = Action.valueOf(String.valueOf(config.get("action")));
    } catch (IllegalArgumentException error) {
      throw new ConfigException("action", config.get("action"), "It must be quarantine, mark or deadLetter");
    }
    rulesField = action == Action.deadLetter ? null : needed(config, "rules.field");
    routeField = action == Action.quarantine ? needed(config, "route.field") : null;
    routeSuffix = action == Action.quarantine ? needed(config, "route.suffix") : null;
    // sorted, so that a row has the names of its rules in one order
    Map<String, Object> sorted = new TreeMap<>(config);
    sorted.forEach(
        (key, name) -> {
          if (key.startsWith(TABLE)) {
            tables.put(key.substring(TABLE.length()), new Judged(String.valueOf(name)));
          }
        });
    sorted.forEach(
        (key, text) -> {
          if (key.startsWith(RULE)) {
            add(key, String.valueOf(text));
          }
        });
  }

  private static String needed(Map<String, ?> config, String key) {
    Object value = config.get(key);
    if (value == null || value.toString().isEmpty()) {
      throw new ConfigException(key, value, "The action needs it");
    }
    return value.toString();
  }

  private void add(String key, String text) {
    // a topic has points, a column and a kind have none
    int kind = key.lastIndexOf('.');
    int column = key.lastIndexOf('.', kind - 1);
    Judged table = column < RULE.length() ? null : tables.get(key.substring(RULE.length(), column));
    if (table == null) {
      throw new ConfigException(key, text, "It must be rule.TOPIC.COLUMN.KIND, and the topic must have a key with table.");
    }
    table.rules.add(QualityRule.of(key.substring(column + 1, kind), key.substring(kind + 1), text));
  }

  @Override
  public void withPluginMetrics(PluginMetrics metrics) {
    String checked = "Rows that were judged";
    String broken = "Rows that have broken the rule; under the rule any, those that have broken at least one";
    for (Judged table : tables.values()) {
      show(metrics, "rows-checked-total", checked, table.checked, Map.of("table", table.name));
      show(metrics, "rows-invalid-total", broken, table.broken, Map.of("table", table.name, "rule", "any"));
      for (QualityRule rule : table.rules) {
        show(metrics, "rows-invalid-total", broken, rule.broken, Map.of("table", table.name, "rule", rule.name));
      }
    }
  }

  private static void show(PluginMetrics metrics, String name, String meaning, LongAdder counter, Map<String, String> tags) {
    // in one order, which is that of the names in JMX
    LinkedHashMap<String, String> ordered = new LinkedHashMap<>(new TreeMap<>(tags));
    metrics.addMetric(metrics.metricName(name, meaning, ordered), (Gauge<Double>) (config, now) -> counter.doubleValue());
  }

  /** {@inheritDoc} Throws BrokenRuleException for a row that breaks a rule, if the action says so. */
  @Override
  public SinkRecord apply(SinkRecord record) {
    Judged table = tables.get(record.topic());
    if (table == null || !(record.value() instanceof Struct)) {
      return record;
    }
    Struct row = (Struct) record.value();
    String broken = isState(row) ? table.judge(row) : null;
    if (broken == null) {
      return action == Action.mark ? copied(record, row, null) : record;
    }
    if (action == Action.deadLetter) {
      throw new BrokenRuleException("Row of " + table.name + " breaks " + broken);
    }
    return copied(record, row, broken);
  }

  private static boolean isState(Struct row) {
    if (row.schema().field(OPERATION) == null) {
      return true;
    }
    Object operation = row.get(OPERATION);
    return !"d".equals(operation) && !"t".equals(operation);
  }

  private SinkRecord copied(SinkRecord record, Struct row, String broken) {
    Struct copy = new Struct(schema(row.schema()));
    for (Field field : row.schema().fields()) {
      Object value = row.getWithoutDefault(field.name());
      if (value != null) {
        copy.put(field.name(), value);
      }
    }
    copy.put(rulesField, broken);
    if (action == Action.quarantine) {
      copy.put(routeField, row.getString(routeField) + routeSuffix);
    }
    return record.newRecord(
        record.topic(),
        record.kafkaPartition(),
        record.keySchema(),
        record.key(),
        copy.schema(),
        copy,
        record.timestamp(),
        record.headers());
  }

  private Schema schema(Schema old) {
    if (known.size() >= MOST_SCHEMAS) {
      known.clear();
    }
    return known.computeIfAbsent(old, this::withRules);
  }

  private Schema withRules(Schema old) {
    SchemaBuilder builder = SchemaBuilder.struct().name(old.name()).version(old.version()).doc(old.doc());
    if (old.isOptional()) {
      builder.optional();
    }
    if (old.parameters() != null) {
      builder.parameters(old.parameters());
    }
    old.fields().forEach(field -> builder.field(field.name(), field.schema()));
    return builder.field(rulesField, Schema.OPTIONAL_STRING_SCHEMA).build();
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef();
  }

  @Override
  public void close() {}
}
