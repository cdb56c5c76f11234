package dataingestion.connect;

import io.debezium.connector.postgresql.connection.Lsn;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The position from which a connector goes on, as Connect stores it, with the server to which it belongs.
 *
 * @param reached The furthest of its places in the write-ahead log.
 * @param system System identifier of the server; null in a position from before this guard.
 * @param timeline Timeline of the server; 0 without a system identifier.
 * @param slot A place from which the slot kept the log at that time or before; 0 if unknown.
 */
record StoredPosition(Lsn reached, String system, long timeline, Lsn slot) {
  // Keys beside Debezium's own, which ignores them
  private static final String SYSTEM = "system_identifier";
  private static final String TIMELINE = "timeline";
  private static final String SLOT = "slot_restart_lsn";
  private static final String TABLES = "table_oids";

  /** Read a stored offset; return null for none, or one without a place. */
  static StoredPosition of(Map<String, ?> offset) {
    if (offset == null) {
      return null;
    }
    long reached = Stream.of("lsn", "lsn_proc", "lsn_commit").mapToLong(key -> number(offset, key)).max().orElse(0);
    if (reached == 0) {
      return null;
    }
    if (!(offset.get(SYSTEM) instanceof String system)) {
      return new StoredPosition(Lsn.valueOf(reached), null, 0, Lsn.INVALID_LSN);
    }
    return new StoredPosition(Lsn.valueOf(reached), system, number(offset, TIMELINE), Lsn.valueOf(number(offset, SLOT)));
  }

  private static long number(Map<String, ?> offset, String key) {
    return offset.get(key) instanceof Number number ? number.longValue() : 0;
  }

  /** Return the identities of the tables in a stored offset; those of a position from before they were written are unknown. */
  static String identities(Map<String, ?> offset) {
    return offset != null && offset.get(TABLES) instanceof String text ? text : CapturedTables.UNKNOWN;
  }

  /** Write the server, and the identities of the tables, into the offset of a change that it has sent. */
  @SuppressWarnings("unchecked")
  static void mark(Map<String, ?> offset, DatabaseServer server, String identities) {
    Map<String, Object> marked = (Map<String, Object>) offset;
    marked.put(SYSTEM, server.system());
    marked.put(TIMELINE, server.timeline());
    marked.put(SLOT, server.slot().asLong());
    marked.put(TABLES, identities);
  }

  /** Return why a connector must not go on from here on a server, or null if it may. */
  String refusal(DatabaseServer server) {
    if (system != null && !system.equals(server.system())) {
      return "it is another database than the position's, which is of system " + system;
    }
    if (timeline > server.timeline()) {
      return "its timeline is older than the position's, which is " + timeline;
    }
    if (timeline != 0 && timeline < server.timeline()) {
      Lsn left = server.leftAt(timeline);
      if (left == null) {
        return "its timeline does not come from the position's, which is " + timeline;
      }
      if (left.compareTo(reached) < 0) {
        return "it left the position's timeline " + timeline + " at " + left.asString() + ", before the position";
      }
    }
    if (server.flushed().compareTo(reached) < 0) {
      return "it ends before the position";
    }
    // a standby's copy of the slot may lie behind after a failover, which changes the timeline
    if (timeline == server.timeline() && server.slot().asLong() != 0 && server.slot().compareTo(slot) < 0) {
      return "its slot keeps the log from " + server.slot().asString() + ", and had been at " + slot.asString() + " already";
    }
    return null;
  }

  /**
   * Return why the slot has left out changes after this position, or null if it has not.
   *
   * <p>Debezium confirms a place to the slot after the worker has stored it, so that only another client can have confirmed a later one.
   */
  String leftOut(DatabaseServer server) {
    if (system == null || server.confirmed().compareTo(reached) <= 0) {
      return null;
    }
    return "it begins behind "
        + server.confirmed().asString()
        + ", to which another client has advanced it or at which it was made, and the source has read up to "
        + reached.asString()
        + " only";
  }
}
