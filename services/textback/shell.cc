#include "shell.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "commands.h"
#include "log_embedded/embedded_log.h"
#include "log_kafka/kafka_log.h"

namespace textback::cli {
namespace {

using std::chrono::milliseconds;

// How long a broker may be silent before reading is given up.
constexpr std::chrono::seconds kSilenceMax{30};

// What the caller can mend.
const std::set<std::string, std::less<>> kUsageCodes = {
    "usage",        "config_invalid", "config_unreadable", "file_damaged",
    "json_invalid", "log_config",     "numbers_invalid",   "block_entry_invalid"};

// What is still to be read of the topics: partitions and their ends.
struct Ends {
  std::map<log::TopicPartition, std::int64_t> left;
  std::uint64_t records = 0;
};

Result<Ends> FindEnds(log::Log& log, log::Reader& reader, const std::vector<std::string>& topics) {
  Ends ends;
  std::vector<std::pair<log::TopicPartition, std::int64_t>> positions;
  for (const auto& topic : topics) {
    TB_ASSIGN_OR_RETURN(const auto partitions, log.Partitions(topic));
    for (std::int32_t p = 0; p < partitions; ++p) {
      const log::TopicPartition partition{topic, p};
      TB_ASSIGN_OR_RETURN(const auto range, reader.Offsets(partition, true));
      if (range.begin >= range.end) continue;
      positions.emplace_back(partition, range.begin);
      ends.left.emplace(partition, range.end);
      ends.records += static_cast<std::uint64_t>(range.end - range.begin);
    }
  }
  TB_RETURN_IF_ERROR(reader.Assign(positions));
  return ends;
}

Status DropFinished(log::Reader& reader, Ends& ends) {
  for (auto it = ends.left.begin(); it != ends.left.end();) {
    TB_ASSIGN_OR_RETURN(const auto position, reader.Position(it->first));
    it = position >= it->second ? ends.left.erase(it) : std::next(it);
  }
  return Ok();
}

}  // namespace

int Complain(const Error& error) {
  std::fprintf(stderr, "textback: %s\n", error.message.c_str());
  return kUsageCodes.contains(error.code) ? kUsage : kEnvironment;
}

void LogOptions::AddTo(CLI::App& app) {
  auto* brokers = app.add_option("--brokers", brokers_, "Kafka: host:port, separated by commas");
  app.add_option("--kafka", settings_,
                 "a connection setting of librdkafka, such as security.protocol=ssl; may be given "
                 "several times")
      ->needs(brokers);
  app.add_option("--embedded", folder_,
                 "instead of Kafka: the folder of an embedded log that no running process has open")
      ->excludes(brokers);
  app.add_option("--prefix", prefix_, "what the topics' names begin with")->capture_default_str();
}

Result<std::unique_ptr<log::Log>> LogOptions::Open(const Clock& clock) const {
  if (!folder_.empty()) {
    log_embedded::EmbeddedLogOptions options;
    options.folder = folder_;
    TB_ASSIGN_OR_RETURN(auto opened, log_embedded::EmbeddedLog::Open(clock, options));
    return std::unique_ptr<log::Log>(std::move(opened));
  }
  if (brokers_.empty())
    return FatalError("usage",
                      "say where the topics are: --brokers HOST:PORT or --embedded FOLDER");
  log_kafka::ConnectionConfig connection;
  connection.bootstrap_servers = brokers_;
  connection.client_id = "textback-cli";
  for (const auto& setting : settings_) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos)
      return FatalError("usage", "--kafka takes name=value, not \"" + setting.substr(0, 40) + "\"");
    connection.extra[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return log_kafka::NewKafkaLog(connection);
}

Progress::Progress(const Clock& clock, std::string what, std::uint64_t total)
    : clock_(clock), what_(std::move(what)), total_(total), terminal_(isatty(2) == 1) {}

Progress::~Progress() {
  if (terminal_) std::fputs("\r\x1b[K", stderr);
}

void Progress::Show(std::uint64_t done) {
  if (!terminal_ || clock_.Mono() < next_) return;
  next_ = clock_.Mono() + milliseconds(100);
  if (total_ == 0) {
    std::fprintf(stderr, "\r%s %llu\x1b[K", what_.c_str(), static_cast<unsigned long long>(done));
    return;
  }
  constexpr std::uint64_t kWidth = 30;
  const std::uint64_t full = std::min(done, total_) * kWidth / total_;
  const std::string bar = std::string(full, '#') + std::string(kWidth - full, '.');
  std::fprintf(stderr, "\r%s [%s] %llu of %llu\x1b[K", what_.c_str(), bar.c_str(),
               static_cast<unsigned long long>(done), static_cast<unsigned long long>(total_));
}

Status ReadAll(log::Log& log, const Clock& clock, const std::vector<std::string>& topics,
               const std::function<bool(const log::Record&)>& take) {
  TB_ASSIGN_OR_RETURN(const auto reader, log.NewReader({.read_committed = true}));
  TB_ASSIGN_OR_RETURN(auto ends, FindEnds(log, *reader, topics));
  Progress progress(clock, "reading", ends.records);
  log::Batch batch;
  std::uint64_t done = 0;
  MonoTime heard = clock.Mono();
  while (!ends.left.empty()) {
    auto polled = reader->Poll(batch, {}, milliseconds(200));
    if (!polled && polled.error().disposition != Disposition::kRetry) return polled;
    if (!batch.records.empty()) heard = clock.Mono();
    if (clock.Mono() - heard > kSilenceMax) {
      return RetryError("log_timed_out", "nothing came for 30 s from " +
                                             ends.left.begin()->first.topic +
                                             ": is the broker up? Try again");
    }
    for (const auto& record : batch.records) {
      // What was written since the start isn't asked for.
      const auto end = ends.left.find({std::string(record.topic), record.partition});
      if (end == ends.left.end() || record.offset >= end->second) continue;
      ++done;
      if (!take(record)) return Ok();
    }
    progress.Show(done);
    TB_RETURN_IF_ERROR(DropFinished(*reader, ends));
  }
  return Ok();
}

void Table::Print() const {
  std::vector<std::size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    PrintLine(line);
  }
}

void PrintLine(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

}  // namespace textback::cli
