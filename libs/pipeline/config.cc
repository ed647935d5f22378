#include "pipeline/config.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "cdr/adapter.h"
#include "cdr/source_kind.h"

namespace textback::pipeline {
namespace {

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
constexpr std::int64_t kLegWaitMs =
    3'000;  // for the further legs of a call, if nothing else is said

std::string WordProblem(const std::string& text, std::string_view more) {
  if (text.empty() || text.size() > 64) return "must have 1 to 64 characters";
  if (!IsPlainName(text, 64, more)) {
    return "may hold lower-case letters, digits, '-' and '_' only";
  }
  return {};
}

void ReadKafka(config::Map& map, CommonConfig& common) {
  auto& kafka = common.kafka;
  map.Section("kafka", "How to reach the broker.", [&](config::Map& m) {
    common.production = m.Bool("production",
                               "Refuse to start where the cluster's settings void the guarantee "
                               "(docs/guarantees.md).")
                            .Default(false)
                            .Read();
    kafka.bootstrap_servers =
        m.String("brokers", "host:port, separated by commas.").Default("localhost:9092").Read();
    kafka.message_bytes_max = static_cast<std::int32_t>(
        m.SizeBytes("message_max",
                    "Largest record written; not more than the brokers' message.max.bytes.")
            .Default(kafka.message_bytes_max)
            .Range(64 * 1024, 64 * 1024 * 1024)
            .Read());
    kafka.fetch_queue_records =
        static_cast<std::int32_t>(m.Int("fetch_queue_records", "Fetched ahead, per consumer.")
                                      .Default(kafka.fetch_queue_records)
                                      .Range(1'000, 10'000'000)
                                      .Read());
    kafka.fetch_queue_kib =
        static_cast<std::int32_t>(m.SizeBytes("fetch_queue", "Fetched ahead, per consumer.")
                                      .Default(64LL << 20)
                                      .Range(1 << 20, 2LL << 30)
                                      .Read() /
                                  1024);
    for (auto& [name, value] :
         m.Properties("settings", "Further librdkafka settings: security, addresses, back-off.")) {
      kafka.extra[name] = std::move(value);
    }
    m.List("secrets", "Settings whose value is a secret.", {.max = 16}, [&](config::Map& s) {
      const std::string name =
          s.String("setting", "librdkafka's name, e.g. sasl.password.").Required().Read();
      kafka.extra[name] = s.Secret("value", "The secret.", true).Reveal();
    });
  });
}

std::chrono::milliseconds ReadTime(config::Map& m, const char* key, const char* help,
                                   std::chrono::milliseconds usual, std::int64_t least_ms) {
  return std::chrono::milliseconds(
      m.DurationMs(key, help).Default(usual.count()).Range(least_ms, kDayMs).Read());
}

void ReadWatchdog(config::Map& m, WatchdogConfig& w) {
  auto& l = w.limits;
  w.enabled = m.Bool("enabled", "Restart shards, then the process, that make no progress.")
                  .Default(true)
                  .Read();
  // Longer than a back-off with a few calls to the broker in it, or these would count as stuck.
  l.stuck = ReadTime(m, "stuck", "A step of a shard hangs, or a partition's batch fails, so long.",
                     l.stuck, 60'000);
  l.transaction =
      ReadTime(m, "transaction", "One transaction is open so long.", l.transaction, 30'000);
  l.timers = ReadTime(m, "timer_lag", "A timer is due so long though nothing holds it back.",
                      l.timers, 60'000);
  l.restarts_max = static_cast<std::size_t>(
      m.Int("restarts", "Of one shard in restarts_window, before the process ends.")
          .Default(static_cast<std::int64_t>(l.restarts_max))
          .Range(0, 100)
          .Read());
  l.restarts_window = ReadTime(m, "restarts_window", "In which restarts of a shard are counted.",
                               l.restarts_window, 60'000);
}

void ReadCommon(config::Map& map, CommonConfig& c, const char* default_instance) {
  c.instance =
      map.String("instance", "Stable name of this process, unique in the cluster (a pod's name).")
          .Default(default_instance)
          .Check([](const std::string& text) { return WordProblem(text, "."); })
          .Read();
  c.prefix =
      map.String("topic_prefix", "Stands before every topic's name, and for a generation of them.")
          .Default("textback.")
          .Read();
  c.data_folder =
      map.String("data_folder", "State on disk; may be lost, it is restored from the log.")
          .Required()
          .Read();
  map.Section("http", "/metrics, /healthz, /readyz.", [&](config::Map& m) {
    c.http_address = m.String("address", "Numeric.").Default("0.0.0.0").Read();
    c.http_port =
        static_cast<int>(m.Int("port", "0: any, printed.").Default(9464).Range(0, 65'535).Read());
  });
  map.Section("log", "Logs go to stderr.", [&](config::Map& m) {
    c.log_json = m.Bool("json", "One JSON object a line.").Default(false).Read();
  });
  map.Section("watchdog", "What is done about shards that make no progress.",
              [&](config::Map& m) { ReadWatchdog(m, c.watchdog); });
  c.kafka.client_id = "textback-" + c.instance;
}

void ReadRole(config::Map& m, RoleConfig& r) {
  r.threads = static_cast<int>(m.Int("threads", "Shards; one consumer, producer and thread each.")
                                   .Default(r.threads)
                                   .Range(1, 64)
                                   .Read());
  r.memory_bytes = static_cast<std::size_t>(
      m.SizeBytes("memory", "Of all its documents, caches and write buffers together.")
          .Default(static_cast<std::int64_t>(r.memory_bytes))
          .Range(16LL << 20, 512LL << 30)
          .Read());
  r.records_max = static_cast<std::size_t>(m.Int("batch_records", "Of one transaction, at most.")
                                               .Default(50'000)
                                               .Range(1, 1'000'000)
                                               .Read());
  r.gather_ms =
      m.DurationMs("gather", "A batch that isn't full waits so long: latency against CPU.")
          .Default(r.gather_ms)
          .Range(0, 1'000)
          .Read();
  r.flush_entries = m.Int("flush_entries", "Changes between two flushes: what a restart replays.")
                        .Default(r.flush_entries)
                        .Range(100, 100'000'000)
                        .Read();
  r.transaction_timeout_ms =
      m.DurationMs("transaction_timeout",
                   "After it a dead owner's transaction is aborted; readers wait meanwhile.")
          .Default(r.transaction_timeout_ms)
          .Range(1'000, 60'000)
          .Read();
  r.session_timeout_ms =
      m.DurationMs("session_timeout", "After it a dead member's partitions go to others.")
          .Default(r.session_timeout_ms)
          .Range(1'000, 60'000)
          .Read();
  r.source_timeout_ms =
      m.DurationMs("source_timeout",
                   "A source that says nothing for so long no longer holds timers back.")
          .Default(r.source_timeout_ms)
          .Range(1'000, kDayMs)
          .Read();
  r.accept_lost_records =
      m.Bool("accept_lost_records",
             "Go on although retention deleted input unread; otherwise that partition halts.")
          .Default(false)
          .Read();
}

std::string FormatProblem(const std::string& text) {
  if (text == "protobuf" || cdr::FindSourceKind(text) != nullptr) return {};
  std::string names = "expected protobuf";
  for (const auto& kind : cdr::SourceKinds()) names.append(", ").append(kind.name);
  return names;
}

// Read and compiled here, so that --check tells its problems too.
void ReadMapping(config::Map& m, const std::string& file, cdr::FormatConfig& format) {
  auto text = config::ReadFile(file);
  if (!text) {
    m.Refuse("mapping", text.error().message);
    return;
  }
  format.mapping = std::move(*text);
  format.mapping_file = file;
  if (auto made = cdr::NewAdapter(format); !made) m.Refuse("mapping", made.error().message);
}

// What its systems write unless somebody set them up otherwise; protobuf is what an operator makes,
// a record a call.
v1::SettleProfile UsualSettle(std::string_view format) {
  if (const auto* kind = cdr::FindSourceKind(format)) return cdr::SettleOf(*kind);
  v1::SettleProfile one;
  one.set_emits(v1::SettleProfile::EMITS_CALL_END);
  return one;
}

std::string WordOf(v1::SettleProfile::Emits emits) {
  switch (emits) {
    case v1::SettleProfile::EMITS_LEG_END:
      return "leg_end";
    case v1::SettleProfile::EMITS_EVENTS:
      return "events";
    default:
      return "call_end";
  }
}

void ReadInput(config::Map& m, intake::IntakeInput& input) {
  input.topic = m.String("topic", "Where its records are.").Required().Read();
  auto& source = input.source;
  source.name = m.String("source", "Its name in records, metrics and explanations.")
                    .Required()
                    .Check([](const std::string& text) { return WordProblem(text, "."); })
                    .Read();
  input.source_header =
      m.String("source_header",
               "The record header that names the source, where several inputs share the topic.")
          .Default("")
          .Read();
  input.reads_unnamed =
      m.Bool("reads_unnamed", "With source_header: reads also the records that have none.")
          .Default(false)
          .Read();
  source.format.adapter =
      m.String("format", "protobuf, or what writes the records: a name of `textback inspect`.")
          .Default("protobuf")
          .Check(FormatProblem)
          .Read();
  source.node = m.String("node", "The network element that writes them, where records don't say.")
                    .Default("")
                    .Read();
  source.format.zone =
      m.String("time_zone", "Of times that carry none; IANA name.").Default("UTC").Read();
  source.format.profile =
      m.String("profile", "A variant of the format; its page in docs/sources has them.")
          .Default("")
          .Read();
  source.format.confluent_header =
      m.Bool("confluent_header", "Values begin with the schema registry's header.")
          .Default(false)
          .Read();
  source.format.ignore_unknown_fields =
      m.Bool("ignore_unknown_fields", "JSON: skip fields that CallRecord doesn't have.")
          .Default(false)
          .Read();
  if (const auto file =
          m.String("mapping", "csv, json, form: the mapping file (docs/sources/mapping.md).")
              .Default("")
              .Read();
      !file.empty()) {
    ReadMapping(m, file, source.format);
  }
  source.numbering.country =
      m.String("country", "ISO 3166-1, for national numbers: GB.").Default("").Read();
  source.numbering.bare_international =
      m.Bool("bare_international", "Numbers are country code + number, without +.")
          .Default(false)
          .Read();
  m.List("number_rules", "Routing prefixes to take away before anything else.",
         {.max = cdr::kNumberRulesMax}, [&](config::Map& r) {
           cdr::NumberRule rule;
           rule.prefix = r.String("prefix", "As written.").Required().Read();
           rule.replacement = r.String("replacement", "Put in its place.").Default("").Read();
           source.numbering.rules.push_back(std::move(rule));
         });
  m.Section("asterisk", "Only with the asterisk formats.", [&](config::Map& a) {
    source.format.asterisk.zone =
        a.String("time_zone", "Of the times; IANA name. Default: the input's.").Default("").Read();
    source.format.asterisk.latin1_fallback =
        a.Bool("latin1_fallback", "A line that isn't UTF-8 is read as ISO 8859-1.")
            .Default(false)
            .Read();
    if (a.Has("columns"))
      source.format.asterisk.columns = a.Strings("columns", "In the file's order; - skips one.");
  });
  m.Section("mobile", "Only with formats 3gpp and 3gpp-rf.", [&](config::Map& n) {
    if (n.Has("voicemail_pilots")) {
      source.format.voicemail_pilots =
          n.Strings("voicemail_pilots", "Numbers that only a mailbox takes.");
    }
    if (n.Has("roaming_prefixes")) {
      source.format.roaming_prefixes =
          n.Strings("roaming_prefixes", "What roaming numbers (MSRN) begin with.");
    }
  });
  m.Section("settle", "When a call of this source counts as over.", [&](config::Map& s) {
    const auto usual = UsualSettle(source.format.adapter);
    const auto emits =
        s.String("emits",
                 "call_end: a record a call; leg_end: a record a leg; events: until one says "
                 "call_over. Default: as the format's systems write.")
            .Default(WordOf(usual.emits()))
            .Check([](const std::string& text) {
              const bool known = text == "call_end" || text == "leg_end" || text == "events";
              return known ? std::string() : std::string("expected call_end, leg_end or events");
            })
            .Read();
    source.settle.set_emits(emits == "leg_end"  ? v1::SettleProfile::EMITS_LEG_END
                            : emits == "events" ? v1::SettleProfile::EMITS_EVENTS
                                                : v1::SettleProfile::EMITS_CALL_END);
    source.settle.set_settle_ms(
        s.DurationMs("wait", "After a leg's end, for further records of the call.")
            .Default(emits == WordOf(usual.emits()) ? usual.settle_ms()
                     : emits == "call_end"          ? 0
                                                    : kLegWaitMs)
            .Range(0, 12 * 60 * 60 * 1000)
            .Read());
    source.settle.set_past_end_ms(
        s.DurationMs("past_end",
                     "Of sources that write files: settled before wait is over, once every node "
                     "has written records that end so long after the call. 0s: never before.")
            .Default(usual.past_end_ms())
            .Range(0, 12 * 60 * 60 * 1000)
            .Read());
    source.settle.set_accept_leg_risk(
        s.Bool("accept_leg_risk",
               "Text on a missed leg though nothing proves that the whole call is over.")
            .Default(false)
            .Read());
  });
}

void ReadNumbers(config::Map& m, NumberFilesConfig& numbers) {
  numbers.plan =
      m.String("plan", "CSV of ranges: prefix (or first, last), type, carrier.").Default("").Read();
  numbers.ported =
      m.String("ported", "CSV of ported numbers: number, type, carrier.").Default("").Read();
  numbers.check_ms = m.DurationMs("check", "How often it is looked whether a file has changed.")
                         .Default(numbers.check_ms)
                         .Range(1'000, kDayMs)
                         .Read();
}

void ReadLimits(config::Map& m, policy::Limits& l) {
  l.horizon_ms = m.DurationMs("horizon", "How long a call leaves a trace; older records are late.")
                     .Default(l.horizon_ms)
                     .Range(60'000, 31 * kDayMs)
                     .Read();
  l.future_max_ms = m.DurationMs("future_max", "A record further ahead than this is a dead letter.")
                        .Default(l.future_max_ms)
                        .Range(0, kDayMs)
                        .Read();
  l.open_wait_ms = m.DurationMs("open_wait", "How long a call without an end is waited for.")
                       .Default(l.open_wait_ms)
                       .Range(1'000, kDayMs)
                       .Read();
  l.join_skew_ms =
      m.DurationMs("join_skew",
                   "Records of one call without a common join key are told by parties and time; "
                   "by so much may the clocks of two switches differ. 0: only join keys join.")
          .Default(l.join_skew_ms)
          .Range(0, 60'000)
          .Read();
  l.confirmation_ttl_ms =
      m.DurationMs("confirmation_ttl", "A confirmation later than this doesn't go.")
          .Default(l.confirmation_ttl_ms)
          .Range(1'000, kDayMs)
          .Read();
  l.undeliverable_memory_ms =
      m.DurationMs("undeliverable_memory",
                   "So long nobody is texted whose number, the network says, takes no texts. "
                   "0: it is not learnt.")
          .Default(l.undeliverable_memory_ms)
          .Range(0, 365 * kDayMs)
          .Read();
  l.calls_max = static_cast<std::size_t>(
      m.Int("calls_per_customer", "Within the horizon; one more is a flood.")
          .Default(static_cast<std::int64_t>(l.calls_max))
          .Range(2, 10'000)
          .Read());
}

bool HasRole(const std::vector<std::string>& roles, std::string_view role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

// Roles of a service; both by default.
std::vector<std::string> ReadRoles(config::Map& map, std::vector<std::string> all) {
  if (!map.Has("roles")) return all;
  const auto roles = map.Strings("roles", "What this process does; all by default.");
  for (const auto& role : roles) {
    if (!HasRole(all, role))
      map.Refuse("roles", "expected " + all[0] + " or " + all[1] + ", found \"" + role + "\"");
  }
  if (roles.empty()) map.Refuse("roles", "at least one");
  return roles;
}

smpp::MessageIdForm ReadIdForm(config::Map& m, std::string_view key, std::string_view doc) {
  const auto word = m.String(key, doc)
                        .Default("caseless")
                        .Check([](const std::string& text) {
                          return smpp::ParseMessageIdForm(text)
                                     ? std::string()
                                     : std::string("expected exact, caseless, hex or decimal");
                        })
                        .Read();
  return smpp::ParseMessageIdForm(word).value_or(smpp::MessageIdForm::kCaseless);
}

void ReadSmsc(config::Map& m, SmscAccountConfig& c) {
  c.account = m.String("account", "Name of the account; message ids belong to it.")
                  .Default("smsc")
                  .Check([](const std::string& t) { return WordProblem(t, "."); })
                  .Read();
  c.country =
      m.String("country", "ISO 3166-1, for customers' numbers that it writes in national form: GB.")
          .Default("")
          .Check([](const std::string& code) {
            const auto made = cdr::Normaliser::Make({.country = code});
            return made ? std::string() : made.error().message;
          })
          .Read();
  c.pool.host = m.String("host", "Name or address.").Default("127.0.0.1").Read();
  c.pool.port =
      static_cast<std::uint16_t>(m.Int("port", "TCP.").Default(2775).Range(1, 65'535).Read());
  smpp::SessionConfig session;
  session.system_id = m.String("system_id", "Of the bind.").Default("textback").Read();
  session.password = m.Secret("password", "Of the bind.").Reveal();
  session.system_type = m.String("system_type", "Of the bind.").Default("").Read();
  session.window = static_cast<std::uint32_t>(m.Int("window", "Unanswered submit_sm a bind.")
                                                  .Default(100)
                                                  .Range(1, smpp::kWindowMax)
                                                  .Read());
  session.enquire_link_interval =
      std::chrono::milliseconds(m.DurationMs("enquire_link", "After so much silence.")
                                    .Default(30'000)
                                    .Range(1'000, 600'000)
                                    .Read());
  session.response_timeout = std::chrono::milliseconds(
      m.DurationMs("response_timeout", "A submit_sm without an answer is unknown after it.")
          .Default(10'000)
          .Range(500, 120'000)
          .Read());
  session.profile.response_id = ReadIdForm(m, "response_id", "How ids stand in submit_sm_resp.");
  session.profile.receipt_id = ReadIdForm(m, "receipt_id", "How they stand in receipts.");
  session.profile.send_user_message_reference =
      m.Bool("user_message_reference", "Send it; helps to prove unknown outcomes.")
          .Default(true)
          .Read();
  session.profile.receipt_utc_offset_minutes =
      static_cast<int>(m.Int("receipt_utc_offset_minutes", "Of the dates in receipts' texts.")
                           .Default(0)
                           .Range(-840, 840)
                           .Read());
  const auto binds = [&](std::string_view key, std::string_view doc, smpp::BindMode mode,
                         const char* name, std::int64_t fallback) {
    const auto count = m.Int(key, doc).Default(fallback).Range(0, 32).Read();
    for (std::int64_t i = 1; i <= count; ++i) {
      session.mode = mode;
      session.name = name + std::to_string(i);
      c.pool.binds.push_back(session);
    }
  };
  c.pool.binds.clear();
  binds("transceivers", "Binds that send and receive.", smpp::BindMode::kTransceiver, "trx", 1);
  binds("transmitters", "Binds that send.", smpp::BindMode::kTransmitter, "tx", 0);
  binds("receivers", "Binds that receive.", smpp::BindMode::kReceiver, "rx", 0);
  if (c.pool.binds.empty()) m.Refuse("transceivers", "at least one bind of any kind");
  c.number_errors =
      m.Strings("number_errors",
                "Names of refusals and codes of receipts that say for good that a number takes no "
                "texts.",
                {.max = 64}, c.number_errors);
  c.parts_max = static_cast<std::size_t>(
      m.Int("parts_max", "A longer text is rejected.").Default(8).Range(1, 255).Read());
}

// Its records come from files and from our own tools, which write none.
Status RefuseHeaders(const std::string& path, const WorkerConfig& config) {
  for (const auto& input : config.inputs) {
    if (input.source_header.empty()) continue;
    return FatalError("config_invalid", path + ": intake.inputs: source " + input.source.name +
                                            ": the log of this process keeps no headers: leave "
                                            "source_header out, and give each source its topic");
  }
  return Ok();
}

template <class Config, class Read>
Result<Config> Load(const std::string& path, const Read& read) {
  TB_ASSIGN_OR_RETURN(const std::string text, config::ReadFile(path));
  const auto slash = path.rfind('/');
  config::Reader reader(
      text, path, config::SystemSecrets(slash == std::string::npos ? "." : path.substr(0, slash)));
  Config config;
  read(reader.root(), config);
  TB_RETURN_IF_ERROR(reader.Finish());
  return config;
}

Status CheckWorker(const std::string& path, const WorkerConfig& config) {
  if (auto made = intake::SourcesByTopic(config.inputs); !made) {
    auto error = std::move(made).error();
    error.message = path + ": intake.inputs: " + error.message;
    return error;
  }
  const auto problems = policy::ValidateLimits(config.limits);
  if (!problems.empty())
    return FatalError("config_invalid", path + ": decide: " + problems.front());
  return Ok();
}

void ReadWorkerParts(config::Map& map, WorkerConfig& c) {
  map.Section("intake", "Call records in.", [&](config::Map& m) {
    c.intake_threads = static_cast<int>(
        m.Int("threads", "One consumer and writer each.").Default(1).Range(1, 64).Read());
    c.watermark_ms =
        m.DurationMs("watermark", "How often decide is told how far the sources have come.")
            .Default(1'000)
            .Range(100, 60'000)
            .Read();
    m.List("inputs", "Topics with call records.", {.max = 64},
           [&](config::Map& i) { ReadInput(i, c.inputs.emplace_back()); });
  });
  map.Section("numbers", "What kind of line callers' numbers are, from files of yours.",
              [&](config::Map& m) { ReadNumbers(m, c.numbers); });
  if (c.intake_role && c.inputs.empty())
    map.Refuse("intake", "the role intake needs at least one entry in intake.inputs");
  map.Section("decide", "Decisions.", [&](config::Map& m) {
    ReadRole(m, c.decide);
    ReadLimits(m, c.limits);
  });
}

void ReadDispatcherParts(config::Map& map, DispatcherConfig& c) {
  map.Section("smsc", "The SMSC account.", [&](config::Map& m) { ReadSmsc(m, c.smsc); });
  map.Section("dispatch", "Texts out.", [&](config::Map& m) {
    ReadRole(m, c.dispatch);
    c.intent_limit = static_cast<std::size_t>(
        m.Int("intent_limit",
              "Open intents: what a kill can leave unknown. 0: four times the windows' sum.")
            .Default(0)
            .Range(0, 1'000'000)
            .Read());
    c.outbox.lease_ms =
        m.DurationMs("lease", "A text is written within it after its intent, or not at all.")
            .Default(5'000)
            .Range(500, 60'000)
            .Read();
    c.clock_drift_ms = m.DurationMs("clock_drift", "Most that clocks of two machines differ.")
                           .Default(2'000)
                           .Range(0, 60'000)
                           .Read();
    c.outbox.receipt_window_ms =
        m.DurationMs("receipt_window", "An unknown text waits so long for its receipt.")
            .Default(3'600'000)
            .Range(1'000, 7 * kDayMs)
            .Read();
    c.outbox.retry_min_ms = m.DurationMs("retry_min", "Back-off of a text that was not taken.")
                                .Default(500)
                                .Range(10, 60'000)
                                .Read();
    c.outbox.retry_max_ms =
        m.DurationMs("retry_max", "Its upper end.").Default(30'000).Range(10, 600'000).Read();
  });
  map.Section("track", "Receipts joined to texts.", [&](config::Map& m) {
    ReadRole(m, c.track);
    c.tracking.unmatched_after_ms =
        m.DurationMs("unmatched_after", "A receipt without its submission is told so after it.")
            .Default(60'000)
            .Range(100, 600'000)
            .Read();
    c.tracking.receipt_window_ms = m.DurationMs("receipt_window", "How long receipts are awaited.")
                                       .Default(72LL * 3'600'000)
                                       .Range(1'000, 31 * kDayMs)
                                       .Read();
  });
  c.outbox.number_errors = dispatch::NumberErrors(c.smsc.number_errors);
  c.tracking.number_errors = c.outbox.number_errors;
  if (!c.smsc.pool.binds.empty()) {
    const auto response_ms = c.smsc.pool.binds[0].response_timeout.count();
    c.outbox.resolve_grace_ms = response_ms + c.clock_drift_ms;
    // Before that a text isn't unknown yet, and its receipt would prove nothing.
    const auto least = c.outbox.lease_ms + c.outbox.resolve_grace_ms;
    c.tracking.unmatched_after_ms = std::max(c.tracking.unmatched_after_ms, least + 5'000);
    if (c.intent_limit == 0) {
      for (const auto& bind : c.smsc.pool.binds) c.intent_limit += 4UL * bind.window;
    }
    c.smsc.pool.open_max = std::max(c.smsc.pool.open_max, c.intent_limit * c.smsc.parts_max);
  }
}

// Its positions are kept under the input's name.
void ReadFiles(config::Map& m, RunConfig& c) {
  const std::string source =
      m.String("source", "The input of intake.inputs that reads them.").Required().Read();
  const auto files = m.Strings("files", "Files, folders, or patterns in the last part of a path.",
                               {.min = 1, .max = 256});
  if (std::ranges::find(c.files, source, &ingest::IngestConfig::name) != c.files.end()) {
    m.Refuse("source", "stands twice: name all its files in one entry");
    return;
  }
  const auto input = std::ranges::find(
      c.worker.inputs, source, [](const intake::IntakeInput& each) { return each.source.name; });
  if (input == c.worker.inputs.end()) {
    m.Refuse("source", "no input of intake.inputs has this name");
    return;
  }
  const auto* kind = cdr::FindSourceKind(input->source.format.adapter);
  if (kind == nullptr) {
    m.Refuse("source", "its format, " + input->source.format.adapter + ", is not one of files");
    return;
  }
  auto& config = c.files.emplace_back();
  config.name = source;
  config.patterns = files;
  config.topic = input->topic;
  config.framing = cdr::FramingOf(*kind, input->source.format);
  config.follow = true;
}

}  // namespace

void ReadWorkerConfig(config::Map& map, WorkerConfig& c) {
  ReadCommon(map, c.common, "worker-1");
  ReadKafka(map, c.common);
  const auto roles = ReadRoles(map, {"intake", "decide"});
  c.intake_role = HasRole(roles, "intake");
  c.decide_role = HasRole(roles, "decide");
  ReadWorkerParts(map, c);
}

void ReadDispatcherConfig(config::Map& map, DispatcherConfig& c) {
  ReadCommon(map, c.common, "dispatcher-1");
  ReadKafka(map, c.common);
  const auto roles = ReadRoles(map, {"dispatch", "track"});
  c.dispatch_role = HasRole(roles, "dispatch");
  c.track_role = HasRole(roles, "track");
  ReadDispatcherParts(map, c);
}

void ReadRunConfig(config::Map& map, RunConfig& c) {
  ReadCommon(map, c.worker.common, "all-in-one");
  c.dispatcher.common = c.worker.common;
  map.Section("embedded_log", "The log in this process.", [&](config::Map& m) {
    c.plan.partitions = static_cast<std::int32_t>(
        m.Int("partitions", "Of the customers' topics; can't change later.")
            .Default(4)
            .Range(1, 256)
            .Read());
    c.plan.decision_partitions = std::min<std::int32_t>(c.plan.partitions, 2);
    c.plan.retention_ms = m.DurationMs("retention", "Of records; state is kept for ever.")
                              .Default(c.plan.retention_ms)
                              .Range(3'600'000, 366 * kDayMs)
                              .Read();
    c.log.retention_ms = c.plan.retention_ms;
    c.log.sync =
        m.Bool("sync_each_commit", "To the disk before a commit counts: survives a power failure.")
                .Default(true)
                .Read()
            ? log_embedded::Sync::kEachCommit
            : log_embedded::Sync::kInterval;
    c.log.disk_bytes_max =
        m.SizeBytes("disk_max", "Over it nothing is written until retention has made room.")
            .Default(c.log.disk_bytes_max)
            .Range(64LL << 20, 1LL << 50)
            .Read();
  });
  c.tenants_file = map.String("tenants", "Tenants and their policies (YAML), applied at start.")
                       .Default("")
                       .Read();
  ReadWorkerParts(map, c.worker);
  ReadDispatcherParts(map, c.dispatcher);
  map.List("ingest", "Files that are followed into the topic of an input.", {.max = 64},
           [&](config::Map& f) { ReadFiles(f, c); });
}

Result<WorkerConfig> LoadWorkerConfig(const std::string& path) {
  TB_ASSIGN_OR_RETURN(auto config, Load<WorkerConfig>(path, ReadWorkerConfig));
  TB_RETURN_IF_ERROR(log_kafka::Validate(config.common.kafka));
  TB_RETURN_IF_ERROR(CheckWorker(path, config));
  return config;
}

Result<DispatcherConfig> LoadDispatcherConfig(const std::string& path) {
  TB_ASSIGN_OR_RETURN(auto config, Load<DispatcherConfig>(path, ReadDispatcherConfig));
  TB_RETURN_IF_ERROR(log_kafka::Validate(config.common.kafka));
  TB_RETURN_IF_ERROR(smpp::Validate(config.smsc.pool));
  return config;
}

Result<RunConfig> LoadRunConfig(const std::string& path) {
  TB_ASSIGN_OR_RETURN(auto config, Load<RunConfig>(path, ReadRunConfig));
  TB_RETURN_IF_ERROR(RefuseHeaders(path, config.worker));
  TB_RETURN_IF_ERROR(CheckWorker(path, config.worker));
  TB_RETURN_IF_ERROR(smpp::Validate(config.dispatcher.smsc.pool));
  return config;
}

}  // namespace textback::pipeline
