// Arbitrary bytes as the head of an HTTP request, at every split point of a short input.
#include <cstdint>

#include "base/assert.h"
#include "telemetry/http_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::telemetry;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  HttpRequest request;
  const auto whole = ParseHttpHead(bytes, request);
  TB_ASSERT(whole != HttpParse::kComplete || request.path.starts_with('/'));
  const auto end = bytes.find("\r\n\r\n");
  TB_ASSERT((whole == HttpParse::kMore) == (end == std::string_view::npos));
  for (std::size_t n = 0; n < size && n < 256; ++n) {
    HttpRequest part;
    const auto parsed = ParseHttpHead(bytes.substr(0, n), part);
    // Nothing is decided before the head has ended, and then the rest doesn't matter.
    TB_ASSERT(parsed == (end == std::string_view::npos || n < end + 4 ? HttpParse::kMore : whole));
  }
  return 0;
}
