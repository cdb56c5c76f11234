package dataingestion.connect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/**
 * Runs a source task until it has sent a number of rows, keeps none of them, and prints the milliseconds that it took.
 *
 * <p>Arguments: a file with the configuration, and the number of rows.
 */
public final class CountProbe {
  private static final long NANOSECONDS = 120_000_000_000L;

  public static void main(String[] arguments) throws Exception {
    Map<String, String> config = GuardProbe.config(arguments[0]);
    int missing = Integer.parseInt(arguments[1]);
    long began = System.nanoTime();
    SourceTask task = GuardProbe.started(config, new HashMap<>());
    while (missing > 0 && System.nanoTime() - began < NANOSECONDS) {
      List<SourceRecord> records = task.poll();
      missing -= records == null ? 0 : records.size();
    }
    System.out.println("> " + missing + " " + (System.nanoTime() - began) / 1_000_000);
    System.exit(0);
  }
}
