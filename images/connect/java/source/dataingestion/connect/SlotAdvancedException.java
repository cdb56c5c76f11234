package dataingestion.connect;

import org.apache.kafka.connect.errors.ConnectException;

/** The replication slot has left out changes after the stored position: to start would skip them in silence. */
public final class SlotAdvancedException extends ConnectException {
  private static final long serialVersionUID = 1L;

  SlotAdvancedException(String reason) {
    super(
        "The replication slot leaves out changes that the source has not read: "
            + reason
            + ". Nothing is read, since the changes between would be missing without an error. "
            + "Run 'python -m pipeline epoch begin', which begins with a new snapshot.");
  }
}
