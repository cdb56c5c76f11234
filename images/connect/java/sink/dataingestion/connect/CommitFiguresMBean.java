package dataingestion.connect;

/** Figures of the sink's commits to one table since the worker's start. */
public interface CommitFiguresMBean {
  /** Return how many commits succeeded. */
  long getCommits();

  /** Return how often the commits that succeeded were tried: one that another writer overtook is tried again. */
  long getAttempts();

  /** Return how many rows the commits added. */
  long getAddedRecords();

  /** Return how long the last commit took, in milliseconds. */
  long getLastDurationMs();
}
