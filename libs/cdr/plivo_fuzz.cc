#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder decoder = FuzzDecoder({.adapter = "plivo"});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(decoder, value, /*may_hold_none=*/true);
  return 0;
}
