package dataingestion.broker;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What brokers and controllers say of their cluster. Who does not answer within two seconds says nothing. */
final class Cluster implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);

  /** Instead of a term. */
  static final int UNKNOWN = -1;

  private static final int ANSWER_MS = 2000;

  private final Map<String, Admin> clients = new HashMap<>();

  /** Return whether a broker answers, and the cluster is without a node: the brokers of an answer are those with a session. */
  boolean isWithout(int node, String broker) {
    try {
      Admin admin = client("bootstrap.servers", broker);
      return answer(admin.describeCluster().nodes()).stream().noneMatch(one -> one.id() == node);
    } catch (ExecutionException | TimeoutException | KafkaException error) {
      forget(broker, error);
      return false;
    }
  }

  /** Return the number of the active controller's term, or UNKNOWN. */
  int term(String controller) {
    try {
      QuorumInfo quorum = answer(client("bootstrap.controllers", controller).describeMetadataQuorum().quorumInfo());
      return quorum.leaderId() < 0 ? UNKNOWN : (int) quorum.leaderEpoch();
    } catch (ExecutionException | TimeoutException | KafkaException error) {
      forget(controller, error);
      return UNKNOWN;
    }
  }

  @Override
  public void close() {
    clients.values().forEach(Admin::close);
  }

  private Admin client(String key, String address) {
    return clients.computeIfAbsent(
        address, one -> Admin.create(Map.of(key, one, "request.timeout.ms", ANSWER_MS, "default.api.timeout.ms", ANSWER_MS)));
  }

  // A client that asked a controller too early never asks again
  private void forget(String address, Exception error) {
    LOG.debug("{} does not answer", address, error);
    Admin client = clients.remove(address);
    if (client != null) {
      client.close();
    }
  }

  private static <T> T answer(KafkaFuture<T> asked) throws ExecutionException, TimeoutException {
    try {
      return asked.get(ANSWER_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new KafkaException(error);
    }
  }
}
