#include <simdjson.h>

#include <charconv>

#include "base/bytes.h"
#include "cdr/freeswitch.h"
#include "cdr/freeswitch_adapters.h"
#include "cdr/freeswitch_text.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kUsualBytes = 64 * 1024;  // grows for more
constexpr std::string_view kHangupComplete = "CHANNEL_HANGUP_COMPLETE";

Error RefuseEvent(std::string_view name) {
  return DeadLetterError(reasons::kRecordType, "the event " + std::string(name.substr(0, 64)) +
                                                   " is not a channel's end: subscribe to " +
                                                   std::string(kHangupComplete) + " alone");
}

class FreeswitchJson final : public Adapter {
 public:
  explicit FreeswitchJson(FreeswitchProfile profile) : profile_(std::move(profile)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    leg_.Clear();
    scratch_.Clear();
    if (auto status = Document(FreeswitchDocumentOf(value, form_)); !status)
      return out.Reject(std::move(status).error(), value);
    auto& record = out.Add(value);
    if (auto status = leg_.Fill(profile_, reasons::kJsonBadValue, record); !status) {
      out.DropLast();
      out.Reject(std::move(status).error(), value);
    }
  }

 private:
  Result<element> Parse(std::string_view text) {
    padded_.assign(text);
    // A caller's name in another alphabet, or a number that is none, isn't worth losing the call.
    bool repaired = false;
    while (true) {
      padded_.reserve(padded_.size() + simdjson::SIMDJSON_PADDING);
      if (parser_.max_depth() != kDepthMax) {
        const auto error = parser_.allocate(kUsualBytes, kDepthMax);
        if (error != simdjson::SUCCESS)
          return DeadLetterError(reasons::kJsonMalformed, simdjson::error_message(error));
      }
      element root;
      const auto error = parser_.parse(padded_.data(), padded_.size(), false).get(root);
      if (error == simdjson::SUCCESS) return root;
      if (!repaired) {
        repaired = true;
        bool changed = ReplaceNotNumbers(padded_);
        if (!IsUtf8(padded_)) {
          for (char& c : padded_) {
            if (static_cast<unsigned char>(c) >= 0x80) c = '?';
          }
          changed = true;
        }
        if (changed) continue;
      }
      return DeadLetterError(reasons::kJsonMalformed, simdjson::error_message(error));
    }
  }

  Status Document(std::string_view text) {
    TB_ASSIGN_OR_RETURN(const auto root, Parse(text));
    object members;
    if (root.get(members) != simdjson::SUCCESS)
      return DeadLetterError(reasons::kJsonMalformed, "the document is no object");
    std::string_view event;
    for (const auto member : members) {
      if (member.key == "variables" || member.key == "channel_data") {
        Variables(member.value);
      } else if (member.key == "app_log") {
        AppLog(member.value);
      } else if (member.key == "callflow") {
        ForEach(member.value, [this](const element& flow) { Callflow(flow); });
      } else {
        const auto value = Text(member.value);
        if (member.key == "Event-Name" && event.empty()) event = value;
        if (!value.empty()) leg_.SetHeader(member.key, value);
      }
    }
    if (!event.empty() && event != kHangupComplete) return RefuseEvent(event);
    return Ok();
  }

  void Variables(const element& value) {
    object variables;
    if (value.get(variables) != simdjson::SUCCESS) return;
    for (const auto variable : variables) leg_.SetVariable(variable.key, Text(variable.value));
  }

  void AppLog(const element& value) {
    element applications;
    if (value["applications"].get(applications) != simdjson::SUCCESS) return;
    ForEach(applications, [this](const element& application) {
      leg_.AddApp(Member(application, "app_name"), Member(application, "app_data"));
    });
  }

  void Callflow(const element& flow) {
    leg_.BeginProfile(Member(flow, "profile_index"));
    element profile;
    if (flow["caller_profile"].get(profile) == simdjson::SUCCESS) {
      Profile(profile, false);
      element originators;
      if (profile["originator"]["originator_caller_profiles"].get(originators) ==
          simdjson::SUCCESS) {
        ForEach(originators, [this](const element& originator) { Profile(originator, true); });
      }
    }
    object times;
    if (flow["times"].get(times) != simdjson::SUCCESS) return;
    for (const auto time : times) leg_.SetTime(time.key, Text(time.value));
  }

