// textback load: call records made up from a seed, to a topic or a file.
#include <cstdio>
#include <fstream>

#include "commands.h"
#include "ops/generator.h"
#include "ops/record_file.h"
#include "ops/tenant_file.h"
#include "shell.h"

namespace textback::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBufferBytes = 1 << 20;

struct Options {
  LogOptions log;
  ops::GeneratorOptions generator;
  std::string format;
  std::string topic;
  std::string file;
  std::string tenants_file;
  std::string start;
  bool fast = false;
};

// "2026-01-01T00:00:00Z", or "now".
Result<std::int64_t> StartOf(const std::string& text, const Clock& clock) {
  if (text.empty() || text == "now") return clock.NowMs();
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  char end = 0;
  const int read = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d%c", &year, &month, &day,
                               &hour, &minute, &second, &end);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (read != 7 || end != 'Z' || text.size() != 20 || !date.ok() || hour > 23 || minute > 59 ||
      second > 59) {
    return FatalError("usage", "--start takes \"now\" or a time such as 2026-01-01T00:00:00Z");
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((static_cast<std::int64_t>(days) * 24 + hour) * 60 + minute) * 60'000 + second * 1'000;
}

Status WriteTenants(const ops::Generator& generator, const std::string& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << "tenants:\n";
  for (std::uint32_t i = 0; i < generator.options().tenants; ++i)
    out << ops::TenantToYaml(generator.TenantAt(i));
  out.close();
  if (!out) return FatalError("usage", "can't write " + path);
  return Ok();
}

Status ToFile(ops::Generator& generator, const Options& options, ops::RecordFormat format) {
  std::FILE* file = options.file == "-"
                        ? stdout
                        : std::fopen(options.file.c_str(), "wb");  // NOLINT: closed below
  if (file == nullptr) return FatalError("usage", "can't write " + options.file);
  const SystemClock clock;
  Progress progress(clock, "writing", options.generator.calls);
  std::string buffer;
  bool good = true;
  const auto flush = [&] {
    good = good && std::fwrite(buffer.data(), 1, buffer.size(), file) == buffer.size();
    buffer.clear();
    progress.Show(generator.tallies().calls);
  };
  while (good) {
    const auto* record = generator.Next();
    if (record == nullptr) break;
    ops::AppendToFile(format, *record, buffer);
    if (buffer.size() >= kBufferBytes) flush();
  }
  flush();
  good = (file == stdout ? std::fflush(file) : std::fclose(file)) == 0 && good;
  if (!good)
    return FatalError("disk", "can't write all of " + options.file + ": is the disk full?");
  return Ok();
}

// Keeps to the rate: a record is sent when its source would have written it.
Status ToLog(ops::Generator& generator, const Options& options, ops::RecordFormat format) {
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  TB_ASSIGN_OR_RETURN(const auto writer, log->NewWriter("textback-load"));
  const std::string topic = options.topic.empty() ? options.log.topics().cdrs : options.topic;
  // Fails here, with the topic's name, rather than at the first send.
  TB_ASSIGN_OR_RETURN(const auto partitions, log->Partitions(topic));
  const std::int64_t begin_ms = clock.NowMs();
  const std::int64_t offset_ms = options.generator.start_ms - begin_ms;
  Progress progress(clock, "sending", options.generator.calls);
  std::string value;
  std::int32_t next = 0;
  while (const auto* record = generator.Next()) {
    for (std::int64_t early = generator.emitted_ms() - offset_ms - clock.NowMs();
         !options.fast && early > 0; early = generator.emitted_ms() - offset_ms - clock.NowMs()) {
      auto polled = writer->Poll(milliseconds(std::min<std::int64_t>(early, 100)));
      if (!polled) return polled.error();
    }
    value.clear();
    ops::AppendRecord(format, *record, value);
    // Any partition will do: intake keys the records anew.
    next = (next + 1) % partitions;
    while (true) {
      auto sent = writer->Send(topic, next, {}, value, clock.NowMs());
      if (sent) break;
      if (sent.error().disposition != Disposition::kRetry) return sent.error();
      auto polled = writer->Poll(milliseconds(10));
      if (!polled) return polled.error();
    }
    progress.Show(generator.tallies().calls);
  }
  return writer->Flush(std::chrono::seconds(60));
}

