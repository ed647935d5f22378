#include "cdr/rf_json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "cdr/decoder.h"
#include "cdr/ims_session.h"
#include "cdr/known_numbers.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr int kDepthMax = 8;  // of AVP groups
constexpr std::size_t kJsonDepthMax = 64;
constexpr std::size_t kUsualBytes = 16 * 1024;  // grows for more

// RFC 6733, 9.8.1.
enum : std::int64_t { kEvent = 1, kStart = 2, kInterim = 3, kStop = 4 };

constexpr std::int64_t kNtpTo1970S = 2'208'988'800;
constexpr std::int64_t kNtp2000S = kNtpTo1970S + kEarliestMs / 1000;
constexpr std::int64_t kMillisecondsFrom =
    100'000'000'000;  // 1973 in ms; as seconds, the year 5138

// What is read, in Canonical's spelling.
enum class Avp : std::uint8_t {
  kNone,
  kGroup,
  kRecordType,
  kRecordNumber,
  kEventTimestamp,
  kSubscriptions,
  kMethod,
  kRole,
  kNode,
  kSession,
  kCalling,
  kCalled,
  kRequested,
  kAsserted,
  kFrom,
  kIcid,
  kCause,
  kReason,
  kRequestTime,
  kRequestMs,
  kResponseTime,
  kResponseMs,
};

struct AvpName {
  std::string_view name;
  Avp avp;
};

// Sorted.
constexpr std::array kAvps = {
    AvpName{"accountingrecordnumber", Avp::kRecordNumber},
    AvpName{"accountingrecordtype", Avp::kRecordType},
    AvpName{"acr", Avp::kGroup},
    AvpName{"calledassertedidentity", Avp::kAsserted},
    AvpName{"calledpartyaddress", Avp::kCalled},
    AvpName{"callingpartyaddress", Avp::kCalling},
    AvpName{"causecode", Avp::kCause},
    AvpName{"event", Avp::kGroup},
    AvpName{"eventtimestamp", Avp::kEventTimestamp},
    AvpName{"eventtype", Avp::kGroup},
    AvpName{"fromaddress", Avp::kFrom},
    AvpName{"imschargingidentifier", Avp::kIcid},
    AvpName{"imsinformation", Avp::kGroup},
    AvpName{"nodefunctionality", Avp::kNode},
    AvpName{"reasonheader", Avp::kReason},
    AvpName{"requestedpartyaddress", Avp::kRequested},
    AvpName{"roleofnode", Avp::kRole},
    AvpName{"serviceinformation", Avp::kGroup},
    AvpName{"sipmethod", Avp::kMethod},
    AvpName{"siprequesttimestamp", Avp::kRequestTime},
    AvpName{"siprequesttimestampfraction", Avp::kRequestMs},
    AvpName{"sipresponsetimestamp", Avp::kResponseTime},
    AvpName{"sipresponsetimestampfraction", Avp::kResponseMs},
    AvpName{"subscriptionid", Avp::kSubscriptions},
    AvpName{"timestamps", Avp::kGroup},
    AvpName{"usersessionid", Avp::kSession},
};
static_assert(std::ranges::is_sorted(kAvps, {}, &AvpName::name));

constexpr std::size_t kNameMax = 32;

struct Word {
  std::array<char, kNameMax> text;
  std::size_t size = 0;
  std::string_view view() const { return {text.data(), size}; }
};

// Lower case, without hyphens, underscores and spaces; empty: longer than any name.
Word Canonical(std::string_view name) {
  Word word;
  for (char c : name) {
    if (c == '-' || c == '_' || c == ' ') continue;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (word.size == kNameMax) return {};
    word.text[word.size++] = c;
  }
  return word;
}

Avp AvpOf(std::string_view name) {
  const auto word = Canonical(name);
  const auto found = std::ranges::lower_bound(kAvps, word.view(), {}, &AvpName::name);
  return found != kAvps.end() && found->name == word.view() ? found->avp : Avp::kNone;
}

// A network writes the same few names in every request: the last spelling in each slot is kept.
class AvpNames {
 public:
  Avp Of(std::string_view name) {
    if (name.empty() || name.size() > kNameMax) return AvpOf(name);
    const auto hash = name.size() * 31 + static_cast<std::uint8_t>(name.front()) * 7 +
                      static_cast<std::uint8_t>(name[name.size() / 2]) * 3 +
                      static_cast<std::uint8_t>(name.back());
    auto& slot = slots_[hash % slots_.size()];
    if (slot.name.view() != name) {
      slot.avp = AvpOf(name);
      std::ranges::copy(name, slot.name.text.begin());
      slot.name.size = name.size();
    }
    return slot.avp;
  }

