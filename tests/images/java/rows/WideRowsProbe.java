package dataingestion.connect;

import java.io.File;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.iceberg.Files;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types;

/**
 * Writes rows by turns into several open files, as the sink does after a pause, and prints the most direct memory that was taken.
 *
 * <p>Arguments: folder, number of files, number of rows, length of a row in bytes, and properties of the table as {@code key=value}.
 */
public final class WideRowsProbe {
  private static final Schema SCHEMA =
      new Schema(
          Types.NestedField.optional(1, "id", Types.IntegerType.get()),
          Types.NestedField.optional(2, "text", Types.StringType.get()));

  public static void main(String[] arguments) throws Exception {
    int files = Integer.parseInt(arguments[1]);
    int rows = Integer.parseInt(arguments[2]);
    byte[] text = new byte[Integer.parseInt(arguments[3])];
    Map<String, String> properties = new HashMap<>();
    for (int at = 4; at < arguments.length; at++) {
      String[] pair = arguments[at].split("=", 2);
      properties.put(pair[0], pair[1]);
    }
    List<FileAppender<Record>> open = new ArrayList<>();
    for (int file = 0; file < files; file++) {
      open.add(appender(new File(arguments[0], file + ".parquet"), properties));
    }
    Random chance = new Random(1);
    long most = 0;
    for (int row = 0; row < rows; row++) {
      for (int at = 0; at < text.length; at++) {
        text[at] = (byte) (' ' + chance.nextInt(90));
      }
      Record record = GenericRecord.create(SCHEMA);
      record.setField("id", row);
      record.setField("text", new String(text, StandardCharsets.US_ASCII));
      open.get(row % files).add(record);
      most = Math.max(most, direct());
    }
    for (FileAppender<Record> file : open) {
      file.close();
    }
    System.out.println("direct=" + most);
  }

  private static FileAppender<Record> appender(File file, Map<String, String> properties) throws Exception {
    return Parquet.write(Files.localOutput(file))
        .schema(SCHEMA)
        .createWriterFunc(GenericParquetWriter::create)
        .setAll(properties)
        .build();
  }

  private static long direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
