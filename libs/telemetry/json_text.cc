#include "telemetry/json_text.h"

#include <algorithm>

#include "base/bytes.h"

namespace textback::telemetry {
namespace {

// Length of the well-formed UTF-8 character at the front, 0 if there is none.
std::size_t CharacterAt(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    if (IsUtf8(text.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

std::string EscapeJson(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    std::size_t size = CharacterAt(text);
    if (byte == '"' || byte == '\\') {
      out += {'\\', text[0]};
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f || size == 0) {
      out += "\\u00" + ToHex(text.substr(0, 1));
      size = 1;
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace textback::telemetry
