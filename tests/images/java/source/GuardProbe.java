package dataingestion.connect;

import io.debezium.connector.postgresql.connection.Lsn;
import java.io.FileReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

/**
 * Runs the image's source task without Kafka Connect: until it sends a record, whose offset is printed, or fails, which is printed.
 *
 * <p>Arguments: {@code run}, a file with the configuration, and the stored offset as {@code key=value}; or {@code judge} and cases as the
 * test writes them.
 */
public final class GuardProbe {
  // Limit of the wait for a record
  private static final String SECONDS = "test.seconds";
  // With it, records are not the end
  private static final String STAYS = "test.stays";

  public static void main(String[] arguments) throws Exception {
    List<String> rest = Arrays.asList(arguments).subList(1, arguments.length);
    if (arguments[0].equals("judge")) {
      rest.forEach(GuardProbe::judge);
      return;
    }
    run(config(rest.get(0)), offset(rest.subList(1, rest.size())));
    System.exit(0);
  }

  /** Return the keys of a file. */
  static Map<String, String> config(String path) throws IOException {
    Properties read = new Properties();
    read.load(new FileReader(path));
    Map<String, String> texts = new HashMap<>();
    read.forEach((key, value) -> texts.put(key.toString(), value.toString()));
    return texts;
  }

  /** Return the source's task, started from a stored offset. */
  static SourceTask started(Map<String, String> config, Map<String, Object> offset) throws ReflectiveOperationException {
    SourceConnector connector = (SourceConnector) Class.forName(config.get("connector.class")).getDeclaredConstructor().newInstance();
    connector.start(config);
    SourceTask task = (SourceTask) connector.taskClass().getDeclaredConstructor().newInstance();
    Map<String, String> own = connector.taskConfigs(1).get(0);
    task.initialize(context(own, offset));
    task.start(own);
    return task;
  }

  private static void judge(String text) {
    String[] sides = text.split("\\|", -1);
    String[] server = sides[1].split(",", -1);
    StoredPosition position = StoredPosition.of(offset(List.of(sides[0].split(","))));
    DatabaseServer found =
        new DatabaseServer(
            server[0], Long.parseLong(server[1]), Lsn.valueOf(server[2]), Lsn.valueOf(server[3]), Lsn.valueOf(server[4]), sides[2]);
    if (position == null) {
      System.out.println("> no position");
      return;
    }
    String refusal = position.refusal(found);
    System.out.println("> " + (refusal == null ? position.leftOut(found) : refusal));
  }

  private static void run(Map<String, String> config, Map<String, Object> offset) throws Exception {
    try {
      SourceTask task = started(config, offset);
      long end = System.nanoTime() + Long.parseLong(config.get(SECONDS)) * 1_000_000_000L;
      while (System.nanoTime() < end) {
        List<SourceRecord> records = task.poll();
        if (records != null && !records.isEmpty()) {
          for (SourceRecord record : records) {
            task.commitRecord(record, null);
            System.out.println("# " + record.key());
          }
          task.commit();
          task.poll();
          records.get(records.size() - 1).sourceOffset().forEach((key, value) -> System.out.println("> " + key + "=" + value));
          if (config.containsKey(STAYS)) {
            System.out.flush();
            continue;
          }
          task.stop();
          return;
        }
      }
      System.out.println("! nothing");
    } catch (RuntimeException error) {
      System.out.println("! " + error.getClass().getName() + ": " + error.getMessage());
    }
  }

  static Map<String, Object> offset(List<String> entries) {
    Map<String, Object> offset = new HashMap<>();
    for (String entry : entries) {
      String[] parts = entry.split("=", 2);
      boolean text = parts[0].equals("system_identifier") || !parts[1].matches("\\d+|true|false");
      boolean number = Character.isDigit(parts[1].charAt(0));
      offset.put(parts[0], text ? parts[1] : number ? Long.valueOf(parts[1]) : Boolean.valueOf(parts[1]));
    }
    return offset;
  }

  static SourceTaskContext context(Map<String, String> config, Map<String, Object> offset) {
    OffsetStorageReader reader =
        new OffsetStorageReader() {
          @Override
          public <T> Map<String, Object> offset(Map<String, T> partition) {
            return partition.equals(Map.of("server", config.get("topic.prefix"))) && !offset.isEmpty() ? offset : null;
          }

          @Override
          public <T> Map<Map<String, T>, Map<String, Object>> offsets(Collection<Map<String, T>> partitions) {
            Map<Map<String, T>, Map<String, Object>> found = new HashMap<>();
            partitions.forEach(partition -> found.put(partition, offset(partition)));
            return found;
          }
        };
    return new SourceTaskContext() {
      @Override
      public Map<String, String> configs() {
        return config;
      }

      @Override
      public OffsetStorageReader offsetStorageReader() {
        return reader;
      }

      @Override
      public PluginMetrics pluginMetrics() {
        return null;
      }
    };
  }
}
