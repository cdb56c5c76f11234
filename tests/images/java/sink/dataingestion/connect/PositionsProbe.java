package dataingestion.connect;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.hadoop.HadoopCatalog;
import org.apache.iceberg.types.Types;

/** Prints the position that commits of several writers leave in a table, and what follows for a control topic that ends somewhere. */
public final class PositionsProbe {
  private static final String KEY = "kafka.connect.offsets.iceberg-control.connect-sink";

  public static void main(String[] arguments) {
    Schema schema = new Schema(Types.NestedField.optional(1, "id", Types.IntegerType.get()));
    try (HadoopCatalog catalog = new HadoopCatalog(new Configuration(), arguments[0])) {
      Table table = catalog.createTable(TableIdentifier.of("archive", "users"), schema);
      show("empty", table, "iceberg-control", Map.of(0, 0L));
      append(table, KEY, "{\"0\":27}");
      append(table, "written-by", "another");
      show("beyond", table, "iceberg-control", Map.of(0, 26L));
      show("at", table, "iceberg-control", Map.of(0, 27L));
      show("without", table, "iceberg-control", Map.of());
      show("other", table, "iceberg-control-epoch2", Map.of(0, 0L));
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  private static void append(Table table, String key, String value) {
    AppendFiles append = table.newAppend();
    append.set(key, value);
    append.appendFile(
        DataFiles.builder(PartitionSpec.unpartitioned()).withPath(table.location() + "/" + value.hashCode() + ".parquet")
            .withFileSizeInBytes(1).withRecordCount(1).build());
    append.commit();
  }

  private static void show(String name, Table table, String topic, Map<Integer, Long> ends) {
    Map<Integer, Long> position = Positions.of(table, null, topic, "connect-sink");
    System.out.println("RESULT " + name + " " + position + " " + Positions.refusal(topic, "archive.users", position, ends).orElse("-"));
  }
}
