#include "cdr/asterisk_cel.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "cdr/asterisk_text.h"
#include "cdr/normalise.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

enum Field : std::size_t {
  kEventType,
  kEventTime,
  kCidName,
  kCidNum,
  kCidAni,
  kCidRdnis,
  kCidDnid,
  kExten,
  kContext,
  kChanName,
  kAppName,
  kAppData,
  kUniqueId,
  kLinkedId,
  kPeer,
  kUserDefType,
  kExtra,
  kIgnored,  // known, and not needed
  kFields
};

// Names in lower case without '_': of cel_custom's two kinds of mappings, of the tables of
// cel_pgsql and cel_odbc, and of AMI's event.
constexpr std::pair<std::string_view, Field> kNames[] = {
    {"eventtype", kEventType}, {"eventname", kEventType},     {"eventtime", kEventTime},
    {"cidname", kCidName},     {"calleridname", kCidName},    {"cidnum", kCidNum},
    {"calleridnum", kCidNum},  {"cidani", kCidAni},           {"calleridani", kCidAni},
    {"cidrdnis", kCidRdnis},   {"calleridrdnis", kCidRdnis},  {"ciddnid", kCidDnid},
    {"callerdnid", kCidDnid},  {"calleriddnid", kCidDnid},    {"exten", kExten},
    {"context", kContext},     {"channame", kChanName},       {"channel", kChanName},
    {"appname", kAppName},     {"application", kAppName},     {"appdata", kAppData},
    {"uniqueid", kUniqueId},   {"linkedid", kLinkedId},       {"peer", kPeer},
    {"bridgepeer", kPeer},     {"userdeftype", kUserDefType}, {"usereventname", kUserDefType},
    {"extra", kExtra},         {"eventextra", kExtra},        {"amaflags", kIgnored},
    {"accountcode", kIgnored}, {"acctcode", kIgnored},        {"peeraccount", kIgnored},
    {"peeracct", kIgnored},    {"userfield", kIgnored},       {"eventenum", kIgnored},
    {"tenantid", kIgnored},
};
constexpr std::array<std::string_view, kFields> kShown = {
    "eventtype", "eventtime", "cid_name", "cid_num",     "cid_ani", "cid_rdnis",
    "cid_dnid",  "exten",     "context",  "channame",    "appname", "appdata",
    "uniqueid",  "linkedid",  "peer",     "userdeftype", "extra",   "-"};
constexpr Field kNeeded[] = {kEventType, kEventTime, kUniqueId, kLinkedId};

// cel_custom.conf.sample, until 21 without a literal in it.
constexpr std::string_view kDefaultColumns[] = {
    "eventtype", "eventtime", "cid_name", "cid_num",   "cid_ani",     "cid_rdnis", "cid_dnid",
    "exten",     "context",   "channame", "appname",   "appdata",     "amaflags",  "accountcode",
    "uniqueid",  "linkedid",  "peer",     "userfield", "userdeftype", "eventextra"};

constexpr std::size_t kColumnsMax = 64;
constexpr std::size_t kNameMax = 16;
constexpr std::size_t kJsonDepthMax = 8;
constexpr std::size_t kJsonBytes = 64 * 1024;  // grows for more
// A call that began longer ago, or later, than its events: the id is no time, or the zone is wrong.
constexpr std::int64_t kCallMaxMs = std::int64_t{12} * 60 * 60 * 1'000;
constexpr std::int64_t kHangupCauseMax = 1'000;

std::optional<Field> FieldOf(std::string_view name) {
  std::array<char, kNameMax> lower;
  std::size_t size = 0;
  for (const char c : name) {
    if (c == '_') continue;
    if (size == kNameMax) return std::nullopt;
    lower[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const std::string_view key(lower.data(), size);
  for (const auto& [known, field] : kNames) {
    if (known == key) return field;
  }
  return std::nullopt;
}

// Which field stands in which column.
struct Layout {
  char separator = ',';
  std::vector<Field> columns;

  std::optional<Field> Missing() const {
    for (const Field field : kNeeded) {
      if (std::ranges::find(columns, field) == columns.end()) return field;
    }
    return std::nullopt;
  }
  std::optional<Field> Twice() const {
    for (auto at = columns.begin(); at != columns.end(); ++at) {
      if (*at != kIgnored && std::find(at + 1, columns.end(), *at) != columns.end()) return *at;
    }
    return std::nullopt;
  }
};

struct Event {
  std::array<std::string_view, kFields> fields;
  std::array<bool, kFields> has;

  void Clear() {
    fields.fill({});
    has.fill(false);
  }
  void Set(Field field, std::string_view text) {
    fields[field] = text;
    has[field] = true;
  }
  std::string_view operator[](Field field) const { return fields[field]; }
};

// An event has a time and ids, with four digits in a row at least; a column's name has not.
bool HasTime(std::string_view line) {
  std::size_t digits = 0;
  for (const char c : line) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits == 4) return true;
  }
  return false;
}

