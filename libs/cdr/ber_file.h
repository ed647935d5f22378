// The records of a charging file in BER, one after another.
//
// Four kinds of files are told apart by how they begin:
// - TS 32.297, 6.1: a file header that holds the file's own length, then each record behind a
// header
//   of 4 octets (5 from release 10 on). Other encodings than BER are refused.
// - A SEQUENCE of [0] header, [1] SEQUENCE OF records, [2] trailer: CallEventDataFile, which
// Huawei's
//   MSCs write (TS 12.05 had it).
// - A TAP3 notification ([APPLICATION 2], GSMA TD.57): it says that there is nothing to bill.
// - Anything else: records one after another. Between them may stand octets FF, and after the last
//   more than two zeros: blocks of a fixed size are filled up with these.
//
// Only where a record ends is found out here. What stands in it is the adapter's to judge.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace textback::cdr {

class BerFile {
 public:
  explicit BerFile(std::string_view bytes);  // `bytes` outlives it

  // The next record, identifier and length included; nullopt: the end. kDeadLetter: what is left
  // can't be taken apart; nothing follows it.
  Result<std::optional<std::string_view>> Next();

 private:
  Result<std::optional<std::string_view>> NextElement();
  Result<std::optional<std::string_view>> NextBehindHeader();
  Error Malformed(std::string_view problem, const char* at) const;

  std::string_view all_;
  std::string_view rest_;
  std::string_view records_;     // what is left of the list of records in a CallEventDataFile
  bool behind_headers_ = false;  // TS 32.297
  std::optional<Error> failed_;
};

}  // namespace textback::cdr
