#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder decoder =
      FuzzDecoder({.adapter = "asterisk-queue-log", .asterisk = {.latin1_fallback = true}});
  CheckDecoding(decoder, {reinterpret_cast<const char*>(data), size});
  return 0;
}
