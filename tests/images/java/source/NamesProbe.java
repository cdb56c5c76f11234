package dataingestion.connect;

import io.debezium.transforms.ExtractNewRecordState;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/**
 * Runs a source task and its chain of transforms until it has sent a number of rows, and prints each as {@code @ topic|key|value}, in
 * which each is the name of its schema and its columns.
 *
 * <p>Arguments: a file with the configuration, and the number of rows.
 */
public final class NamesProbe {
  private static final long NANOSECONDS = 60_000_000_000L;

  public static void main(String[] arguments) throws Exception {
    run(GuardProbe.config(arguments[0]), Integer.parseInt(arguments[1]));
    System.exit(0);
  }

  private static void run(Map<String, String> config, int rows) throws Exception {
    ExtractNewRecordState<SourceRecord> unwrap = new ExtractNewRecordState<>();
    unwrap.configure(of(config, "transforms.unwrap."));
    ArchivedNames<SourceRecord> names = new ArchivedNames<>();
    names.configure(of(config, "transforms.names."));
    SourceTask task = GuardProbe.started(config, new HashMap<>());
    long end = System.nanoTime() + NANOSECONDS;
    for (int sent = 0; sent < rows && System.nanoTime() < end; ) {
      Iterable<SourceRecord> records = task.poll();
      if (records != null) {
        for (SourceRecord record : records) {
          SourceRecord named = names.apply(unwrap.apply(record));
          System.out.println("@ " + named.topic() + "|" + shown((Struct) named.key()) + "|" + shown((Struct) named.value()));
          sent++;
        }
      }
    }
    task.stop();
  }

  private static Map<String, String> of(Map<String, String> config, String prefix) {
    Map<String, String> found = new HashMap<>();
    config.forEach(
        (key, value) -> {
          if (key.startsWith(prefix) && !key.equals(prefix + "type")) {
            found.put(key.substring(prefix.length()), value);
          }
        });
    return found;
  }

  /** Return the name of the schema and the columns; the default of a column is what a converter would write for NULL. */
  private static String shown(Struct row) {
    StringBuilder text = new StringBuilder(row.schema().name());
    for (Field field : row.schema().fields()) {
      if (!field.name().startsWith("__")) {
        text.append(' ').append(field.name()).append('=').append(row.get(field));
      }
    }
    return text.toString();
  }
}
