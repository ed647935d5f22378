package textback.peer;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.Stores;
import textback.state.v1.Customer.CustomerDocument;
import textback.v1.CallsEntryOuterClass.CallsEntry;
import textback.v1.TenantOuterClass.Tenant;

/**
 * textback's role decide on Kafka Streams.
 *
 * <pre>
 * Main --brokers B --state FOLDER [--in textback.] [--out peer.] [--threads 1] [--set key=value ...]
 * </pre>
 *
 * Prints http_port=N; /metrics there tells how far it is. SIGTERM ends it in order, with code 0.
 */
public final class Main {
  private static final Serializer<Object> MESSAGES = (topic, value) ->
      value == null ? null : ((MessageLite) value).toByteArray();

  private static <T> Deserializer<T> parsing(Parser<T> parser) {
    return (topic, bytes) -> {
      try {
        return bytes == null ? null : parser.parseFrom(bytes);
      } catch (IOException e) {
        throw new SerializationException(topic, e);
      }
    };
  }

  @SuppressWarnings("unchecked")
  private static <T> Serde<T> serde(Parser<T> parser) {
    return Serdes.serdeFrom((Serializer<T>) (Serializer<?>) MESSAGES, parsing(parser));
  }

  static Topology topology(String in, String out, Tallies tallies) {
    Policies policies = new Policies();
    Serde<String> keys = Serdes.String();
    Topology topology = new Topology();
    topology.addGlobalStore(
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(Policies.STORE), keys, Serdes.ByteArray())
            .withLoggingDisabled(),
        "tenants",
        keys.deserializer(),
        parsing(Tenant.parser()),
        in + "tenants",
        "read-tenants",
        () -> policies.new Reader());
    topology.addSource("calls", keys.deserializer(), parsing(CallsEntry.parser()), in + "calls");
    topology.addProcessor(Decider.NAME, () -> new Decider(policies, tallies), "calls");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(Decider.STORE),
                keys,
                serde(CustomerDocument.parser()))
            .withCachingDisabled()
            .withLoggingEnabled(Map.of()),
        Decider.NAME);
    topology.addSink(
        Decider.DECISIONS, out + "decisions", keys.serializer(), MESSAGES, Decider.NAME);
    topology.addSink(Decider.JOBS, out + "jobs", keys.serializer(), MESSAGES, Decider.NAME);
    return topology;
  }

  private static Properties settings(Map<String, String> options) {
    Properties p = new Properties();
    p.put(
        StreamsConfig.APPLICATION_ID_CONFIG, options.getOrDefault("out", "peer.") + "decide");
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("brokers"));
    p.put(StreamsConfig.STATE_DIR_CONFIG, options.get("state"));
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.getOrDefault("threads", "1"));
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    p.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, -1);
    p.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
    p.put(
        StreamsConfig.DEFAULT_DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG,
        LogAndContinueExceptionHandler.class);
    p.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), "peer-0");
    p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    p.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
    p.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.FETCH_MIN_BYTES_CONFIG), 64 * 1024);
    p.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG), 10);
    p.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    p.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 50);
    p.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 * 1024);
    p.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64L << 20);
    return p;
  }

  private static boolean isCommits(Metric metric) {
    MetricName name = metric.metricName();
    return name.group().equals("stream-thread-metrics") && name.name().equals("commit-total");
  }

  private static HttpServer serve(KafkaStreams streams, Tallies tallies) throws IOException {
    List<Metric> commits = new ArrayList<>();
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          StringBuilder out = new StringBuilder();
          tallies.print(out);
          if (commits.isEmpty()) {
            // Sought once: there are thousands of metrics, and asking must not cost the program much.
            streams.metrics().values().stream().filter(Main::isCommits).forEach(commits::add);
          }
          double sum = commits.stream().mapToDouble(m -> (Double) m.metricValue()).sum();
          out.append("peer_commits_total ").append((long) sum).append('\n');
          byte[] page = out.toString().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    server.start();
    return server;
  }

  public static void main(String[] args) throws IOException {
    Map<String, String> options = new HashMap<>();
    Map<String, String> set = new HashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) {
      if (args[i].equals("--set")) {
        String[] pair = args[i + 1].split("=", 2);
        set.put(pair[0], pair[1]);
      } else {
        options.put(args[i].substring(2), args[i + 1]);
      }
    }
    if (!options.containsKey("brokers") || !options.containsKey("state")) {
      System.err.println("--brokers and --state are needed");
      System.exit(2);
    }
    Properties settings = settings(options);
    settings.putAll(set);
    Tallies tallies = new Tallies();
    Topology topology =
        topology(
            options.getOrDefault("in", "textback."),
            options.getOrDefault("out", "peer."),
            tallies);
    KafkaStreams streams = new KafkaStreams(topology, settings);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    HttpServer server = serve(streams, tallies);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  boolean closed = streams.close(Duration.ofSeconds(30));
                  Runtime.getRuntime().halt(closed ? 0 : 1);
                }));
    streams.start();
    System.err.println("http_port=" + server.getAddress().getPort());
  }

  private Main() {}
}
