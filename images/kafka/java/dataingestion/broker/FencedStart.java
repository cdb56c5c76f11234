package dataingestion.broker;

import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kafka.Kafka;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's broker, which begins again only when the cluster has taken the leaderships of its last run from it.
 *
 * <p>Until then the cluster's metadata, which a broker reads before it registers, name it as leader. As leader of a partition of
 * transaction states it would send the end of each transaction that its log says is ended, also of one whose last record no other
 * broker has. The next leader without that record aborts the transaction: some partitions have it committed then, and some aborted.
 *
 * <p>A broker that was shut down has handed over its leaderships, and the others say so at once. After a kill, or where all brokers
 * were shut down and none is there to say it, the controller of the same process runs alone meanwhile, since the cluster may need it to
 * decide anything.
 */
public final class FencedStart {
  private static final Logger LOG = LoggerFactory.getLogger(FencedStart.class);

  private static final long LOOK_MS = 500;
  // Kafka's default of broker.session.timeout.ms
  private static final String SESSION_MS = "9000";
  // A new active controller counts each session from when it has read the log, a moment after its election
  private static final long AFTER_ELECTION_MS = 3000;

  private FencedStart() {}

  /**
   * Run a broker.
   *
   * @param arguments File of its properties, and the addresses of all brokers inside the cluster, comma separated.
   */
  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    try (Reader file = Files.newBufferedReader(Path.of(arguments[0]))) {
      properties.load(file);
    }
    if (hasRun(properties)) {
      awaitFence(properties, arguments[1].split(","));
    }
    Kafka.main(new String[] {arguments[0]});
  }

  /** Return whether a broker has run on these volumes. */
  private static boolean hasRun(Properties properties) {
    return listed(properties, "log.dirs").anyMatch(folder -> Files.exists(Path.of(folder, "__cluster_metadata-0")));
  }

  /** Return the properties of the same process without its broker. */
  private static Properties ofController(Properties properties) {
    Properties made = new Properties();
    made.putAll(properties);
    List.of("advertised.listeners", "inter.broker.listener.name").forEach(made::remove);
    made.setProperty("process.roles", "controller");
    String name = properties.getProperty("controller.listener.names") + ":";
    made.setProperty("listeners", listed(properties, "listeners").filter(one -> one.startsWith(name)).collect(Collectors.joining(",")));
    return made;
  }

  /** Return when another broker no longer knows this one; where none says so at once, run the controller alone until then. */
  private static void awaitFence(Properties properties, String[] brokers) throws InterruptedException {
    String advertised = properties.getProperty("advertised.listeners");
    List<String> others = Arrays.stream(brokers).filter(one -> !advertised.contains(one)).toList();
    try (Cluster cluster = new Cluster()) {
      if (isFenced(cluster, properties, others)) {
        return;
      }
      LOG.info("This broker may still be taken for a leader: its controller runs alone until the cluster no longer does that");
      KafkaRaftServer controller = new KafkaRaftServer(KafkaConfig.fromProps(ofController(properties)), Time.SYSTEM);
      controller.startup();
      awaitFence(cluster, properties, others);
      controller.shutdown();
      controller.awaitShutdown();
    }
  }

  /** Wait until another broker no longer knows this one, or until the same active controller must have ended its session. */
  private static void awaitFence(Cluster cluster, Properties properties, List<String> others) throws InterruptedException {
    String voter = properties.getProperty("node.id") + "@";
    String controller =
        listed(properties, "controller.quorum.voters").filter(one -> one.startsWith(voter)).findFirst().orElseThrow().substring(voter.length());
    long session = Long.parseLong(properties.getProperty("broker.session.timeout.ms", SESSION_MS)) + AFTER_ELECTION_MS;
    int term = Cluster.UNKNOWN;
    long since = System.nanoTime();
    while (!isFenced(cluster, properties, others)) {
      int now = cluster.term(controller);
      if (now == Cluster.UNKNOWN || now != term) {
        term = now;
        since = System.nanoTime();
      } else if (System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(session)) {
        LOG.info("The active controller has been the same for {} ms, so that the session of the broker's last run has ended", session);
        return;
      }
      Thread.sleep(LOOK_MS);
    }
  }

  private static boolean isFenced(Cluster cluster, Properties properties, List<String> others) {
    int own = Integer.parseInt(properties.getProperty("node.id"));
    boolean fenced = others.stream().anyMatch(other -> cluster.isWithout(own, other));
    if (fenced) {
      LOG.info("Another broker does not know this one: the cluster has taken its leaderships");
    }
    return fenced;
  }

  private static Stream<String> listed(Properties properties, String key) {
    return Arrays.stream(properties.getProperty(key).split(",")).map(String::strip);
  }
}
