package textback.peer;

import java.time.Duration;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import textback.state.v1.Customer.Call;
import textback.state.v1.Customer.CallText;
import textback.state.v1.Customer.CustomerDocument;
import textback.state.v1.Customer.Pair;
import textback.state.v1.Customer.Text;
import textback.v1.CallRecordOuterClass.AnsweredBy;
import textback.v1.CallRecordOuterClass.CallRecord;
import textback.v1.CallRecordOuterClass.Served;
import textback.v1.CallRecordOuterClass.SettleProfile;
import textback.v1.CallsEntryOuterClass.CallsEntry;
import textback.v1.DecisionOuterClass.Action;
import textback.v1.DecisionOuterClass.Decision;
import textback.v1.DecisionOuterClass.Evidence;
import textback.v1.DecisionOuterClass.Reason;
import textback.v1.DecisionOuterClass.Verdict;
import textback.v1.JobOuterClass.Job;
import textback.v1.JobOuterClass.TextJob;

/**
 * One decision for each call, and a job for each text: what libs/policy does for sources whose every
 * record is a whole call. Legs that belong together are recognised and merged, not waited for.
 */
final class Decider extends ContextualProcessor<String, CallsEntry, String, Object> {
  static final String NAME = "decide";
  static final String STORE = "customers";
  static final String DECISIONS = "decisions";
  static final String JOBS = "jobs";

  private static final long FUTURE_MAX_MS = 5 * 60_000;
  private static final long PAIR_MEMORY_MS = 30L * 24 * 60 * 60 * 1000;
  private static final int PAIRS_MAX = 32;
  private static final int IDS_MAX = 128;
  private static final int RECORDS_PER_CALL_MAX = 64;
  private static final Duration SWEEP_INTERVAL = Duration.ofMinutes(1);
  private static final int SWEEP_DOCUMENTS_MAX = 5_000;
  /** Not a customer's key: the greatest event time of all that erased documents had forgotten. */
  private static final String FORGOTTEN_KEY = "\u0000forgotten";

  private final Policies policies;
  private final Tallies tallies;
  private final Ids ids = new Ids();
  private final Gates gates = new Gates();
  private KeyValueStore<String, CustomerDocument> store;
  private long partitionForgottenMs = Long.MIN_VALUE;
  private String sweepFrom;

  Decider(Policies policies, Tallies tallies) {
    this.policies = policies;
    this.tallies = tallies;
  }

  @Override
  public void init(ProcessorContext<String, Object> context) {
    super.init(context);
    store = context.getStateStore(STORE);
    CustomerDocument forgotten = store.get(FORGOTTEN_KEY);
    if (forgotten != null) {
      partitionForgottenMs = forgotten.getForgottenThroughMs();
    }
    context.schedule(SWEEP_INTERVAL, PunctuationType.WALL_CLOCK_TIME, this::sweep);
  }

  @Override
  public void process(Record<String, CallsEntry> record) {
    CallsEntry entry = record.value();
    if (entry == null || !entry.hasRecord()) {
      return; // a watermark: only waiting calls would need it
    }
    CallRecord call = entry.getRecord();
    long now = context().currentSystemTimeMs();
    if (record.key() == null || !valid(record.key(), call, now)) {
      tallies.add(Tallies.DEADLETTER);
      return;
    }
    CustomerDocument stored = store.get(record.key());
    CustomerDocument.Builder document =
        stored == null ? CustomerDocument.newBuilder().setVersion(1) : stored.toBuilder();
    Documents.forget(document, now);
    long id = ids.recordHash(call);
    if (isKnown(document, id)) {
      tallies.add(Tallies.DUPLICATE);
      return;
    }
    long eventMs = eventMs(call);
    if (eventMs <= Math.max(document.getForgottenThroughMs(), partitionForgottenMs)) {
      tallies.add(Tallies.LATE);
      return;
    }
    take(record, call, document, id, now);
    store.put(record.key(), document.build());
  }

