package dataingestion.connect;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.util.PropertyUtil;
import org.apache.iceberg.util.SnapshotUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes old snapshots of the sink's tables at intervals.
 *
 * <p>Each commit of the sink adds a snapshot, and the table's metadata file, which each commit writes anew, names all of them. Nothing in
 * the sink removes one: a table that is written every 10 seconds gains 8,640 snapshots, or 11 MB of metadata, in a day. No row is
 * removed, since the sink only appends. The age is the table's own property {@code history.expire.max-snapshot-age-ms}.
 */
final class SnapshotExpiry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotExpiry.class);

  // A commit names its position in the control topic under this key with topic and group.
  private static final String POSITION = "kafka.connect.offsets.";

  private final Supplier<Catalog> catalog;
  private final List<TableIdentifier> tables;
  private final ScheduledExecutorService clock;

  /**
   * Begin to remove.
   *
   * @param catalog opens the catalog; each round opens it anew and closes it where it can be closed
   * @param tables names of the tables
   * @param first time until the first round
   * @param between time between the end of a round and the next
   */
  SnapshotExpiry(Supplier<Catalog> catalog, List<TableIdentifier> tables, Duration first, Duration between) {
    this.catalog = catalog;
    this.tables = tables;
    this.clock =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "snapshot-expiry");
              thread.setDaemon(true);
              // Iceberg loads catalogs and file systems by the loader of the thread
              thread.setContextClassLoader(SnapshotExpiry.class.getClassLoader());
              return thread;
            });
    clock.scheduleWithFixedDelay(this::round, first.toMillis(), between.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Stop; a round that has begun may end. */
  @Override
  public void close() {
    clock.shutdownNow();
  }

  // A failure is told and never ends the rounds: the sink does not depend on them.
  private void round() {
    try {
      Catalog opened = catalog.get();
      try {
        for (TableIdentifier name : tables) {
          removeOf(opened, name);
        }
      } finally {
        if (opened instanceof AutoCloseable closeable) {
          closeable.close();
        }
      }
    } catch (Exception error) {
      LOG.warn("Old snapshots could not be removed, the next round tries again: {}", error.toString());
    }
  }

  private static void removeOf(Catalog catalog, TableIdentifier name) {
    try {
      Table table = catalog.loadTable(name);
      int removed = expire(table, System.currentTimeMillis());
      if (removed > 0) {
        LOG.info("Removed {} old snapshots of {}", removed, name);
      }
    } catch (RuntimeException error) {
      LOG.warn("Old snapshots of {} could not be removed, the next round tries again: {}", name, error.toString());
    }
  }

  /**
   * Remove the snapshots of a table that are older than its property says, and return their number.
   *
   * <p>Kept whatever their age: the current snapshot, and the newest of its ancestors that names a position in the control topic, with all
   * later ones. The sink goes on from that position; without one it would append again what it has appended.
   *
   * @param table the table
   * @param now the time in milliseconds
   */
  static int expire(Table table, long now) {
    Snapshot current = table.currentSnapshot();
    if (current == null) {
      return 0;
    }
    long age =
        PropertyUtil.propertyAsLong(
            table.properties(), TableProperties.MAX_SNAPSHOT_AGE_MS, TableProperties.MAX_SNAPSHOT_AGE_MS_DEFAULT);
    long before = Math.min(now - age, current.timestampMillis());
    for (Snapshot ancestor : SnapshotUtil.ancestorsOf(current.snapshotId(), table::snapshot)) {
      if (ancestor.summary().keySet().stream().anyMatch(key -> key.startsWith(POSITION))) {
        before = Math.min(before, ancestor.timestampMillis());
        break;
      }
    }
    int held = count(table);
    long oldest = before;
    boolean any = false;
    for (Snapshot snapshot : table.snapshots()) {
      any = any || snapshot.timestampMillis() < oldest;
    }
    if (!any) {
      return 0;
    }
    // one by one, as the sink deletes old metadata files: stores differ in the right that a request for many needs
    table.expireSnapshots().expireOlderThan(before).deleteWith(table.io()::deleteFile).commit();
    table.refresh();
    return held - count(table);
  }

  private static int count(Table table) {
    int number = 0;
    for (Snapshot ignored : table.snapshots()) {
      number++;
    }
    return number;
  }
}
