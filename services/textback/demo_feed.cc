#include "demo_feed.h"

#include <ctime>
#include <optional>
#include <utility>

#include "config/reader.h"

namespace textback::cli {
namespace {

constexpr std::size_t kStart = 9;
constexpr std::size_t kAnswer = 10;
constexpr std::size_t kEnd = 11;
constexpr std::size_t kUniqueId = 16;
constexpr std::size_t kColumns = 18;
constexpr char kTimeFormat[] = "%Y-%m-%d %H:%M:%S";

// Where each field stands in the line, quotes included.
std::vector<std::pair<std::size_t, std::size_t>> Fields(std::string_view line) {
  std::vector<std::pair<std::size_t, std::size_t>> fields;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') quoted = !quoted;
    if (i == line.size() || (line[i] == ',' && !quoted)) {
      fields.emplace_back(begin, i - begin);
      begin = i + 1;
    }
  }
  return fields;
}

std::string Unquoted(std::string_view field) {
  if (field.size() >= 2 && field.front() == '"') field = field.substr(1, field.size() - 2);
  return std::string(field);
}

std::optional<std::time_t> ParseTime(const std::string& text) {
  std::tm utc{};
  if (text.empty() || ::strptime(text.c_str(), kTimeFormat, &utc) == nullptr) return std::nullopt;
  return ::timegm(&utc);
}

std::string FormatTime(std::time_t time) {
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, kTimeFormat, &utc);
  return text;
}

}  // namespace

Result<std::vector<std::vector<std::string>>> ReadCalls(const std::string& path) {
  TB_ASSIGN_OR_RETURN(const std::string text, config::ReadFile(path));
  std::vector<std::vector<std::string>> calls;
  std::string last;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    const auto fields = Fields(line);
    if (fields.size() < kColumns ||
        !ParseTime(Unquoted(line.substr(fields[kEnd].first, fields[kEnd].second)))) {
      return FatalError("config_invalid",
                        path + ":" + std::to_string(number) +
                            ": expected 18 columns of Master.csv, with an end time");
    }
    const std::string id = line.substr(fields[kUniqueId].first, fields[kUniqueId].second);
    if (calls.empty() || id != last) calls.emplace_back();
    calls.back().push_back(line);
    last = id;
  }
  return calls;
}

std::string MoveTo(std::string_view line, std::int64_t end_ms, std::string_view suffix) {
  const auto fields = Fields(line);
  const std::time_t was =
      *ParseTime(Unquoted(line.substr(fields[kEnd].first, fields[kEnd].second)));
  const std::time_t by = end_ms / 1000 - was;
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    const std::string_view field = line.substr(fields[i].first, fields[i].second);
    const auto time =
        i == kStart || i == kAnswer || i == kEnd ? ParseTime(Unquoted(field)) : std::nullopt;
    if (time) {
      out += '"' + FormatTime(*time + by) + '"';
    } else if (i == kUniqueId) {
      out += '"' + Unquoted(field) + std::string(suffix) + '"';
    } else {
      out += field;
    }
  }
  return out;
}

Status WriteNow(log::Writer& writer, std::string_view topic, std::string_view key,
                std::string_view value, std::int64_t now_ms) {
  auto sent = writer.Send(topic, std::nullopt, key, value, now_ms);
  if (!sent) return sent.error();
  return writer.Flush(std::chrono::seconds(10));
}

}  // namespace textback::cli
