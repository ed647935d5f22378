package textback.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import textback.v1.CallRecordOuterClass.AnsweredBy;
import textback.v1.CallRecordOuterClass.CallRecord;
import textback.v1.CallRecordOuterClass.Cause;
import textback.v1.CallRecordOuterClass.Party;
import textback.v1.CallRecordOuterClass.Served;
import textback.v1.CallsEntryOuterClass.CallsEntry;
import textback.v1.DecisionOuterClass.Decision;
import textback.v1.DecisionOuterClass.Reason;
import textback.v1.DecisionOuterClass.Verdict;
import textback.v1.JobOuterClass.Job;
import textback.v1.TenantOuterClass.Line;
import textback.v1.TenantOuterClass.Tenant;

/** What the comparison with decide's outputs can't see: what a run of a minute never comes to. */
class DeciderTest {
  private static final String LINE = "+12125550100";
  private static final String CUSTOMER = "+12125550199";
  private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

  @TempDir Path folder;
  private TopologyTestDriver driver;
  private TestInputTopic<String, byte[]> calls;
  private TestOutputTopic<String, byte[]> decisions;
  private TestOutputTopic<String, byte[]> jobs;
  private Instant now = START;

  @BeforeEach
  void start() {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    driver = new TopologyTestDriver(Main.topology("in.", "out.", new Tallies()), settings, START);
    StringSerializer keys = new StringSerializer();
    calls = driver.createInputTopic("in.calls", keys, new ByteArraySerializer());
    decisions =
        driver.createOutputTopic(
            "out.decisions", new StringDeserializer(), new ByteArrayDeserializer());
    jobs =
        driver.createOutputTopic("out.jobs", new StringDeserializer(), new ByteArrayDeserializer());
    Tenant tenant =
        Tenant.newBuilder()
            .setTenant("garage")
            .setName("The Garage")
            .setActive(true)
            .addLines(Line.newBuilder().setMsisdn(LINE))
            .setTemplateText("This is {business}.")
            .build();
    driver
        .createInputTopic("in.tenants", keys, new ByteArraySerializer())
        .pipeInput("garage", tenant.toByteArray());
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private CallRecord.Builder call(String id) {
    return CallRecord.newBuilder()
        .setSource("pbx")
        .setRecordId(id)
        .setCallOver(true)
        .setCalling(Party.newBuilder().setNumber(CUSTOMER))
        .setStartedAtMs(now.toEpochMilli() - 25_000)
        .setEndedAtMs(now.toEpochMilli())
        .setRingMs(20_000)
        .setServed(
            Served.newBuilder()
                .setSide(Served.Side.SIDE_TERMINATING)
                .setTenant("garage")
                .setLine(LINE)
                .setCustomer(CUSTOMER));
  }

  private CallRecord.Builder missed(String id) {
    return call(id)
        .addCauses(
            Cause.newBuilder().setNamespace(Cause.Namespace.NAMESPACE_Q850).setValue("19"));
  }

  /** null: no decision. */
  private Decision decide(CallRecord.Builder call) throws Exception {
    calls.pipeInput(
        CUSTOMER, CallsEntry.newBuilder().setRecord(call).build().toByteArray(), now);
    return decisions.isEmpty() ? null : Decision.parseFrom(decisions.readValue());
  }

  private void pass(Duration time) {
    now = now.plus(time);
    driver.advanceWallClockTime(time);
  }

  private Object stored() {
    return driver.getKeyValueStore(Decider.STORE).get(CUSTOMER);
  }

  @Test
  void oneTextAndNoRecordTwice() throws Exception {
    Decision first = decide(missed("1"));
    assertEquals(Verdict.VERDICT_NO_ANSWER, first.getVerdict());
    assertEquals(Reason.REASON_UNSPECIFIED, first.getReason());
    assertEquals("This is The Garage.", Job.parseFrom(jobs.readValue()).getText().getBody());
    assertNull(decide(missed("1")));
    assertEquals(Reason.REASON_LIMIT_PAIR, decide(missed("2")).getReason());
    assertTrue(jobs.isEmpty());
  }

  @Test
  void aTalkWithdrawsTheText() throws Exception {
    decide(missed("1"));
    Job text = Job.parseFrom(jobs.readValue());
    pass(Duration.ofMinutes(2));
    decide(
        call("2")
            .setAnsweredAtMs(now.toEpochMilli() - 1)
            .setAnsweredBy(AnsweredBy.ANSWERED_BY_PERSON));
    assertEquals(text.getJobId(), Job.parseFrom(jobs.readValue()).getCancel().getJobId());
  }

  @Test
  void callsAreDroppedAfterTheHorizonAndStayLate() throws Exception {
    CallRecord.Builder old =
        call("1").setAnsweredBy(AnsweredBy.ANSWERED_BY_IVR); // nothing but the call is remembered
    assertNotNull(decide(old));
    pass(Duration.ofMillis(Documents.HORIZON_MS - 60_000));
    assertNotNull(stored());
    assertNull(decide(old));
    pass(Duration.ofMinutes(2));
    assertNull(stored());
    assertNull(decide(old)); // late, by the partition's memory
    assertNotNull(decide(missed("2")));
  }
}