// Channels that the PBX puts into a bridge by itself: music, announcements, recordings, spies.
bool IsMachine(std::string_view channel) {
  return IsOneOf(channel.substr(0, channel.find('/')),
                 {"Announcer", "Recorder", "CBAnn", "CBRec", "Snoop", "Message"});
}

bool HasParty(std::string_view peers) {
  while (!peers.empty()) {
    const auto comma = peers.find(',');
    const auto peer = Trimmed(peers.substr(0, comma));
    if (!peer.empty() && !IsMachine(peer)) return true;
    peers.remove_prefix(comma == std::string_view::npos ? peers.size() : comma + 1);
  }
  return false;
}

// HANGUP's extra.
struct Release {
  std::int64_t cause = 0;
  std::string_view dialstatus;
};

class AsteriskCel final : public Adapter {
 public:
  AsteriskCel(const AsteriskOptions& options, AsteriskTime time, Layout layout)
      : latin1_fallback_(options.latin1_fallback),
        time_(std::move(time)),
        configured_(std::move(layout)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    layout_ = &configured_;
    std::size_t lines = 0;
    bool first = true;
    while (const auto line = NextLine(value)) {
      if (IsTableFrame(*line)) continue;
      if (std::exchange(first, false) && IsHeader(*line)) {
        if (auto status = ReadHeader(*line); !status)
          return out.Reject(std::move(status).error(), WithRest(*line, value));
        continue;
      }
      if (++lines > kRecordsPerValueMax) {
        return out.Reject(DeadLetterError(reasons::kTooManyRecords,
                                          "more than " + std::to_string(kRecordsPerValueMax) +
                                              " lines in one value; these are the rest"),
                          WithRest(*line, value));
      }
      if (auto status = DecodeLine(*line, out); !status)
        out.Reject(std::move(status).error(), *line);
    }
    if (lines == 0)
      out.Reject(DeadLetterError(reasons::kValueMissing, "the value has no event"), value);
  }

 private:
  static std::string_view WithRest(std::string_view line, std::string_view rest) {
    return {line.data(), static_cast<std::size_t>(rest.data() + rest.size() - line.data())};
  }

  // --- the shapes ---

  static char SeparatorOf(std::string_view line) {
    for (const char c : {'|', '\t'}) {
      if (line.find(c) != std::string_view::npos) return c;
    }
    return ',';
  }

  bool IsHeader(std::string_view line) {
    if (HasTime(line) || Trimmed(line).starts_with('{')) return false;
    header_.columns.clear();
    header_.separator = SeparatorOf(line);
    if (!Split(line, header_)) return false;
    bool type = false;
    bool id = false;
    for (std::size_t i = 0; i < count_; ++i) {
      const auto field = FieldOf(Trimmed(fields_[i]));
      type = type || field == kEventType;
      id = id || field == kUniqueId;
    }
    return type && id;
  }

  // `line` was the last that Split read.
  Status ReadHeader(std::string_view line) {
    if (count_ > kColumnsMax) {
      return DeadLetterError(reasons::kCsvColumns, "the header line has " + std::to_string(count_) +
                                                       " columns, " + std::to_string(kColumnsMax) +
                                                       " at most");
    }
    header_.columns.clear();
    for (std::size_t i = 0; i < count_; ++i)
      header_.columns.push_back(FieldOf(Trimmed(fields_[i])).value_or(kIgnored));
    if (const auto missing = header_.Missing()) {
      return DeadLetterError(reasons::kCsvColumns, "the header line has no column " +
                                                       std::string(kShown[*missing]) + ": " +
                                                       std::string(line.substr(0, 200)));
    }
    if (const auto twice = header_.Twice()) {
      return DeadLetterError(reasons::kCsvColumns, "the header line has the column " +
                                                       std::string(kShown[*twice]) + " twice");
    }
    layout_ = &header_;
    return Ok();
  }

