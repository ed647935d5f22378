#include "cdr/mapping.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "cdr/mapping_reader.h"

namespace textback::cdr::mapping {
namespace {

using config::Problem;
using google::protobuf::EnumDescriptor;
using internal::LowerOf;
using internal::Names;
using internal::NamesOf;
using internal::Node;
using internal::Position;
using internal::Problems;
using internal::Section;
using internal::Slots;
using internal::Suggest;

class Compiler {
 public:
  Compiler(Problems& problems, std::string zone)
      : problems_(problems), zone_(std::move(zone)), slots_(plan_, problems) {}

  Plan Read(const Node& document) {
    Section top(problems_, &document, "");
    ReadFormat(top);
    top.Take("about");  // for people: what writes such records, and where that is documented
    if (auto zone = top.Word("zone")) zone_ = *zone;
    default_zone_ = Zone(zone_, top.Take("zone"));
    plan_.none = top.Words("none");
    const auto* fields = top.Take("fields");
    const auto* records = top.Take("records");
    if (records == nullptr) {
      if (fields == nullptr) problems_.Add(document.at, "`fields` is missing");
      ReadRecord(nullptr, fields, "");
    } else if (records->kind != Node::Kind::kList || records->items.empty() ||
               records->items.size() > kRecordKindsMax) {
      top.Refuse(*records, "records: expected a list of 1 to " + std::to_string(kRecordKindsMax) +
                               " kinds of record");
    } else {
      for (const auto& record : records->items) ReadRecord(&record, fields, "records: ");
    }
    top.Done();
    return std::move(plan_);
  }

 private:
  void ReadFormat(Section& top) {
    const auto format = top.Word("format");
    plan_.json = format == "json";
    plan_.form = format == "form";
    if (format != "json" && format != "csv" && format != "form") {
      problems_.Add(top.node() == nullptr ? Position{1, 1} : top.node()->at,
                    "format: expected csv, json or form");
    }
    const auto* csv = top.Take("csv");
    const auto* json = top.Take("json");
    if (csv != nullptr && (plan_.json || plan_.form))
      top.Refuse(*csv, "a section of the other format");
    if (json != nullptr && !plan_.json) top.Refuse(*json, "a section of the other format");
    if (plan_.json) {
      Section section(problems_, json, "json");
      if (auto each = section.Word("each")) {
        std::string_view rest = *each;
        while (!rest.empty()) {
          const auto dot = std::min(rest.find('.'), rest.size());
          plan_.each.emplace_back(rest.substr(0, dot));
          rest.remove_prefix(std::min(dot + 1, rest.size()));
        }
      }
      section.Done();
    } else if (plan_.form) {
      plan_.csv.header = true;  // fields are named, in any order
    } else {
      ReadCsv(csv);
    }
  }

  void ReadCsv(const Node* node) {
    Section s(problems_, node, "csv");
    auto& csv = plan_.csv;
    if (auto c = s.Word("delimiter")) {
      if (*c == "tab" || *c == "\t") {
        csv.delimiter = '\t';
      } else if (c->size() == 1 && *c != "\n" && *c != "\"") {
        csv.delimiter = c->front();
      } else {
        s.Refuse(*s.Take("delimiter"), "delimiter: expected one character, or tab");
      }
    }
    if (auto c = s.Word("quote")) {
      if (*c == "none") {
        csv.quote.reset();
      } else if (c->size() == 1) {
        csv.quote = c->front();
      } else {
        s.Refuse(*s.Take("quote"), "quote: expected one character, or none");
      }
    }
    csv.header = s.Flag("header");
    columns_ = s.Words("columns");
    if (columns_.size() > kColumnsMax)
      s.Refuse(*s.Take("columns"), "at most " + std::to_string(kColumnsMax) + " columns");
    slots_.optional = s.Words("optional");
    csv.extra_columns = s.Flag("extra_columns");
    csv.missing_columns = s.Flag("missing_columns");
    csv.comment = s.Word("comment").value_or("");
    csv.latin1 = s.Flag("latin1");
    if (csv.header && !columns_.empty())
      s.Refuse(*s.Take("columns"), "with header: true the file names its columns: leave them out");
    if (!csv.header && !slots_.optional.empty())
      s.Refuse(*s.Take("optional"), "only with header: true; see missing_columns");
    s.Done();
  }

