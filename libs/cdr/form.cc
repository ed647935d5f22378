#include "cdr/form.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

enum class Kind : std::uint8_t { kPlain, kEncoded, kControl };

constexpr auto kKinds = [] {
  std::array<Kind, 256> kinds{};
  for (std::size_t c = 0; c < 0x20; ++c) kinds[c] = Kind::kControl;
  kinds[0x7f] = Kind::kControl;
  kinds['%'] = kinds['+'] = Kind::kEncoded;
  return kinds;
}();

Kind KindOf(char c) { return kKinds[static_cast<unsigned char>(c)]; }

// -1: no hexadecimal digit.
int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

FormReader::FormReader(std::string_view text, std::string& storage)
    : begin_(text.data()), rest_(text), storage_(storage) {
  storage_.clear();
  // Decoding never lengthens, so what was given before stays where it is.
  if (text.size() <= kFormBytesMax) storage_.reserve(text.size());
}

Result<bool> FormReader::Next() {
  if (rest_.size() > kFormBytesMax && rest_.data() == begin_)
    return Fail("more than " + std::to_string(kFormBytesMax) + " bytes: no more are read",
                begin_ + kFormBytesMax);
  while (rest_.starts_with('&')) rest_.remove_prefix(1);
  if (rest_.empty()) return false;
  if (++pairs_ > kFormPairsMax)
    return Fail("more than " + std::to_string(kFormPairsMax) + " fields", rest_.data());
  const auto pair = rest_.substr(0, rest_.find('&'));
  rest_.remove_prefix(std::min(pair.size() + 1, rest_.size()));
  const auto equals = pair.find('=');
  TB_ASSIGN_OR_RETURN(name_, Decode(pair.substr(0, equals)));
  if (equals == std::string_view::npos) {
    value_ = {};
  } else {
    TB_ASSIGN_OR_RETURN(value_, Decode(pair.substr(equals + 1)));
  }
  return true;
}

Result<std::string_view> FormReader::Decode(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && KindOf(text[at]) == Kind::kPlain) ++at;
  if (at == text.size()) return text;
  const std::size_t begin = storage_.size();
  storage_.append(text, 0, at);
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const Kind kind = KindOf(c);
    if (kind == Kind::kControl) return Fail("a control character", text.data() + at);
    if (c != '%') {
      storage_.push_back(c == '+' ? ' ' : c);
      continue;
    }
    const int high = at + 2 < text.size() ? HexDigit(text[at + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[at + 2]) : -1;
    if (low < 0) return Fail("\"%\" without two hexadecimal digits after it", text.data() + at);
    storage_.push_back(static_cast<char>(high << 4 | low));
    at += 2;
  }
  return std::string_view(storage_).substr(begin);
}

Error FormReader::Fail(std::string_view what, const char* at) {
  rest_ = {};
  return DeadLetterError(reasons::kFormMalformed,
                         std::string(what) + " at offset " + std::to_string(at - begin_));
}

}  // namespace textback::cdr
