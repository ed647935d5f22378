#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder xml = FuzzDecoder({.adapter = "freeswitch-xml", .profile = "inbound=public"});
  static Decoder json = FuzzDecoder({.adapter = "freeswitch-json"});
  static Decoder event = FuzzDecoder({.adapter = "freeswitch-event"});
  static Decoder csv = FuzzDecoder({.adapter = "freeswitch-csv"});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(xml, value);
  CheckDecoding(json, value);
  CheckDecoding(event, value);
  CheckDecoding(csv, value);
  return 0;
}
