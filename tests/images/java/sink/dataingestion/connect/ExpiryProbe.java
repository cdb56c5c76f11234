package dataingestion.connect;

import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.hadoop.HadoopCatalog;
import org.apache.iceberg.types.Types;

/** Makes tables with snapshots as a sink leaves them, removes old ones, and prints what is left. */
public final class ExpiryProbe {
  private static final Schema SCHEMA = new Schema(Types.NestedField.optional(1, "id", Types.IntegerType.get()));
  private static final long HOUR = 3_600_000;

  public static void main(String[] arguments) throws Exception {
    HadoopCatalog catalog = new HadoopCatalog(new Configuration(), arguments[0]);
    int commits = Integer.parseInt(arguments[1]);

    Table busy = table(catalog, "busy", HOUR);
    for (int i = 0; i < commits; i++) {
      append(busy, i, true);
    }
    show("within", busy, SnapshotExpiry.expire(busy, now(busy)));
    show("after", busy, SnapshotExpiry.expire(busy, now(busy) + HOUR + 1));
    show("again", busy, SnapshotExpiry.expire(busy, now(busy) + HOUR + 1));

    Table foreign = table(catalog, "foreign", HOUR);
    append(foreign, 0, true);
    append(foreign, 1, true);
    append(foreign, 2, false);
    append(foreign, 3, false);
    show("foreign", foreign, SnapshotExpiry.expire(foreign, now(foreign) + 10 * HOUR));

    Table empty = table(catalog, "empty", HOUR);
    show("empty", empty, SnapshotExpiry.expire(empty, System.currentTimeMillis() + 10 * HOUR));

    // Rounds go on after a table that does not exist.
    Table late = table(catalog, "late", 1);
    append(late, 0, true);
    append(late, 1, true);
    append(late, 2, true);
    List<TableIdentifier> names = List.of(TableIdentifier.of("a", "missing"), TableIdentifier.of("a", "late"));
    try (SnapshotExpiry rounds = new SnapshotExpiry(() -> catalog, names, Duration.ofMillis(10), Duration.ofMillis(50))) {
      for (int i = 0; i < 200 && count(catalog.loadTable(names.get(1))) > 1; i++) {
        Thread.sleep(50);
      }
      append(late, 3, true);
      for (int i = 0; i < 200 && count(catalog.loadTable(names.get(1))) > 1; i++) {
        Thread.sleep(50);
      }
    }
    show("rounds", catalog.loadTable(names.get(1)), -1);
  }

  private static Table table(HadoopCatalog catalog, String name, long age) {
    return catalog.createTable(
        TableIdentifier.of("a", name),
        SCHEMA,
        PartitionSpec.unpartitioned(),
        Map.of("history.expire.max-snapshot-age-ms", Long.toString(age), "write.metadata.delete-after-commit.enabled", "true"));
  }

  private static void append(Table table, int number, boolean bySink) throws InterruptedException {
    // Snapshots of one millisecond have no order of age
    Thread.sleep(2);
    AppendFiles files = table.newAppend();
    files.appendFile(
        DataFiles.builder(PartitionSpec.unpartitioned())
            .withPath(table.location() + "/data/" + number + ".parquet")
            .withFileSizeInBytes(1)
            .withRecordCount(1)
            .build());
    if (bySink) {
      files.set("kafka.connect.offsets.control.group", "{\"0\":" + number + "}");
    }
    files.commit();
  }

  private static long now(Table table) {
    return table.currentSnapshot().timestampMillis();
  }

  private static int count(Table table) {
    int number = 0;
    for (Snapshot ignored : table.snapshots()) {
      number++;
    }
    return number;
  }

  private static void show(String name, Table table, int removed) throws Exception {
    int[] files = {0};
    table.newScan().planFiles().forEach(file -> files[0]++);
    String location = ((org.apache.iceberg.BaseTable) table).operations().current().metadataFileLocation();
    long bytes = new File(location.replaceFirst("^file:", "")).length();
    boolean positioned = false;
    for (Snapshot snapshot : table.snapshots()) {
      positioned = positioned || snapshot.summary().containsKey("kafka.connect.offsets.control.group");
    }
    System.out.println(
        String.format("%s removed=%d held=%d files=%d positioned=%s bytes=%d", name, removed, count(table), files[0], positioned, bytes));
  }
}
