package dataingestion.connect;

import org.apache.kafka.connect.errors.DataException;

/** A row that breaks a rule of its table; the message names table and rules, never a value. */
public class BrokenRuleException extends DataException {
  public BrokenRuleException(String message) {
    super(message);
  }
}