 private:
  struct Slot {
    Word name;
    Avp avp = Avp::kNone;
  };
  std::array<Slot, 256> slots_;
};

struct EnumName {
  std::string_view name;
  std::int64_t value;
};

constexpr std::array kRecordTypes = {EnumName{"event", kEvent}, EnumName{"start", kStart},
                                     EnumName{"interim", kInterim}, EnumName{"stop", kStop}};
constexpr std::array kRoles = {EnumName{"originating", 0}, EnumName{"terminating", 1}};
// TS 32.299, 7.2.111.
constexpr std::array kNodes = {EnumName{"scscf", 0}, EnumName{"pcscf", 1}, EnumName{"icscf", 2},
                               EnumName{"mrfc", 3},  EnumName{"mgcf", 4},  EnumName{"bgcf", 5},
                               EnumName{"as", 6},    EnumName{"ibcf", 7},  EnumName{"ecscf", 11},
                               EnumName{"trf", 13},  EnumName{"tf", 14},   EnumName{"atcf", 15}};

// "EVENT_RECORD", "Event", "originatingRole".
template <std::size_t n>
std::optional<std::int64_t> ValueOfName(std::string_view text, std::string_view suffix,
                                        const std::array<EnumName, n>& names) {
  const auto word = Canonical(text);
  auto name = word.view();
  if (name.ends_with(suffix) && name.size() > suffix.size()) name.remove_suffix(suffix.size());
  const auto* found = std::ranges::find(names, name, &EnumName::name);
  if (found == names.end()) return std::nullopt;
  return found->value;
}

std::optional<std::int64_t> IntegerOf(const element& value) {
  if (std::int64_t number = 0; value.get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

// The digits at `at`; -1: there aren't as many.
int DigitsAt(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return -1;
  int number = 0;
  const auto* begin = text.data() + at;
  const auto read = std::from_chars(begin, begin + count, number);
  return read.ptr == begin + count && text[at] != '-' ? number : -1;
}

// RFC 3339: "2026-03-05T10:20:30.250+01:00", "…Z". A space for the T is read as well.
std::optional<std::int64_t> ReadRfc3339(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const int hour = DigitsAt(text, 11, 2);
  const int minute = DigitsAt(text, 14, 2);
  const int second = DigitsAt(text, 17, 2);
  const year_month_day date{year{DigitsAt(text, 0, 4)},
                            month{static_cast<unsigned>(DigitsAt(text, 5, 2))},
                            day{static_cast<unsigned>(DigitsAt(text, 8, 2))}};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  auto rest = text.substr(19);
  std::int64_t fraction = 0;
  if (rest.starts_with('.')) {
    std::int64_t unit = 100;
    for (rest.remove_prefix(1); !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
         rest.remove_prefix(1)) {
      fraction += (rest[0] - '0') * unit;
      unit /= 10;
    }
  }
  std::int64_t ahead_s = 0;
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
    const int hours = DigitsAt(rest, 1, 2);
    const int minutes = DigitsAt(rest, 4, 2);
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return std::nullopt;
    ahead_s = (hours * 60 + minutes) * (rest[0] == '-' ? -60 : 60);
  } else if (rest != "Z" && rest != "z") {
    return std::nullopt;
  }
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + second - ahead_s) * 1000 + fraction;
}

std::optional<std::int64_t> TimeOf(const element& value) {
  std::int64_t ms = 0;
  if (const auto number = IntegerOf(value)) {
    if (*number < 0 || *number > kMillisecondsFrom * 100) return std::nullopt;
    ms = *number >= kMillisecondsFrom ? *number
         : *number >= kNtp2000S       ? (*number - kNtpTo1970S) * 1000
                                      : *number * 1000;
  } else {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
    const auto read = ReadRfc3339(text);
    if (!read) return std::nullopt;
    ms = *read;
  }
  return ms < kEarliestMs ? ms + kEarliestMs : ms;  // a clock that was never set
}

class RfJson final : public Adapter {
 public:
  RfJson(KnownNumbers pilots, KnownNumbers roaming)
      : pilots_(std::move(pilots)), roaming_(std::move(roaming)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    request_ = {};
    auto status = Parse(value);
    if (status) {
      auto& record = out.Add(value);
      status = Fill(record);
      if (status) return;
      out.DropLast();
    }
    out.Reject(std::move(status).error(), value);
  }

 private:
  struct Request {
    ImsSession session;
    std::optional<std::int64_t> type;
    std::optional<std::int64_t> number;
    std::optional<std::int64_t> event;
    std::optional<std::int64_t> request;
    std::int64_t request_ms = 0;
    std::optional<std::int64_t> response;
    std::int64_t response_ms = 0;
  };

  static Error Bad(std::string_view name, std::string_view what) {
    return DeadLetterError(reasons::kJsonBadValue,
                           std::string(name.substr(0, 64)) + " " + std::string(what));
  }

