package dataingestion.connect;

import org.apache.kafka.connect.errors.DataException;

/** Placeholder of a long value that a change left as it was, in a table without replica identity FULL: the log does not have it. */
public class UnavailableValueException extends DataException {
  public UnavailableValueException(String message) {
    super(message);
  }
}
