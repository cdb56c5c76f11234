package dataingestion.connect;

import java.util.Collection;
import java.util.Map;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.connect.IcebergSinkTask;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;

/**
 * A task of Iceberg's sink that fails, with the reason, at its start or later, where its files would be ignored, and that goes on where
 * the earlier sink of its tables has stopped.
 */
public class GuardedIcebergTask extends IcebergSinkTask {
  private ControlTopic control;
  private Takeover takeover;

  @Override
  public void start(Map<String, String> properties) {
    IcebergSinkConfig config = new IcebergSinkConfig(properties);
    control = new ControlTopic(config);
    control.check();
    CommitCounters.begin(config.catalogProps(), config.tables());
    String earlier = properties.get(Takeover.KEY);
    if (earlier != null) {
      takeover = new Takeover(config.kafkaProps(), config.connectGroupId(), earlier);
    }
    super.start(properties);
  }

  @Override
  public void open(Collection<TopicPartition> partitions) {
    super.open(partitions);
    if (takeover != null) {
      // the worker goes to these positions before it reads the first record
      context.offset(takeover.positions(partitions));
    }
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
      if (takeover != null) {
        takeover.close();
      }
    }
  }
}