  private void take(
      Record<String, CallsEntry> record,
      CallRecord call,
      CustomerDocument.Builder document,
      long id,
      long now) {
    long eventMs = eventMs(call);
    long horizonEnd = Math.max(now, eventMs) + Documents.HORIZON_MS;
    Ids.CallKey key = ids.callKey(call);
    for (int i = 0; i < document.getCallsCount(); ++i) {
      Call known = document.getCalls(i);
      if (known.getIdLow() == key.low() && known.getIdHigh() == key.high()) {
        Call.Builder merged = document.getCallsBuilder(i);
        if (merged.getRecordsCount() < RECORDS_PER_CALL_MAX) {
          merged.addRecords(id);
        }
        merged.setEventMs(Math.max(merged.getEventMs(), eventMs));
        merged.setForgetMs(Math.max(merged.getForgetMs(), horizonEnd));
        tallies.add(Tallies.MERGED);
        return;
      }
    }
    Policies.Policy policy = policies.find(call.getServed().getTenant());
    Classifier.Reading reading =
        Classifier.read(call, policy == null ? 3_000 : policy.minRingMs);
    boolean over =
        call.getCallOver()
            || call.getJoinKey().isEmpty()
            || call.getSettle().getEmits() == SettleProfile.Emits.EMITS_CALL_END;
    Verdict verdict = over ? reading.verdict() : Verdict.VERDICT_UNRESOLVED;
    Call.Builder remembered =
        Call.newBuilder()
            .setIdHigh(key.high())
            .setIdLow(key.low())
            .setEventMs(eventMs)
            .setForgetMs(horizonEnd)
            .setVerdict(verdict)
            .setAnsweredBy(reading.answeredBy())
            .setOverVerdict(over)
            .setDecided(true)
            .addRecords(id);
    int place = document.getCallsCount();
    document.addCalls(remembered);
    if (talked(reading)) {
      noteTalk(record, document, call.getServed().getTenant(), eventMs, horizonEnd, now);
    }
    CallText text = decide(record, call, document, policy, verdict, reading, key.toString(), now);
    if (text != null) {
      document.setCalls(place, remembered.setText(text));
    }
    makeRoom(document);
    tallies.add(Tallies.DECISION);
  }

  /** null: no text. */
  private CallText decide(
      Record<String, CallsEntry> record,
      CallRecord call,
      CustomerDocument.Builder document,
      Policies.Policy policy,
      Verdict verdict,
      Classifier.Reading reading,
      String callId,
      long now) {
    Served served = call.getServed();
    long endedMs = eventMs(call);
    String customer =
        served.getWithheld() || served.getCustomer().isEmpty() ? null : record.key();
    Decision.Builder decision =
        Decision.newBuilder()
            .setCallId(callId)
            .setTenant(served.getTenant())
            .setLine(served.getLine())
            .setSide(served.getSide())
            .setVerdict(verdict)
            .setAnsweredBy(reading.answeredBy())
            .setAction(Action.ACTION_SUPPRESS)
            .setNowMs(now)
            .setPolicyVersion(policy == null ? 0 : policy.version)
            .setLinesVersion(served.getLinesVersion())
            .addEvidence(
                Evidence.newBuilder()
                    .setCoordinates(call.getCoordinates())
                    .setRecordId(call.getRecordId())
                    .setRule(reading.rule())
                    .setVerdict(reading.verdict()))
            .setSource(call.getSource())
            .setStartedAtMs(call.getStartedAtMs())
            .setEndedAtMs(endedMs)
            .setRingMs(Classifier.ringMs(call));
    if (customer != null) {
      decision.setCustomer(customer);
    }
    CallText text = null;
    if (!isMiss(policy, verdict, reading)) {
      boolean active = policy != null && policy.tenant.getActive();
      decision.setReason(active ? Reason.REASON_NOT_MISSED : Reason.REASON_TENANT_INACTIVE);
    } else {
      long ringEndMs = call.getAnsweredAtMs() > 0 ? call.getAnsweredAtMs() : endedMs;
      String body =
          gates.run(document, call, policy, customer, now, endedMs, ringEndMs, decision);
      if (body != null) {
        text = text(record, document, policy, body, endedMs, decision, now);
      }
    }
    context().forward(record.withValue((Object) decision.build()), DECISIONS);
    return text;
  }