  std::shared_ptr<const LocalTime> Zone(const std::string& name, const Node* node) {
    auto& known = zones_[name];
    if (known) return known;
    auto made = LocalTime::Make(name);
    if (!made) {
      problems_.Add(node == nullptr ? Position{} : node->at, made.error().message);
      made = LocalTime::Make("UTC");
      if (!made) return known;
    }
    known = std::make_shared<const LocalTime>(std::move(made).value());
    return known;
  }

  // `common` holds for all kinds of record; what the kind says itself stands before it.
  void ReadRecord(const Node* node, const Node* common, const std::string& path) {
    RecordPlan record;
    Section s(problems_, node, path.empty() ? "" : "records");
    const auto columns = s.Words("columns");
    if (!columns.empty() && (plan_.json || plan_.csv.header))
      s.Refuse(*s.Take("columns"), "columns: only for csv without a header line");
    const auto& used = columns.empty() ? columns_ : columns;
    slots_.UseColumns(used);
    if (!plan_.csv.header) record.names = used;
    record.name = s.Word("name").value_or("");
    record.when = ReadWhen(s.Take("when"));
    record.skip = s.Flag("skip");
    const auto* own = s.Take("fields");
    s.Done();
    if (record.skip) {
      if (own != nullptr) s.Refuse(*own, "a kind that is skipped has no fields");
    } else {
      std::set<std::string, std::less<>> seen;
      ReadFields(own, seen, record);
      ReadFields(common, seen, record);
    }
    plan_.records.push_back(std::move(record));
  }

  // ---- fields

  template <class Field>
  static std::optional<Field> Find(std::string_view key, std::initializer_list<const char*> names) {
    std::size_t i = 0;
    for (const char* name : names) {
      if (key == name) return static_cast<Field>(i);
      ++i;
    }
    return std::nullopt;
  }

  void ReadFields(const Node* node, std::set<std::string, std::less<>>& seen, RecordPlan& record) {
    if (node == nullptr) return;
    if (node->kind != Node::Kind::kMap) {
      problems_.Add(node->at, "fields: expected \"field: column\" lines");
      return;
    }
    for (const auto& entry : node->entries) {
      if (!seen.insert(entry.key).second) continue;         // the kind's own is there
      if (entry.value.kind == Node::Kind::kNull) continue;  // taken away from what is common
      // A list of maps is a list of alternatives; anything else is one.
      const bool alternatives = entry.value.kind == Node::Kind::kList &&
                                !entry.value.items.empty() &&
                                entry.value.items.front().kind == Node::Kind::kMap;
      if (!alternatives) {
        ReadField(entry, entry.value, record);
        continue;
      }
      for (const auto& item : entry.value.items) ReadField(entry, item, record);
    }
  }

