#include "cdr/cdr_fuzz_check.h"
#include "cdr/framing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder decoder = FuzzDecoder({.adapter = "broadworks"});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(decoder, value, /*may_hold_none=*/true);
  FileSplitter splitter(Framing::kXmlRecords, value);
  for (auto part = splitter.Next(); part && *part; part = splitter.Next())
    CheckDecoding(decoder, **part, /*may_hold_none=*/true);
  return 0;
}
