// Call records in the formats that intake reads: to write them, and to take files apart again.
//
//   protobuf      in a file each record has its length before it, as a varint: what protobuf's
//                 libraries call delimited (writeDelimitedTo)
//   json          one object a line
//   asterisk_csv  lines of Asterisk's Master.csv, 18 columns, times in UTC
//
// Asterisk's format says less than a CallRecord: an abandoned call is NO ANSWER there too, and an
// unreachable or declined one BUSY.
//
// Threads: RecordFileReader: one at a time; functions: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "textback/v1/call_record.pb.h"

namespace textback::ops {

enum class RecordFormat : std::uint8_t { kProtobuf, kJson, kAsteriskCsv };

std::optional<RecordFormat> FormatOfName(std::string_view name);
std::string_view NameOf(RecordFormat format);
// By the file's ending: .pb, .json or .jsonl, .csv; nullopt: none of them.
std::optional<RecordFormat> FormatOfFile(std::string_view path);

// What a message on a topic holds.
void AppendRecord(RecordFormat format, const v1::CallRecord& record, std::string& out);
// The same with what separates records in a file.
void AppendToFile(RecordFormat format, const v1::CallRecord& record, std::string& out);

// The values in a file's bytes, one at a time.
class RecordFileReader {
 public:
  // `bytes` outlives it.
  RecordFileReader(RecordFormat format, std::string_view bytes) : format_(format), rest_(bytes) {}

  // nullopt: the end. kFatal ("file_damaged"): a length that goes past the end; nothing after it
  // can be read.
  Result<std::optional<std::string_view>> Next();
  // Of the value that Next gave last, from 1: a line, or a record of a protobuf file.
  std::uint64_t number() const { return number_; }
  std::size_t bytes_left() const { return rest_.size(); }

 private:
  Result<std::optional<std::string_view>> NextDelimited();

  RecordFormat format_;
  std::string_view rest_;
  std::uint64_t number_ = 0;
};

}  // namespace textback::ops
