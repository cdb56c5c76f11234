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
 * table are missing; where the publication filters rows or columns, or leaves out an operation; and where a table or a partition has no
 * replica identity FULL: what a change left as it was is missing then, and deleted rows. Without a key nothing says which row a change is of.
 * Where two tables of the list exchange their names, each is archived as the other; their identities in the database tell.
 *
 * @param faults A sentence for each fault, with its cure.
 * @param identities A JSON object from each table to its object identifier.
 */
record CapturedTables(List<String> faults, String identities) {
  /** Identities before the first look. */
  static final String UNKNOWN = "{}";

  // The row of the answer that is no fault
  private static final String IDENTITIES = "identities";

  // A name as the program writes it into the list: a backslash before each character that means more than itself
  private static final Pattern LITERAL = Pattern.compile("(?:[\\w.]|\\\\[^\\w])+", Pattern.UNICODE_CHARACTER_CLASS);

  private static final Map<String, String> FAULTS =
      Map.of(
          "exchanged",
              "%1$s is another table than before, which is %3$s now; give both back their names, or run "
                  + "'python -m pipeline epoch begin' to keep the new ones, which reads every table again",
          "absent", "%1$s does not exist; give it back its name, or leave it out of the tables of the stack and run `up`",
          "unlogged", "%1$s is UNLOGGED; run ALTER TABLE %1$s SET LOGGED",
          "leaves",
              "%1$s has partitions, and the publication %2$s has their changes under their own names; "
                  + "run ALTER PUBLICATION %2$s SET (publish_via_partition_root = true)",
          "unpublished", "%1$s is not in the publication %2$s by this name; run ALTER PUBLICATION %2$s ADD TABLE %1$s",
          "filtered",
              "%1$s is in the publication %2$s with some of its rows or columns only; "
                  + "run ALTER PUBLICATION %2$s DROP TABLE %1$s; ALTER PUBLICATION %2$s ADD TABLE %1$s",
          "identity", "%1$s has no replica identity FULL; run ALTER TABLE %1$s REPLICA IDENTITY FULL",
          "keyless", "%1$s has no primary key, nor a unique index over columns that are NOT NULL; give it back the one that it had",
          "partial",
              "the publication %2$s leaves out inserts, updates, deletes or truncates; "
                  + "run ALTER PUBLICATION %2$s SET (publish = 'insert, update, delete, truncate')");

  // Columns that a version of the server does not have are asked for by name in a row as JSON
  private static final String QUERY =
      "WITH publication AS (SELECT * FROM pg_catalog.pg_publication WHERE pubname = %2$s), wanted (schema, name) AS (VALUES %1$s), there AS ("
          + " SELECT w.schema, w.name, c.oid, (%3$s::jsonb ->> (w.schema || '.' || w.name))::oid AS before, c.relkind, c.relpersistence, c.relreplident, format('%%I.%%I', w.schema, w.name) AS shown"
          + " FROM wanted w LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema"
          + " LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p'))"
          + " SELECT CASE WHEN oid IS NULL THEN 'absent' WHEN moved IS NOT NULL THEN 'exchanged' WHEN relpersistence = 'u' THEN 'unlogged'"
          + " WHEN relkind = 'p' AND EXISTS (SELECT FROM publication p WHERE NOT p.pubviaroot) THEN 'leaves'"
          + " WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_publication_tables p"
          + " WHERE p.pubname = %2$s AND p.schemaname = there.schema AND p.tablename = there.name) THEN 'unpublished'"
          + " WHEN EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN publication p ON p.oid = r.prpubid WHERE r.prrelid = there.oid"
          + " AND coalesce(to_jsonb(r) ->> 'prqual', to_jsonb(r) ->> 'prattrs') IS NOT NULL) THEN 'filtered'"
          + " WHEN relreplident <> 'f' THEN 'identity'"
          + " WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = there.oid AND (i.indisprimary OR i.indisunique"
          + " AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS ("
          + " SELECT FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = there.oid"
          + " AND a.attnum = k.attnum WHERE k.place <= i.indnkeyatts AND NOT a.attnotnull))) THEN 'keyless' END AS fault, shown, moved"
          + " FROM (SELECT t.*, (SELECT other.shown FROM there other WHERE other.oid = t.before AND other.oid <> t.oid) AS moved FROM there t) there"
          + " UNION ALL SELECT CASE WHEN leaf.relpersistence = 'u' THEN 'unlogged' ELSE 'identity' END, leaf.oid::regclass::text, NULL"
          + " FROM there CROSS JOIN LATERAL pg_partition_tree(there.oid) t JOIN pg_catalog.pg_class leaf ON leaf.oid = t.relid"
          + " WHERE t.relid <> there.oid AND leaf.relkind IN ('r', 'p') AND (leaf.relpersistence = 'u' OR leaf.relreplident <> 'f')"
          + " UNION ALL SELECT 'partial', '', NULL FROM publication p WHERE NOT (pubinsert AND pubupdate AND pubdelete AND pubtruncate)"
          + " UNION ALL SELECT 'identities', jsonb_object_agg(schema || '.' || name, oid::bigint)::text, NULL FROM there WHERE oid IS NOT NULL";

  /** Look at the tables of the list, of which an earlier look has given the identities. */
  static CapturedTables look(Configuration config, String before) throws SQLException {
    PostgresConnectorConfig connector = new PostgresConnectorConfig(config);
    String values = values(config.getString(PostgresConnectorConfig.TABLE_INCLUDE_LIST));
    if (values.isEmpty()) {
      return new CapturedTables(List.of(), before);
    }
    try (PostgresConnection connection = new PostgresConnection(connector.getJdbcConfig(), "Debezium Guard")) {
      String query = String.format(QUERY, values, quoted(connector.publicationName()), quoted(before));
      return connection.queryAndMap(query, rows -> told(rows, connector.publicationName(), before));
    }
  }

  private static CapturedTables told(ResultSet rows, String publication, String before) throws SQLException {
    List<String> found = new ArrayList<>();
    String identities = null;
    while (rows.next()) {
      String fault = rows.getString("fault");
      String shown = rows.getString("shown");
      if (IDENTITIES.equals(fault)) {
        identities = shown;
      } else if (fault != null) {
        found.add(String.format(FAULTS.get(fault), shown, publication, rows.getString("moved")));
      }
    }
    // a fault is judged by what was before it, however often it is looked at
    return new CapturedTables(found, found.isEmpty() && identities != null ? identities : before);
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