  // Sets count_.
  bool Split(std::string_view line, const Layout& layout) {
    if (layout.separator == '|') {
      count_ = fields_.SplitPadded(
          line, layout.columns.empty() ? kColumnsMax + 1 : layout.columns.size());
      return true;
    }
    const auto count = fields_.Split(line, layout.separator);
    count_ = count.value_or(0);
    return count.has_value();
  }

  Status DecodeLine(std::string_view raw, Decoded& out) {
    const auto text = AsUtf8(raw, latin1_fallback_, converted_);
    if (!text) {
      return DeadLetterError(reasons::kInvalidUtf8,
                             "the line is not UTF-8 (latin1_fallback would read it as ISO 8859-1)");
    }
    event_.Clear();
    extra_object_.reset();
    json_ = Trimmed(*text).starts_with('{');
    TB_RETURN_IF_ERROR(json_ ? ReadJson(*text) : ReadColumns(*text));
    auto& record = out.Add(raw);
    auto status = Fill(record);
    if (!status) out.DropLast();
    return status;
  }

  Status ReadColumns(std::string_view line) {
    if (!Split(line, *layout_)) {
      return DeadLetterError(reasons::kCsvUnfinished,
                             "the line ends inside a quoted field: it was cut");
    }
    const auto& columns = layout_->columns;
    if (count_ != columns.size()) {
      return DeadLetterError(
          reasons::kCsvColumns,
          "the line has " + std::to_string(count_) + " columns, " + std::to_string(columns.size()) +
              (layout_ == &header_ ? " are in the header line" : " are configured"));
    }
    for (std::size_t i = 0; i < count_; ++i) event_.Set(columns[i], fields_[i]);
    return Ok();
  }

  Status ReadJson(std::string_view line) {
    element root;
    object members;
    if (!Parse(parser_, padded_, line, root) || root.get(members) != simdjson::SUCCESS)
      return DeadLetterError(reasons::kJsonMalformed, "the line is no JSON object, or was cut");
    for (const auto& member : members) {
      if (SameWord(member.key, "event")) {
        std::string_view name;
        if (member.value.get(name) != simdjson::SUCCESS || !SameWord(name, "CEL")) {
          return DeadLetterError(reasons::kRecordType,
                                 "AMI's event \"" + std::string(name.substr(0, 40)) +
                                     "\" is no CEL: hand on the event CEL alone");
        }
        continue;
      }
      const auto field = FieldOf(member.key);
      if (!field || *field == kIgnored) continue;
      if (event_.has[*field]) {
        return DeadLetterError(reasons::kJsonDuplicateField,
                               "the event has " + std::string(kShown[*field]) + " twice");
      }
      TB_RETURN_IF_ERROR(SetJson(*field, member.value));
    }
    for (const Field field : kNeeded) {
      if (!event_.has[field]) {
        return DeadLetterError(
            reasons::kFieldMissing,
            "the event has no " + std::string(kShown[field]) +
                (field == kEventType ? ": is this an event of CEL (AMI), not of ARI?" : ""));
      }
    }
    return Ok();
  }

