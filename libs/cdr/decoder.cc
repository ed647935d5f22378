#include "cdr/decoder.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

constexpr std::int64_t kBackwardsMaxMs = 1'000;  // clocks of two nodes of one call
constexpr std::size_t kNameBytesMax = 64;

Status CheckLength(std::string_view field, std::string_view text, std::size_t max) {
  if (text.size() <= max) return Ok();
  return DeadLetterError(reasons::kFieldTooLong,
                         std::string(field) + " has " + std::to_string(text.size()) +
                             " bytes, at most " + std::to_string(max) + " are allowed");
}

// Cuts at a character's edge.
void Shorten(std::string& text, std::size_t max) {
  if (text.size() <= max) return;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
  text.resize(max);
}

Status CheckParty(std::string_view name, const v1::Party& party) {
  return CheckLength(std::string(name) + ".number", party.number(), kNumberBytesMax);
}

Status CheckTexts(const v1::CallRecord& record) {
  TB_RETURN_IF_ERROR(CheckLength("record_id", record.record_id(), kIdBytesMax));
  TB_RETURN_IF_ERROR(CheckLength("call_id", record.call_id(), kIdBytesMax));
  TB_RETURN_IF_ERROR(CheckLength("leg_id", record.leg_id(), kIdBytesMax));
  TB_RETURN_IF_ERROR(CheckLength("join_key", record.join_key(), kIdBytesMax));
  TB_RETURN_IF_ERROR(CheckLength("node", record.node(), kNameBytesMax));
  TB_RETURN_IF_ERROR(CheckLength("record_type", record.record_type(), kNameBytesMax));
  if (record.has_calling()) TB_RETURN_IF_ERROR(CheckParty("calling", record.calling()));
  if (record.has_called()) TB_RETURN_IF_ERROR(CheckParty("called", record.called()));
  if (record.has_connected()) TB_RETURN_IF_ERROR(CheckParty("connected", record.connected()));
  if (record.has_original_called())
    TB_RETURN_IF_ERROR(CheckParty("original_called", record.original_called()));
  if (record.has_redirecting()) TB_RETURN_IF_ERROR(CheckParty("redirecting", record.redirecting()));
  if (record.causes_size() > kCausesMax) {
    return DeadLetterError(reasons::kTooManyCauses,
                           std::to_string(record.causes_size()) + " causes, at most " +
                               std::to_string(kCausesMax) + " are allowed");
  }
  for (const auto& cause : record.causes()) {
    TB_RETURN_IF_ERROR(CheckLength("causes.value", cause.value(), kCauseValueBytesMax));
  }
  return Ok();
}

Error Absurd(std::string_view field, std::int64_t value, std::string_view why) {
  return DeadLetterError(reasons::kTimeAbsurd,
                         std::string(field) + " " + std::to_string(value) + " " + std::string(why));
}

Status CheckTimes(const v1::CallRecord& record, std::int64_t now_ms) {
  struct Time {
    std::string_view field;
    bool has;
    std::int64_t value;
  };
  const Time times[] = {
      {"started_at_ms", record.has_started_at_ms(), record.started_at_ms()},
      {"ringing_at_ms", record.has_ringing_at_ms(), record.ringing_at_ms()},
      {"answered_at_ms", record.has_answered_at_ms(), record.answered_at_ms()},
      {"ended_at_ms", record.has_ended_at_ms(), record.ended_at_ms()},
  };
  bool any = false;
  for (const auto& time : times) {
    if (!time.has) continue;
    any = true;
    if (time.value < kEarliestMs)
      return Absurd(time.field, time.value, "is before the year 2000: is it in milliseconds?");
    if (time.value > now_ms + kFutureMaxMs) {
      return Absurd(time.field, time.value,
                    "is more than an hour ahead of now (" + std::to_string(now_ms) + ")");
    }
  }
  if (!any) {
    return DeadLetterError(
        reasons::kTimeMissing,
        "none of started_at_ms, ringing_at_ms, answered_at_ms, ended_at_ms is set");
  }
  if (record.has_started_at_ms() && record.has_ended_at_ms() &&
      record.ended_at_ms() < record.started_at_ms() - kBackwardsMaxMs) {
    return Absurd("ended_at_ms", record.ended_at_ms(),
                  "is before started_at_ms " + std::to_string(record.started_at_ms()));
  }
  for (const auto& [field, value] :
       {std::pair{"ring_ms", record.ring_ms()}, std::pair{"talk_ms", record.talk_ms()}}) {
    if (value < 0 || value > kDurationMaxMs)
      return Absurd(field, value, "is negative or more than a week");
  }
  return Ok();
}

