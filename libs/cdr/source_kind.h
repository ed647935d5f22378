// The systems whose records textback reads: one row each, which is all that a new adapter adds
// here.
//
// `textback inspect --source NAME`, `textback ingest` and an input's `adapter:` in worker.yaml take
// these names.
//
// Thread safety: constant.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "cdr/adapter.h"
#include "cdr/framing.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

struct SourceKind {
  std::string_view name;   // "asterisk-cel"
  std::string_view title;  // what writes it: for help and errors
  Framing framing;         // of its files
  // What its records speak for, unless the configuration says otherwise.
  v1::SettleProfile::Emits emits;
  std::int64_t settle_ms;
  Result<std::unique_ptr<Adapter>> (*make)(const FormatConfig& config);
  std::int64_t past_end_ms = 0;  // only of what writes files
};

std::span<const SourceKind> SourceKinds();
// nullptr: no such name.
const SourceKind* FindSourceKind(std::string_view name);
// Of files read with this configuration: a mapping may say that they begin with a header line.
Framing FramingOf(const SourceKind& kind, const FormatConfig& config);
// The profile that goes with a kind.
v1::SettleProfile SettleOf(const SourceKind& kind);

}  // namespace textback::cdr
