package textback.peer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import textback.v1.CallRecordOuterClass.CallRecord;

/** Call, job and record ids as libs/policy/ids.cc makes them, so that outputs can be compared. */
final class Ids {
  private static final long HIGH = 0x7465787462616368L;
  private static final long LOW = 0x63616c6c00000001L;

  record CallKey(long high, long low) {
    @Override
    public String toString() {
      HexFormat hex = HexFormat.of();
      return hex.toHexDigits(high) + hex.toHexDigits(low);
    }
  }

  /** Parts with their lengths. One thread's: reused. */
  private final ByteBuffer parts = ByteBuffer.allocate(4096);

  private Ids begin() {
    parts.clear();
    return this;
  }

  private Ids add(String part) {
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    parts.putInt(bytes.length).put(bytes);
    return this;
  }

  private Ids add(long value) {
    parts.putLong(value);
    return this;
  }

  private long hash(long seed) {
    return stableHash64(parts.array(), parts.position(), seed);
  }

  CallKey callKey(CallRecord call) {
    begin().add(call.getServed().getTenant()).add(call.getServed().getSideValue());
    if (call.getJoinKey().isEmpty()) {
      add("record").add(call.getSource()).add(call.getRecordId());
    } else {
      add("join").add(call.getJoinKey());
    }
    return new CallKey(hash(HIGH), hash(LOW));
  }

  String jobId(String tenant, String callId, String purpose) {
    begin().add(tenant).add(callId).add(purpose);
    return new CallKey(hash(HIGH), hash(LOW)).toString();
  }

  long recordHash(CallRecord call) {
    begin().add(call.getSource()).add(call.getRecordId()).add(call.getServed().getSideValue());
    long hash = hash(0);
    return hash == 0 ? 1 : hash;
  }

  private static long fold(long a, long b) {
    // The high half of the unsigned product: Math has it from Java 18 on.
    long high = Math.multiplyHigh(a, b) + ((a >> 63) & b) + ((b >> 63) & a);
    return (a * b) ^ high;
  }

  /** libs/base/hash.cc, StableHash64. The array has room for a whole word behind `size`. */
  private static long stableHash64(byte[] bytes, int size, long seed) {
    final long a = 0x9e3779b97f4a7c15L;
    final long b = 0xe7037ed1a0b428dbL;
    ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long h = seed ^ (size * a);
    for (int i = 0; i < size; i += 8) {
      long word = words.getLong(i);
      if (size - i < 8) {
        word &= (1L << (8 * (size - i))) - 1;
      }
      h = fold(h ^ word ^ a, b ^ (word >>> 32)) + b;
    }
    h = (h ^ (h >>> 30)) * 0xbf58476d1ce4e5b9L;
    h = (h ^ (h >>> 27)) * 0x94d049bb133111ebL;
    return h ^ (h >>> 31);
  }
}
