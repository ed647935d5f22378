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
  std::size_t at = 0;
  while (at < json.size()) {
    const std::size_t quote = std::min(json.find('"', at), json.size());
    for (; at < quote; ++at) {
      if (json[at] != 'n' && json[at] != 'i') continue;
      const auto word = std::string_view(json).substr(at, 3);
      if (word != "nan" && word != "inf") continue;
      if (at > 0 && json[at - 1] == '-') json[at - 1] = ' ';
      std::ranges::fill_n(json.begin() + static_cast<std::ptrdiff_t>(at), 3, ' ');
      json[at] = '0';
      at += 2;
      any = true;
    }
    ++at;  // into the string
    while (at < json.size()) {
      const std::size_t end = std::min(json.find('"', at), json.size());
      std::size_t slashes = 0;
      while (end - slashes > at && json[end - slashes - 1] == '\\') ++slashes;
      at = end + 1;
      if (slashes % 2 == 0) break;
    }
  }
  return any;
}

}  // namespace textback::cdr
