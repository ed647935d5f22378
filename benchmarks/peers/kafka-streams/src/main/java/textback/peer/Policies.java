package textback.peer;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import textback.v1.DecisionOuterClass.Verdict;
import textback.v1.TenantOuterClass.Line;
import textback.v1.TenantOuterClass.Tenant;
import textback.v1.TenantOuterClass.TextLimit;

/**
 * Tenants with their defaults filled in, compiled once for each version. The topic of tenants is a
 * global store, as Kafka Streams would have it; what is compiled is kept beside it, so that a call
 * costs one look-up in a map and no parsing.
 */
final class Policies {
  static final String STORE = "tenants";
  private static final long MINUTE_MS = 60_000;
  private static final long DAY_MS = 24 * 60 * MINUTE_MS;
  private static final EnumSet<Verdict> MISSED =
      EnumSet.of(
          Verdict.VERDICT_NO_ANSWER,
          Verdict.VERDICT_BUSY,
          Verdict.VERDICT_UNREACHABLE,
          Verdict.VERDICT_DECLINED,
          Verdict.VERDICT_ABANDONED,
          Verdict.VERDICT_VOICEMAIL,
          Verdict.VERDICT_QUEUE_ABANDON);

  static final class Policy {
    final Tenant tenant;
    final long version; // the offset that said so
    final EnumSet<Verdict> textVerdicts;
    final long minRingMs;
    final long maxAgeMs;
    final long textTtlMs;
    final TextLimit limitPair;
    final TextLimit limitCustomer;
    final String templateName;
    final int priority;
    final Set<String> lines = new HashSet<>();
    private final Map<String, String> bodies = new HashMap<>(); // of each line

    private Policy(Tenant tenant, long version) {
      this.tenant = tenant;
      this.version = version;
      textVerdicts =
          tenant.getTextVerdictsCount() == 0
              ? MISSED
              : EnumSet.copyOf(tenant.getTextVerdictsList());
      minRingMs = orDefault(tenant.getMinRingMs(), 3_000);
      maxAgeMs = orDefault(tenant.getMaxAgeMs(), 15 * MINUTE_MS);
      textTtlMs = orDefault(tenant.getTextTtlMs(), 30 * MINUTE_MS);
      limitPair = tenant.hasLimitPair() ? tenant.getLimitPair() : limit(1);
      limitCustomer = tenant.hasLimitCustomer() ? tenant.getLimitCustomer() : limit(5);
      templateName = tenant.getTemplateName().isEmpty() ? "first_text" : tenant.getTemplateName();
      priority = tenant.getPriority() == 0 ? 1 : tenant.getPriority();
      for (Line line : tenant.getLinesList()) {
        lines.add(line.getMsisdn());
        bodies.put(
            line.getMsisdn(),
            tenant
                .getTemplateText()
                .replace("{business}", tenant.getName())
                .replace("{line_name}", line.getName())
                .replace("{contact}", tenant.getContact()));
      }
    }

    boolean texts(Verdict verdict) {
      return textVerdicts.contains(verdict);
    }

    String body(String line) {
      return bodies.get(line); // null: not a line of this tenant any more
    }

    private static long orDefault(long value, long otherwise) {
      return value == 0 ? otherwise : value;
    }

    private static TextLimit limit(int texts) {
      return TextLimit.newBuilder().setTexts(texts).setWindowMs(DAY_MS).build();
    }
  }

  private final ConcurrentHashMap<String, Policy> policies = new ConcurrentHashMap<>();
  private volatile long longestWindowMs;

  /** null: no such tenant. */
  Policy find(String tenant) {
    return policies.get(tenant);
  }

  static boolean isMissed(Verdict verdict) {
    return MISSED.contains(verdict);
  }

  /** How long a text must be remembered. */
  long longestWindowMs() {
    return longestWindowMs;
  }

  /** Fills the global store and what is compiled of it; called for restored records, too. */
  final class Reader extends ContextualProcessor<String, Tenant, Void, Void> {
    @Override
    public void process(Record<String, Tenant> record) {
      KeyValueStore<String, byte[]> store = context().getStateStore(STORE);
      if (record.value() == null) {
        policies.remove(record.key());
        store.delete(record.key());
        return;
      }
      long version = context().recordMetadata().orElseThrow().offset();
      Policy policy = new Policy(record.value(), version);
      policies.put(record.key(), policy);
      longestWindowMs =
          Math.max(
              longestWindowMs,
              Math.max(policy.limitPair.getWindowMs(), policy.limitCustomer.getWindowMs()));
      store.put(record.key(), record.value().toByteArray());
    }
  }
}
