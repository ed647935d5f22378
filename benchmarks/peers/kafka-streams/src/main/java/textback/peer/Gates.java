package textback.peer;

import textback.state.v1.Customer.CustomerDocument;
import textback.state.v1.Customer.OptOut;
import textback.state.v1.Customer.Pair;
import textback.state.v1.Customer.Text;
import textback.v1.CallRecordOuterClass.LineType;
import textback.v1.CallRecordOuterClass.CallRecord;
import textback.v1.CallRecordOuterClass.Served;
import textback.v1.DecisionOuterClass.Decision;
import textback.v1.DecisionOuterClass.Gate;
import textback.v1.DecisionOuterClass.Reason;
import textback.v1.TenantOuterClass.TextLimit;

/** The questions before a text, in the order of libs/policy/gates.h. One thread's: reused. */
final class Gates {
  static final int CALLS_MAX = 100;
  private static final int TEXTS_MAX = 64;
  private static final Reason[] ORDER = {
    Reason.REASON_TENANT_INACTIVE, Reason.REASON_NOT_MISSED, Reason.REASON_STALE,
    Reason.REASON_OWN_LINE, Reason.REASON_TENANT_LINE, Reason.REASON_WITHHELD,
    Reason.REASON_NOT_TEXTABLE, Reason.REASON_FOREIGN, Reason.REASON_UNDELIVERABLE,
    Reason.REASON_BLOCKED, Reason.REASON_OPTED_OUT, Reason.REASON_FLOOD,
    Reason.REASON_NUISANCE, Reason.REASON_OVERTAKEN, Reason.REASON_LIMIT_PAIR,
    Reason.REASON_LIMIT_CUSTOMER, Reason.REASON_TEMPLATE_ERROR, Reason.REASON_EXPIRED,
  };
  private static final Gate[] SKIPPED = new Gate[ORDER.length];
  private static final Gate[] PASSED = new Gate[ORDER.length];
  private static final Gate[] STOPPED = new Gate[ORDER.length];

  static {
    for (int i = 0; i < ORDER.length; ++i) {
      String name = ORDER[i].name().substring("REASON_".length()).toLowerCase();
      Gate.Builder gate = Gate.newBuilder().setName(name);
      SKIPPED[i] = gate.setOutcome(Gate.Outcome.OUTCOME_SKIPPED).build();
      PASSED[i] = gate.setOutcome(Gate.Outcome.OUTCOME_PASS).build();
      STOPPED[i] = gate.setOutcome(Gate.Outcome.OUTCOME_STOP).build();
    }
  }

  // The question.
  private CustomerDocument.Builder document;
  private CallRecord call;
  private Policies.Policy policy; // null: no such tenant
  private String customer; // null: withheld, or no number
  private long now;
  private long endedMs;
  private long ringEndMs;
  // The answer to one gate.
  private boolean measured;
  private long value;
  private boolean limited;
  private long limit;
  private String body;

  /** Adds gates and reason to the decision. The text's body; null: no text. */
  String run(
      CustomerDocument.Builder document,
      CallRecord call,
      Policies.Policy policy,
      String customer,
      long now,
      long endedMs,
      long ringEndMs,
      Decision.Builder decision) {
    this.document = document;
    this.call = call;
    this.policy = policy;
    this.customer = customer;
    this.now = now;
    this.endedMs = endedMs;
    this.ringEndMs = ringEndMs;
    boolean stopped = false;
    for (int i = 0; i < ORDER.length; ++i) {
      if (stopped) {
        decision.addGates(SKIPPED[i]);
        continue;
      }
      measured = false;
      limited = false;
      stopped = ask(ORDER[i]);
      Gate gate = stopped ? STOPPED[i] : PASSED[i];
      if (measured) {
        Gate.Builder full = gate.toBuilder().setValue(value);
        gate = limited ? full.setLimit(limit).build() : full.build();
      }
      decision.addGates(gate);
      if (stopped) {
        decision.setReason(ORDER[i]);
      }
    }
    return stopped ? null : body;
  }

  private boolean ask(Reason reason) {
    return switch (reason) {
      case REASON_TENANT_INACTIVE -> policy == null || !policy.tenant.getActive();
      case REASON_STALE -> {
        measure(now - ringEndMs, policy.maxAgeMs);
        yield value > limit;
      }
      case REASON_OWN_LINE -> customer != null && policy.lines.contains(customer);
      case REASON_WITHHELD -> call.getServed().getWithheld();
      case REASON_NOT_TEXTABLE -> notTextable();
      case REASON_OPTED_OUT -> optedOut();
      case REASON_FLOOD -> {
        measure(document.getCallsCount(), CALLS_MAX);
        yield document.getFloodUntilMs() > now;
      }
      case REASON_OVERTAKEN -> overtaken();
      case REASON_LIMIT_PAIR -> limit(policy.limitPair, true);
      case REASON_LIMIT_CUSTOMER -> limit(policy.limitCustomer, false);
      case REASON_TEMPLATE_ERROR -> {
        body = policy.body(call.getServed().getLine());
        yield body == null;
      }
      case REASON_EXPIRED -> {
        measure(now + policy.tenant.getDelayMs() - endedMs, policy.textTtlMs);
        yield value >= limit;
      }
      // Not missed: asked before. The lists are empty in both programs, no text was refused by the
      // network, and the tenants have switched the nuisance score off (benchmarks/run).
      default -> false;
    };
  }

  private void measure(long value, long limit) {
    measured = true;
    this.value = value;
    limited = true;
    this.limit = limit;
  }

  private boolean notTextable() {
    if (customer == null) {
      return true;
    }
    LineType kind = LineTypes.of(customer);
    if (call.getServed().getSide() == Served.Side.SIDE_TERMINATING
        && call.getCallerLineType() != LineType.LINE_TYPE_UNSPECIFIED) {
      kind = call.getCallerLineType();
    }
    measured = true;
    value = kind.getNumber();
    return switch (kind) {
      case LINE_TYPE_FIXED, LINE_TYPE_TOLL_FREE, LINE_TYPE_PREMIUM, LINE_TYPE_SHORT_CODE -> true;
      default -> false;
    };
  }

  private boolean optedOut() {
    for (OptOut out : document.getOptOutsList()) {
      boolean applies =
          switch (out.getKind()) {
            case KIND_ALL -> true;
            case KIND_SENDER -> out.getSender().equals(policy.tenant.getSender().getValue());
            default -> out.getTenant().equals(policy.tenant.getTenant());
          };
      if (applies) {
        return true;
      }
    }
    return false;
  }

  private boolean overtaken() {
    for (Pair pair : document.getPairsList()) {
      if (pair.getTalkMs() > endedMs && pair.getTenant().equals(policy.tenant.getTenant())) {
        measure(pair.getTalkMs() - endedMs, 0);
        return true;
      }
    }
    return false;
  }

  private boolean limit(TextLimit most, boolean pairOnly) {
    long texts = 0;
    for (Text text : document.getTextsList()) {
      if (pairOnly && !text.getTenant().equals(policy.tenant.getTenant())) {
        continue;
      }
      if (text.getAtMs() + most.getWindowMs() > now) {
        ++texts;
      }
    }
    measure(texts, most.getTexts());
    return texts >= limit || (!pairOnly && document.getTextsCount() >= TEXTS_MAX);
  }
}
