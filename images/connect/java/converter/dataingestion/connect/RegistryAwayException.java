package dataingestion.connect;

import org.apache.kafka.connect.errors.RetriableException;

/** The schema registry gave no answer, or one that says nothing of the record: the same request may succeed later. */
public final class RegistryAwayException extends RetriableException {
  private static final long serialVersionUID = 1L;

  RegistryAwayException(String message, Throwable cause) {
    super(message, cause);
  }
}
