// What must hold of any bytes that a decoder reads; shared by the fuzz targets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"
#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/reasons.h"

namespace textback::cdr {

inline Decoder FuzzDecoder(FormatConfig format) {
  SourceConfig config;
  config.name = "fuzz";
  config.format = std::move(format);
  config.numbering.country = "GB";
  config.settle.set_emits(v1::SettleProfile::EMITS_LEG_END);
  auto made = Decoder::Make(std::move(config));
  return std::move(made).value();
}

// `may_hold_none`: a value of this format may hold no record at all, such as a header line alone.
inline void CheckDecoding(Decoder& decoder, std::string_view value, bool may_hold_none = false) {
  constexpr std::int64_t kNow = 1'790'000'100'000;
  static Decoded out;
  decoder.Decode(value, {kNow, kNow}, out);
  TB_ASSERT(may_hold_none || !out.items.empty() || !out.rejected.empty());  // nothing vanishes
  for (const auto& item : out.items) {
    const auto& record = *item.record;
    TB_ASSERT(!record.record_id().empty() && record.record_id().size() <= kIdBytesMax);
    TB_ASSERT(record.reason_text().size() <= kReasonTextBytesMax);
    for (const auto* e164 : {&record.calling().e164(), &record.called().e164()}) {
      TB_ASSERT(e164->empty() || Msisdn::FromE164(*e164).has_value());
    }
    TB_ASSERT(!Classify(record, kMinRingMsDefault).rule.empty());
    v1::CallRecord again;
    TB_ASSERT(again.ParseFromString(record.SerializeAsString()));  // and so all text is UTF-8
  }
  for (const auto& rejected : out.rejected) {
    TB_ASSERT(std::ranges::find(reasons::kAll, rejected.error.code) != reasons::kAll.end());
    TB_ASSERT(IsUtf8(rejected.error.message));
  }
}

}  // namespace textback::cdr
