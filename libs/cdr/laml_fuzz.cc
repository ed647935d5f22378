#include "cdr/cdr_fuzz_check.h"
#include "cdr/framing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder twilio = FuzzDecoder({.adapter = "twilio"});
  static Decoder signalwire = FuzzDecoder({.adapter = "signalwire"});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(twilio, value, /*may_hold_none=*/true);
  CheckDecoding(signalwire, value, /*may_hold_none=*/true);
  FileSplitter splitter(Framing::kWebhooks, value);
  for (auto part = splitter.Next(); part && *part; part = splitter.Next())
    CheckDecoding(twilio, **part, /*may_hold_none=*/true);
  return 0;
}
