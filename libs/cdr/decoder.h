// The whole way from a message's bytes to checked, normalised call records: adapter, limits, times,
// numbers, ids. What intake runs on every message, and `textback replay` on every line.
//
// Guarantees for each record in Decoded::items:
// - every text field is UTF-8 and within its limit (reason_text is shortened, others are refused);
// - at least one time is there, none before 2000 or later than now + 1 h, the end not before the
//   start, durations not negative;
// - record_id isn't empty: where the source has none it is made of the bytes, so that the same
// bytes
//   have the same id;
// - e164 of every party is filled in or empty; `source` is the configured name; `settle` is the
//   input's; served, coordinates and reach are empty, whatever the producer wrote there.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <string>

#include "cdr/adapter.h"
#include "cdr/normalise.h"

namespace textback::cdr {

struct SourceConfig {
  std::string name;  // CallRecord.source: lower-case letters, digits, '-', '_', '.'; at most 64
  FormatConfig format;
  std::string node;  // CallRecord.node of records that don't name theirs; at most 64 bytes
  NumberingConfig numbering;
  v1::SettleProfile settle;
};

inline constexpr std::int64_t kFutureMaxMs = 60 * 60 * 1000;
inline constexpr std::int64_t kEarliestMs = 946'684'800'000;  // 2000-01-01 UTC
inline constexpr std::int64_t kDurationMaxMs = std::int64_t{7} * 24 * 60 * 60 * 1000;
inline constexpr std::size_t kIdBytesMax = 128;
inline constexpr std::size_t kReasonTextBytesMax = 256;
inline constexpr std::size_t kCauseValueBytesMax = 64;
inline constexpr int kCausesMax = 8;

class Decoder {
 public:
  // kFatal ("config_invalid").
  static Result<Decoder> Make(SourceConfig config);

  // Adds to `out` (cleared first) the value's records, and what was rejected. nullopt: a tombstone.
  void Decode(std::optional<std::string_view> value, const ValueContext& context, Decoded& out);

  const SourceConfig& config() const { return config_; }
  // Records so far that came without an id of their own.
  std::uint64_t ids_made() const { return ids_made_; }

 private:
  Decoder(SourceConfig config, std::unique_ptr<Adapter> adapter, Normaliser normaliser);
  Status Finish(const Decoded::Item& item, std::int64_t now_ms);

  SourceConfig config_;
  std::unique_ptr<Adapter> adapter_;
  Normaliser normaliser_;
  std::uint64_t ids_made_ = 0;
};

}  // namespace textback::cdr
