package dataingestion.connect;

import org.apache.iceberg.connect.IcebergSinkConnector;
import org.apache.kafka.connect.connector.Task;

/**
 * Apache Iceberg's sink, whose tasks do not run where it would ignore the files that they write.
 *
 * <p>The keys are those of Iceberg's sink.
 */
public class GuardedIcebergSink extends IcebergSinkConnector {
  @Override
  public Class<? extends Task> taskClass() {
    return GuardedIcebergTask.class;
  }
}
