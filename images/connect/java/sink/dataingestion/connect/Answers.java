package dataingestion.connect;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.connect.errors.ConnectException;

/** Answers of brokers, for which a task waits. */
final class Answers {
  private Answers() {}

  /**
   * Return an answer.
   *
   * @param future the answer to come
   * @param patience longest wait for it
   * @param subject what the brokers are asked for, as messages name it
   * @throws ConnectException if they refuse, with their reason as its cause, or do not answer in time
   */
  static <T> T of(KafkaFuture<T> future, Duration patience, String subject) {
    try {
      return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException error) {
      Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
      throw new ConnectException("The brokers tell nothing of " + subject + ": " + cause, cause);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new ConnectException("Stopped while asking for " + subject, stopped);
    }
  }
}
