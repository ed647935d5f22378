#include "cdr/cdr_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder plain = FuzzDecoder({.adapter = "kamailio-acc"});
  static Decoder columns =
      FuzzDecoder({.adapter = "opensips-acc",
                   .zone = "Europe/London",
                   .profile = "missed:-,method,callid,sip_code,time,reason_hdr,diversion,pai"});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(plain, value);
  CheckDecoding(columns, value);
  return 0;
}
