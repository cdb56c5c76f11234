package dataingestion.connect;

/** Figures of the sink's commits to one table; several threads commit, and the agent reads. */
final class CommitFigures implements CommitFiguresMBean {
  private long commits;
  private long attempts;
  private long addedRecords;
  private long lastDurationMs;

  /** Count one commit. */
  synchronized void count(long tried, long added, long durationMs) {
    commits++;
    attempts += tried;
    addedRecords += added;
    lastDurationMs = durationMs;
  }

  @Override
  public synchronized long getCommits() {
    return commits;
  }

  @Override
  public synchronized long getAttempts() {
    return attempts;
  }

  @Override
  public synchronized long getAddedRecords() {
    return addedRecords;
  }

  @Override
  public synchronized long getLastDurationMs() {
    return lastDurationMs;
  }
}
