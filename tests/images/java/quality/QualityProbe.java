import java.io.FileReader;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.runtime.ConnectMetrics;
import org.apache.kafka.connect.runtime.SinkConnectorConfig;
import org.apache.kafka.connect.runtime.TransformationStage;
import org.apache.kafka.connect.runtime.WorkerConfig;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.runtime.standalone.StandaloneConfig;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.util.ConnectorTaskId;

/** Gives rows to the program's own chain of a sink, as a worker loads it from the image's plugins, and prints what becomes of each. */
public final class QualityProbe {
  private static final Schema TEXT = Schema.OPTIONAL_STRING_SCHEMA;
  private static final Map<String, Schema> COLUMNS = new LinkedHashMap<>();

  static {
    COLUMNS.put("id", Schema.OPTIONAL_INT32_SCHEMA);
    COLUMNS.put("price", Decimal.builder(2).parameter("connect.decimal.precision", "10").optional().build());
    COLUMNS.put("quantity", Schema.OPTIONAL_INT32_SCHEMA);
    COLUMNS.put("ratio", Schema.OPTIONAL_FLOAT64_SCHEMA);
    COLUMNS.put("amount", TEXT);
    COLUMNS.put("born", org.apache.kafka.connect.data.Date.builder().optional().build());
    COLUMNS.put("noted", SchemaBuilder.string().name("dataingestion.connect.LocalTimestamp").optional().build());
    COLUMNS.put("seen", SchemaBuilder.string().name("io.debezium.time.ZonedTimestamp").optional().build());
    COLUMNS.put("status", TEXT);
    COLUMNS.put("email", TEXT);
    COLUMNS.put("note", TEXT);
  }

  private QualityProbe() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, String> config = new HashMap<>();
    Properties read = new Properties();
    try (FileReader file = new FileReader(arguments[0], StandardCharsets.UTF_8)) {
      read.load(file);
    }
    read.forEach((key, value) -> config.put(key.toString(), value.toString()));
    Map<String, String> worker = new HashMap<>();
    worker.put("plugin.path", arguments[1]);
    worker.put("plugin.discovery", "service_load");
    worker.put("bootstrap.servers", "localhost:1");
    worker.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    worker.put("value.converter", "org.apache.kafka.connect.storage.StringConverter");
    worker.put("offset.storage.file.filename", "/dev/null");
    Plugins plugins = new Plugins(worker);
    Thread.currentThread().setContextClassLoader(plugins.delegatingLoader());
    WorkerConfig workerConfig = new StandaloneConfig(worker);
    ConnectMetrics metrics = new ConnectMetrics("worker", workerConfig, Time.SYSTEM, "cluster");
    List<TransformationStage<SinkRecord>> chain =
        new SinkConnectorConfig(plugins, config).transformationStages(plugins, new ConnectorTaskId("sink", 0), metrics);
    beans("BEFORE");
    int offset = 7;
    for (String line : Files.readAllLines(Path.of(arguments[2]))) {
      show(chain, line.split("\t", -1), offset++);
    }
    beans("AFTER");
    for (TransformationStage<SinkRecord> stage : chain) {
      stage.close();
    }
    metrics.stop();
  }

  private static void show(List<TransformationStage<SinkRecord>> chain, String[] given, int offset) {
    SinkRecord record = new SinkRecord(given[1], 2, null, null, null, null, offset);
    if (!given[2].equals("tombstone")) {
      Struct row = row(given);
      record =
          new SinkRecord(
              given[1], 2, null, "key", row.schema(), row, offset, 1_767_323_045_123L, org.apache.kafka.common.record.TimestampType.CREATE_TIME);
    }
    try {
      for (TransformationStage<SinkRecord> stage : chain) {
        record = stage.apply(record);
      }
      System.out.println("RESULT " + given[0] + "|" + text(record, offset));
    } catch (RuntimeException error) {
      System.out.println("RESULT " + given[0] + "|" + error.getClass().getSimpleName() + ": " + error.getMessage());
    }
  }

  private static String text(SinkRecord record, int offset) {
    if (record.value() == null) {
      return "no row";
    }
    Struct row = (Struct) record.value();
    boolean sameColumns = COLUMNS.keySet().stream().allMatch(name -> row.schema().field(name) != null || name.equals("note"));
    String rules = row.schema().field("__quality_rules") == null ? "-" : String.valueOf(row.get("__quality_rules"));
    boolean samePlace = record.kafkaOffset() == offset && record.originalTopic().equals(record.topic()) && record.kafkaPartition() == 2;
    return row.getString("__topic") + " rules=" + rules + (sameColumns && samePlace && record.timestamp() != null ? "" : " CHANGED");
  }

  private static Struct row(String[] given) {
    Map<String, String> values = new HashMap<>();
    for (int i = 3; i < given.length; i++) {
      String[] parts = given[i].split("=", 2);
      values.put(parts[0], parts[1]);
    }
    SchemaBuilder builder = SchemaBuilder.struct().name("row");
    COLUMNS.forEach(
        (name, schema) -> {
          if (!"absent".equals(values.get(name))) {
            builder.field(name, schema);
          }
        });
    Schema schema = builder.field("__op", TEXT).field("__deleted", TEXT).build();
    Struct row = new Struct(schema).put("__op", given[2]).put("__deleted", String.valueOf(given[2].equals("d")));
    values.forEach(
        (name, text) -> {
          if (schema.field(name) != null && !text.equals("null")) {
            row.put(name, value(name, text));
          }
        });
    return row;
  }

  private static Object value(String name, String text) {
    switch (name) {
      case "price":
        return new BigDecimal(text).setScale(2);
      case "id":
      case "quantity":
        return Integer.valueOf(text);
      case "ratio":
        return Double.valueOf(text);
      case "born":
        return new Date(LocalDate.parse(text).toEpochDay() * 86_400_000L);
      default:
        return text;
    }
  }

  private static void beans(String when) throws Exception {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    for (ObjectName name : server.queryNames(new ObjectName("kafka.connect:type=plugins,*"), null)) {
      for (String attribute : List.of("rows-checked-total", "rows-invalid-total")) {
        try {
          System.out.println(when + " " + name.getCanonicalName() + "|" + attribute + "|" + server.getAttribute(name, attribute));
        } catch (javax.management.AttributeNotFoundException other) {
          // a bean has one of the two
        }
      }
    }
  }
}
