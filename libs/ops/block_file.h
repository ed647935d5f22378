// Block lists as people write them: a number a line, or what numbers begin with and a star, and a
// note if they like.
//
//   # From the regulator, 1 March
//   +15550100123
//   +15550100*,"robocalls, 2 March"
//
// A first line that begins with "number" is a heading. Numbers are E.164; the plus may be missing.
//
// Errors: kFatal ("config_invalid"), one line for each problem, "file:line: …", at most 20.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "textback/v1/block_entry.pb.h"

namespace textback::ops {

inline constexpr std::size_t kBlockFileBytesMax = std::size_t{1} << 30;

// "+15550100123" or "+15550100*" of a number with or without plus; "": it is neither.
std::string BlockKeyOf(std::string_view number);

// Entries with number and note; of a number that stands twice the last one counts.
Result<std::vector<v1::BlockEntry>> ReadBlockList(std::string_view text,
                                                  const std::string& file_name);

}  // namespace textback::ops
