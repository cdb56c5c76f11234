package dataingestion.connect;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.connect.IcebergSinkConnector;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.connector.Task;

/**
 * Apache Iceberg's sink, whose tasks do not run where it would ignore the files that they write, which removes old snapshots, and which
 * goes on with tables of another sink where that one has stopped.
 *
 * <p>The keys are those of Iceberg's sink, and the group of that other sink.
 */
public class GuardedIcebergSink extends IcebergSinkConnector {
  // A round reads each table's metadata once; at a start the catalog has the tasks to serve first
  private static final Duration FIRST = Duration.ofSeconds(20);
  private static final Duration BETWEEN = Duration.ofMinutes(15);

  private SnapshotExpiry expiry;

  @Override
  public void start(Map<String, String> properties) {
    super.start(properties);
    IcebergSinkConfig config = new IcebergSinkConfig(properties);
    List<String> tables = config.tables() == null ? List.of() : config.tables();
    expiry =
        new SnapshotExpiry(
            () -> CatalogUtil.buildIcebergCatalog(config.catalogName(), config.catalogProps(), null),
            tables.stream().map(TableIdentifier::parse).toList(),
            FIRST,
            BETWEEN);
  }

  @Override
  public void stop() {
    if (expiry != null) {
      expiry.close();
    }
    super.stop();
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef(super.config())
        .define(Takeover.KEY, Type.STRING, null, Importance.LOW, "Consumer group of the sink that had these tables before");
  }

  @Override
  public Class<? extends Task> taskClass() {
    return GuardedIcebergTask.class;
  }
}
