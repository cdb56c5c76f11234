package dataingestion.connect;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.apache.iceberg.metrics.CommitMetricsResult;
import org.apache.iceberg.metrics.CommitReport;
import org.apache.iceberg.metrics.CounterResult;
import org.apache.iceberg.metrics.MetricsReport;
import org.apache.iceberg.metrics.MetricsReporter;
import org.apache.iceberg.metrics.TimerResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the commits to each table in beans that Prometheus' agent reads.
 *
 * <p>Iceberg's sink has no metrics of its own, and its consumers' positions do not prove that anything is in a table. A catalog reports
 * each commit that succeeded to the class under the key {@code metrics-reporter-impl}.
 */
public final class CommitCounters implements MetricsReporter {
  private static final Logger LOG = LoggerFactory.getLogger(CommitCounters.class);

  private static final String KEY = "metrics-reporter-impl";
  private static final String BEAN = "dataingestion.connect:type=iceberg-commits,table=";

  // Of the whole worker: tasks, coordinator and the removal of snapshots open catalogs, each with a reporter of its own
  private static final Map<String, CommitFigures> TABLES = new ConcurrentHashMap<>();

  /**
   * Show the tables of a sink that have no commit yet, with zeros: the first commit of a counter that is born at 1 is no increase.
   *
   * @param catalog properties of the catalog; without this class in them nothing is shown
   * @param tables names of the tables
   */
  static void begin(Map<String, String> catalog, List<String> tables) {
    if (CommitCounters.class.getName().equals(catalog.get(KEY))) {
      tables.forEach(CommitCounters::figures);
    }
  }

  // The sink does not depend on its figures: whatever happens here must not end a commit.
  @Override
  public void report(MetricsReport report) {
    try {
      if (report instanceof CommitReport commit) {
        CommitMetricsResult metrics = commit.commitMetrics();
        TimerResult duration = metrics.totalDuration();
        figures(nameInCatalog(commit.tableName()))
            .count(of(metrics.attempts(), 1), of(metrics.addedRecords(), 0), duration == null ? 0 : duration.totalDuration().toMillis());
      }
    } catch (RuntimeException | LinkageError error) {
      LOG.warn("A commit is not counted: {}", error.toString());
    }
  }

  private static long of(CounterResult counter, long absent) {
    return counter == null ? absent : counter.value();
  }

  // Iceberg puts the catalog's name before the table's.
  private static String nameInCatalog(String reported) {
    return reported.substring(reported.indexOf('.') + 1);
  }

  private static CommitFigures figures(String table) {
    return TABLES.computeIfAbsent(table, CommitCounters::registered);
  }

  private static CommitFigures registered(String table) {
    CommitFigures figures = new CommitFigures();
    try {
      MBeanServer server = ManagementFactory.getPlatformMBeanServer();
      ObjectName name = new ObjectName(BEAN + (table.matches("[\\w.-]+") ? table : ObjectName.quote(table)));
      // of a plugin that the worker has loaded before
      if (server.isRegistered(name)) {
        server.unregisterMBean(name);
      }
      server.registerMBean(new StandardMBean(figures, CommitFiguresMBean.class), name);
    } catch (JMException | RuntimeException error) {
      LOG.warn("The commits of {} cannot be shown: {}", table, error.toString());
    }
    return figures;
  }
}
