package dataingestion.connect;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * The control topic of a sink, compared with the positions in it that the sink's tables hold.
 *
 * <p>A table ignores each message of the topic below its position. A topic that was deleted and made again, or that brokers without
 * their volumes have, begins at 0: every file would be ignored until the old number is passed, with all tasks running.
 */
final class ControlTopic implements AutoCloseable {
  // Longest wait for the brokers at a start, and in between, where the sink's own clients wait for them anyway
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration GLANCE = Duration.ofSeconds(2);

  // A file is announced once in a commit interval, so that a new topic is noticed before
  private static final long BETWEEN_GLANCES = Duration.ofSeconds(1).toNanos();

  // The topic that has passed, by sink: tasks of one worker do not load all tables again
  private static final Map<String, Uuid> PASSED = new ConcurrentHashMap<>();

  private final IcebergSinkConfig config;
  private final Admin admin;
  private Uuid known;
  private long last;

  ControlTopic(IcebergSinkConfig config) {
    this.config = config;
    this.admin = Admin.create(new HashMap<String, Object>(config.kafkaProps()));
  }

  /** Throw ConnectException if a table's position is beyond the end of the topic, or if brokers or catalog do not answer. */
  void check() {
    last = System.nanoTime();
    TopicDescription topic = describe(PATIENCE);
    String sink = String.join("\n", config.catalogName(), config.controlTopic(), config.connectGroupId(), String.valueOf(config.tables()));
    if (!topic.topicId().equals(PASSED.get(sink))) {
      compare(ends(topic));
      PASSED.put(sink, topic.topicId());
    }
    known = topic.topicId();
  }

  /** Check again if the topic is another one by now; brokers that do not answer are left to the sink's own clients. */
  void checkAgain() {
    if (System.nanoTime() - last < BETWEEN_GLANCES) {
      return;
    }
    Uuid now;
    try {
      now = describe(GLANCE).topicId();
    } catch (ConnectException away) {
      now = known;
    }
    last = System.nanoTime();
    if (!now.equals(known)) {
      check();
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }

  private TopicDescription describe(Duration patience) {
    String name = config.controlTopic();
    return answer(admin.describeTopics(List.of(name)).topicNameValues().get(name), patience);
  }

  private Map<Integer, Long> ends(TopicDescription topic) {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    topic.partitions().forEach(one -> asked.put(new TopicPartition(topic.name(), one.partition()), OffsetSpec.latest()));
    Map<Integer, Long> ends = new HashMap<>();
    answer(admin.listOffsets(asked).all(), PATIENCE).forEach((partition, end) -> ends.put(partition.partition(), end.offset()));
    return ends;
  }

  private void compare(Map<Integer, Long> ends) {
    if (config.tables() == null) {
      return;
    }
    Catalog catalog = CatalogUtil.buildIcebergCatalog(config.catalogName(), config.catalogProps(), null);
    try {
      for (String name : config.tables()) {
        Table table;
        try {
          table = catalog.loadTable(TableIdentifier.parse(name));
        } catch (NoSuchTableException missing) {
          continue;
        }
        Map<Integer, Long> position =
            Positions.of(table, config.tableConfig(name).commitBranch(), config.controlTopic(), config.connectGroupId());
        Positions.refusal(config.controlTopic(), name, position, ends)
            .ifPresent(
                reason -> {
                  throw new ConnectException(reason);
                });
      }
    } finally {
      if (catalog instanceof AutoCloseable open) {
        try {
          open.close();
        } catch (Exception ignored) {
          // the comparison has ended; connections that do not close end with their server's limits
        }
      }
    }
  }

  private <T> T answer(KafkaFuture<T> future, Duration patience) {
    return Answers.of(future, patience, "the control topic " + config.controlTopic());
  }
}