  void ReadField(const config::Entry& entry, const Node& value, RecordPlan& record) {
    const std::string& key = entry.key;
    if (const auto text =
            Find<TextField>(key, {"record_id", "call_id", "leg_id", "join_key", "reason_text"})) {
      record.texts.emplace_back(*text, ReadPlainText(key, value));
    } else if (const auto party = Find<PartyField>(
                   key, {"calling", "called", "connected", "original_called", "redirecting"})) {
      record.parties.emplace_back(*party, ReadParty(key, value));
    } else if (const auto time =
                   Find<TimeField>(key, {"started_at", "ringing_at", "answered_at", "ended_at"})) {
      record.times.emplace_back(*time, ReadTimePlan(key, value));
    } else if (const auto duration = Find<DurationField>(key, {"ring", "talk"})) {
      record.durations.emplace_back(*duration, ReadDurationPlan(key, value));
    } else if (const auto word = Find<EnumField>(key, {"direction", "answered_by", "attestation",
                                                       "caller_line_type", "verification"})) {
      const EnumDescriptor* const types[] = {
          v1::Direction_descriptor(), v1::AnsweredBy_descriptor(), v1::Attestation_descriptor(),
          v1::LineType_descriptor(), v1::Verification_descriptor()};
      record.enums.emplace_back(*word,
                                ReadEnumText(key, value, *types[static_cast<std::size_t>(*word)]));
    } else if (const auto flag = Find<FlagField>(key, {"call_over", "leg_only", "partial_open",
                                                       "answered_elsewhere", "not_a_call"})) {
      record.flags.emplace_back(*flag, ReadFlag(key, value));
    } else if (key == "causes") {
      record.causes.push_back(ReadCause(key, value));
    } else if (const auto number = Find<NumberField>(key, {"partial_number", "spam_likelihood"})) {
      record.numbers.emplace_back(*number, ReadPlainText(key, value));
    } else {
      static const Names kFields = {
          "record_id",  "call_id",        "leg_id",       "join_key",           "reason_text",
          "calling",    "called",         "connected",    "original_called",    "redirecting",
          "started_at", "ringing_at",     "answered_at",  "ended_at",           "ring",
          "talk",       "direction",      "answered_by",  "attestation",        "caller_line_type",
          "call_over",  "leg_only",       "partial_open", "answered_elsewhere", "not_a_call",
          "causes",     "partial_number", "verification", "spam_likelihood"};
      const auto meant = config::internal::Nearest(key, kFields);
      problems_.Add(entry.at, "fields: no field \"" + key + "\"" +
                                  (meant.empty() ? "; docs/sources/mapping.md lists them"
                                                 : "; did you mean \"" + meant + "\"?"));
    }
  }

  // A scalar or list of scalars is `from`.
  static bool IsShort(const Node& node) { return node.kind != Node::Kind::kMap; }

  void AddSlots(const Node* node, std::vector<Slot>& slots, Text& text) {
    if (node == nullptr) return;
    const auto add = [&](const Node& item) {
      if (item.kind != Node::Kind::kScalar || item.scalar.empty()) {
        problems_.Add(item.at, text.key + ": expected the name of a column or path");
        return;
      }
      slots.push_back(slots_.Of(item.scalar, item.at));
      text.names.push_back((plan_.json ? "" : plan_.form ? "field " : "column ") + item.scalar);
    };
    if (node->kind == Node::Kind::kList) {
      for (const auto& item : node->items) add(item);
    } else {
      add(*node);
    }
  }

  Text ReadText(const std::string& key, const Node& value, Section* section) {
    Text text;
    text.key = key;
    if (section == nullptr) {
      AddSlots(&value, text.first, text);
      return text;
    }
    Section& s = *section;
    const auto* from = s.Take("from");
    const auto* all = s.Take("all_of");
    const auto* constant = s.Take("value");
    const int given = (from != nullptr) + (all != nullptr) + (constant != nullptr);
    if (given != 1) s.Refuse(value, "say one of from, all_of and value");
    AddSlots(from, text.first, text);
    AddSlots(all, text.all, text);
    if (constant != nullptr) text.constant = s.Word("value").value_or("");
    text.joiner = s.Word("joiner").value_or(text.joiner);
    text.after = s.Word("after").value_or("");
    text.before = s.Word("before").value_or("");
    text.strip = s.Words("strip");
    text.prefix = s.Word("prefix").value_or("");
    text.required = s.Flag("required");
    text.when = ReadWhen(s.Take("when"));
    if (const auto* words = s.Take("words")) {
      if (words->kind != Node::Kind::kMap) s.Refuse(*words, "words: expected \"word: meaning\"");
      for (const auto& entry : words->entries)
        text.words.emplace_back(LowerOf(entry.key), entry.value.scalar);
      std::ranges::sort(text.words);
    }
    if (auto otherwise = s.Word("otherwise")) {
      text.otherwise = *otherwise == "keep"     ? Otherwise::kKeep
                       : *otherwise == "drop"   ? Otherwise::kDrop
                       : *otherwise == "refuse" ? Otherwise::kRefuse
                                                : Otherwise::kValue;
      text.otherwise_value = *otherwise;
    }
    return text;
  }

