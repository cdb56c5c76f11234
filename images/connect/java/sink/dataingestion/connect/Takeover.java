package dataingestion.connect;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * Positions of tables that a sink takes over from another one.
 *
 * <p>A group without a position in a topic reads it from its start, so that a table that gets a sink of its own would be archived again.
 * The sink goes on where the earlier one stopped: at the position that was committed with the files of the rows before it.
 */
final class Takeover implements AutoCloseable {
  static final String KEY = "guard.earlier.group";

  // A change of its topics lets the earlier sink rebalance within seconds; a dead worker is noticed after 45
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Duration ANSWER = Duration.ofSeconds(20);
  private static final long POLL_MS = 500;
  private static final Set<GroupState> SETTLED = Set.of(GroupState.STABLE, GroupState.EMPTY, GroupState.DEAD);

  private final Admin admin;
  private final String own;
  private final String earlier;

  Takeover(Map<String, String> clients, String own, String earlier) {
    this.admin = Admin.create(new HashMap<String, Object>(clients));
    this.own = own;
    this.earlier = earlier;
  }

  /**
   * Return where to go on in partitions in which the own group has no position; nothing for one in which the earlier group has none.
   *
   * @throws ConnectException if the earlier sink still reads one of them, or the brokers do not answer
   */
  Map<TopicPartition, Long> positions(Collection<TopicPartition> partitions) {
    Set<TopicPartition> without = new HashSet<>(partitions);
    without.removeAll(committed(own, partitions).keySet());
    if (without.isEmpty()) {
      return Map.of();
    }
    waitUntilLeft(without);
    return committed(earlier, without);
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }

  /** Wait until no member of the earlier group has one of the partitions: only then is its position the last one. */
  private void waitUntilLeft(Set<TopicPartition> partitions) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (isRead(partitions)) {
      if (System.nanoTime() > deadline) {
        throw new ConnectException(
            "The group "
                + earlier
                + " still reads "
                + partitions.stream().map(TopicPartition::topic).distinct().sorted().collect(Collectors.joining(", "))
                + ", which this sink takes over: 'up' takes the tables out of its sink first. The task is tried again.");
      }
      try {
        Thread.sleep(POLL_MS);
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new ConnectException("Stopped while waiting for the group " + earlier, stopped);
      }
    }
  }

  private boolean isRead(Set<TopicPartition> partitions) {
    ConsumerGroupDescription group;
    try {
      group = answer(admin.describeConsumerGroups(List.of(earlier)).describedGroups().get(earlier));
    } catch (ConnectException refused) {
      if (refused.getCause() instanceof GroupIdNotFoundException) {
        return false;
      }
      throw refused;
    }
    return !SETTLED.contains(group.groupState())
        || group.members().stream().anyMatch(one -> one.assignment().topicPartitions().stream().anyMatch(partitions::contains));
  }

  /** Return a group's positions, without those that an open transaction may still change. */
  private Map<TopicPartition, Long> committed(String group, Collection<TopicPartition> partitions) {
    var asked = Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(partitions));
    var found = admin.listConsumerGroupOffsets(asked, new ListConsumerGroupOffsetsOptions().requireStable(true));
    Map<TopicPartition, Long> positions = new HashMap<>();
    answer(found.partitionsToOffsetAndMetadata(group))
        .forEach(
            (partition, position) -> {
              if (position != null) {
                positions.put(partition, position.offset());
              }
            });
    return positions;
  }

  private <T> T answer(KafkaFuture<T> future) {
    return Answers.of(future, ANSWER, "the group " + earlier + ", whose tables this sink takes over");
  }
}
