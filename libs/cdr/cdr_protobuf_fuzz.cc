#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder plain = FuzzDecoder({.adapter = "protobuf"});
  static Decoder confluent =
      FuzzDecoder({.adapter = "protobuf", .confluent_header = true, .ignore_unknown_fields = true});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(plain, value);
  CheckDecoding(confluent, value);
  return 0;
}
