package textback.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import textback.v1.DecisionOuterClass.Decision;
import textback.v1.DecisionOuterClass.Gate;
import textback.v1.JobOuterClass.Job;

/**
 * Whether two programs said the same.
 *
 * <pre>
 * Compare BROKERS PREFIX OTHER_PREFIX
 * </pre>
 *
 * Reads what was committed to the decisions and jobs of both. Messages must be equal field by field
 * under the same key, but for what the clock of the moment writes: a decision's now_ms and the
 * measured value of the gates stale and expired; a job's created_ms and not_before_ms. Whether those
 * gates stopped the text must be equal again. Prints one line of JSON; exit code 1: they differ.
 */
public final class Compare {
  private static final int SHOWN_MAX = 3;
  private static final Duration SILENCE_MAX = Duration.ofSeconds(60);

  interface Reader {
    /** The message without what the clock wrote. */
    Message plain(byte[] bytes) throws InvalidProtocolBufferException;

    String id(Message message);

    /** For the tally: what kind of message it is. */
    String kind(Message message);
  }

  private static final Reader DECISIONS =
      new Reader() {
        @Override
        public Message plain(byte[] bytes) throws InvalidProtocolBufferException {
          Decision.Builder decision = Decision.parseFrom(bytes).toBuilder().clearNowMs();
          for (int i = 0; i < decision.getGatesCount(); ++i) {
            Gate gate = decision.getGates(i);
            if (gate.getName().equals("stale") || gate.getName().equals("expired")) {
              decision.setGates(i, gate.toBuilder().clearValue());
            }
          }
          return decision.build();
        }

        @Override
        public String id(Message message) {
          return ((Decision) message).getCallId();
        }

        @Override
        public String kind(Message message) {
          Decision decision = (Decision) message;
          return decision.getJobId().isEmpty() ? decision.getReason().name() : "TEXT";
        }
      };

  private static final Reader JOBS =
      new Reader() {
        @Override
        public Message plain(byte[] bytes) throws InvalidProtocolBufferException {
          return Job.parseFrom(bytes).toBuilder().clearCreatedMs().clearNotBeforeMs().build();
        }

        @Override
        public String id(Message message) {
          return ((Job) message).getJobId();
        }

        @Override
        public String kind(Message message) {
          return ((Job) message).getBodyCase().name();
        }
      };

  /** What one program wrote to one topic: a fingerprint of each message by its id. */
  private static final class Output {
    final Map<String, Long> messages = new HashMap<>();
    final Map<String, Integer> kinds = new TreeMap<>();
    long repeats = 0;
  }

  private final String brokers;

  private Compare(String brokers) {
    this.brokers = brokers;
  }

  private interface Each {
    void accept(ConsumerRecord<byte[], byte[]> record) throws InvalidProtocolBufferException;
  }

  private void forEach(String topic, Each each) throws InvalidProtocolBufferException {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", brokers, "isolation.level", "read_committed",
            "enable.auto.commit", "false", "max.poll.records", "10000");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      consumer.partitionsFor(topic)
          .forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long moved = System.nanoTime();
      long before = -1;
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          each.accept(record);
        }
        long at = partitions.stream().mapToLong(consumer::position).sum();
        if (at != before) {
          moved = System.nanoTime();
          before = at;
        } else if (System.nanoTime() - moved > SILENCE_MAX.toNanos()) {
          throw new IllegalStateException(topic + ": no end after " + SILENCE_MAX);
        }
      }
    }
  }

  private Output read(String topic, Reader reader) throws InvalidProtocolBufferException {
    Output output = new Output();
    forEach(
        topic,
        record -> {
          Message message = reader.plain(record.value());
          long print = 31L * fingerprint(record.key()) + fingerprint(message.toByteArray());
          if (output.messages.put(reader.id(message), print) != null) {
            ++output.repeats;
          }
          output.kinds.merge(reader.kind(message), 1, Integer::sum);
        });
    return output;
  }

  /** FNV-1a, 64 bits. */
  private static long fingerprint(byte[] bytes) {
    long h = 0xcbf29ce484222325L;
    for (byte b : bytes) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return h;
  }

  /** Ids that only one has, or that both have with another content. */
  private static List<String> differences(Output a, Output b) {
    List<String> ids = new ArrayList<>();
    a.messages.forEach((id, print) -> {
      if (!print.equals(b.messages.get(id))) {
        ids.add(id);
      }
    });
    b.messages.keySet().stream().filter(id -> !a.messages.containsKey(id)).forEach(ids::add);
    return ids;
  }

  private void show(String topic, Reader reader, List<String> ids)
      throws InvalidProtocolBufferException {
    forEach(
        topic,
        record -> {
          Message message = reader.plain(record.value());
          if (ids.contains(reader.id(message))) {
            System.err.println(topic + " " + TextFormat.printer().shortDebugString(message));
          }
        });
  }

  private boolean compare(String name, String ours, String theirs, Reader reader, StringBuilder out)
      throws InvalidProtocolBufferException {
    Output a = read(ours, reader);
    Output b = read(theirs, reader);
    List<String> differ = differences(a, b);
    if (!differ.isEmpty()) {
      List<String> shown = differ.subList(0, Math.min(SHOWN_MAX, differ.size()));
      show(ours, reader, shown);
      show(theirs, reader, shown);
    }
    out.append(String.format(
        "\"%s\": {\"ours\": %d, \"theirs\": %d, \"repeats\": %d, \"differ\": %d, \"kinds\": \"%s\"}",
        name, a.messages.size(), b.messages.size(), a.repeats + b.repeats, differ.size(), b.kinds));
    return differ.isEmpty() && a.repeats == 0 && b.repeats == 0 && !a.messages.isEmpty();
  }

  public static void main(String[] args) throws InvalidProtocolBufferException {
    if (args.length != 3) {
      System.err.println("Compare BROKERS PREFIX OTHER_PREFIX, not " + Arrays.toString(args));
      System.exit(2);
    }
    Compare compare = new Compare(args[0]);
    StringBuilder out = new StringBuilder("{");
    boolean same =
        compare.compare("decisions", args[1] + "decisions", args[2] + "decisions", DECISIONS, out);
    out.append(", ");
    same &= compare.compare("jobs", args[1] + "jobs", args[2] + "jobs", JOBS, out);
    System.out.println(out.append(", \"same\": ").append(same).append('}'));
    System.exit(same ? 0 : 1);
  }
}
