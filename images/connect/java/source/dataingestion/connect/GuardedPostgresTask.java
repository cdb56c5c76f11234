package dataingestion.connect;

import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresOffsetContext;
import io.debezium.connector.postgresql.PostgresPartition;
import io.debezium.pipeline.ChangeEventSourceCoordinator;
import io.debezium.service.spi.ServiceRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.source.SourceRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Debezium's task, which compares the stored position with the server before each start, also before those that Debezium makes itself
 * after an error; and the tables of its list, then and every 20 s.
 *
 * <p>Debezium asks PostgreSQL for the changes after the position. A server that went back in time sends none until it has written that
 * far again, and then only the later ones. The server to which a position belongs is written into the position itself.
 */
public class GuardedPostgresTask extends PostgresConnectorTask {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedPostgresTask.class);

  // Classes of SQLSTATE that waiting does not change: a refused login, and a database that does not exist
  private static final List<String> LASTING = List.of("28", "3D");

  // A database that goes back by less than this, and is written past the position before the next start, is not seen
  private static final long BETWEEN_ANSWERS = Duration.ofSeconds(20).toNanos();

  private Configuration config;
  private DatabaseServer server;
  private String tables;
  private long asked;
  private boolean doubted;

  /** {@inheritDoc} Throws DatabaseWentBackException or SlotAdvancedException if changes would be skipped. */
  @Override
  public ChangeEventSourceCoordinator<PostgresPartition, PostgresOffsetContext> start(Configuration config) {
    DatabaseServer found = answered(() -> DatabaseServer.ask(config));
    Map<String, ?> stored = stored(config);
    check(StoredPosition.of(stored), found);
    CapturedTables look = answered(() -> CapturedTables.look(config, StoredPosition.identities(stored)));
    if (!look.faults().isEmpty()) {
      throw new UncapturedTableException(look.faults());
    }
    tables = look.identities();
    doubted = false;
    this.config = config;
    server = found;
    asked = System.nanoTime();
    return super.start(config);
  }

  /** {@inheritDoc} */
  @Override
  protected void registerServiceProviders(ServiceRegistry services) {
    super.registerServiceProviders(services);
    if (KeptNulls.isUnmarked(config)) {
      services.registerServiceProvider(new KeptNulls.Provider());
    }
  }

  /** {@inheritDoc} */
  @Override
  public List<SourceRecord> doPoll() throws InterruptedException {
    List<SourceRecord> records = super.doPoll();
    if (records != null && !records.isEmpty()) {
      askAgain();
      records.forEach(record -> StoredPosition.mark(record.sourceOffset(), server, tables));
    }
    return records;
  }

  /** Learn where the slot is now, and whether all tables are captured; without an answer, the older one stays true. */
  private void askAgain() {
    if (System.nanoTime() - asked < BETWEEN_ANSWERS) {
      return;
    }
    asked = System.nanoTime();
    List<String> uncaptured = List.of();
    try {
      server = server.advanced(DatabaseServer.ask(config));
      CapturedTables look = CapturedTables.look(config, tables);
      uncaptured = look.faults();
      tables = look.identities();
    } catch (SQLException | RuntimeException error) {
      LOG.debug("The database server does not say where the slot is", error);
    }
    if (!uncaptured.isEmpty() && doubted) {
      throw new UncapturedTableException(uncaptured);
    }
    // one look may fall between two steps of a change of the stack: the publication first, then this configuration
    doubted = !uncaptured.isEmpty();
  }

  static void check(StoredPosition position, DatabaseServer server) {
    String refusal = position == null ? null : position.refusal(server);
    if (refusal != null) {
      throw new DatabaseWentBackException(
          "The database went back in time, or is another one: the archive holds changes up to "
              + position.reached().asString()
              + ", and of "
              + server
              + ": "
              + refusal
              + ". Nothing is read, since changes would be missing without an error. Bring back the database of that position, or keep this one: "
              + "run 'python -m pipeline epoch begin', which begins with a new snapshot.");
    }
    String leftOut = position == null ? null : position.leftOut(server);
    if (leftOut != null) {
      throw new SlotAdvancedException(leftOut);
    }
    if (position != null && position.system() == null) {
      LOG.warn("The stored position {} does not say to which server it belongs; only the end of the log was compared", position.reached());
    }
    LOG.info("The position {} is in the history of {}", position == null ? "of a first start" : position.reached(), server);
  }

  private Map<String, ?> stored(Configuration config) {
    PostgresConnectorConfig connector = new PostgresConnectorConfig(config);
    PostgresPartition partition = new PostgresPartition(connector.getLogicalName(), config.getString(PostgresConnectorConfig.DATABASE_NAME));
    return context.offsetStorageReader().offset(partition.getSourcePartition());
  }

  /** A question to the server. */
  private interface Question<T> {
    T ask() throws SQLException;
  }

  /** Ask the server; one that is away is asked again, as Debezium does with its own first connection. */
  private static <T> T answered(Question<T> question) {
    try {
      return question.ask();
    } catch (SQLException error) {
      String state = String.valueOf(error.getSQLState());
      String message = "The database server does not say which one it is: " + error.getMessage();
      throw LASTING.stream().anyMatch(state::startsWith) ? new ConnectException(message, error) : new RetriableException(message, error);
    }
  }
}