  Status SetJson(Field field, const element& value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      event_.Set(field, text);
    } else if (value.is_null()) {
      // As if it weren't there.
    } else if (field == kExtra && value.is_object()) {
      extra_object_ = value;
      event_.Set(field, "{");  // not read as text
    } else if (field == kEventTime && value.is_number()) {
      const auto number = simdjson::minify(value);
      number_.assign(number);
      event_.Set(field, number_);
    } else {
      return DeadLetterError(reasons::kJsonBadValue,
                             std::string(kShown[field]) + " must be a string");
    }
    return Ok();
  }

  static bool Parse(simdjson::dom::parser& parser, std::string& padded, std::string_view text,
                    element& root) {
    padded.assign(text);
    padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
    if (parser.max_depth() != kJsonDepthMax &&
        parser.allocate(kJsonBytes, kJsonDepthMax) != simdjson::SUCCESS) {
      return false;
    }
    return parser.parse(padded.data(), padded.size(), false).get(root) == simdjson::SUCCESS;
  }

  // --- what it means ---

  Status Fill(v1::CallRecord& record) {
    const auto linked = event_[kLinkedId];
    if (linked.empty()) return Bad(kLinkedId, "must not be empty");
    if (event_[kUniqueId].empty()) return Bad(kUniqueId, "must not be empty");
    auto type = event_[kEventType];
    if (SameWord(type, "USER_DEFINED") && !event_[kUserDefType].empty())
      type = event_[kUserDefType];
    if (type.empty()) return Bad(kEventType, "must not be empty");
    const auto began = UniqueIdMs(linked);
    const auto at = time_.Read(event_[kEventTime], began);
    if (!at) {
      return Bad(kEventTime,
                 "must be seconds since 1970, or a time such as 2026-03-29 01:30:00.123456");
    }
    at_ms_ = *at;
    if (began && *began <= at_ms_ && at_ms_ - *began <= kCallMaxMs)
      record.set_started_at_ms(*began);
    record.set_call_id(std::string(linked));
    record.set_join_key(std::string(linked));
    record.set_leg_id(
        std::string(event_[kChanName].empty() ? event_[kUniqueId] : event_[kChanName]));
    record.set_reason_text(std::string(type));
    if (!event_[kAppName].empty())
      record.mutable_reason_text()->append(" in ").append(event_[kAppName]);
    SetDirection(type, record);
    if (SameWord(type, "LINKEDID_END")) {
      record.set_ended_at_ms(at_ms_);
      record.set_call_over(true);
    }
    bool proves = false;
    if (event_[kUniqueId] == linked) {
      FillParties(type, record);
      TB_ASSIGN_OR_RETURN(proves, Prove(type, record));
    }
    record.set_leg_only(!proves && !record.call_over());
    // A record needs a time, and this one has no other.
    if (!record.has_started_at_ms() && !record.has_answered_at_ms() && !record.has_ended_at_ms())
      record.set_started_at_ms(at_ms_);
    return Ok();
  }

  // Of the caller's own channel.
  void FillParties(std::string_view type, v1::CallRecord& record) const {
    // A number that the network sent to be billed, not shown, may stand in ani alone.
    const bool shown = !event_.has[kCidNum] || !event_[kCidNum].empty();
    const auto number = event_[kCidAni].empty() || !shown ? event_[kCidNum] : event_[kCidAni];
    auto& calling = *record.mutable_calling();
    SetCaller(number, event_[kCidName], calling);
    if (calling.presentation() == v1::Party::PRESENTATION_UNSPECIFIED)
      calling.set_presentation(PresentationOfWord(event_[kCidNum]));
    // Later in the call exten is where the dialplan stands: "s", "h".
    const auto dialled = event_[kCidDnid].empty() && SameWord(type, "CHAN_START")
                             ? event_[kExten]
                             : event_[kCidDnid];
    if (!dialled.empty()) record.mutable_called()->set_number(std::string(dialled));
    if (!event_[kCidRdnis].empty())
      record.mutable_redirecting()->set_number(std::string(event_[kCidRdnis]));
  }

  // Wazo's dialplan (and XiVO's before) says with events of its own what it does with a call. To
  // one of its users is inward also where another user calls.
  void SetDirection(std::string_view type, v1::CallRecord& record) const {
    if (SameWord(type, "XIVO_OUTCALL")) {
      record.set_direction(v1::DIRECTION_OUTBOUND);
    } else if (IsOneOf(type, {"XIVO_INCALL", "XIVO_USER_FWD", "WAZO_USER_MISSED_CALL"}) ||
               (SameWord(type, "WAZO_CALL_LOG_DESTINATION") &&
                event_[kExtra].find("type: user") != std::string_view::npos)) {
      record.set_direction(v1::DIRECTION_INBOUND);
    }
  }

  // Whether the event of the caller's own channel says more than that the call goes on.
  Result<bool> Prove(std::string_view type, v1::CallRecord& record) {
    if (SameWord(type, "HANGUP")) return Hangup(record);
    if (SameWord(type, "ANSWER")) return Took(AnsweringApplication(), record);
    if (IsOneOf(type, {"APP_START", "APP_END"}))
      return Took(WhoIsApplication(event_[kAppName]), record);
    const bool enters = IsOneOf(type, {"BRIDGE_ENTER", "BRIDGE_START", "CONF_ENTER"});
    if (enters || IsOneOf(type, {"BRIDGE_EXIT", "BRIDGE_END"})) return Bridge(enters, record);
    if (SameWord(type, "WAZO_USER_BLOCKED_CALL")) {
      AddCause(v1::Cause::NAMESPACE_ASTERISK, type, record);
      return true;
    }
    return false;
  }

  v1::AnsweredBy AnsweringApplication() const {
    const auto app = event_[kAppName];
    // AppDial is the called end of a Dial, AppDial2 of an originate.
    // FollowMe and RetryDial answer to announce something, or for somebody.
    if (app.empty() || IsOneOf(app, {"AppDial", "AppDial2", "AppQueue", "FollowMe", "RetryDial"}))
      return v1::ANSWERED_BY_UNSPECIFIED;
    if (IsOneOf(app, {"Dial", "Pickup", "PickupChan", "Bridge"})) return v1::ANSWERED_BY_UNKNOWN;
    const auto by = WhoIsApplication(app);
    return by == v1::ANSWERED_BY_UNSPECIFIED ? v1::ANSWERED_BY_IVR : by;
  }

  bool Took(v1::AnsweredBy by, v1::CallRecord& record) const {
    if (by == v1::ANSWERED_BY_UNSPECIFIED) return false;
    record.set_answered_by(by);
    record.set_answered_at_ms(at_ms_);
    return true;
  }

  bool Bridge(bool enters, v1::CallRecord& record) {
    if (IsHolding()) return false;
    // Before 12, and in tables without the column, the event alone says it.
    if (event_.has[kPeer] ? !HasParty(event_[kPeer]) : !enters) return false;
    // A phone; or an outside number's mailbox, or what a Local channel leads to.
    record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
    if (enters) record.set_answered_at_ms(at_ms_);
    return true;
  }

  // The root of extra where it is JSON; nullopt: it is none.
  Result<std::optional<element>> Extra() {
    if (!Trimmed(event_[kExtra]).starts_with('{')) return std::optional<element>();
    if (extra_object_) return std::exchange(extra_object_, std::nullopt);
    element root;
    if (!Parse(extra_parser_, extra_padded_, event_[kExtra], root))
      return DeadLetterError(reasons::kJsonMalformed, "extra is no JSON object, or was cut");
    return std::optional(root);
  }

  // Waiting rooms: bridge_technology of Park and of ARI's holding bridges.
  bool IsHolding() {
    if (!extra_object_) return event_[kExtra].find("holding_bridge") != std::string_view::npos;
    std::string_view technology;
    return (*extra_object_)["bridge_technology"].get(technology) == simdjson::SUCCESS &&
           technology == "holding_bridge";
  }

  Result<std::optional<Release>> ReadRelease() {
    const auto text = Trimmed(event_[kExtra]);
    if (text.empty()) return std::optional<Release>();
    Release release;
    TB_ASSIGN_OR_RETURN(const auto extra, Extra());
    if (extra) {
      const auto cause = (*extra)["hangupcause"];
      if (cause.error() == simdjson::SUCCESS && cause.get(release.cause) != simdjson::SUCCESS)
        return Bad(kExtra, "must have a number as hangupcause");
      const auto status = (*extra)["dialstatus"];
      if (status.error() == simdjson::SUCCESS &&
          status.get(release.dialstatus) != simdjson::SUCCESS)
        return Bad(kExtra, "must have a string as dialstatus");
    } else {
      // Before 12: "16,SIP/100-00000001,ANSWER".
      const auto first = std::min(text.find(','), text.size());
      const auto [end, error] = std::from_chars(text.data(), text.data() + first, release.cause);
      if (error != std::errc() || end != text.data() + first)
        return Bad(kExtra, "must be JSON, or cause,source,dialstatus");
      if (first < text.size()) release.dialstatus = Trimmed(text.substr(text.rfind(',') + 1));
    }
    if (release.cause < 0 || release.cause > kHangupCauseMax)
      return Bad(kExtra, "must have a cause of Q.850 as hangupcause");
    return std::optional(release);
  }

  Result<bool> Hangup(v1::CallRecord& record) {
    TB_ASSIGN_OR_RETURN(const auto release, ReadRelease());
    record.set_ended_at_ms(at_ms_);
    record.set_call_over(true);
    if (!release) {
      // What the CDR of such a channel would say.
      AddCause(v1::Cause::NAMESPACE_ASTERISK, "NO ANSWER", record);
      return true;
    }
    auto& reason = *record.mutable_reason_text();
    reason.append(" ").append(std::to_string(release->cause));
    const auto status = release->dialstatus;
    if (!status.empty()) reason.append(" ").append(status);
    if (SameWord(status, "ANSWER")) {
      record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
      return true;
    }
    if (!status.empty()) {
      // SIP 603 arrives as BUSY, too; the cause knows better.
      if (SameWord(status, "BUSY") && release->cause == 21) AddQ850(release->cause, record);
      AddCause(v1::Cause::NAMESPACE_ASTERISK, status, record);
    } else if (release->cause == 3) {
      AddCause(v1::Cause::NAMESPACE_ASTERISK, "HANGUPCAUSE 3", record);
    }
    // Without a Dial "normal" covers whoever hung up on a menu, a queue or nobody.
    if (release->cause != 0 && (!status.empty() || !IsNormal(release->cause)))
      AddQ850(release->cause, record);
    return true;
  }

  static bool IsNormal(std::int64_t cause) { return cause == 16 || cause == 31 || cause == 127; }

  static void AddQ850(std::int64_t cause, v1::CallRecord& record) {
    AddCause(v1::Cause::NAMESPACE_Q850, std::to_string(cause), record);
  }
  static void AddCause(v1::Cause::Namespace space, std::string_view value, v1::CallRecord& record) {
    auto& cause = *record.add_causes();
    cause.set_namespace_(space);
    cause.set_value(std::string(value));
  }

  Error Bad(Field field, std::string_view expected) const {
    return DeadLetterError(json_ ? reasons::kJsonBadValue : reasons::kCsvBadValue,
                           std::string(kShown[field]) + " " + std::string(expected) + ", not \"" +
                               std::string(event_[field].substr(0, 40)) + "\"");
  }

  bool latin1_fallback_;
  AsteriskTime time_;
  Layout configured_;
  Layout header_;
  const Layout* layout_ = nullptr;

  // Of the line that is being read.
  AsteriskFields fields_;
  std::size_t count_ = 0;
  std::string converted_;
  bool json_ = false;
  Event event_;
  std::int64_t at_ms_ = 0;
  std::string number_;
  std::optional<element> extra_object_;

  simdjson::dom::parser parser_{kValueBytesMax};
  simdjson::dom::parser extra_parser_{kValueBytesMax};
  std::string padded_;
  std::string extra_padded_;
};

