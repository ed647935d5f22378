// CSV, JSON and forms of any layout, read as a mapping file says (mapping.h).
//
// CSV. A value is one or more lines, each a record; quoting is RFC 4180's, but a line ends at its
// newline also inside quotes, so that a line cut short spoils no other. A byte order mark is
// skipped. With `header: true` the value's first line names its columns, in any order: values of a
// file are made so by Framing::kHeadedLines. Without it, a line that repeats the configured names
// is skipped.
//
// JSON. A value is an object, or an array of them, or an object that holds such an array (`each`).
// The document is walked once, along the paths that the mapping names and no other: what it doesn't
// name may be anything that is JSON.
//
// Form. A value is one body (form.h). Of a field that comes several times the first counts. The
// mapping reads the time of arrival as the field $arrival.
//
// Each record stands alone: one that can't be read is rejected with its line or place, and its
// neighbours go on.
//
// Threads: one at a time (buffers). Errors of values: kDeadLetter with the codes of reasons.h.
#pragma once

#include <memory>

#include "cdr/adapter.h"
#include "cdr/framing.h"

namespace textback::cdr {

// kFatal ("config_invalid"): the mapping has problems, or is for the other format.
Result<std::unique_ptr<Adapter>> NewMappedCsv(const FormatConfig& config);
Result<std::unique_ptr<Adapter>> NewMappedJson(const FormatConfig& config);
Result<std::unique_ptr<Adapter>> NewMappedForm(const FormatConfig& config);

}  // namespace textback::cdr
