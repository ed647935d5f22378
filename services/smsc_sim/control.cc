#include "control.h"

#include <cstdlib>
#include <sstream>

namespace textback::smsc {
namespace {

std::string Set(SmscOptions& options, const std::string& name, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0' || value < 0)
    return R"({"error":"set NAME VALUE: VALUE must be a number from 0"})";
  const std::pair<const char*, double*> fractions[] = {
      {"throttle", &options.throttle},
      {"temporary", &options.temporary},
      {"reject", &options.reject},
      {"lose_response", &options.lose_response},
      {"drop_connection", &options.drop_connection},
      {"refuse_bind", &options.refuse_bind},
  };
  for (const auto& [known, target] : fractions) {
    if (name != known) continue;
    if (value > 1) return R"({"error":"a fraction is from 0 to 1"})";
    *target = value;
    return R"({"ok":true})";
  }
  if (name == "response_delay_ms" && value <= 86'400'000) {
    options.response_delay_ms = {static_cast<std::int64_t>(value),
                                 static_cast<std::int64_t>(value)};
  } else if (name == "rate_max" && value <= 10'000'000) {
    options.rate_max = static_cast<std::uint32_t>(value);
  } else {
    return R"({"error":"unknown name, or a value out of range"})";
  }
  return R"({"ok":true})";
}

}  // namespace

std::string StatsJson(const SmscCore& core) {
  const SmscStats& s = core.stats();
  std::ostringstream out;
  out << "{\"binds\":" << s.binds << ",\"binds_refused\":" << s.binds_refused
      << ",\"closed\":" << s.closed << ",\"taken\":" << s.taken << ",\"throttled\":" << s.throttled
      << ",\"temporary\":" << s.temporary << ",\"rejected\":" << s.rejected
      << ",\"malformed\":" << s.malformed << ",\"responses_lost\":" << s.responses_lost
      << ",\"dropped\":" << s.dropped << ",\"receipts\":" << s.receipts
      << ",\"receipts_acknowledged\":" << s.receipts_acknowledged
      << ",\"receipts_overflow\":" << s.receipts_overflow << ",\"texts\":" << s.texts
      << ",\"texts_acknowledged\":" << s.texts_acknowledged << ",\"redelivered\":" << s.redelivered
      << ",\"waiting\":" << core.waiting_deliveries() << "}";
  return out.str();
}

std::string RunCommand(SmscCore& core, const std::string& line) {
  std::istringstream in(line);
  std::string command;
  in >> command;
  if (command == "stats") return StatsJson(core);
  if (command == "drop") {
    core.DropAll();
    return R"({"ok":true})";
  }
  if (command == "set") {
    std::string name, value;
    in >> name >> value;
    return Set(core.options(), name, value);
  }
  if (command == "text") {
    std::string from, to, words;
    in >> from >> to >> std::ws;
    std::getline(in, words);
    if (words.empty()) return R"({"error":"text FROM TO WORDS"})";
    return core.InjectText(from, to, words)
               ? R"({"ok":true})"
               : R"({"error":"not UTF-8, too long, or too many wait"})";
  }
  return R"({"error":"unknown command; there are: text, set, drop, stats"})";
}

}  // namespace textback::smsc
