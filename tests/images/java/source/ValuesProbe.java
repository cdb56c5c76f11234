package dataingestion.connect;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/**
 * Runs a source task until it has sent a number of changes, and prints of each {@code @ operation}, then each column before and after it
 * as {@code # state|column|type|value} with the value's text in base64, {@code % topic|key}, and at last the offset.
 *
 * <p>Arguments: a file with the configuration, the number of rows, and the stored offset as {@code key=value}.
 */
public final class ValuesProbe {
  private static final long NANOSECONDS = 60_000_000_000L;

  public static void main(String[] arguments) throws Exception {
    Map<String, String> config = GuardProbe.config(arguments[0]);
    try {
      run(config, Integer.parseInt(arguments[1]), GuardProbe.offset(Arrays.asList(arguments).subList(2, arguments.length)));
    } catch (RuntimeException error) {
      for (Throwable cause = error; cause != null; cause = cause.getCause()) {
        System.out.println("! " + cause.getClass().getSimpleName() + ": " + cause.getMessage());
      }
    }
    System.exit(0);
  }

  private static void run(Map<String, String> config, int rows, Map<String, Object> offset) throws Exception {
    SourceTask task = GuardProbe.started(config, offset);
    long end = System.nanoTime() + NANOSECONDS;
    int missing = rows;
    while (missing > 0 && System.nanoTime() < end) {
      List<SourceRecord> records = task.poll();
      for (SourceRecord record : records == null ? List.<SourceRecord>of() : records) {
        task.commitRecord(record, null);
        Struct change = (Struct) record.value();
        System.out.println("@ " + change.getString("op"));
        print("before", change.getStruct("before"));
        print("after", change.getStruct("after"));
        System.out.println("% " + record.topic() + "|" + record.key());
        System.out.flush();
        if (--missing == 0) {
          task.commit();
          task.poll();
          record.sourceOffset().forEach((key, value) -> System.out.println("> " + key + "=" + value));
        }
      }
    }
    task.stop();
  }

  static void print(String state, Struct row) {
    if (row == null) {
      return;
    }
    for (Field field : row.schema().fields()) {
      Schema schema = field.schema();
      String type = schema.type() + " " + schema.name() + " " + schema.version() + " " + schema.parameters();
      System.out.println("# " + state + "|" + field.name() + "|" + type + "|" + shown(row.get(field)));
    }
  }

  private static String shown(Object value) {
    return value == null ? "null" : Base64.getEncoder().encodeToString(text(value).getBytes(StandardCharsets.UTF_8));
  }

  private static String text(Object value) {
    if (value instanceof java.util.Date) {
      return String.valueOf(((java.util.Date) value).getTime());
    }
    if (value instanceof ByteBuffer) {
      return "\\x" + HexFormat.of().formatHex(((ByteBuffer) value).array());
    }
    return value instanceof BigDecimal ? ((BigDecimal) value).toPlainString() : String.valueOf(value);
  }
}