  private CallText text(
      Record<String, CallsEntry> record,
      CustomerDocument.Builder document,
      Policies.Policy policy,
      String body,
      long endedMs,
      Decision.Builder decision,
      long now) {
    String tenant = policy.tenant.getTenant();
    decision
        .setAction(Action.ACTION_TEXT)
        .setTemplateName(policy.templateName)
        .setJobId(ids.jobId(tenant, decision.getCallId(), "first_text"));
    long expiresMs = endedMs + policy.textTtlMs;
    Job job =
        Job.newBuilder()
            .setJobId(decision.getJobId())
            .setTenant(tenant)
            .setCustomer(record.key())
            .setSender(policy.tenant.getSender())
            .setText(
                TextJob.newBuilder().setPurpose(TextJob.Purpose.PURPOSE_FIRST_TEXT).setBody(body))
            .setPriority(policy.priority)
            .setNotBeforeMs(now + policy.tenant.getDelayMs())
            .setExpiresMs(expiresMs)
            .setBasis("missed_call")
            .setCallId(decision.getCallId())
            .setCreatedMs(now)
            .setUnknownPolicy(policy.tenant.getUnknownPolicy())
            .build();
    context().forward(record.withValue((Object) job), JOBS);
    tallies.add(Tallies.JOB_TEXT);
    document.addTexts(
        Text.newBuilder()
            .setTenant(tenant)
            .setAtMs(now)
            .setKeepMs(now + policies.longestWindowMs()));
    Pair.Builder pair = pairOf(document, tenant);
    pair.setTextMs(now).setKeepMs(Math.max(pair.getKeepMs(), now + PAIR_MEMORY_MS));
    return CallText.newBuilder()
        .setTenant(tenant)
        .setExpiresMs(expiresMs)
        .setSender(policy.tenant.getSender())
        .build();
  }

  /** The two have talked: texts of earlier calls that may be unsent are pointless. */
  private void noteTalk(
      Record<String, CallsEntry> record,
      CustomerDocument.Builder document,
      String tenant,
      long eventMs,
      long horizonEnd,
      long now) {
    Pair.Builder pair = pairOf(document, tenant);
    pair.setTalkMs(Math.max(pair.getTalkMs(), eventMs))
        .setKeepMs(Math.max(pair.getKeepMs(), horizonEnd));
    for (int i = 0; i < document.getCallsCount(); ++i) {
      Call call = document.getCalls(i);
      if (call.getEventMs() >= eventMs
          || !call.hasText()
          || call.getText().getClosed()
          || call.getText().getExpiresMs() <= now
          || !call.getText().getTenant().equals(tenant)) {
        continue;
      }
      document.getCallsBuilder(i).getTextBuilder().setClosed(true);
      String callId = new Ids.CallKey(call.getIdHigh(), call.getIdLow()).toString();
      Job job =
          Job.newBuilder()
              .setJobId(ids.jobId(tenant, callId, "cancel"))
              .setTenant(tenant)
              .setCustomer(record.key())
              .setSender(call.getText().getSender())
              .setCancel(
                  textback.v1.JobOuterClass.Cancel.newBuilder()
                      .setJobId(ids.jobId(tenant, callId, "first_text"))
                      .setReason("overtaken"))
              .setPriority(3)
              .setExpiresMs(call.getText().getExpiresMs())
              .setBasis("cancel")
              .setCallId(callId)
              .setCreatedMs(now)
              .build();
      context().forward(record.withValue((Object) job), JOBS);
      tallies.add(Tallies.JOB_CANCEL);
    }
  }

  private static Pair.Builder pairOf(CustomerDocument.Builder document, String tenant) {
    int first = 0;
    for (int i = 0; i < document.getPairsCount(); ++i) {
      if (document.getPairs(i).getTenant().equals(tenant)) {
        return document.getPairsBuilder(i);
      }
      if (document.getPairs(i).getKeepMs() < document.getPairs(first).getKeepMs()) {
        first = i;
      }
    }
    if (document.getPairsCount() >= PAIRS_MAX) {
      document.removePairs(first);
    }
    return document.addPairsBuilder().setTenant(tenant);
  }

