// A RecordPlan over one record's cells.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "cdr/mapping_plan.h"
#include "cdr/reasons.h"

namespace textback::cdr::mapping {
namespace {

constexpr std::size_t kWordBytesMax = 64;
constexpr std::size_t kShownBytes = 40;

// Compares `text` with `lower`, which is in lower case.
int Compare(std::string_view text, std::string_view lower) {
  const std::size_t n = std::min(text.size(), lower.size());
  for (std::size_t i = 0; i < n; ++i) {
    const auto a = static_cast<unsigned char>(ToLower(text[i]));
    const auto b = static_cast<unsigned char>(lower[i]);
    if (a != b) return a < b ? -1 : 1;
  }
  if (text.size() == lower.size()) return 0;
  return text.size() < lower.size() ? -1 : 1;
}

bool StartsWith(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && Compare(text.substr(0, lower.size()), lower) == 0;
}

class Runner {
 public:
  Runner(const Plan& plan, Row row) : plan_(plan), row_(row) {}

  bool Holds(const When& when) const {
    if (when.empty()) return true;
    return std::ranges::any_of(when, [this](const std::vector<Test>& all) {
      return std::ranges::all_of(all, [this](const Test& test) { return Holds(test); });
    });
  }

  Status Fill(const RecordPlan& plan, v1::CallRecord& record) {
    TB_RETURN_IF_ERROR(FillTexts(plan, record));
    TB_RETURN_IF_ERROR(FillNumbers(plan, record));
    TB_RETURN_IF_ERROR(FillParties(plan, record));
    TB_RETURN_IF_ERROR(FillTimes(plan, record));
    TB_RETURN_IF_ERROR(FillCauses(plan, record));
    TB_RETURN_IF_ERROR(FillEnums(plan, record));
    return FillFlags(plan, record);
  }

 private:
  std::string_view CellText(Slot slot) const {
    const auto text = Trimmed(row_[slot].text, " ");
    for (const auto& none : plan_.none) {
      if (text == none) return {};
    }
    return text;
  }

  bool Holds(const Test& test) const {
    const auto text = CellText(test.slot);
    const auto is_one = [&] {
      return std::ranges::any_of(test.values,
                                 [text](const auto& v) { return Compare(text, v) == 0; });
    };
    switch (test.kind) {
      case Test::Kind::kIs:
        return is_one();
      case Test::Kind::kIsNot:
        return !is_one();
      case Test::Kind::kPrefix:
        return std::ranges::any_of(test.values,
                                   [text](const auto& v) { return StartsWith(text, v); });
      case Test::Kind::kAbove:
      case Test::Kind::kBelow: {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size()) return false;
        return test.kind == Test::Kind::kAbove ? number > test.bound : number < test.bound;
      }
      case Test::Kind::kPresent:
        return !text.empty();
      case Test::Kind::kAbsent:
        return text.empty();
    }
    TB_UNREACHABLE();
  }

  Error Bad(const Text& plan, std::string_view expected, std::string_view found) const {
    std::string message = plan.key;
    for (const auto& name : plan.names)
      message.append(&name == &plan.names.front() ? " (" : ", ").append(name);
    if (!plan.names.empty()) message.append(")");
    message.append(" must be ").append(expected).append(", not \"");
    message.append(found.substr(0, kShownBytes)).append("\"");
    return DeadLetterError(plan_.json   ? reasons::kJsonBadValue
                           : plan_.form ? reasons::kFormBadValue
                                        : reasons::kCsvBadValue,
                           std::move(message));
  }

  // What the text is made of, before it is cut and translated.
  std::string_view Raw(const Text& plan, const Cell** cell, std::string& scratch) const {
    for (const Slot slot : plan.first) {
      const auto text = CellText(slot);
      if (text.empty()) continue;
      if (cell != nullptr) *cell = &row_[slot];
      return text;
    }
    if (!plan.all.empty()) {
      scratch.clear();
      for (const Slot slot : plan.all) {
        const auto text = CellText(slot);
        if (text.empty()) return {};
        if (slot != plan.all.front() || !scratch.empty()) scratch.append(plan.joiner);
        scratch.append(text);
      }
      return scratch;
    }
    return plan.constant;
  }

