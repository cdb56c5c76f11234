package dataingestion.connect;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.metrics.Gauge;
import org.apache.kafka.common.metrics.JmxReporter;
import org.apache.kafka.common.metrics.KafkaMetricsContext;
import org.apache.kafka.common.metrics.MetricConfig;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.common.metrics.internals.PluginMetricsImpl;
import org.apache.kafka.common.utils.Time;

/** Shows counters of transforms by Kafka's own classes, as a worker hands them to a transform of each task, until its input ends. */
public final class CountersProbe {
  public static void main(String[] arguments) throws Exception {
    Metrics metrics =
        new Metrics(new MetricConfig(), List.of(new JmxReporter()), Time.SYSTEM, new KafkaMetricsContext("kafka.connect"));
    for (int task = 0; task < 2; task++) {
      Map<String, String> place = new LinkedHashMap<>();
      place.put("connector", "s3-sink-connector");
      place.put("task", Integer.toString(task));
      place.put("transformation", "quality");
      PluginMetrics own = new PluginMetricsImpl(metrics, place);
      show(own, "rows-checked-total", "table", "users");
      show(own, "rows-invalid-total", "rule", "email:pattern", "table", "users");
      show(own, "rows-invalid-total", "table", "orders", "rule", "any");
    }
    System.in.read();
  }

  private static void show(PluginMetrics metrics, String name, String... tags) {
    LinkedHashMap<String, String> ordered = new LinkedHashMap<>();
    for (int i = 0; i < tags.length; i += 2) {
      ordered.put(tags[i], tags[i + 1]);
    }
    metrics.addMetric(metrics.metricName(name, "", ordered), (Gauge<Double>) (config, now) -> 3.0);
  }
}
