// A mapping file: what an operator writes to have textback read CSV or JSON of any layout.
//
// docs/sources/mapping.md is the language; deploy/mappings holds ready ones. The file is compiled
// once, at start (mapping_plan.h). Nothing is guessed: an unknown key, word, column or pattern is
// refused with file:line:column and what was probably meant, and all problems are told at once.
//
// What a mapping can't say is refused rather than approximated: a record type that it doesn't list,
// a time that doesn't fit its format and a word outside a closed list are dead letters. The
// exceptions are asked for in the file.
//
// Thread safety: pure function.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cdr/mapping_plan.h"

namespace textback::cdr::mapping {

inline constexpr std::size_t kColumnsMax = 512;
inline constexpr std::size_t kRecordKindsMax = 64;
inline constexpr std::size_t kPathDepthMax = 16;

// `zone`: of times that carry none, unless the mapping names one. kFatal ("config_invalid") with a
// line for each problem.
Result<std::shared_ptr<const Plan>> Compile(std::string_view text, const std::string& file,
                                            const std::string& zone);

}  // namespace textback::cdr::mapping
