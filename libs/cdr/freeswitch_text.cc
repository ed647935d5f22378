#include "cdr/freeswitch_text.h"

#include <algorithm>
#include <charconv>

namespace textback::cdr {

std::string_view FreeswitchDocumentOf(std::string_view value, std::string& buffer) {
  constexpr std::string_view kField = "cdr=";
  std::size_t at = 0;
  if (!value.starts_with(kField)) {
    if (!value.starts_with("uuid=")) return value;
    at = value.find("&cdr=");
    if (at == std::string_view::npos) return value;
    ++at;
  }
  auto encoded = value.substr(at + kField.size());
  encoded = encoded.substr(0, encoded.find('&'));
  buffer.clear();
  buffer.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    unsigned byte = 0;
    if (encoded[i] == '%' && encoded.size() - i > 2) {
      const char* digits = encoded.data() + i + 1;
      const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
      if (error == std::errc() && end == digits + 2) {
        buffer.push_back(static_cast<char>(byte));
        i += 2;
        continue;
      }
    }
    buffer.push_back(encoded[i] == '+' ? ' ' : encoded[i]);
  }
  return buffer;
}

bool ReplaceNotNumbers(std::string& json) {
  bool any = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') {
      while (++i < json.size() && json[i] != '"') i += json[i] == '\\' ? 1 : 0;
      continue;
    }
    const auto rest = std::string_view(json).substr(i);
    for (const std::string_view token : {"-nan", "-inf", "nan", "inf"}) {
      if (!rest.starts_with(token)) continue;
      std::ranges::fill_n(json.begin() + static_cast<std::ptrdiff_t>(i),
                          static_cast<std::ptrdiff_t>(token.size()), ' ');
      json[i] = '0';
      i += token.size() - 1;
      any = true;
      break;
    }
  }
  return any;
}

}  // namespace textback::cdr
