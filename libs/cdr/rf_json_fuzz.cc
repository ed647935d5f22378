#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder decoder =
      FuzzDecoder({.adapter = "3gpp-rf", .voicemail_pilots = {"447700900999"}});
  CheckDecoding(decoder, {reinterpret_cast<const char*>(data), size});
  return 0;
}
