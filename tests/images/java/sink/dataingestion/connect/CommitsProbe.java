package dataingestion.connect;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.metrics.CommitReport;
import org.apache.iceberg.types.Types;

/** Commits to tables of a catalog that reports to the image's counters, and prints the beans. */
public final class CommitsProbe {
  private static final MBeanServer SERVER = ManagementFactory.getPlatformMBeanServer();
  private static final String[] FIGURES = {"Commits", "Attempts", "AddedRecords", "LastDurationMs"};

  public static void main(String[] arguments) throws Exception {
    Map<String, String> properties =
        Map.of("type", "hadoop", "warehouse", arguments[0], "metrics-reporter-impl", CommitCounters.class.getName());
    CommitCounters.begin(Map.of("metrics-reporter-impl", "org.example.Other"), List.of("archive.others"));
    CommitCounters.begin(properties, List.of("archive.users", "archive.orders"));
    show("begun");

    Catalog catalog = CatalogUtil.buildIcebergCatalog("archive", properties, new Configuration());
    Table users = catalog.createTable(TableIdentifier.of("archive", "users"), new Schema(Types.NestedField.optional(1, "id", Types.IntegerType.get())));
    append(users, 1, 5);
    append(users, 2, 7);
    // As another task or a restarted one has it
    append(CatalogUtil.buildIcebergCatalog("archive", properties, new Configuration()).loadTable(TableIdentifier.of("archive", "users")), 3, 1);
    show("committed");

    users.newScan().planFiles().close();
    new CommitCounters().report((CommitReport) null);
    new CommitCounters().report((CommitReport) java.lang.reflect.Proxy.newProxyInstance(
        CommitsProbe.class.getClassLoader(), new Class<?>[] {CommitReport.class}, (proxy, method, values) -> null));
    show("harmless");

    CommitCounters.begin(properties, List.of("archive.a,b=\"c\""));
    show("strange");

    Thread[] threads = IntStream.range(0, 4).mapToObj(number -> new Thread(() -> {
      CommitFigures figures = TABLE;
      for (int i = 0; i < 1000; i++) {
        figures.count(2, 5, 3);
      }
    })).toArray(Thread[]::new);
    for (Thread thread : threads) {
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println("RESULT threads " + TABLE.getCommits() + " " + TABLE.getAttempts() + " " + TABLE.getAddedRecords() + " " + TABLE.getLastDurationMs());
  }

  private static final CommitFigures TABLE = new CommitFigures();

  private static void append(Table table, int number, int rows) {
    table.newAppend().appendFile(DataFiles.builder(PartitionSpec.unpartitioned()).withPath(table.location() + "/" + number + ".parquet").withFileSizeInBytes(1).withRecordCount(rows).build()).commit();
  }

  private static void show(String name) throws Exception {
    for (ObjectName bean : new java.util.TreeSet<>(SERVER.queryNames(new ObjectName("dataingestion.connect:type=iceberg-commits,*"), null))) {
      StringBuilder line = new StringBuilder("RESULT " + name + " " + bean.getKeyProperty("table"));
      for (String figure : FIGURES) {
        Object value = SERVER.getAttribute(bean, figure);
        line.append(' ').append(figure.equals("LastDurationMs") ? (Long) value > 0 ? "took" : "0" : value);
      }
      System.out.println(line);
    }
  }
}