  // The text that a plan gives; empty: nothing. Views into the row, the plan or `scratch`.
  Result<std::string_view> Read(const Text& plan, std::string& scratch,
                                const Cell** cell = nullptr) const {
    if (!Holds(plan.when)) return std::string_view();
    std::string_view text = Raw(plan, cell, scratch);
    if (!plan.after.empty()) {
      const auto at = text.find(plan.after);
      text =
          at == std::string_view::npos ? std::string_view() : text.substr(at + plan.after.size());
    }
    if (!plan.before.empty()) text = text.substr(0, text.find(plan.before));
    for (const auto& prefix : plan.strip) {
      if (!text.starts_with(prefix)) continue;
      text.remove_prefix(prefix.size());
      break;
    }
    text = Trimmed(text, " ");
    if (!text.empty() && !plan.words.empty()) {
      TB_ASSIGN_OR_RETURN(text, Translate(plan, text));
    }
    if (!text.empty() && !plan.prefix.empty()) {
      std::string with = plan.prefix;
      with.append(text);
      scratch = std::move(with);
      text = scratch;
    }
    if (text.empty() && plan.required) {
      return DeadLetterError(reasons::kFieldMissing, plan.key + " (" +
                                                         (plan.names.empty() ? "" : plan.names[0]) +
                                                         ") is empty; the mapping requires it");
    }
    return text;
  }

  Result<std::string_view> Translate(const Text& plan, std::string_view text) const {
    const auto found = std::ranges::lower_bound(
        plan.words, text,
        [](std::string_view lower, std::string_view wanted) { return Compare(wanted, lower) > 0; },
        [](const auto& word) { return std::string_view(word.first); });
    if (found != plan.words.end() && Compare(text, found->first) == 0)
      return std::string_view(found->second);
    switch (plan.otherwise) {
      case Otherwise::kKeep:
        return text;
      case Otherwise::kDrop:
        return std::string_view();
      case Otherwise::kRefuse:
        return Bad(plan, "a word of the mapping's list", text);
      case Otherwise::kValue:
        return std::string_view(plan.otherwise_value);
    }
    TB_UNREACHABLE();
  }

  Status FillTexts(const RecordPlan& plan, v1::CallRecord& record) {
    for (const auto& [field, text] : plan.texts) {
      std::string& into = TextOf(field, record);
      if (!into.empty()) continue;
      TB_ASSIGN_OR_RETURN(const auto value, Read(text, scratch_));
      if (!value.empty()) into.assign(value);
    }
    return Ok();
  }

  Status FillNumbers(const RecordPlan& plan, v1::CallRecord& record) {
    for (const auto& [field, text] : plan.numbers) {
      TB_ASSIGN_OR_RETURN(const auto value, Read(text, scratch_));
      if (value.empty()) continue;
      std::uint32_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size())
        return Bad(text, "a number", value);
      switch (field) {
        case NumberField::kPartialNumber:
          if (record.partial_number() == 0) record.set_partial_number(number);
          break;
        case NumberField::kSpamLikelihood:
          if (number > 100) return Bad(text, "a percentage from 0 to 100", value);
          if (!record.has_spam_likelihood()) record.set_spam_likelihood(number);
          break;
        case NumberField::kCount:
          TB_UNREACHABLE();
      }
    }
    return Ok();
  }

  static std::string& TextOf(TextField field, v1::CallRecord& record) {
    switch (field) {
      case TextField::kRecordId:
        return *record.mutable_record_id();
      case TextField::kCallId:
        return *record.mutable_call_id();
      case TextField::kLegId:
        return *record.mutable_leg_id();
      case TextField::kJoinKey:
        return *record.mutable_join_key();
      case TextField::kReasonText:
        return *record.mutable_reason_text();
      case TextField::kCount:
        break;
    }
    TB_UNREACHABLE();
  }

  static v1::Party& PartyOf(PartyField field, v1::CallRecord& record) {
    switch (field) {
      case PartyField::kCalling:
        return *record.mutable_calling();
      case PartyField::kCalled:
        return *record.mutable_called();
      case PartyField::kConnected:
        return *record.mutable_connected();
      case PartyField::kOriginalCalled:
        return *record.mutable_original_called();
      case PartyField::kRedirecting:
        return *record.mutable_redirecting();
      case PartyField::kCount:
        break;
    }
    TB_UNREACHABLE();
  }

  Status FillParties(const RecordPlan& plan, v1::CallRecord& record) {
    std::uint32_t done = 0;  // fields that have a number
    for (const auto& [field, party] : plan.parties) {
      const std::uint32_t bit = 1U << static_cast<unsigned>(field);
      if ((done & bit) != 0) continue;
      const Cell* cell = nullptr;
      TB_ASSIGN_OR_RETURN(const auto number, Read(party.number, scratch_, &cell));
      if (!number.empty()) {
        if (cell != nullptr && cell->json_number && !party.json_number) {
          return Bad(party.number,
                     "a string: as a JSON number it has lost its \"+\" and leading zeros (say "
                     "json_number: true, and how to read it, if they never have any)",
                     number);
        }
        PartyOf(field, record).set_number(std::string(number));
        done |= bit;
      }
      TB_RETURN_IF_ERROR(FillPartyFacts(field, party, record));
    }
    return Ok();
  }

