package dataingestion.connect;

import io.debezium.connector.postgresql.PostgresConnector;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.connector.Task;

/** Debezium's PostgreSQL connector, with one difference: it does not start on a database that went back in time. */
public class GuardedPostgresConnector extends PostgresConnector {
  /** {@inheritDoc} */
  @Override
  public Class<? extends Task> taskClass() {
    return GuardedPostgresTask.class;
  }

  /** {@inheritDoc} Debezium chooses its own parts, such as the lock of a snapshot, by the name of the connector's class. */
  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    return super.taskConfigs(maxTasks).stream().map(GuardedPostgresConnector::asDebezium).toList();
  }

  private static Map<String, String> asDebezium(Map<String, String> config) {
    Map<String, String> own = new HashMap<>(config);
    own.put("connector.class", PostgresConnector.class.getName());
    return own;
  }
}
