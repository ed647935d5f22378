// CallRecord as one JSON object, with the field names of call_record.proto (snake_case).
//
// - 64-bit integers are numbers or strings of digits; enums their names, with or without the prefix
//   ("PRESENTATION_RESTRICTED", "restricted"), in any case; null is the same as absent.
// - A phone number is a string: as a JSON number it has lost its "+" and leading zeros, so such a
//   record is refused, not guessed at.
// - A field that doesn't exist is refused with its path, unless configured to be skipped: a typing
//   mistake in "answered_at_ms" would otherwise turn answered calls into missed ones.
// - The whole value must be valid JSON and UTF-8; a field may stand once.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

std::unique_ptr<Adapter> NewJsonAdapter(bool ignore_unknown_fields);

}  // namespace textback::cdr