  Status FillPartyFacts(PartyField field, const Party& party, v1::CallRecord& record) {
    if (party.presentation) {
      TB_ASSIGN_OR_RETURN(const int value,
                          ReadEnum(*party.presentation, *v1::Party::Presentation_descriptor()));
      if (value > 0)
        PartyOf(field, record).set_presentation(static_cast<v1::Party::Presentation>(value));
    }
    if (party.number_type) {
      TB_ASSIGN_OR_RETURN(const int value,
                          ReadEnum(*party.number_type, *v1::Party::NumberType_descriptor()));
      if (value > 0)
        PartyOf(field, record).set_number_type(static_cast<v1::Party::NumberType>(value));
    }
    if (party.screening) {
      TB_ASSIGN_OR_RETURN(const int value,
                          ReadEnum(*party.screening, *v1::Party::Screening_descriptor()));
      if (value > 0) PartyOf(field, record).set_screening(static_cast<v1::Party::Screening>(value));
    }
    return Ok();
  }

  // 0: nothing was there.
  Result<int> ReadEnum(const Text& plan, const google::protobuf::EnumDescriptor& type) {
    TB_ASSIGN_OR_RETURN(const auto word, Read(plan, scratch_));
    if (word.empty()) return 0;
    const int number = EnumNumber(type, word);
    if (number >= 0) return number;
    if (plan.otherwise == Otherwise::kRefuse) return Bad(plan, "a known word", word);
    return 0;
  }

  // nullopt: nothing there.
  Result<std::optional<std::int64_t>> ReadMs(const Duration& plan) {
    TB_ASSIGN_OR_RETURN(const auto text, Read(plan.text, scratch_));
    if (text.empty()) return std::optional<std::int64_t>();
    const auto ms = ReadDuration(plan.unit, text);
    if (!ms) return Bad(plan.text, "a duration in the configured unit", text);
    return ms;
  }

  Status FillTimes(const RecordPlan& plan, v1::CallRecord& record) {
    constexpr auto kTimes = static_cast<std::size_t>(TimeField::kCount);
    std::array<std::optional<Instants>, kTimes> read;
    for (const auto& [field, time] : plan.times) {
      auto& into = read[static_cast<std::size_t>(field)];
      if (into) continue;
      TB_ASSIGN_OR_RETURN(into, ReadInstants(time));
    }
    const auto& started = read[static_cast<std::size_t>(TimeField::kStarted)];
    for (std::size_t i = 0; i < kTimes; ++i) {
      if (!read[i]) continue;
      // A call that goes on into the second of two equal hours.
      const bool late =
          started && read[i]->early < started->early && read[i]->late >= started->early;
      SetTime(static_cast<TimeField>(i), late ? read[i]->late : read[i]->early, record);
    }
    for (const auto& [field, duration] : plan.durations) {
      const bool ring = field == DurationField::kRing;
      if (ring ? record.has_ring_ms() : record.has_talk_ms()) continue;
      TB_ASSIGN_OR_RETURN(const auto ms, ReadMs(duration));
      if (!ms) continue;
      if (ring) {
        record.set_ring_ms(*ms);
      } else {
        record.set_talk_ms(*ms);
      }
    }
    return Ok();
  }

  // nullopt: nothing there, or written as none.
  Result<std::optional<Instants>> ReadInstants(const Time& time) {
    TB_ASSIGN_OR_RETURN(const auto text, Read(time.text, scratch_));
    if (text.empty()) return std::optional<Instants>();
    auto at = ReadTime(time.format, *time.zone, text);
    if (!at) return Bad(time.text, "a time in the form " + time.format.name, text);
    if (at->early == 0) return std::optional<Instants>();
    for (const auto* shift : {&time.plus, &time.minus}) {
      if (!*shift) continue;
      TB_ASSIGN_OR_RETURN(const auto by, ReadMs(**shift));
      if (!by) return std::optional<Instants>();
      const std::int64_t ms = shift == &time.plus ? *by : -*by;
      at->early += ms;
      at->late += ms;
    }
    return at;
  }

  static void SetTime(TimeField field, std::int64_t ms, v1::CallRecord& record) {
    switch (field) {
      case TimeField::kStarted:
        return record.set_started_at_ms(ms);
      case TimeField::kRinging:
        return record.set_ringing_at_ms(ms);
      case TimeField::kAnswered:
        return record.set_answered_at_ms(ms);
      case TimeField::kEnded:
        return record.set_ended_at_ms(ms);
      case TimeField::kCount:
        break;
    }
    TB_UNREACHABLE();
  }

