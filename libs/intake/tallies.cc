#include "intake/tallies.h"

#include <array>
#include <charconv>

namespace textback::intake {
namespace {

constexpr std::string_view kMagic = "tb1";

}  // namespace

Tallies& Tallies::operator+=(const Tallies& other) {
  messages += other.messages;
  records += other.records;
  not_tenant += other.not_tenant;
  deadletter += other.deadletter;
  handed_on += other.handed_on;
  return *this;
}

Tallies Tallies::operator-(const Tallies& other) const {
  return {messages - other.messages, records - other.records, not_tenant - other.not_tenant,
          deadletter - other.deadletter, handed_on - other.handed_on};
}

std::string EncodeProgress(const Progress& progress) {
  const auto& t = progress.tallies;
  std::string out(kMagic);
  for (const std::uint64_t number : {t.messages, t.records, t.not_tenant, t.deadletter, t.handed_on,
                                     static_cast<std::uint64_t>(progress.low_watermark_ms)}) {
    out += ' ';
    out += std::to_string(number);
  }
  return out;
}

std::optional<Progress> DecodeProgress(std::string_view metadata) {
  if (!metadata.starts_with(kMagic)) return std::nullopt;
  metadata.remove_prefix(kMagic.size());
  std::array<std::uint64_t, 6> numbers{};
  for (auto& number : numbers) {
    if (metadata.empty() || metadata[0] != ' ') return std::nullopt;
    const auto [end, error] =
        std::from_chars(metadata.data() + 1, metadata.data() + metadata.size(), number);
    if (error != std::errc()) return std::nullopt;
    metadata.remove_prefix(static_cast<std::size_t>(end - metadata.data()));
  }
  if (!metadata.empty() || numbers[5] > INT64_MAX) return std::nullopt;
  return Progress{{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]},
                  static_cast<std::int64_t>(numbers[5])};
}

}  // namespace textback::intake
