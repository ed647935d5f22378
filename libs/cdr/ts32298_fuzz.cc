#include "cdr/cdr_fuzz_check.h"
#include "cdr/framing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder standard = FuzzDecoder({.adapter = "3gpp",
                                         .voicemail_pilots = {"447700900999", "1571"},
                                         .roaming_prefixes = {"44770090088"}});
  static Decoder vendor = FuzzDecoder({.adapter = "3gpp", .profile = "huawei"});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(standard, value);
  CheckDecoding(vendor, value);
  // A file is taken apart to its end, or to the place where that can't go on.
  FileSplitter splitter(Framing::kBer, value);
  const char* last = value.data();
  while (true) {
    const auto next = splitter.Next();
    if (!next || !*next) break;
    TB_ASSERT((*next)->data() >= last);
    last = (*next)->data() + (*next)->size();
    TB_ASSERT(last <= value.data() + value.size());
  }
  return 0;
}