// Overdecadic digits (TS 29.002 17.7.8, TBCD-STRING: 1100 to 1110) in front of a number are never
// dialled: networks put them there to route by.
Status CheckRouting(std::string_view name, const v1::Party& party) {
  constexpr std::size_t kDigitsMin = 7;
  const std::string_view number = party.number();
  if (number.size() <= kDigitsMin || number[0] < 'C' || number[0] > 'E' || !party.e164().empty()) {
    return Ok();
  }
  if (!std::ranges::all_of(number.substr(1), IsDigit)) return Ok();
  return DeadLetterError(reasons::kRoutingPrefix,
                         std::string(name) + " is " + std::string(number) +
                             ": a routing prefix that no entry of number_rules takes away");
}

}  // namespace

Decoder::Decoder(SourceConfig config, std::unique_ptr<Adapter> adapter, Normaliser normaliser)
    : config_(std::move(config)),
      adapter_(std::move(adapter)),
      normaliser_(std::move(normaliser)) {}

Result<Decoder> Decoder::Make(SourceConfig config) {
  if (!IsPlainName(config.name, kNameBytesMax, ".")) {
    return FatalError("config_invalid",
                      "a source's name has 1 to 64 of the characters a-z 0-9 - _ .");
  }
  if (config.settle.emits() == v1::SettleProfile::EMITS_UNSPECIFIED ||
      config.settle.settle_ms() < 0) {
    return FatalError("config_invalid",
                      "source " + config.name +
                          ": say what it emits (call_end, leg_end or events), and a "
                          "settle time that isn't negative");
  }
  if (config.settle.past_end_ms() < 0) {
    return FatalError("config_invalid",
                      "source " + config.name + ": past_end must not be negative");
  }
  TB_RETURN_IF_ERROR(CheckLength("node", config.node, kNameBytesMax));
  TB_ASSIGN_OR_RETURN(auto adapter, NewAdapter(config.format));
  TB_ASSIGN_OR_RETURN(auto normaliser, Normaliser::Make(config.numbering));
  return Decoder(std::move(config), std::move(adapter), std::move(normaliser));
}

void Decoder::Decode(std::optional<std::string_view> value, const ValueContext& context,
                     Decoded& out) {
  out.Clear();
  if (!value || value->empty()) {
    return out.Reject(DeadLetterError(reasons::kValueMissing, "the message has no value"), {});
  }
  if (value->size() > kValueBytesMax) {
    return out.Reject(DeadLetterError(reasons::kValueTooLarge,
                                      std::to_string(value->size()) + " bytes, at most " +
                                          std::to_string(kValueBytesMax) + " are read"),
                      *value);
  }
  adapter_->Decode(*value, context, out);
  std::size_t kept = 0;
  for (auto& item : out.items) {
    if (auto status = Finish(item, context.now_ms); !status) {
      out.Reject(std::move(status).error(), item.bytes);
    } else {
      out.items[kept++] = item;
    }
  }
  out.items.resize(kept, Decoded::Item{});
}

Status Decoder::Finish(const Decoded::Item& item, std::int64_t now_ms) {
  auto& record = *item.record;
  TB_RETURN_IF_ERROR(CheckTexts(record));
  TB_RETURN_IF_ERROR(CheckTimes(record, now_ms));
  Shorten(*record.mutable_reason_text(), kReasonTextBytesMax);
  if (record.record_id().empty()) {
    record.set_record_id(Hex64(StableHash64(item.bytes)) + Hex64(StableHash64(item.bytes, 1)));
    ++ids_made_;
  }
  record.set_source(config_.name);
  if (record.node().empty()) record.set_node(config_.node);
  *record.mutable_settle() = config_.settle;
  record.clear_served();
  record.clear_coordinates();
  record.clear_reach();
  normaliser_.Apply(record);
  TB_RETURN_IF_ERROR(CheckRouting("called", record.called()));
  return CheckRouting("original_called", record.original_called());
}

}  // namespace textback::cdr