  Status Parse(std::string_view text) {
    padded_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    padded_.assign(text);
    if (parser_.max_depth() != kJsonDepthMax) {
      const auto error = parser_.allocate(kUsualBytes, kJsonDepthMax);
      if (error != simdjson::SUCCESS)
        return DeadLetterError(reasons::kJsonMalformed, simdjson::error_message(error));
    }
    element root;
    const auto error = parser_.parse(padded_.data(), padded_.size(), false).get(root);
    if (error == simdjson::UTF8_ERROR)
      return DeadLetterError(reasons::kInvalidUtf8, "the request is not UTF-8");
    if (error != simdjson::SUCCESS) {
      return DeadLetterError(reasons::kJsonMalformed,
                             std::string("not JSON: ") + simdjson::error_message(error));
    }
    object members;
    if (root.get(members) != simdjson::SUCCESS)
      return DeadLetterError(reasons::kJsonMalformed, "the request is no object");
    return Group(members, 0);
  }

  Status Group(const object& members, int depth) {
    for (const auto member : members) {
      const auto avp = names_.Of(member.key);
      if (avp == Avp::kNone || member.value.is_null()) continue;
      if (object inner; member.value.get(inner) == simdjson::SUCCESS && avp == Avp::kGroup) {
        if (depth == kDepthMax) return Bad(member.key, "is nested too deep");
        TB_RETURN_IF_ERROR(Group(inner, depth + 1));
      } else {
        TB_RETURN_IF_ERROR(Value(avp, member.key, member.value));
      }
    }
    return Ok();
  }

  Status Value(Avp avp, std::string_view name, const element& value) {
    auto& session = request_.session;
    switch (avp) {
      case Avp::kNone:
      case Avp::kGroup:  // an AVP of that name that is no group
        return Ok();
      case Avp::kRecordType:
        return Enumerated(name, value, "record", kRecordTypes, request_.type);
      case Avp::kRecordNumber:
        request_.number = IntegerOf(value);
        return Ok();
      case Avp::kEventTimestamp:
        return Time(name, value, request_.event);
      case Avp::kRequestTime:
        return Time(name, value, request_.request);
      case Avp::kResponseTime:
        return Time(name, value, request_.response);
      case Avp::kRequestMs:
        return Fraction(name, value, request_.request_ms);
      case Avp::kResponseMs:
        return Fraction(name, value, request_.response_ms);
      case Avp::kSubscriptions:
        return ForEach(value, [&](const element& each) { return Subscription(each); });
      case Avp::kMethod:
        return Text(name, value, session.method);
      case Avp::kRole:
        return Role(name, value);
      case Avp::kNode:
        return Node(name, value);
      case Avp::kSession:
        return Text(name, value, session.session_id);
      case Avp::kCalling:
        return Parties(name, value, session.calling);
      case Avp::kCalled:
        return Parties(name, value, session.called);
      case Avp::kRequested:
        return Parties(name, value, session.requested);
      case Avp::kAsserted:
        return Parties(name, value, session.asserted);
      case Avp::kFrom:
        return Text(name, value, session.from);
      case Avp::kIcid:
        return Text(name, value, session.icid);
      case Avp::kCause:
        session.code = IntegerOf(value);
        if (!session.code) return Bad(name, "is no whole number");
        return Ok();
      case Avp::kReason:
        return ForEach(value, [&](const element& each) -> Status {
          std::string_view header;
          TB_RETURN_IF_ERROR(Text(name, each, header));
          session.AddReason(header);
          return Ok();
        });
    }
    TB_UNREACHABLE();
  }

  // The elements of an array; anything else is the only one.
  template <class Visit>
  static Status ForEach(const element& value, Visit visit) {
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return visit(value);
    for (const auto each : list) TB_RETURN_IF_ERROR(visit(each));
    return Ok();
  }

  // A phone number as a JSON number has lost its "+" and zeros, so it isn't taken for text.
  static Status Text(std::string_view name, const element& value, std::string_view& text) {
    if (value.get(text) != simdjson::SUCCESS) return Bad(name, "is no text");
    return Ok();
  }

  static Status Parties(std::string_view name, const element& value, std::string_view& best) {
    return ForEach(value, [&](const element& each) -> Status {
      std::string_view address;
      TB_RETURN_IF_ERROR(Text(name, each, address));
      best = BetterParty(best, address);
      return Ok();
    });
  }

  static Status Time(std::string_view name, const element& value,
                     std::optional<std::int64_t>& time) {
    time = TimeOf(value);
    if (!time) return Bad(name, "is no time: seconds since 1970 or 1900, or RFC 3339");
    return Ok();
  }

