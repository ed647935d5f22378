// What the files of a switch say: each record as its adapter reads it, and one verdict a call.
//
// The records go through the production code: FileSplitter, Decoder, and decide on a virtual clock
// (decide/replay.h). Two things are different from a running system, because a file stands alone:
// - There need not be tenants. Without them the called party is taken for the business's line and
//   the caller for the customer, unless a record says that the business placed the call.
// - All records of a call are at hand, so parties that one of them leaves out are taken from the
//   others; the last one ends a call of which none says that it is over; and the verdict has what
//   records said after the decision (decide's amendments).
//
// Threads: one. Memory: all records of the files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/framing.h"
#include "textback/v1/decision.pb.h"

namespace textback::ops {

struct InspectOptions {
  cdr::SourceConfig source;
  cdr::Framing framing = cdr::Framing::kLines;
  // The business's own numbers, E.164: they tell calls out from calls in. Empty: the records do.
  std::vector<std::string> lines;
};

struct InspectedRecord {
  std::string file;
  std::uint64_t number = 0;  // in the file, from 1: a line, or a document
  v1::CallRecord record;
  cdr::Classification read;
};

struct InspectedRejection {
  std::string file;
  std::uint64_t number = 0;
  Error error;
};

struct InspectedCall {
  v1::Decision decision;
  std::string customer;              // E.164, or as written; empty: withheld or not said
  std::string line;                  // likewise
  std::string rule;                  // of the record that made the verdict
  std::vector<std::size_t> records;  // in Inspection::records, in the file's order
};

struct Inspection {
  std::vector<InspectedRecord> records;
  std::vector<InspectedRejection> rejected;
  std::vector<InspectedCall> calls;  // in the order of their first records
};

class Inspector {
 public:
  // kFatal ("config_invalid").
  static Result<Inspector> Make(InspectOptions options);

  // Never fails: what can't be read is in Inspection::rejected. `written_ms`: when the file was
  // last written, which stands in for the arrival of callbacks that carry no time; 0: not known.
  void AddFile(std::string_view name, std::string_view bytes, std::int64_t written_ms = 0);
  // Of all files together: a call may have records in several.
  Result<Inspection> Finish();

 private:
  Inspector(InspectOptions options, cdr::Decoder decoder)
      : options_(std::move(options)), decoder_(std::move(decoder)) {}

  InspectOptions options_;
  cdr::Decoder decoder_;
  std::unique_ptr<cdr::Decoded> decoded_ = std::make_unique<cdr::Decoded>();
  Inspection inspection_;
};

}  // namespace textback::ops
