package dataingestion.connect;

import java.nio.ByteBuffer;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
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
  private static final Set<String> MARKS = Set.of("__op", "__deleted");
  private static final long NANOSECONDS = 60_000_000_000L;

  public static void main(String[] arguments) throws Exception {
    run(GuardProbe.config(arguments[0]), Integer.parseInt(arguments[1]));
    System.exit(0);
  }

  private static void run(Map<String, String> config, int rows) throws Exception {
    Chain chain = new Chain(config);
    SourceTask task = GuardProbe.started(config, new HashMap<>());
    long end = System.nanoTime() + NANOSECONDS;
    for (int sent = 0; sent < rows && System.nanoTime() < end; ) {
      Iterable<SourceRecord> records = task.poll();
      if (records != null) {
        for (SourceRecord record : records) {
          SourceRecord named = chain.apply(record);
          System.out.println("@ " + named.topic() + "|" + (named.key() == null ? "none" : shown((Struct) named.key())) + "|" + shown((Struct) named.value()));
          sent++;
        }
      }
    }
    task.stop();
  }

  private static Object shown(Object value) {
    return value instanceof ByteBuffer ? "bytes:" + ((ByteBuffer) value).remaining() : value instanceof Date ? ((Date) value).getTime() : value;
  }

  /** Return the name of the schema and the columns; the default of a column is what a converter would write for NULL. */
  private static String shown(Struct row) {
    StringBuilder text = new StringBuilder(row.schema().name());
    for (Field field : row.schema().fields()) {
      if (!field.name().startsWith("__") || MARKS.contains(field.name())) {
        text.append(' ').append(field.name()).append('=').append(shown(row.get(field)));
      }
    }
    return text.toString();
  }
}