  Status FillCauses(const RecordPlan& plan, v1::CallRecord& record) {
    for (const auto& cause : plan.causes) {
      TB_ASSIGN_OR_RETURN(const auto value, Read(cause.value, scratch_));
      if (value.empty()) continue;
      auto& added = *record.add_causes();
      added.set_namespace_(cause.space);
      added.set_value(std::string(value));
      // A verdict's words have no '/': the mapping says "sip/487" for what rings decide.
      if (const auto slash = value.find('/');
          cause.space == v1::Cause::NAMESPACE_TEXTBACK && slash != std::string_view::npos) {
        const int space = EnumNumber(*v1::Cause::Namespace_descriptor(), value.substr(0, slash));
        if (space > 0) {
          added.set_namespace_(static_cast<v1::Cause::Namespace>(space));
          added.set_value(std::string(value.substr(slash + 1)));
        }
      }
      if (!cause.location) continue;
      TB_ASSIGN_OR_RETURN(const int location,
                          ReadEnum(*cause.location, *v1::Cause::Location_descriptor()));
      added.set_location(static_cast<v1::Cause::Location>(location));
    }
    return Ok();
  }

  Status FillEnums(const RecordPlan& plan, v1::CallRecord& record) {
    std::uint32_t done = 0;
    for (const auto& [field, text] : plan.enums) {
      const std::uint32_t bit = 1U << static_cast<unsigned>(field);
      if ((done & bit) != 0) continue;
      TB_ASSIGN_OR_RETURN(const int value, ReadEnum(text, TypeOf(field)));
      if (value <= 0) continue;
      done |= bit;
      switch (field) {
        case EnumField::kDirection:
          record.set_direction(static_cast<v1::Direction>(value));
          break;
        case EnumField::kAnsweredBy:
          record.set_answered_by(static_cast<v1::AnsweredBy>(value));
          break;
        case EnumField::kAttestation:
          record.set_attestation(static_cast<v1::Attestation>(value));
          break;
        case EnumField::kLineType:
          record.set_caller_line_type(static_cast<v1::LineType>(value));
          break;
        case EnumField::kVerification:
          record.set_verification(static_cast<v1::Verification>(value));
          break;
        case EnumField::kCount:
          TB_UNREACHABLE();
      }
    }
    return Ok();
  }

  static const google::protobuf::EnumDescriptor& TypeOf(EnumField field) {
    switch (field) {
      case EnumField::kDirection:
        return *v1::Direction_descriptor();
      case EnumField::kAnsweredBy:
        return *v1::AnsweredBy_descriptor();
      case EnumField::kAttestation:
        return *v1::Attestation_descriptor();
      case EnumField::kLineType:
        return *v1::LineType_descriptor();
      case EnumField::kVerification:
        return *v1::Verification_descriptor();
      case EnumField::kCount:
        break;
    }
    TB_UNREACHABLE();
  }

  Status FillFlags(const RecordPlan& plan, v1::CallRecord& record) {
    for (const auto& [field, text] : plan.flags) {
      TB_ASSIGN_OR_RETURN(const auto word, Read(text, scratch_));
      if (word.empty()) continue;
      const bool yes = Compare(word, "true") == 0 || Compare(word, "yes") == 0 || word == "1";
      const bool no = Compare(word, "false") == 0 || Compare(word, "no") == 0 || word == "0";
      if (!yes && !no) return Bad(text, "true, yes, 1, false, no or 0", word);
      if (no) continue;
      switch (field) {
        case FlagField::kCallOver:
          record.set_call_over(true);
          break;
        case FlagField::kLegOnly:
          record.set_leg_only(true);
          break;
        case FlagField::kPartialOpen:
          record.set_partial_open(true);
          break;
        case FlagField::kAnsweredElsewhere:
          record.set_answered_elsewhere(true);
          break;
        case FlagField::kNotACall:
          record.set_not_a_call(true);
          break;
        case FlagField::kCount:
          TB_UNREACHABLE();
      }
    }
    return Ok();
  }

  const Plan& plan_;
  Row row_;
  std::string scratch_;
};

}  // namespace

int EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view word) {
  if (word.size() > kWordBytesMax) return -1;
  const std::string_view zero = type.FindValueByNumber(0)->name();
  const std::size_t prefix = zero.size() - std::string_view("UNSPECIFIED").size();
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string_view name = std::string_view(type.value(i)->name()).substr(prefix);
    const bool same =
        name.size() == word.size() && std::ranges::equal(name, word, {}, ToLower, ToLower);
    if (same) return type.value(i)->number();
  }
  return -1;
}

Result<const RecordPlan*> Select(const Plan& plan, Row row) {
  const Runner runner(plan, row);
  for (const auto& kind : plan.records) {
    if (runner.Holds(kind.when)) return &kind;
  }
  return DeadLetterError(reasons::kRecordType,
                         "no entry of the mapping's `records` is for this record: add one, with "
                         "skip: true if it says nothing of calls");
}

Status Fill(const Plan& plan, const RecordPlan& kind, Row row, v1::CallRecord& record) {
  return Runner(plan, row).Fill(kind, record);
}

}  // namespace textback::cdr::mapping
