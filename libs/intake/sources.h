// Which source reads a record: the topic's only one, or the one that a header of the record names.
//
// Several inputs may share a topic if all of them have the same `source_header`, the name of that
// header. At most one of them reads what has no such header. The header is looked at only where
// `source_header` is set, and choosing allocates nothing for a record that is read.
//
// Threads: the intake's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cdr/decoder.h"

namespace textback::intake {

inline constexpr std::size_t kSourceHeaderBytesMax = 64;

struct IntakeInput {
  std::string topic;
  cdr::SourceConfig source;
  std::string source_header;   // empty: the topic has this source alone, whatever headers say
  bool reads_unnamed = false;  // with source_header: reads also what has no such header
};

// The sources of one topic.
class Sources {
 public:
  // kFatal ("config_invalid"): a decoder can't be made, or the input doesn't go with those before.
  Status Add(const IntakeInput& input);

  // Name of the header to look at; empty: none.
  const std::string& header() const { return header_; }
  // nullptr: no source reads it; `Unknown` says why. Lives as long as this object.
  cdr::Decoder* Choose(std::optional<std::string_view> named) const;
  // kDeadLetter ("unknown_source").
  Error Unknown(std::optional<std::string_view> named) const;

 private:
  std::string header_;
  std::map<std::string, std::unique_ptr<cdr::Decoder>, std::less<>> by_name_;
  cdr::Decoder* unnamed_ = nullptr;
};

// Topics and their sources. kFatal ("config_invalid"): also where a source stands twice.
Result<std::map<std::string, Sources>> SourcesByTopic(const std::vector<IntakeInput>& inputs);

}  // namespace textback::intake