  Text ReadPlainText(const std::string& key, const Node& value) {
    if (IsShort(value)) return ReadText(key, value, nullptr);
    Section s(problems_, &value, key);
    auto text = ReadText(key, value, &s);
    s.Done();
    return text;
  }

  void CheckWord(const Text& text, const Node& at, std::string_view word,
                 const EnumDescriptor& type) {
    if (word.empty() || EnumNumber(type, word) >= 0) return;
    problems_.Add(
        at.at, text.key + ": \"" + std::string(word) + "\" is none" + Suggest(word, NamesOf(type)));
  }

  Text ReadEnumText(const std::string& key, const Node& value, const EnumDescriptor& type) {
    auto text = ReadPlainText(key, value);
    CheckWord(text, value, text.constant, type);
    for (const auto& [word, meaning] : text.words) CheckWord(text, value, meaning, type);
    if (text.otherwise == Otherwise::kValue) CheckWord(text, value, text.otherwise_value, type);
    return text;
  }

  // true, false, or what to read; a map with `when` alone is a condition.
  Text ReadFlag(const std::string& key, const Node& value) {
    Text text;
    text.key = key;
    if (value.kind == Node::Kind::kScalar && (value.scalar == "true" || value.scalar == "false")) {
      text.constant = value.scalar;
      return text;
    }
    if (value.kind == Node::Kind::kMap && value.entries.size() == 1 &&
        value.entries.front().key == "when") {
      text.constant = "true";
      text.when = ReadWhen(&value.entries.front().value);
      return text;
    }
    return ReadPlainText(key, value);
  }

  Party ReadParty(const std::string& key, const Node& value) {
    Party party;
    if (IsShort(value)) {
      party.number = ReadText(key, value, nullptr);
      return party;
    }
    Section s(problems_, &value, key);
    party.json_number = s.Flag("json_number");
    const auto* presentation = s.Take("presentation");
    const auto* type = s.Take("number_type");
    const auto* screening = s.Take("screening");
    party.number = ReadText(key, value, &s);
    if (presentation != nullptr)
      party.presentation =
          ReadEnumText(key + ".presentation", *presentation, *v1::Party::Presentation_descriptor());
    if (type != nullptr)
      party.number_type =
          ReadEnumText(key + ".number_type", *type, *v1::Party::NumberType_descriptor());
    if (screening != nullptr)
      party.screening =
          ReadEnumText(key + ".screening", *screening, *v1::Party::Screening_descriptor());
    s.Done();
    return party;
  }

  Duration ReadDurationPlan(const std::string& key, const Node& value) {
    Duration duration;
    if (IsShort(value)) {
      duration.text = ReadText(key, value, nullptr);
      return duration;
    }
    Section s(problems_, &value, key);
    if (auto unit = s.Word("unit")) {
      static const std::map<std::string, Unit, std::less<>> kUnits = {
          {"s", Unit::kSeconds},   {"10ms", Unit::kTenMs},
          {"ms", Unit::kMs},       {"us", Unit::kUs},
          {"ns", Unit::kNs},       {"min", Unit::kMinutes},
          {"clock", Unit::kClock}, {"duration", Unit::kDuration}};
      const auto found = kUnits.find(*unit);
      if (found == kUnits.end()) {
        s.Refuse(*s.Take("unit"),
                 "unit: expected s, ms, 10ms, us, ns, min, clock (1:02:03) or duration (1m2s), not "
                 "\"" +
                     *unit + "\"");
      } else {
        duration.unit = found->second;
      }
    }
    duration.text = ReadText(key, value, &s);
    s.Done();
    return duration;
  }

