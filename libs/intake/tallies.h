// What became of a source partition's records, counted so that the counts add up across kills: they
// travel in the metadata of the offset commit, which is atomic with the offset (exactly-once.md,
// stream point 15). A record read again after a crash is counted again only if its first count was
// lost with the commit.
//
// A call has two ends, so each record has two sides, and each side ends in one class:
//   2 × records = not_tenant + deadletter + handed_on
// A record that can't be read is a dead letter on both sides.
//
// Layout of the metadata: "tb1" and six decimal numbers, separated by spaces:
//   tb1 <messages> <records> <not_tenant> <deadletter> <handed_on> <low_watermark_ms>
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace textback::intake {

struct Tallies {
  std::uint64_t messages = 0;
  std::uint64_t records = 0;  // a message may hold several (lines of CSV)
  std::uint64_t not_tenant = 0;
  std::uint64_t deadletter = 0;
  std::uint64_t handed_on = 0;

  bool operator==(const Tallies&) const = default;
  Tallies& operator+=(const Tallies& other);
  Tallies operator-(const Tallies& other) const;
};

// What a commit carries.
struct Progress {
  Tallies tallies;
  std::int64_t low_watermark_ms =
      0;  // see Watermark; what the records up to the offset allow to say
  bool operator==(const Progress&) const = default;
};

std::string EncodeProgress(const Progress& progress);
// nullopt: not ours (a tool has reset the offsets).
std::optional<Progress> DecodeProgress(std::string_view metadata);

}  // namespace textback::intake
