#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder strict = FuzzDecoder({.adapter = "asterisk_csv"});
  static Decoder lenient =
      FuzzDecoder({.adapter = "asterisk_csv",
                   .asterisk = {.columns = {"src", "dst", "start", "end", "disposition", "answer",
                                            "uniqueid", "-"},
                                .zone = "Europe/London",
                                .latin1_fallback = true}});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(strict, value);
  CheckDecoding(lenient, value);
  return 0;
}