  TimeFormat ReadTimeFormat(const std::optional<std::string>& word, Section& s) {
    TimeFormat format;
    format.name = word.value_or("iso");
    using Kind = TimeFormat::Kind;
    static const std::map<std::string, Kind, std::less<>> kKinds = {
        {"iso", Kind::kIso},          {"epoch_s", Kind::kEpochSeconds},
        {"epoch_ms", Kind::kEpochMs}, {"epoch_us", Kind::kEpochUs},
        {"epoch_ns", Kind::kEpochNs}, {"gregorian_s", Kind::kGregorianSeconds}};
    const auto found = kKinds.find(format.name);
    if (found != kKinds.end()) {
      format.kind = found->second;
      return format;
    }
    if (format.name.find('%') == std::string::npos) {
      s.Refuse(*s.Take("format"),
               "format: expected iso, epoch_s, epoch_ms, epoch_us, epoch_ns, gregorian_s or a "
               "pattern such as \"%d/%m/%Y %H:%M:%S\", not \"" +
                   format.name + "\"");
      return format;
    }
    format.kind = Kind::kPattern;
    if (const auto wrong = CompilePattern(format.name, format.steps); !wrong.empty())
      s.Refuse(*s.Take("format"), "format: " + wrong);
    return format;
  }

  Time ReadTimePlan(const std::string& key, const Node& value) {
    Time time;
    time.zone = default_zone_;
    if (IsShort(value)) {
      time.text = ReadText(key, value, nullptr);
      time.format.name = "iso";
      return time;
    }
    Section s(problems_, &value, key);
    time.format = ReadTimeFormat(s.Word("format"), s);
    if (auto zone = s.Word("zone")) time.zone = Zone(*zone, s.Take("zone"));
    if (const auto* plus = s.Take("plus")) time.plus = ReadDurationPlan(key + ".plus", *plus);
    if (const auto* minus = s.Take("minus")) time.minus = ReadDurationPlan(key + ".minus", *minus);
    time.text = ReadText(key, value, &s);
    if (s.Take("all_of") != nullptr && s.Take("joiner") == nullptr) time.text.joiner = " ";
    s.Done();
    return time;
  }

  Cause ReadCause(const std::string& key, const Node& value) {
    Cause cause;
    if (IsShort(value)) {
      problems_.Add(value.at, "causes: expected maps with namespace and from");
      return cause;
    }
    Section s(problems_, &value, key);
    const auto space = s.Word("namespace");
    const auto& type = *v1::Cause::Namespace_descriptor();
    const int number = space ? EnumNumber(type, *space) : -1;
    if (number <= 0) {
      s.Refuse(value, "namespace: \"" + space.value_or("") + "\" is none" +
                          Suggest(space.value_or(""), NamesOf(type)));
    } else {
      cause.space = static_cast<v1::Cause::Namespace>(number);
    }
    if (const auto* location = s.Take("location"))
      cause.location =
          ReadEnumText(key + ".location", *location, *v1::Cause::Location_descriptor());
    cause.value = ReadText(key, value, &s);
    if (cause.space == v1::Cause::NAMESPACE_TEXTBACK) CheckVerdicts(cause.value, value);
    s.Done();
    return cause;
  }

  void CheckVerdicts(const Text& text, const Node& at);

  // ---- conditions

  When ReadWhen(const Node* node) {
    When when;
    if (node == nullptr) return when;
    if (node->kind == Node::Kind::kList) {
      for (const auto& item : node->items) when.push_back(ReadTests(item));
    } else {
      when.push_back(ReadTests(*node));
    }
    return when;
  }

  std::vector<Test> ReadTests(const Node& node) {
    std::vector<Test> tests;
    if (node.kind != Node::Kind::kMap || node.entries.empty()) {
      problems_.Add(node.at, "when: expected \"column: value\" lines");
      return tests;
    }
    for (const auto& entry : node.entries) {
      const Slot slot = slots_.Of(entry.key, entry.at);
      if (entry.value.kind == Node::Kind::kMap) {
        for (const auto& part : entry.value.entries) tests.push_back(ReadTest(slot, part));
      } else {
        Test test{slot, Test::Kind::kIs, {}, 0};
        ReadValues(entry.value, test);
        tests.push_back(std::move(test));
      }
    }
    return tests;
  }

