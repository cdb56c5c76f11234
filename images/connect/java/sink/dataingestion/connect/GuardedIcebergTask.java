package dataingestion.connect;

import java.util.Collection;
import java.util.Map;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.connect.IcebergSinkTask;
import org.apache.kafka.connect.sink.SinkRecord;

/** A task of Iceberg's sink that fails, with the reason, at its start or later, where its files would be ignored. */
public class GuardedIcebergTask extends IcebergSinkTask {
  private ControlTopic control;

  @Override
  public void start(Map<String, String> properties) {
    control = new ControlTopic(new IcebergSinkConfig(properties));
    control.check();
    super.start(properties);
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    control.checkAgain();
    super.put(records);
  }

  @Override
  public void stop() {
    try {
      super.stop();
    } finally {
      if (control != null) {
        control.close();
      }
    }
  }
}
