package dataingestion.connect;

import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client of the schema registry whose failures are RegistryAwayExceptions where they say nothing of the record. */
final class RetriableRegistry {
  private static final Logger LOG = LoggerFactory.getLogger(RetriableRegistry.class);

  // Connect says nothing while it retries, and retries up to three times a second
  private static final long BETWEEN_LINES = Duration.ofMinutes(1).toNanos();

  // Error codes of a Confluent registry that does not know a subject, a version or a schema: 40401, 40402, 40403
  private static final int UNKNOWN = 404;

  private static final AtomicLong LAST_LINE = new AtomicLong(System.nanoTime() - BETWEEN_LINES);

  private RetriableRegistry() {}

  /** Return a client with the same answers as the given one. */
  static SchemaRegistryClient around(SchemaRegistryClient client) {
    return (SchemaRegistryClient)
        Proxy.newProxyInstance(
            RetriableRegistry.class.getClassLoader(),
            new Class<?>[] {SchemaRegistryClient.class},
            (proxy, method, arguments) -> {
              try {
                return method.invoke(client, arguments);
              } catch (InvocationTargetException error) {
                Throwable cause = error.getCause();
                if (isAway(cause)) {
                  log(cause);
                  throw new RegistryAwayException("The schema registry gave no usable answer: " + cause.getMessage(), cause);
                }
                throw cause;
              }
            });
  }

  /**
   * Return whether a failure says nothing of the record: no answer, an error of the server, a refused login, or a page that is
   * not the registry's.
   *
   * <p>The other errors of a client (no such schema, an incompatible one) stay errors of the record.
   */
  private static boolean isAway(Throwable cause) {
    if (cause instanceof RestClientException answer) {
      int status = answer.getStatus();
      boolean unknown = answer.getErrorCode() / 100 == UNKNOWN;
      return status >= 500 || status == 401 || status == 403 || status == 407 || status == 408 || status == 429 || status == 404 && !unknown;
    }
    return cause instanceof IOException;
  }

  private static void log(Throwable cause) {
    long last = LAST_LINE.get();
    long now = System.nanoTime();
    if (now - last >= BETWEEN_LINES && LAST_LINE.compareAndSet(last, now)) {
      LOG.warn("The schema registry gives no usable answer, records wait: {}", cause.toString());
    }
  }
}