  void Profile(const element& value, bool originator) {
    object fields;
    if (value.get(fields) != simdjson::SUCCESS) return;
    for (const auto field : fields) leg_.SetProfile(field.key, Text(field.value), originator);
  }

  std::string_view Member(const element& value, std::string_view name) {
    element member;
    if (value[name].get(member) != simdjson::SUCCESS) return {};
    return Text(member);
  }

  // A string, a whole number in digits, the first of a list (a variable that was set several
  // times); empty for anything else.
  std::string_view Text(const element& value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) return text;
    if (std::int64_t number = 0; value.get(number) == simdjson::SUCCESS) return Digits(number);
    if (std::uint64_t number = 0; value.get(number) == simdjson::SUCCESS) return Digits(number);
    simdjson::dom::array list;
    element first;
    if (value.get(list) == simdjson::SUCCESS && list.at(0).get(first) == simdjson::SUCCESS &&
        first.get(text) == simdjson::SUCCESS) {
      return text;
    }
    return {};
  }

  template <class Number>
  std::string_view Digits(Number number) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return scratch_.Take().assign(digits.data(), end);
  }

  // Every element of a list; a single object stands for a list of one (older releases).
  template <class Function>
  static void ForEach(const element& value, Function function) {
    if (value.is_object()) return function(value);
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return;
    for (const auto item : list) function(item);
  }

  FreeswitchProfile profile_;
  FreeswitchLeg leg_;
  FreeswitchScratch scratch_;
  std::string form_;
  std::string padded_;
  simdjson::dom::parser parser_{kValueBytesMax};
};

// Text events.
class FreeswitchEvent final : public Adapter {
 public:
  explicit FreeswitchEvent(FreeswitchProfile profile) : json_(profile), profile_(profile) {}

  void Decode(std::string_view value, const ValueContext& context, Decoded& out) override {
    const auto event = WithoutEnvelope(value);
    if (event.starts_with('{')) return json_.Decode(event, context, out);
    leg_.Clear();
    auto status = Read(event);
    if (!status) return out.Reject(std::move(status).error(), value);
    auto& record = out.Add(value);
    status = leg_.Fill(profile_, reasons::kTextBadValue, record);
    if (status) return;
    out.DropLast();
    out.Reject(std::move(status).error(), value);
  }

 private:
  // Content-Length and Content-Type of the event socket, and the empty line after them.
  static std::string_view WithoutEnvelope(std::string_view value) {
    const auto skip_space = [&value] {
      value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
    };
    skip_space();
    while (value.starts_with("Content-")) {
      value.remove_prefix(std::min(value.find('\n'), value.size()));
      skip_space();
    }
    return value;
  }

  Status Read(std::string_view value) {
    std::string_view event;
    std::size_t number = 0;
    while (!value.empty()) {
      ++number;
      auto line = value.substr(0, std::min(value.find('\n'), value.size()));
      value.remove_prefix(std::min(line.size() + 1, value.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) break;  // after it a body, which no record needs
      const auto colon = line.find(':');
      if (colon == std::string_view::npos || colon == 0) {
        return DeadLetterError(reasons::kTextMalformed,
                               "line " + std::to_string(number) + " is no \"Name: value\"");
      }
      const auto name = line.substr(0, colon);
      auto text = line.substr(colon + 1);
      text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
      if (name == "Event-Name" && event.empty()) {
        event = text;
        if (event != kHangupComplete) return RefuseEvent(event);
      }
      leg_.SetHeader(name, text);
    }
    if (event.empty())
      return DeadLetterError(reasons::kFieldMissing, "no Event-Name: this is no event");
    return Ok();
  }

  FreeswitchJson json_;
  FreeswitchProfile profile_;
  FreeswitchLeg leg_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewFreeswitchJson(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto profile, FreeswitchProfile::Parse(config.profile));
  return std::unique_ptr<Adapter>(std::make_unique<FreeswitchJson>(std::move(profile)));
}

Result<std::unique_ptr<Adapter>> NewFreeswitchEvent(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto profile, FreeswitchProfile::Parse(config.profile));
  return std::unique_ptr<Adapter>(std::make_unique<FreeswitchEvent>(std::move(profile)));
}

}  // namespace textback::cdr
