package dataingestion.connect;

import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.jdbc.JdbcConfiguration;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * What a PostgreSQL server says of itself.
 *
 * @param system Its system identifier, which initdb chooses, and which standbys, copies and restored backups keep.
 * @param timeline Its timeline, which a promotion and a restore to a point in time raise.
 * @param flushed End of its write-ahead log.
 * @param slot Place from which the connector's slot keeps the log, which is on disk and only advances; 0 without a slot.
 * @param confirmed Place up to which the slot sends no transaction any more, as the reader has confirmed it; 0 without a slot.
 * @param history Content of the timeline's history file; empty for the first timeline.
 */
record DatabaseServer(String system, long timeline, Lsn flushed, Lsn slot, Lsn confirmed, String history) {
  // The only one without a history file
  private static final long FIRST_TIMELINE = 1;

  /** Ask the server by a connection of its own, with the connector's login, which has the right to replicate. */
  static DatabaseServer ask(Configuration config) throws SQLException {
    PostgresConnectorConfig connector = new PostgresConnectorConfig(config);
    JdbcConfiguration replication =
        JdbcConfiguration.adapt(
            connector.getJdbcConfig().edit().with("replication", "database").with("preferQueryMode", "simple").build());
    try (PostgresConnection connection = new PostgresConnection(replication, "Debezium Guard")) {
      String slot = connector.slotName().replace("'", "''");
      Lsn[] kept =
          connection.queryAndMap(
              "SELECT restart_lsn::text, confirmed_flush_lsn::text FROM pg_catalog.pg_replication_slots WHERE slot_name = '" + slot + "'",
              row -> row.next() ? new Lsn[] {place(row.getString(1)), place(row.getString(2))} : new Lsn[] {Lsn.INVALID_LSN, Lsn.INVALID_LSN});
      DatabaseServer found = connection.queryAndMap("IDENTIFY_SYSTEM", row -> identified(row, kept[0], kept[1]));
      if (found.timeline() == FIRST_TIMELINE) {
        return found;
      }
      String history =
          connection.queryAndMap("TIMELINE_HISTORY " + found.timeline(), row -> row.next() ? row.getString("content") : "");
      return new DatabaseServer(found.system(), found.timeline(), found.flushed(), kept[0], kept[1], history);
    }
  }

  private static DatabaseServer identified(ResultSet row, Lsn slot, Lsn confirmed) throws SQLException {
    if (!row.next()) {
      throw new SQLException("the answer to IDENTIFY_SYSTEM is empty");
    }
    Lsn flushed = Lsn.valueOf(row.getString("xlogpos"));
    return new DatabaseServer(row.getString("systemid"), row.getLong("timeline"), flushed, slot, confirmed, "");
  }

  private static Lsn place(String text) {
    return text == null ? Lsn.INVALID_LSN : Lsn.valueOf(text);
  }

  /** Return the same server with what a later answer adds: a slot only advances. */
  DatabaseServer advanced(DatabaseServer later) {
    boolean same = system.equals(later.system()) && timeline == later.timeline();
    return same && slot.compareTo(later.slot()) < 0 ? later : this;
  }

  /** Return where this server's own history left a timeline, or null if it never was on it. */
  Lsn leftAt(long other) {
    for (String line : history.split("\n")) {
      String[] fields = line.trim().split("\\s+");
      if (fields.length >= 2 && fields[0].equals(Long.toString(other))) {
        return Lsn.valueOf(fields[1]);
      }
    }
    return null;
  }

  @Override
  public String toString() {
    return "the server (system " + system + ", timeline " + timeline + ", written up to " + flushed.asString() + ")";
  }
}