void PrintSummary(const ops::Generator::Tallies& t, bool to_stdout) {
  std::fprintf(
      to_stdout ? stderr : stdout,
      "%llu records of %llu calls: %llu repeats, %llu out of order, %llu missed, %llu "
      "foreign\n",
      static_cast<unsigned long long>(t.records), static_cast<unsigned long long>(t.calls),
      static_cast<unsigned long long>(t.repeats), static_cast<unsigned long long>(t.displaced),
      static_cast<unsigned long long>(t.missed), static_cast<unsigned long long>(t.foreign));
}

Result<int> Run(Options options) {
  const bool to_file = !options.file.empty();
  if (to_file == options.log.given())
    return FatalError("usage", "say where to: --file FILE, or --brokers (or --embedded)");
  auto format = ops::FormatOfName(options.format);
  if (options.format.empty())
    format = ops::FormatOfFile(options.file).value_or(ops::RecordFormat::kProtobuf);
  if (!format) return FatalError("usage", "--format takes protobuf, json or asterisk_csv");
  if (to_file && options.generator.calls == 0)
    return FatalError("usage", "a file needs an end: --count");
  const SystemClock clock;
  if (!to_file || !options.start.empty()) {
    TB_ASSIGN_OR_RETURN(options.generator.start_ms, StartOf(options.start, clock));
  }
  auto made = ops::Generator::Make(options.generator);
  if (!made) return FatalError("usage", made.error().message + ": see --help");
  auto& generator = *made;
  if (!options.tenants_file.empty())
    TB_RETURN_IF_ERROR(WriteTenants(generator, options.tenants_file));
  TB_RETURN_IF_ERROR(to_file ? ToFile(generator, options, *format)
                             : ToLog(generator, options, *format));
  PrintSummary(generator.tallies(), options.file == "-");
  return kOk;
}

void AddShares(CLI::App& app, ops::GeneratorOptions& g) {
  const auto add = [&](const char* name, auto& value, const char* doc) {
    app.add_option(name, value, doc)->capture_default_str()->group("The calls");
  };
  add("--seed", g.seed, "the same seed and options give the same records, byte for byte");
  add("--count", g.calls, "how many calls; 0: until it is stopped");
  add("--rate", g.rate, "calls a second");
  add("--tenants", g.tenants, "business customers");
  add("--lines", g.lines, "their lines, all together");
  add("--customers", g.customers, "different callers");
  add("--skew", g.skew, "Zipf exponent: 0 all call alike, 1 a few call most");
  add("--missed", g.missed, "share of the calls to tenants that are missed");
  add("--outbound", g.outbound, "share of the calls that a tenant makes");
  add("--withheld", g.withheld, "share of the callers who show no number");
  add("--foreign", g.foreign, "share of the calls that concern no tenant");
  add("--forked", g.forked, "share of the calls with a further leg that lost");
  add("--duplicates", g.duplicates, "share of the records that come twice");
  add("--out-of-order", g.out_of_order, "share of the records that come late");
  add("--displaced-max", g.displaced_max, "by how many records, for both");
  add("--source", g.source, "the name of the source in the records");
}

}  // namespace

void AddLoad(CLI::App& app, int& exit_code) {
  auto& command = *app.add_subcommand(
      "load", "Make call records from a seed: to Kafka at a steady rate, or to a file");
  auto options = std::make_shared<Options>();
  options->log.AddTo(command);
  command.add_option("--topic", options->topic, "default: PREFIX + cdrs");
  command.add_option("--file", options->file,
                     "to a file; - is standard output. protobuf: a length before each record");
  command.add_option("--format", options->format,
                     "protobuf, json or asterisk_csv; default: by the file's ending");
  command.add_option("--tenants-file", options->tenants_file,
                     "write the tenants that are called, as `tenants apply` takes them");
  command.add_option("--start", options->start,
                     "when the first call ends: now, or 2026-01-01T00:00:00Z. Default: now; for "
                     "files 2026-01-01T00:00:00Z");
  command.add_flag("--fast", options->fast, "send as fast as it goes; --rate is event time only");
  AddShares(command, options->generator);
  command.footer(
      "All numbers are ones that nobody has: NANP 555-01xx, and +1 N9X for large loads.\n\n"
      "Examples:\n"
      "  textback load --file calls.pb --count 100000 --tenants-file tenants.yaml\n"
      "  textback load --brokers kafka:9092 --rate 500 --skew 1 --duplicates 0.01");
  command.callback([options, &exit_code] {
    const auto done = Run(*options);
    exit_code = done ? *done : Complain(done.error());
  });
}

}  // namespace textback::cli
