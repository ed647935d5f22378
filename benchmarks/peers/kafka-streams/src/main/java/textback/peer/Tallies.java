package textback.peer;

import java.util.concurrent.atomic.LongAdder;

/** What was counted since the start. All threads. */
final class Tallies {
  static final int DECISION = 0;
  static final int MERGED = 1;
  static final int DUPLICATE = 2;
  static final int LATE = 3;
  static final int DEADLETTER = 4;
  static final int JOB_TEXT = 5;
  static final int JOB_CANCEL = 6;
  static final int ERASED = 7;
  static final String[] NAMES = {
    "decision", "merged", "duplicate", "late", "deadletter", "jobs_text", "jobs_cancel", "erased"
  };

  private final LongAdder[] counts = new LongAdder[NAMES.length];

  Tallies() {
    for (int i = 0; i < counts.length; ++i) {
      counts[i] = new LongAdder();
    }
  }

  void add(int what) {
    counts[what].increment();
  }

  /** Of all classes of records: how many were processed. */
  long records() {
    long sum = 0;
    for (int i = 0; i < JOB_TEXT; ++i) {
      sum += counts[i].sum();
    }
    return sum;
  }

  void print(StringBuilder out) {
    out.append("peer_records_total ").append(records()).append('\n');
    for (int i = 0; i < counts.length; ++i) {
      out.append("peer_tallies_total{what=\"").append(NAMES[i]).append("\"} ")
          .append(counts[i].sum()).append('\n');
    }
  }
}