  /** Over the cap the oldest call goes, and until it would have expired it is a flood. */
  private static void makeRoom(CustomerDocument.Builder document) {
    while (document.getCallsCount() > Gates.CALLS_MAX) {
      int oldest = 0;
      for (int i = 1; i < document.getCallsCount(); ++i) {
        if (document.getCalls(i).getEventMs() < document.getCalls(oldest).getEventMs()) {
          oldest = i;
        }
      }
      Call gone = document.getCalls(oldest);
      document
          .setFloodUntilMs(Math.max(document.getFloodUntilMs(), gone.getForgetMs()))
          .setForgottenThroughMs(Math.max(document.getForgottenThroughMs(), gone.getEventMs()))
          .removeCalls(oldest);
    }
  }

  /** Drops documents whose time is over: a bounded part of the store each time, round and round. */
  private void sweep(long now) {
    long forgottenBefore = partitionForgottenMs;
    int seen = 0;
    String next = null;
    try (KeyValueIterator<String, CustomerDocument> documents = store.range(sweepFrom, null)) {
      while (documents.hasNext()) {
        KeyValue<String, CustomerDocument> entry = documents.next();
        if (entry.key.equals(FORGOTTEN_KEY)) {
          continue;
        }
        if (++seen > SWEEP_DOCUMENTS_MAX) {
          next = entry.key;
          break;
        }
        CustomerDocument.Builder document = entry.value.toBuilder();
        Documents.forget(document, now);
        if (Documents.mayErase(document, now)) {
          partitionForgottenMs = Math.max(partitionForgottenMs, document.getForgottenThroughMs());
          store.delete(entry.key);
          tallies.add(Tallies.ERASED);
        }
      }
    }
    sweepFrom = next;
    if (partitionForgottenMs != forgottenBefore) {
      store.put(
          FORGOTTEN_KEY,
          CustomerDocument.newBuilder().setForgottenThroughMs(partitionForgottenMs).build());
    }
  }

  private static boolean isKnown(CustomerDocument.Builder document, long id) {
    for (Call call : document.getCallsList()) {
      for (int i = 0; i < call.getRecordsCount(); ++i) {
        if (call.getRecords(i) == id) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isMiss(
      Policies.Policy policy, Verdict verdict, Classifier.Reading reading) {
    if (policy == null || !policy.tenant.getActive()) {
      return Policies.isMissed(verdict);
    }
    if (verdict == Verdict.VERDICT_ANSWERED
        && reading.answeredBy() == AnsweredBy.ANSWERED_BY_IVR) {
      return policy.tenant.getIvrCountsAsMissed();
    }
    return policy.texts(verdict);
  }

  private static boolean talked(Classifier.Reading reading) {
    AnsweredBy by = reading.answeredBy();
    return switch (reading.verdict()) {
      case VERDICT_ANSWERED ->
          by != AnsweredBy.ANSWERED_BY_IVR && by != AnsweredBy.ANSWERED_BY_QUEUE;
      case VERDICT_OUTBOUND ->
          by == AnsweredBy.ANSWERED_BY_PERSON || by == AnsweredBy.ANSWERED_BY_UNKNOWN;
      default -> false;
    };
  }

  private static boolean valid(String key, CallRecord call, long now) {
    Served served = call.getServed();
    if (served.getTenant().isEmpty()
        || served.getSide() == Served.Side.SIDE_UNSPECIFIED
        || !served.getLine().startsWith("+")) {
      return false;
    }
    boolean hasNumber = !served.getCustomer().isEmpty() && !served.getWithheld();
    String id = call.getJoinKey().isEmpty() ? call.getRecordId() : call.getJoinKey();
    boolean keyed =
        hasNumber
            ? served.getCustomer().equals(key)
            : key.startsWith(served.getLine()) && key.endsWith(id);
    long last =
        Math.max(
            Math.max(call.getEndedAtMs(), call.getAnsweredAtMs()),
            Math.max(call.getRingingAtMs(), call.getStartedAtMs()));
    return keyed
        && !call.getRecordId().isEmpty()
        && call.getRecordId().length() <= IDS_MAX
        && call.getJoinKey().length() <= IDS_MAX
        && eventMs(call) > 0
        && last <= now + FUTURE_MAX_MS;
  }

  private static long eventMs(CallRecord call) {
    if (call.hasEndedAtMs()) {
      return call.getEndedAtMs();
    }
    if (call.hasAnsweredAtMs()) {
      return call.getAnsweredAtMs();
    }
    return call.hasRingingAtMs() ? call.getRingingAtMs() : call.getStartedAtMs();
  }
}
