package dataingestion.connect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.kafka.connect.errors.ConnectException;

/** Positions in a control topic: the offset of the next message, by partition. */
final class Positions {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Positions() {}

  /** Return the position that the newest commit of a sink has left in a table's snapshots; empty without one. */
  static Map<Integer, Long> of(Table table, String branch, String topic, String group) {
    String key = String.format("kafka.connect.offsets.%s.%s", topic, group);
    Snapshot snapshot = branch == null ? table.currentSnapshot() : table.snapshot(branch);
    while (snapshot != null) {
      String text = snapshot.summary().get(key);
      if (text != null) {
        return parsed(text, table.name());
      }
      snapshot = snapshot.parentId() == null ? null : table.snapshot(snapshot.parentId());
    }
    return Map.of();
  }

  /** Return why a table would ignore what the topic will hold, or nothing. */
  static Optional<String> refusal(String topic, String table, Map<Integer, Long> position, Map<Integer, Long> ends) {
    return new TreeMap<>(position)
        .entrySet().stream()
            .filter(one -> one.getValue() > ends.getOrDefault(one.getKey(), 0L))
            .findFirst()
            .map(
                one ->
                    String.format(
                        "The control topic %s ends at offset %d of partition %d, and %s was committed at %d: topic or brokers are new, and the"
                            + " table would ignore every file until then. Raise streaming.epoch by one, and 'up' (docs/operations.md).",
                        topic, ends.getOrDefault(one.getKey(), 0L), one.getKey(), table, one.getValue()));
  }

  private static Map<Integer, Long> parsed(String text, String table) {
    try {
      return JSON.readValue(text, new TypeReference<Map<Integer, Long>>() {});
    } catch (JsonProcessingException error) {
      throw new ConnectException("The position in the snapshots of " + table + " is no JSON object of numbers", error);
    }
  }
}