  static Status Fraction(std::string_view name, const element& value, std::int64_t& ms) {
    const auto number = IntegerOf(value);
    if (!number || *number < 0 || *number > 999) return Bad(name, "is not 0 to 999 milliseconds");
    ms = *number;
    return Ok();
  }

  template <std::size_t n>
  static Status Enumerated(std::string_view name, const element& value, std::string_view suffix,
                           const std::array<EnumName, n>& names,
                           std::optional<std::int64_t>& number) {
    number = IntegerOf(value);
    std::string_view text;
    if (!number && value.get(text) == simdjson::SUCCESS) number = ValueOfName(text, suffix, names);
    if (!number) return Bad(name, "is none of its values");
    return Ok();
  }

  Status Role(std::string_view name, const element& value) {
    std::optional<std::int64_t> role;
    TB_RETURN_IF_ERROR(Enumerated(name, value, "role", kRoles, role));
    request_.session.role = role == 0   ? ImsRole::kOriginating
                            : role == 1 ? ImsRole::kTerminating
                                        : ImsRole::kUnknown;
    return Ok();
  }

  Status Node(std::string_view name, const element& value) {
    std::optional<std::int64_t> node;
    TB_RETURN_IF_ERROR(Enumerated(name, value, "node", kNodes, node));
    const bool known =
        std::ranges::any_of(kNodes, [&](const EnumName& each) { return each.value == *node; });
    request_.session.node = known ? static_cast<ImsNode>(*node) : ImsNode::kUnknown;
    return Ok();
  }

  // RFC 8506, 8.46: Subscription-Id-Type 0 is END_USER_E164.
  Status Subscription(const element& value) {
    object members;
    if (value.get(members) != simdjson::SUCCESS) return Bad("Subscription-Id", "is no group");
    std::optional<std::int64_t> type;
    std::string_view data;
    for (const auto member : members) {
      const auto name = Canonical(member.key);
      if (name.view() == "subscriptionidtype") {
        type = IntegerOf(member.value);
        std::string_view text;
        if (!type && member.value.get(text) == simdjson::SUCCESS &&
            Canonical(text).view() == "endusere164") {
          type = 0;
        }
      } else if (name.view() == "subscriptioniddata") {
        TB_RETURN_IF_ERROR(Text(member.key, member.value, data));
      }
    }
    if (type == 0 && request_.session.subscription.empty()) request_.session.subscription = data;
    return Ok();
  }

  Status Fill(v1::CallRecord& record) {
    auto& session = request_.session;
    if (!request_.type)
      return DeadLetterError(reasons::kFieldMissing, "there is no Accounting-Record-Type");
    if (request_.request) *request_.request += request_.request_ms;
    if (request_.response) *request_.response += request_.response_ms;
    // The request that this record is about: INVITE, or what ended the session.
    const auto begin = request_.request ? request_.request : request_.event;
    const auto end = request_.response ? request_.response : request_.event;
    switch (*request_.type) {
      case kEvent:
        session.started_at_ms = begin;
        session.ended_at_ms = end;
        break;
      case kStart:
        session.started_at_ms = begin;
        session.answered_at_ms = end;
        session.open = true;
        break;
      case kInterim:
        session.ended_at_ms = end;
        session.answered = true;
        session.open = true;
        break;
      case kStop:
        session.ended_at_ms = begin;
        session.answered = true;
        break;
      default:
        return DeadLetterError(
            reasons::kRecordType,
            "Accounting-Record-Type " + std::to_string(*request_.type) + " is none of 1 to 4");
    }
    for (auto* target : {&session.called, &session.requested}) {
      if (roaming_.HasPrefixOf(UserOfUri(*target))) *target = {};
    }
    if (request_.number && *request_.number > 0 && *request_.number <= UINT32_MAX)
      record.set_partial_number(static_cast<std::uint32_t>(*request_.number));
    FillFromIms(session, pilots_, record);
    // A request that succeeded without a session (an OPTIONS within it, a re-INVITE) ends nothing.
    if (*request_.type == kEvent && session.code && *session.code <= 0 && !record.not_a_call()) {
      record.set_leg_only(true);
      record.set_call_over(false);
    }
    return Ok();
  }

  KnownNumbers pilots_;
  KnownNumbers roaming_;
  AvpNames names_;
  simdjson::dom::parser parser_;
  std::string padded_;
  Request request_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewRfJson(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto pilots, KnownNumbers::Make("voicemail_pilots", config.voicemail_pilots));
  TB_ASSIGN_OR_RETURN(auto roaming,
                      KnownNumbers::Make("roaming_prefixes", config.roaming_prefixes));
  return std::unique_ptr<Adapter>(std::make_unique<RfJson>(std::move(pilots), std::move(roaming)));
}

}  // namespace textback::cdr
