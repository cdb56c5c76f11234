package dataingestion.connect;

import org.apache.kafka.connect.errors.DataException;

/** A value that does not fit the present type of its column in the archive. */
public class UnfittingValueException extends DataException {
  public UnfittingValueException(String message) {
    super(message);
  }
}
