package dataingestion.connect;

import org.apache.kafka.connect.errors.ConnectException;

/** The database is not the one to which the stored position belongs, or is older than it: to start would skip changes in silence. */
public final class DatabaseWentBackException extends ConnectException {
  private static final long serialVersionUID = 1L;

  DatabaseWentBackException(String message) {
    super(message);
  }
}
