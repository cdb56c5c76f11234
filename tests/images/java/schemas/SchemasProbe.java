package dataingestion.connect;

import io.confluent.connect.avro.AvroData;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/**
 * Runs a source task and its chain of transforms, and prints of each record topic, key schema and value schema as the converter would
 * register them: {@code @ topic<tab>key<tab>value}. A failure is printed as {@code ! message}.
 *
 * <p>Arguments: a file with the configuration, and the number of records.
 */
public final class SchemasProbe {
  private static final long NANOSECONDS = 60_000_000_000L;

  public static void main(String[] arguments) throws Exception {
    try {
      run(GuardProbe.config(arguments[0]), Integer.parseInt(arguments[1]));
    } catch (RuntimeException error) {
      for (Throwable cause = error; cause != null; cause = cause.getCause()) {
        System.out.println("! " + cause.getClass().getSimpleName() + ": " + cause.getMessage());
      }
    }
    System.exit(0);
  }

  private static void run(Map<String, String> config, int number) throws Exception {
    Chain chain = new Chain(config);
    AvroData avro = new AvroData(100);
    SourceTask task = GuardProbe.started(config, new HashMap<>());
    long end = System.nanoTime() + NANOSECONDS;
    for (int sent = 0; sent < number && System.nanoTime() < end; ) {
      Iterable<SourceRecord> records = task.poll();
      if (records != null) {
        for (SourceRecord record : records) {
          SourceRecord named = chain.apply(record);
          String key = named.keySchema() == null ? "null" : avro.fromConnectSchema(named.keySchema()).toString();
          System.out.println("@ " + named.topic() + "\t" + key + "\t" + avro.fromConnectSchema(named.valueSchema()));
          System.out.flush();
          sent++;
        }
      }
    }
    task.stop();
  }
}
