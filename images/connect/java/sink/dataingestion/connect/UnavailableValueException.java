package dataingestion.connect;

import org.apache.kafka.connect.errors.DataException;

/** A value that no column of the archive has a place for, such as infinity: what holds it never passes. */
public class UnavailableValueException extends DataException {
  public UnavailableValueException(String message) {
    super(message);
  }
}