  static void ReadValues(const Node& node, Test& test) {
    if (node.kind == Node::Kind::kList) {
      for (const auto& item : node.items) test.values.push_back(LowerOf(item.scalar));
    } else {
      test.values.push_back(LowerOf(node.scalar));
    }
  }

  Test ReadTest(Slot slot, const config::Entry& part) {
    Test test{slot, Test::Kind::kIs, {}, 0};
    if (part.key == "is" || part.key == "not" || part.key == "prefix") {
      test.kind = part.key == "is"    ? Test::Kind::kIs
                  : part.key == "not" ? Test::Kind::kIsNot
                                      : Test::Kind::kPrefix;
      ReadValues(part.value, test);
    } else if (part.key == "above" || part.key == "below") {
      test.kind = part.key == "above" ? Test::Kind::kAbove : Test::Kind::kBelow;
      const auto& text = part.value.scalar;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), test.bound);
      if (error != std::errc() || end != text.data() + text.size())
        problems_.Add(part.value.at, part.key + ": expected a number");
    } else if (part.key == "present") {
      test.kind = part.value.scalar == "false" ? Test::Kind::kAbsent : Test::Kind::kPresent;
    } else {
      problems_.Add(part.at,
                    "when: unknown test \"" + part.key + "\"" +
                        Suggest(part.key, {"is", "not", "prefix", "above", "below", "present"}));
    }
    return test;
  }

  Problems& problems_;
  Plan plan_;
  std::string zone_;
  std::shared_ptr<const LocalTime> default_zone_;
  std::map<std::string, std::shared_ptr<const LocalTime>> zones_;
  std::vector<std::string> columns_;
  Slots slots_;
};

// What a mapping says in the namespace textback are Decision.verdict's own words, or a cause of
// another namespace with that before it.
void Compiler::CheckVerdicts(const Text& text, const Node& at) {
  static const Names kWords = {
      "answered",  "no_answer",       "busy",         "unreachable",   "declined",
      "abandoned", "short_ring",      "voicemail",    "queue_abandon", "answered_elsewhere",
      "blocked",   "network_failure", "wrong_number", "outbound",      "not_a_call",
      "continues", "unresolved"};
  const auto check = [&](const std::string& word) {
    const auto slash = word.find('/');
    if (slash != std::string::npos &&
        EnumNumber(*v1::Cause::Namespace_descriptor(), word.substr(0, slash)) > 0) {
      return;
    }
    if (!word.empty() && !kWords.contains(word))
      problems_.Add(at.at, "causes: \"" + word + "\" is no verdict" + Suggest(word, kWords));
  };
  check(text.constant);
  for (const auto& [word, meaning] : text.words) check(meaning);
  if (text.otherwise == Otherwise::kValue) check(text.otherwise_value);
}

}  // namespace

Result<std::shared_ptr<const Plan>> Compile(std::string_view text, const std::string& file,
                                            const std::string& zone) {
  Problems problems;
  const auto document = config::ParseYaml(text, {}, problems.list);
  Plan plan;
  if (document.kind != Node::Kind::kMap) {
    problems.Add(document.at, "expected \"key: value\" lines at the top");
  } else if (problems.list.empty()) {
    plan = Compiler(problems, zone).Read(document);
  }
  if (problems.list.empty()) return std::make_shared<const Plan>(std::move(plan));
  std::ranges::stable_sort(problems.list, {},
                           [](const Problem& p) { return std::pair(p.at.line, p.at.column); });
  std::string message;
  for (const auto& [at, what] : problems.list) {
    // What is common to several kinds of record is read once for each.
    if (message.ends_with(": " + what)) continue;
    if (!message.empty()) message += "\n";
    message += file;
    if (at.line > 0) message += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    message += ": " + what;
  }
  return FatalError("config_invalid", std::move(message));
}

}  // namespace textback::cdr::mapping
