package dataingestion.connect;

import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Captured tables as the database has them now.
 *
 * <p>Debezium goes on in silence where a table of its list is renamed, dropped or taken out of the publication, and the changes of the
 * table are missing; and where a table or a partition has no replica identity FULL, what a change left as it was, and deleted rows.
 */
final class CapturedTables {
  // A name as the program writes it into the list: a backslash before each character that means more than itself
  private static final Pattern LITERAL = Pattern.compile("(?:[\\w.]|\\\\[^\\w])+", Pattern.UNICODE_CHARACTER_CLASS);

  private static final Map<String, String> FAULTS =
      Map.of(
          "absent", "%1$s does not exist; give it back its name, or leave it out of the tables of the stack and run `up`",
          "unlogged", "%1$s is UNLOGGED; run ALTER TABLE %1$s SET LOGGED",
          "unpublished", "%1$s is not in the publication %2$s by this name; run ALTER PUBLICATION %2$s ADD TABLE %1$s",
          "identity", "%1$s has no replica identity FULL; run ALTER TABLE %1$s REPLICA IDENTITY FULL");

  private static final String QUERY =
      "WITH wanted (schema, name) AS (VALUES %s), there AS ("
          + " SELECT w.schema, w.name, c.oid, c.relpersistence, c.relreplident, format('%%I.%%I', w.schema, w.name) AS shown FROM wanted w"
          + " LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema"
          + " LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p'))"
          + " SELECT CASE WHEN oid IS NULL THEN 'absent' WHEN relpersistence = 'u' THEN 'unlogged'"
          + " WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_publication_tables p"
          + " WHERE p.pubname = %s AND p.schemaname = there.schema AND p.tablename = there.name) THEN 'unpublished'"
          + " WHEN relreplident <> 'f' THEN 'identity' END AS fault, shown FROM there"
          + " UNION ALL SELECT 'identity', leaf.oid::regclass::text FROM there CROSS JOIN LATERAL pg_partition_tree(there.oid) t"
          + " JOIN pg_catalog.pg_class leaf ON leaf.oid = t.relid WHERE t.relid <> there.oid AND leaf.relreplident <> 'f'";

  private CapturedTables() {}

  /** Return a sentence for each fault, with its cure. */
  static List<String> faults(Configuration config) throws SQLException {
    PostgresConnectorConfig connector = new PostgresConnectorConfig(config);
    String values = values(config.getString(PostgresConnectorConfig.TABLE_INCLUDE_LIST));
    if (values.isEmpty()) {
      return List.of();
    }
    try (PostgresConnection connection = new PostgresConnection(connector.getJdbcConfig(), "Debezium Guard")) {
      String query = String.format(QUERY, values, quoted(connector.publicationName()));
      return connection.queryAndMap(query, rows -> told(rows, connector.publicationName()));
    }
  }

  private static List<String> told(ResultSet rows, String publication) throws SQLException {
    List<String> found = new ArrayList<>();
    while (rows.next()) {
      if (rows.getString("fault") != null) {
        found.add(String.format(FAULTS.get(rows.getString("fault")), rows.getString("shown"), publication));
      }
    }
    return found;
  }

  /** Return schema and table of each name of the list, for SQL; another program's expressions may stand for many, and are left out. */
  private static String values(String list) {
    if (list == null) {
      return "";
    }
    return Pattern.compile("(?<!\\\\),")
        .splitAsStream(list)
        .map(String::trim)
        .filter(entry -> LITERAL.matcher(entry).matches() && entry.indexOf('.') > 0)
        .map(entry -> entry.replaceAll("\\\\(.)", "$1"))
        .map(name -> "(" + quoted(name.substring(0, name.indexOf('.'))) + ", " + quoted(name.substring(name.indexOf('.') + 1)) + ")")
        .collect(Collectors.joining(", "));
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
