package dataingestion.connect;

import java.util.List;
import org.apache.kafka.connect.errors.ConnectException;

/** A table of the list is not captured as it should be: to go on would leave its changes out, or parts of them, in silence. */
public final class UncapturedTableException extends ConnectException {
  private static final long serialVersionUID = 1L;

  UncapturedTableException(List<String> faults) {
    super(
        "Nothing is read, since changes would be missing without an error: "
            + String.join("; ", faults)
            + ". The source goes on by itself once that is done. If rows changed meanwhile, read the table again: "
            + "python -m pipeline backfill start --table SCHEMA.TABLE");
  }
}
