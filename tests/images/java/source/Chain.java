package dataingestion.connect;

import io.debezium.transforms.ExtractNewRecordState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;

/** The transforms of the source, in the order of the program's configuration and with its keys. */
final class Chain {
  private final List<Transformation<SourceRecord>> transforms;

  Chain(Map<String, String> config) {
    transforms = List.of(new TruncateMarks<>(), new ExtractNewRecordState<>(), new ArchivedNames<>());
    List<String> names = List.of("truncates", "unwrap", "names");
    for (int place = 0; place < names.size(); place++) {
      transforms.get(place).configure(of(config, "transforms." + names.get(place) + "."));
    }
  }

  SourceRecord apply(SourceRecord record) {
    SourceRecord changed = record;
    for (Transformation<SourceRecord> transform : transforms) {
      changed = transform.apply(changed);
    }
    return changed;
  }

  private static Map<String, String> of(Map<String, String> config, String prefix) {
    Map<String, String> found = new HashMap<>();
    config.forEach(
        (key, value) -> {
          if (key.startsWith(prefix) && !key.equals(prefix + "type")) {
            found.put(key.substring(prefix.length()), value);
          }
        });
    return found;
  }
}
