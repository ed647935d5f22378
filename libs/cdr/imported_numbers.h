// An operator's number plan and list of ported numbers, read from CSV: what kind of line a number
// is, and who serves it. Known better than any plan that is built in (cdr/number_plan.h).
//
//   plan.csv     prefix,type,carrier            ranges by what they begin with, or
//                first,last,type,carrier        from one number to another
//   ported.csv   number,type,carrier            type or carrier may be empty: as the range's
//
// The first line names the columns, in any order; further columns are left alone. Fields may stand
// in double quotes (RFC 4180, without line ends inside). Lines that are empty or begin with # are
// skipped. Numbers are E.164, with or without "+". Types are the words of LineType: mobile, fixed,
// voip, toll_free, premium, short_code, fixed_or_mobile, roaming, emergency; "unknown" says nothing
// about the type.
//
// Memory: see cdr/number_table.h; carriers are kept once for each pair of type and carrier.
//
// Errors: kFatal ("numbers_invalid"), with file and line. Threads: immutable once read; any.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/msisdn.h"
#include "base/result.h"
#include "cdr/number_table.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

inline constexpr std::size_t kNumberLineBytesMax = 4'096;
inline constexpr std::size_t kPlanRangesMax = 10'000'000;
inline constexpr std::size_t kPortedNumbersMax = 500'000'000;
inline constexpr std::size_t kCarrierBytesMax = 64;

class ImportedNumbers {
 public:
  struct Line {
    v1::LineType type = v1::LINE_TYPE_UNSPECIFIED;
    std::string_view carrier;  // lives as long as the table
  };

  // UNSPECIFIED and empty: not listed. Allocates nothing.
  Line Find(Msisdn number) const;

  // A function of what was read: the same files have the same version. Never 0.
  std::uint64_t version() const { return version_; }
  std::size_t ranges() const { return table_.ranges(); }
  std::size_t ported() const { return table_.numbers(); }
  std::size_t bytes() const { return table_.bytes(); }

 private:
  friend class ImportedNumbersReader;
  struct Kind {
    v1::LineType type;
    std::string carrier;
  };
  NumberTable table_;
  std::vector<Kind> kinds_;  // [value - 1]
  std::uint64_t version_ = 1;
};

// A file that is open for reading, and its name for errors. nullptr: there is none.
struct NumberFile {
  std::istream* text = nullptr;
  std::string name;
};

Result<std::shared_ptr<const ImportedNumbers>> ReadImportedNumbers(const NumberFile& plan,
                                                                   const NumberFile& ported);

}  // namespace textback::cdr
