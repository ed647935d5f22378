// application/x-www-form-urlencoded: the bodies and query strings that telephony providers send.
//
// The rules are those of the URL Standard (WHATWG, 5.1: "+" is a space, empty pairs count for
// nothing, a pair without "=" has an empty value), but for two faults that it keeps as text and
// that are errors here, because something on the way has damaged the body: a "%" without two
// hexadecimal digits after it, and a control character.
//
// A name may come again: the reader gives each pair in turn, and its user says what that means
// (webhook_body.h refuses a second value that differs; mapped_form.cc lets the first count).
//
// Threads: one at a time. Errors: kDeadLetter ("form_malformed") with the offset in the text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace textback::cdr {

inline constexpr std::size_t kFormBytesMax = 64 * 1024;
inline constexpr std::size_t kFormPairsMax = 512;

class FormReader {
 public:
  // What must be decoded goes into `storage`, whose contents are lost; what it gives stands as long
  // as both do.
  FormReader(std::string_view text, std::string& storage);

  // false: no more pairs; also after an error.
  Result<bool> Next();
  std::string_view name() const { return name_; }
  std::string_view value() const { return value_; }

 private:
  Result<std::string_view> Decode(std::string_view text);
  Error Fail(std::string_view what, const char* at);

  const char* begin_;
  std::string_view rest_;
  std::string& storage_;
  std::size_t pairs_ = 0;
  std::string_view name_;
  std::string_view value_;
};

}  // namespace textback::cdr