Result<Layout> LayoutOf(const std::vector<std::string>& columns) {
  Layout layout;
  if (columns == AsteriskOptions().columns) {
    for (const auto name : kDefaultColumns) layout.columns.push_back(*FieldOf(name));
    return layout;
  }
  if (columns.size() > kColumnsMax) {
    return FatalError("config_invalid",
                      "asterisk.columns: at most " + std::to_string(kColumnsMax) + " are allowed");
  }
  for (const auto& name : columns) {
    const auto field = name == "-" ? kIgnored : FieldOf(name);
    if (!field) {
      return FatalError("config_invalid",
                        "asterisk.columns: \"" + name +
                            "\" is no column of CEL: use the names of cel_custom, or - to skip "
                            "one");
    }
    layout.columns.push_back(*field);
  }
  if (const auto twice = layout.Twice()) {
    return FatalError("config_invalid",
                      "asterisk.columns: \"" + std::string(kShown[*twice]) + "\" stands twice");
  }
  if (const auto missing = layout.Missing()) {
    return FatalError("config_invalid",
                      "asterisk.columns: \"" + std::string(kShown[*missing]) + "\" is needed");
  }
  return layout;
}

}  // namespace

Result<std::unique_ptr<Adapter>> NewAsteriskCel(const AsteriskOptions& options) {
  TB_ASSIGN_OR_RETURN(auto time, AsteriskTime::Make(options.zone));
  TB_ASSIGN_OR_RETURN(auto layout, LayoutOf(options.columns));
  return std::unique_ptr<Adapter>(
      std::make_unique<AsteriskCel>(options, std::move(time), std::move(layout)));
}

}  // namespace textback::cdr
