// What the tests of the providers' adapters share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cdr/cause.h"
#include "cdr/decoder.h"

namespace textback::cdr {

inline constexpr std::int64_t kWebhookNowMs = 1'790'000'000'000;
// When bodies arrive, unless a test says otherwise: 2026-09-21 12:00:00 UTC.
inline constexpr std::int64_t kArrivedMs = 1'789'992'000'000;

class WebhookReader {
 public:
  explicit WebhookReader(std::string adapter) : decoder_(Make(std::move(adapter))) {}

  // The only record; an empty one, and a failed test, where there is none.
  v1::CallRecord One(std::string_view body, std::int64_t arrived_ms = kArrivedMs) {
    Decode(body, arrived_ms);
    EXPECT_EQ(out_.items.size(), 1U)
        << body << (out_.rejected.empty() ? "" : out_.rejected[0].error.message);
    return out_.items.empty() ? v1::CallRecord() : *out_.items[0].record;
  }
  // Neither a record nor an error: an event that says nothing.
  bool Ignores(std::string_view body) {
    Decode(body, kArrivedMs);
    return out_.items.empty() && out_.rejected.empty();
  }
  // "code: message", or "" where nothing was refused.
  std::string Refusal(std::string_view body, std::int64_t arrived_ms = kArrivedMs) {
    Decode(body, arrived_ms);
    if (out_.rejected.empty()) return "";
    return out_.rejected[0].error.code + ": " + out_.rejected[0].error.message;
  }
  // "busy", or "answered by ivr".
  std::string Verdict(std::string_view body, std::int64_t arrived_ms = kArrivedMs) {
    auto record = One(body, arrived_ms);
    if (record.direction() == v1::DIRECTION_OUTBOUND)
      record.mutable_served()->set_side(v1::Served::SIDE_ORIGINATING);
    const auto read = Classify(record, kMinRingMsDefault);
    constexpr const char* kBy[] = {"", " by person", " by voicemail", " by ivr", " by queue", ""};
    return std::string(WordOf(read.verdict)) + kBy[read.answered_by];
  }

 private:
  static Decoder Make(std::string adapter) {
    SourceConfig config;
    config.name = "test";
    config.format.adapter = std::move(adapter);
    config.settle.set_emits(v1::SettleProfile::EMITS_EVENTS);
    auto made = Decoder::Make(std::move(config));
    EXPECT_TRUE(made);
    return std::move(made).value();
  }
  void Decode(std::string_view body, std::int64_t arrived_ms) {
    decoder_.Decode(body, {.now_ms = kWebhookNowMs, .produced_ms = arrived_ms}, out_);
  }

  Decoder decoder_;
  Decoded out_;
};

}  // namespace textback::cdr
