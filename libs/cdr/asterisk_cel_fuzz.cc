#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder plain = FuzzDecoder({.adapter = "asterisk-cel"});
  static Decoder lenient =
      FuzzDecoder({.adapter = "asterisk-cel",
                   .asterisk = {.columns = {"eventtype", "eventtime", "uniqueid", "linkedid",
                                            "peer", "extra", "-"},
                                .zone = "Europe/London",
                                .latin1_fallback = true}});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(plain, value);
  CheckDecoding(lenient, value);
  return 0;
}
